//! Performs a channel's requests. The one thing it must get right is what happened to a request without an
//! answer: a connection that was never made carried nothing; once there was one, all may have arrived.

use super::connector::{Connector, Stream, refusal};
use super::limits::{
    ANSWER_BYTES_MAX, ANSWER_TIMEOUT, BODY_TIMEOUT, CONNECT_TIMEOUT, IDLE_CONNECTIONS_MAX, IDLE_TIMEOUT,
    PING_INTERVAL,
};
use super::roots::{Error, Roots};
use crate::clock::Clock;
use beckon_channels::guard::Policy;
use beckon_channels::{Answer, Channel, Message, Outcome, Request, TransportError};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::time::Duration;

/// How vendors are called.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which addresses may be called.
    pub policy: Policy,
    /// Whose certificates are trusted.
    pub roots: Roots,
    /// How long name, connection and TLS may take together.
    pub connect_timeout: Duration,
    /// How long a connected vendor may take until its answer begins.
    pub answer_timeout: Duration,
    /// How long the answer's body may take once it has begun.
    pub body_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            policy: Policy::default(),
            roots: Roots::default(),
            connect_timeout: CONNECT_TIMEOUT,
            answer_timeout: ANSWER_TIMEOUT,
            body_timeout: BODY_TIMEOUT,
        }
    }
}

/// Calls vendors. One for each channel: then no channel waits for a connection of another, and each has its
/// own policy and roots.
pub struct Sender {
    client: Client<Connector, Full<Bytes>>,
    connect_timeout: Duration,
    answer_timeout: Duration,
    body_timeout: Duration,
}

impl Sender {
    /// Sets it up; nothing is connected yet.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let tls = options.roots.client_config()?;
        let connector = Connector::new(options.policy, tls, options.connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .http2_keep_alive_interval(PING_INTERVAL)
            .build::<_, Full<Bytes>>(connector);
        Ok(Sender {
            client,
            connect_timeout: options.connect_timeout,
            answer_timeout: options.answer_timeout,
            body_timeout: options.body_timeout,
        })
    }

    /// Sends messages over a channel: composes, performs one request after the other, and gives back one
    /// answer for every message. How many calls run side by side is for dispatch to say.
    pub async fn send(
        &self,
        channel: &dyn Channel,
        clock: &Clock,
        messages: &[Message],
    ) -> Vec<(String, Answer)> {
        let composed = channel.requests(clock.now().0, messages);
        let mut answers = composed.answered;
        for request in &composed.requests {
            let outcome = self.exchange(request).await;
            answers.extend(channel.read(clock.now().0, request, outcome));
        }
        answers
    }

    /// Performs one request, once. Redirects are an answer like any other.
    pub async fn exchange(&self, request: &Request) -> Result<Outcome, TransportError> {
        let mut call = hyper::Request::new(Full::new(Bytes::from(request.body.clone())));
        *call.method_mut() = request.method.clone();
        *call.uri_mut() = request.url.clone();
        *call.headers_mut() = request.headers.clone();
        let mut connection = capture_connection(&mut call);

        let patience = async {
            // Who only waits for a connection has not been sent; the connector itself gives up by then.
            let connecting = connection.wait_for_connection_metadata();
            let is_connected = tokio::time::timeout(self.connect_timeout, connecting).await.is_ok();
            tokio::time::sleep(self.answer_timeout).await;
            is_connected
        };
        let answer = tokio::select! {
            answer = self.client.request(call) => answer.map_err(|error| without_answer(&error))?,
            is_connected = patience => {
                let why = format!("no answer within {} ms", self.answer_timeout.as_millis());
                let was_sent = is_connected || connection.connection_metadata().is_some();
                return Err(if was_sent { TransportError::Lost(why) } else { TransportError::NeverSent(why) });
            }
        };
        let (head, body) = answer.into_parts();
        let body = match self.body(body).await {
            Ok(body) => body,
            // Its status says already that it was not taken, or leaves it open whatever the body said.
            Err(_) if !head.status.is_success() => Vec::new(),
            Err(why) => return Err(TransportError::Lost(why)),
        };
        Ok(Outcome { status: head.status, headers: head.headers, body })
    }

    async fn body(&self, body: Incoming) -> Result<Vec<u8>, String> {
        let reading = Limited::new(body, ANSWER_BYTES_MAX).collect();
        match tokio::time::timeout(self.body_timeout, reading).await {
            Ok(Ok(body)) => Ok(body.to_bytes().into()),
            Ok(Err(error)) => Err(format!("the answer's body broke off: {error}")),
            Err(_) => Err(format!("the answer's body took over {} ms", self.body_timeout.as_millis())),
        }
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// A failure to connect is certain to have carried nothing; of any other the opposite must be assumed, also
/// where HTTP/2 could tell, which costs a repetition and never makes a second push.
fn without_answer(error: &hyper_util::client::legacy::Error) -> TransportError {
    if let Some(refusal) = refusal(error) {
        return TransportError::Forbidden(refusal.to_string());
    }
    let why = causes(error);
    if error.is_connect() { TransportError::NeverSent(why) } else { TransportError::Lost(why) }
}

/// An error with what lies behind it: the outermost says only that a connection failed.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Futures over it may move between threads.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<Stream>();
};
