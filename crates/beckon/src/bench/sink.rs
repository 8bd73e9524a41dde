//! The customer's end of the webhook in a bench: reads messages, says when each came, and accepts them all.

use super::client::{Connection, post};
use super::error::Error;
use super::load::on_own_thread;
use crate::clock::Stopwatch;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing;
use serde::Deserialize;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// What messages are signed with.
pub const SECRET: &str = "whsec_YmVja29uIGJlbmNoIHNpZ25pbmcga2V5IDMyIGIuLi4=";

/// Requests by which the way to the sink alone is measured.
const ALONE: usize = 2_000;

/// A webhook on loopback, with a thread of its own.
#[derive(Clone)]
pub struct Sink {
    address: SocketAddr,
    url: String,
    expected: Arc<Mutex<Expected>>,
}

type Expected = HashMap<String, oneshot::Sender<()>>;

#[derive(Deserialize)]
struct Batch {
    data: Messages,
}

#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    user_id: String,
}

impl Sink {
    /// Listens until the process ends.
    pub fn start() -> Result<Sink, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Error::io("start the webhook"))?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind(super::target::ANY_PORT));
        let listener = listener.map_err(Error::io("listen for the webhook"))?;
        let address = listener.local_addr().map_err(Error::io("listen for the webhook"))?;
        let expected = Arc::<Mutex<Expected>>::default();
        let router = Router::new().route("/push", routing::post(take)).with_state(expected.clone());
        std::thread::spawn(move || runtime.block_on(async { axum::serve(listener, router).await }));
        Ok(Sink { address, url: format!("http://{address}/push"), expected })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends when a message for the shopper has been read.
    pub fn expect(&self, user: &str) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).insert(user.to_owned(), sender);
        receiver
    }

    /// Milliseconds that a message takes to it when nothing else goes on.
    pub fn alone(&self) -> Result<Vec<f64>, Error> {
        let body = serde_json::json!({ "data": { "messages": [{ "user_id": "nobody", "title": "x".repeat(400) }] } });
        let request = post("/push", "-", body.to_string().as_bytes());
        on_own_thread(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(Error::io("ask the webhook"))?.block_on(async {
                let mut took_ms = Vec::new();
                let mut connection = Connection::open(self.address).await.map_err(Error::io("connect"))?;
                for _ in 0..ALONE {
                    let watch = Stopwatch::start();
                    connection.exchange(&request).await.map_err(Error::io("ask the webhook"))?;
                    took_ms.push(watch.elapsed_secs() * 1e3);
                }
                Ok(took_ms)
            })
        })
    }
}

async fn take(State(expected): State<Arc<Mutex<Expected>>>, body: Bytes) -> &'static str {
    if let Ok(batch) = serde_json::from_slice::<Batch>(&body) {
        let mut expected = expected.lock().unwrap_or_else(PoisonError::into_inner);
        for message in batch.data.messages {
            if let Some(waiting) = expected.remove(&message.user_id) {
                let _ = waiting.send(());
            }
        }
    }
    "{}"
}
