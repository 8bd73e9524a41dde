//! Performs a channel's requests. The one thing it must get right is what happened to a request without an
//! answer: a connection that was never made carried nothing; once there was one, all may have arrived.

use super::connector::{Connector, NotMultiplexed, Stream, behind};
use super::limits::{
    ANSWER_BYTES_MAX, ANSWER_TIMEOUT, BODY_TIMEOUT, CONNECT_TIMEOUT, HTTP1_VENDORS_MAX, IDLE_CONNECTIONS_MAX,
    IDLE_TIMEOUT, LANES, MULTIPLEXED_IDLE_TIMEOUT, PING_INTERVAL, REQUESTS_A_LANE, REQUESTS_AT_ONCE,
};
use super::roots::{Error, Roots};
use crate::clock::Clock;
use beckon_channels::guard::{Policy, Refusal};
use beckon_channels::{Answer, Channel, Message, Outcome, Request, TransportError};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::http::uri::Scheme;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How vendors are called.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which addresses may be called.
    pub policy: Policy,
    /// Whose certificates are trusted.
    pub roots: Roots,
    /// Whether HTTP/2 is spoken also where there is no TLS to agree on it (RFC 9113, section 3.3).
    pub http2_without_tls: bool,
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
            http2_without_tls: false,
            connect_timeout: CONNECT_TIMEOUT,
            answer_timeout: ANSWER_TIMEOUT,
            body_timeout: BODY_TIMEOUT,
        }
    }
}

type Http = Client<Connector, Full<Bytes>>;

/// Calls vendors. One for each channel: then no channel waits for a connection of another, and each has its
/// own policy and roots.
///
/// Over TLS a vendor is first spoken to by HTTP/2, whose connections carry many requests: as few are opened as
/// the load needs. One that turns out to speak HTTP/1.1 only is remembered, and gets a connection for each request
/// under way; so does one that is spoken to without TLS.
pub struct Sender {
    lanes: [Http; LANES],
    single: Http,
    under_way: AtomicUsize,
    http1: Mutex<BTreeSet<String>>,
    /// Told whenever one is added to them.
    learned: Notify,
    http2_without_tls: bool,
    connect_timeout: Duration,
    answer_timeout: Duration,
    body_timeout: Duration,
}

/// Why a request has no answer.
enum Failed {
    /// It was to go by HTTP/2, and did not go.
    NotMultiplexed,
    /// Another reason.
    Transport(TransportError),
}

/// One more request is under way while this lives.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Sender {
    /// Sets it up; nothing is connected yet.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let tls = options.roots.client_config()?;
        let connector = Connector::new(options.policy, tls, options.connect_timeout);
        let client = |idle, multiplexed| {
            let connector = connector.clone();
            Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(idle)
                .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
                .http2_keep_alive_interval(PING_INTERVAL)
                .http2_only(multiplexed)
                .build::<_, Full<Bytes>>(if multiplexed { connector.multiplexed() } else { connector })
        };
        Ok(Sender {
            lanes: std::array::from_fn(|_| client(MULTIPLEXED_IDLE_TIMEOUT, true)),
            single: client(IDLE_TIMEOUT, false),
            under_way: AtomicUsize::new(0),
            http1: Mutex::default(),
            learned: Notify::new(),
            http2_without_tls: options.http2_without_tls,
            connect_timeout: options.connect_timeout,
            answer_timeout: options.answer_timeout,
            body_timeout: options.body_timeout,
        })
    }

    /// Sends messages over a channel and gives back one answer for every message, in the order in which they came.
    /// As many messages as the vendor takes together are composed together; such parts go side by side, at most
    /// [`REQUESTS_AT_ONCE`], so that a slow one does not keep the others from going.
    pub async fn send(
        &self,
        channel: &dyn Channel,
        clock: &Clock,
        messages: &[Message],
    ) -> Vec<(String, Answer)> {
        let mut parts = messages.chunks(channel.limits().batch_max.max(1));
        let (mut sending, mut answers) = (FuturesUnordered::new(), Vec::with_capacity(messages.len()));
        loop {
            while sending.len() < REQUESTS_AT_ONCE
                && let Some(part) = parts.next()
            {
                sending.push(self.send_part(channel, clock, part));
            }
            match sending.next().await {
                Some(told) => answers.extend(told),
                None => return answers,
            }
        }
    }

    async fn send_part(
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
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed);
        let _under_way = UnderWay(&self.under_way);
        let vendor = request.url.authority().map(|it| it.as_str()).unwrap_or_default();
        let body = Bytes::from(request.body.clone());
        let multiplexed = self.http2_without_tls || request.url.scheme() == Some(&Scheme::HTTPS);
        if multiplexed && !self.http1().contains(vendor) {
            let lane = &self.lanes[(under_way / REQUESTS_A_LANE).min(LANES - 1)];
            let tried = tokio::select! {
                biased;
                // Whoever waits for a connection of another request need not find out by one of its own.
                () = self.learns(vendor) => Err(Failed::NotMultiplexed),
                tried = self.exchange_over(lane, request, body.clone()) => tried,
            };
            match tried {
                Ok(outcome) => return Ok(outcome),
                Err(Failed::Transport(error)) => return Err(error),
                Err(Failed::NotMultiplexed) => self.remember(vendor),
            }
        }
        self.exchange_over(&self.single, request, body).await.map_err(|failed| match failed {
            Failed::Transport(error) => error,
            Failed::NotMultiplexed => TransportError::NeverSent(NotMultiplexed.to_string()),
        })
    }

    async fn exchange_over(&self, client: &Http, request: &Request, body: Bytes) -> Result<Outcome, Failed> {
        let mut call = hyper::Request::new(Full::new(body));
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
            answer = client.request(call) => answer.map_err(|error| without_answer(&error))?,
            is_connected = patience => {
                let why = format!("no answer within {} ms", self.answer_timeout.as_millis());
                let was_sent = is_connected || connection.connection_metadata().is_some();
                let lost = if was_sent { TransportError::Lost(why) } else { TransportError::NeverSent(why) };
                return Err(Failed::Transport(lost));
            }
        };
        let (head, body) = answer.into_parts();
        let body = match self.body(body).await {
            Ok(body) => body,
            // Its status says already that it was not taken, or leaves it open whatever the body said.
            Err(_) if !head.status.is_success() => Vec::new(),
            Err(why) => return Err(Failed::Transport(TransportError::Lost(why))),
        };
        Ok(Outcome { status: head.status, headers: head.headers, body })
    }

    /// Ends when `vendor` is known to speak HTTP/1.1 only.
    async fn learns(&self, vendor: &str) {
        loop {
            let learned = self.learned.notified();
            if self.http1().contains(vendor) {
                return;
            }
            learned.await;
        }
    }

    fn remember(&self, vendor: &str) {
        let mut known = self.http1();
        if known.len() >= HTTP1_VENDORS_MAX {
            known.clear();
        }
        if known.insert(vendor.to_owned()) {
            self.learned.notify_waiters();
        }
    }

    fn http1(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.http1.lock().unwrap_or_else(PoisonError::into_inner)
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
fn without_answer(error: &hyper_util::client::legacy::Error) -> Failed {
    if behind::<NotMultiplexed>(error).is_some() {
        return Failed::NotMultiplexed;
    }
    let why = causes(error);
    Failed::Transport(match behind::<Refusal>(error) {
        Some(refusal) => TransportError::Forbidden(refusal.to_string()),
        None if error.is_connect() => TransportError::NeverSent(why),
        None => TransportError::Lost(why),
    })
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
