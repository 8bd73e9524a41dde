//! A server over HTTP: one connection, kept alive.

use super::error::Error;
use super::limits::{ANSWER_BYTES_MAX, REQUEST_TIMEOUT};
use super::target::{Clock, Failure, Target};
use base64::Engine as _;
use beckon_core::time::Timestamp;
use beckon_wire::problem::Document;
use beckon_wire::shape::{self, Advance, Answer, BulkStatus};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A server over HTTP.
#[derive(Debug)]
pub struct HttpTarget {
    client: Client<HttpConnector, Full<Bytes>>,
    /// Without a slash at its end.
    base: String,
    write: HeaderValue,
    server: HeaderValue,
}

impl HttpTarget {
    /// The server at `url` (`http://host:port`). The write key lets events in; the server key lets ask how
    /// far a source has come and move the clock.
    pub fn new(url: &str, write_key: &str, server_key: &str) -> Result<Self, Error> {
        let failed = |why| Error::Url { url: url.to_owned(), why };
        let uri: hyper::Uri = url.parse().map_err(|_| failed("is not a URL"))?;
        match uri.scheme_str() {
            Some("http") if uri.host().is_some() && uri.query().is_none() => {}
            Some("https") => {
                return Err(failed(
                    "is HTTPS, which a replay does not speak: run it beside the server and give the address \
                     that it listens on for plain HTTP, or replay into its directory with --data while it is \
                     stopped",
                ));
            }
            _ => return Err(failed("is not of the form http://HOST:PORT")),
        }
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{write_key}:"));
        let secret = |text: String| {
            let mut value =
                HeaderValue::try_from(text).map_err(|_| failed("goes with a key that is no key"))?;
            value.set_sensitive(true);
            Ok(value)
        };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(REQUEST_TIMEOUT));
        Ok(HttpTarget {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base: url.trim_end_matches('/').to_owned(),
            write: secret(format!("Basic {basic}"))?,
            server: secret(format!("Bearer {server_key}"))?,
        })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        key: &HeaderValue,
        body: Bytes,
    ) -> Result<T, Failure> {
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, self.exchange(method, path, key, body)).await;
        let Ok(answer) = answer else {
            return Err(later(format!("no answer within {} s", REQUEST_TIMEOUT.as_secs())));
        };
        let (status, headers, body) = answer?;
        if !status.is_success() {
            return Err(failure(status, &headers, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| Failure::Refused { why: format!("its answer is not Beckon's: {error}") })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        key: &HeaderValue,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Failure> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, key)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| Failure::Refused { why: error.to_string() })?;
        let answer = self.client.request(request).await.map_err(|error| later(causes(&error)))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| later(error.to_string()))?.to_bytes();
        Ok((head.status, head.headers, body))
    }
}

impl Target for HttpTarget {
    async fn next(&mut self, source: &str) -> Result<u64, Failure> {
        let path = format!("/api/v1/bulk/{}", escaped(source));
        let status: BulkStatus = self.call(Method::GET, &path, &self.server, Bytes::new()).await?;
        Ok(status.next_sequence)
    }

    async fn batch(&mut self, body: Bytes) -> Result<Answer, Failure> {
        self.call(Method::POST, "/v1/batch", &self.write, body).await
    }

    async fn clock(&mut self) -> Result<Clock, Failure> {
        let clock: shape::Clock = self.call(Method::GET, "/api/v1/clock", &self.server, Bytes::new()).await?;
        Ok(if clock.is_virtual { Clock::Virtual(Timestamp(clock.now)) } else { Clock::System })
    }

    async fn advance(&mut self, to: Timestamp) -> Result<(), Failure> {
        let body = serde_json::to_vec(&Advance::To(to.0));
        let body = body.map_err(|error| Failure::Refused { why: error.to_string() })?;
        self.call(Method::POST, "/api/v1/clock", &self.server, body.into())
            .await
            .map(|serde::de::IgnoredAny| ())
    }
}

fn later(why: String) -> Failure {
    Failure::Later { after: None, why }
}

fn failure(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let why = match serde_json::from_slice::<Document>(body) {
        Ok(problem) => {
            let detail = problem.detail.map(|it| format!(": {it}")).unwrap_or_default();
            format!("{status}, {}{detail}", problem.title)
        }
        Err(_) => status.to_string(),
    };
    match status {
        StatusCode::CONFLICT => Failure::Moved { why },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Failure::Later { after: retry_after(headers), why }
        }
        _ if status.is_server_error() => Failure::Later { after: retry_after(headers), why },
        _ => Failure::Refused { why },
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
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

/// A text as one segment of a path (RFC 3986 §2.3).
fn escaped(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(byte.into()),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}
