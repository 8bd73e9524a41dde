//! A server's HTTP interface, as any customer's program calls it: events with the write key, all else with the
//! server key.

use super::error::Error;
use super::limits::{ANSWER_BYTES_MAX, BATCH_BYTES, BATCH_EVENTS, REQUEST_TIMEOUT, TRIES, WAIT};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_market::Event;
use beckon_wire::problem::Document;
use beckon_wire::shape::Advance;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// A server over HTTP.
#[derive(Clone)]
pub struct Api {
    client: Client<HttpConnector, Full<Bytes>>,
    /// Without a slash at its end.
    base: String,
    write: HeaderValue,
    server: HeaderValue,
}

impl Api {
    /// The server at `url` (`http://HOST:PORT`). An empty write key is one that lets no events in.
    pub fn new(url: &str, write_key: &str, server_key: &str) -> Result<Self, Error> {
        let failed = |why| Error::Url { url: url.to_owned(), why };
        let uri: hyper::Uri = url.parse().map_err(|_| failed("is not a URL"))?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() || uri.query().is_some() {
            return Err(failed(
                "is not of the form http://HOST:PORT, the address that the server listens on",
            ));
        }
        let secret = |text: String| {
            let mut value =
                HeaderValue::try_from(text).map_err(|_| failed("goes with a key that is no key"))?;
            value.set_sensitive(true);
            Ok::<HeaderValue, Error>(value)
        };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(REQUEST_TIMEOUT));
        Ok(Api {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base: url.trim_end_matches('/').to_owned(),
            write: secret(format!("Basic {}", STANDARD.encode(format!("{write_key}:"))))?,
            server: secret(format!("Bearer {server_key}"))?,
        })
    }

    /// Reads something of the control API.
    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::GET, path, &self.server, Bytes::new()).await
    }

    /// Puts something.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(Method::PUT, path, &self.server, body.to_string().into()).await
    }

    /// Posts something.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(Method::POST, path, &self.server, body.to_string().into()).await
    }

    /// Takes something out.
    pub async fn delete(&self, path: &str) -> Result<(), Error> {
        self.call(Method::DELETE, path, &self.server, Bytes::new()).await.map(drop)
    }

    /// Moves the server's virtual clock to `at_ms`; answers when everything that fell due has happened.
    pub async fn advance(&self, at_ms: u64) -> Result<(), Error> {
        let to = Advance::To(i64::try_from(at_ms).unwrap_or(i64::MAX));
        let body = serde_json::to_value(to).unwrap_or_default();
        self.post("/api/v1/clock", &body).await.map(drop)
    }

    /// Sends events, in their order, in as few batches as the server's bounds allow.
    pub async fn events(&self, events: impl IntoIterator<Item = Event>) -> Result<u64, Error> {
        const OPENING: &[u8] = br#"{"batch":["#;
        let (mut body, mut held, mut sent) = (OPENING.to_vec(), 0, 0);
        for event in events {
            let call = serde_json::to_vec(&event).unwrap_or_default();
            if held == BATCH_EVENTS || held > 0 && body.len() + call.len() > BATCH_BYTES {
                self.batch(std::mem::replace(&mut body, OPENING.to_vec())).await?;
                held = 0;
            }
            if held > 0 {
                body.push(b',');
            }
            body.extend(call);
            held += 1;
            sent += 1;
        }
        if held > 0 {
            self.batch(body).await?;
        }
        Ok(sent)
    }

    async fn batch(&self, mut body: Vec<u8>) -> Result<(), Error> {
        body.extend(b"]}");
        self.call(Method::POST, "/v1/batch", &self.write, body.into()).await.map(drop)
    }

    /// One call; a server that is busy is asked again.
    async fn call(&self, method: Method, path: &str, key: &HeaderValue, body: Bytes) -> Result<Value, Error> {
        let call = format!("{method} {path}");
        for _ in 1..TRIES {
            let (status, answer) = self.exchange(&call, method.clone(), path, key, body.clone()).await?;
            if status != StatusCode::TOO_MANY_REQUESTS {
                return read(call, status, &answer);
            }
            tokio::time::sleep(WAIT).await;
        }
        let (status, answer) = self.exchange(&call, method, path, key, body).await?;
        read(call, status, &answer)
    }

    async fn exchange(
        &self,
        call: &str,
        method: Method,
        path: &str,
        key: &HeaderValue,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Error> {
        let silent = |why: String| Error::Silent { call: call.to_owned(), why };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, key)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| silent(error.to_string()))?;
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| silent(error.to_string()))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            Ok((head.status, body.map_err(|error| silent(error.to_string()))?.to_bytes()))
        };
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, exchange).await;
        answer.unwrap_or_else(|_| Err(silent(format!("not within {} s", REQUEST_TIMEOUT.as_secs()))))
    }
}

fn read(call: String, status: StatusCode, body: &[u8]) -> Result<Value, Error> {
    if !status.is_success() {
        let why = match serde_json::from_slice::<Document>(body) {
            Ok(it) => {
                format!("{}: {} {}", it.title, it.detail.unwrap_or_default(), it.field.unwrap_or_default())
            }
            Err(_) => String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned(),
        };
        return Err(Error::Refused { call, status: status.as_u16(), why });
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|error| Error::Answer { call, why: error.to_string() })
}
