//! The customer's side of the webhook: takes signed batches, verifies them, and hands each message to the phone
//! of its shopper.

use super::error::Error;
use super::limits::SINK_BYTES_MAX;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_channels::signature::{ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER, verify};
use beckon_market::{Delivery, Market, PushView};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;

/// Where the pushes come in.
const PATH: &str = "/push";

/// Bytes of the signing secret; Standard Webhooks advises 32.
const SECRET_BYTES: usize = 32;

/// The market, which the sink pushes into and the evening plays on.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Market>>);

impl Shared {
    /// Shares a market.
    pub fn new(market: Market) -> Self {
        Shared(Arc::new(Mutex::new(market)))
    }

    /// The market.
    pub fn lock(&self) -> MutexGuard<'_, Market> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// When, Unix ms.
    pub at_ms: u64,
    /// What it said.
    pub message: Message,
    /// Whether the phone was to get it: otherwise the app was not there any more.
    pub was_taken: bool,
    /// Whether its shopper was in the room already, by the market's own knowledge.
    pub was_inside: bool,
    /// Whether it was marketing to somebody who never agreed, by the market's own knowledge.
    pub was_unasked: bool,
}

/// A message of a batch.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Whom it is for.
    pub user_id: String,
    /// Into which show.
    pub show_id: String,
    /// About which product; may be empty.
    pub product_id: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Where a tap leads.
    pub link: String,
    /// `marketing` or `service`.
    pub class: String,
    /// Why now.
    pub trigger: String,
}

#[derive(Deserialize)]
struct Body {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Results {
    results: Vec<Said>,
}

#[derive(Serialize)]
struct Said {
    id: String,
    status: &'static str,
}

/// A webhook endpoint on loopback.
pub struct Sink {
    /// Where messages are to be sent.
    pub url: String,
    /// What they are to be signed with.
    pub secret: String,
    inner: Arc<Inner>,
    serving: JoinHandle<()>,
}

struct Inner {
    secret: Secret,
    market: Shared,
    log: Mutex<Log>,
}

/// What came in.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Messages, in the order in which they came.
    pub received: Vec<Received>,
    /// Of them, those that the phone was to get: the others had no app any more.
    pub accepted: u64,
    /// Requests whose signature did not fit.
    pub unsigned: u64,
}

impl Sink {
    /// Listens on a port of the system's choice.
    pub async fn start(market: Shared) -> Result<Sink, Error> {
        let mut bytes = [0; SECRET_BYTES];
        let drawn = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
        let failed = |why: &str| Error::Sink(std::io::Error::other(why.to_owned()));
        drawn.map_err(|_| failed("the system has no randomness for a secret"))?;
        let text = format!("whsec_{}", STANDARD.encode(bytes));
        let secret = Secret::parse(&text).map_err(|error| failed(&error.to_string()))?;
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = tokio::net::TcpListener::bind(loopback).await.map_err(Error::Sink)?;
        let address = listener.local_addr().map_err(Error::Sink)?;
        let inner = Arc::new(Inner { secret, market, log: Mutex::default() });
        let router = Router::new()
            .route(PATH, post(take))
            .layer(DefaultBodyLimit::max(SINK_BYTES_MAX))
            .with_state(inner.clone());
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the sink of the pushes stopped");
            }
        });
        Ok(Sink { url: format!("http://{address}{PATH}"), secret: text, inner, serving })
    }

    /// What came in since the log had `known` messages.
    pub fn since(&self, known: usize) -> Vec<Received> {
        self.inner.log().received.get(known..).unwrap_or_default().to_vec()
    }

    /// All that came in.
    pub fn log(&self) -> Log {
        self.inner.log().clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Inner {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(State(sink): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let (id, at, signatures) = (text(ID_HEADER), text(TIMESTAMP_HEADER), text(SIGNATURE_HEADER));
    let mut market = sink.market.lock();
    // The market's time is virtual, as the server's is.
    let now_s = (market.now() / 1000) as i64;
    if verify(&sink.secret, id, at, signatures, &body, now_s).is_err() {
        sink.log().unsigned += 1;
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(Body { data }) = serde_json::from_slice::<Body>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // It cannot have come before what was already played.
    let at_ms = at.parse::<u64>().map_or(0, |it| it.saturating_mul(1000)).max(market.now());
    let mut results = Vec::with_capacity(data.messages.len());
    for message in data.messages {
        let was_inside = market.is_in_room(&message.user_id, &message.show_id);
        let was_unasked = message.class != "service" && market.consent(&message.user_id) != Some(true);
        let delivery = market.receive(
            at_ms,
            PushView {
                message_id: &message.id,
                user_id: &message.user_id,
                show_id: &message.show_id,
                product_id: &message.product_id,
                trigger: &message.trigger,
                title: &message.title,
                body: &message.body,
            },
        );
        let status = match delivery {
            Delivery::Taken => "accepted",
            Delivery::Gone => "gone",
            Delivery::UnknownShopper | Delivery::UnknownShow => "refused",
        };
        results.push(Said { id: message.id.clone(), status });
        let mut log = sink.log();
        log.accepted += u64::from(delivery == Delivery::Taken);
        let was_taken = delivery == Delivery::Taken;
        log.received.push(Received { at_ms, message, was_taken, was_inside, was_unasked });
    }
    axum::Json(Results { results }).into_response()
}
