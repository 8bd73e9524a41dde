//! The ways by which a bench's shopper can be called: a webhook, or a client of his own that is connected.

use super::error::Error;
use super::limits::{PINGING, PINGS};
use super::load::on_own_thread;
use super::phone::Phone;
use super::sink::{SECRET, Sink};
use super::target::Target;
use crate::clock::Stopwatch;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How shoppers are called.
#[derive(Clone)]
pub enum Way {
    /// Through the customer's server.
    Webhook(Sink),
    /// In the app.
    InApp(Phones),
}

/// The clients of shoppers, on a thread of their own.
#[derive(Clone)]
pub struct Phones {
    address: SocketAddr,
    key: String,
    runtime: tokio::runtime::Handle,
    expected: Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>,
}

impl Way {
    /// Through a webhook.
    pub fn webhook() -> Result<Way, Error> {
        Ok(Way::Webhook(Sink::start()?))
    }

    /// Over connections to this server.
    pub fn in_app(target: &Target) -> Result<Way, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Error::io("start the clients"))?;
        let handle = runtime.handle().clone();
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        let (address, key) = (target.address(), target.key.clone());
        Ok(Way::InApp(Phones { address, key, runtime: handle, expected: Arc::default() }))
    }

    /// The channel to put, and its settings.
    pub fn channel(&self) -> (&'static str, Value) {
        match self {
            Way::Webhook(sink) => {
                let settings = json!({ "url": sink.url(), "secret": SECRET, "private_network": true });
                ("channels/webhook", settings)
            }
            Way::InApp(_) => ("channels/in_app", json!({})),
        }
    }

    /// Makes the shopper reachable.
    pub async fn ready(&self, user: &str) -> Result<(), Error> {
        match self {
            Way::Webhook(_) => Ok(()),
            Way::InApp(phones) => phones.connect(user).await,
        }
    }

    /// Ends when a message for the shopper has been read.
    pub fn expect(&self, user: &str) -> oneshot::Receiver<()> {
        match self {
            Way::Webhook(sink) => sink.expect(user),
            Way::InApp(phones) => phones.expect(user),
        }
    }

    /// Milliseconds that the way takes when nothing else goes on.
    pub fn alone(&self) -> Result<Vec<f64>, Error> {
        match self {
            Way::Webhook(sink) => sink.alone(),
            Way::InApp(phones) => phones.alone(),
        }
    }
}

#[derive(Deserialize)]
struct Frame {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: String,
}

impl Phones {
    async fn connect(&self, user: &str) -> Result<(), Error> {
        let (phones, user) = (self.clone(), user.to_owned());
        let opened = self.runtime.spawn(async move {
            let device = format!("phone-of-{user}");
            let mut phone = Phone::open(phones.address, &phones.key, &device, ("user_id", &user)).await?;
            tokio::spawn(async move {
                while let Ok(frame) = phone.frame().await {
                    let Ok(Frame { message: Some(message) }) = serde_json::from_slice(frame) else {
                        continue;
                    };
                    if let Some(waiting) = phones.expected().remove(&user) {
                        let _ = waiting.send(());
                    }
                    let ack = json!({ "type": "ack", "ids": [message.id] }).to_string();
                    if phone.say(&ack).await.is_err() {
                        return;
                    }
                }
            });
            Ok(())
        });
        opened.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
    }

    fn expected(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<()>>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expect(&self, user: &str) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.expected().insert(user.to_owned(), sender);
        receiver
    }

    fn alone(&self) -> Result<Vec<f64>, Error> {
        on_own_thread(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(Error::io("ping"))?.block_on(async {
                let (mut pinging, mut took_ms) = (JoinSet::new(), Vec::new());
                for number in 0..PINGING {
                    pinging.spawn(self.clone().ping(number));
                }
                while let Some(done) = pinging.join_next().await {
                    took_ms.extend(
                        done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?,
                    );
                }
                Ok(took_ms)
            })
        })
    }

    async fn ping(self, number: usize) -> Result<Vec<f64>, Error> {
        let (device, visitor) = (format!("phone-of-nobody-{number}"), format!("nobody-{number}"));
        let who = ("anonymous_id", visitor.as_str());
        let mut phone = Phone::open(self.address, &self.key, &device, who).await?;
        // Not more than a client may say, and each in its own moment.
        let every = Duration::from_millis(101);
        tokio::time::sleep(every * number as u32 / PINGING as u32).await;
        let mut took_ms = Vec::new();
        for _ in 0..PINGS {
            tokio::time::sleep(every).await;
            let watch = Stopwatch::start();
            phone.say(r#"{"type":"ping"}"#).await.map_err(Error::io("ping"))?;
            phone.frame().await.map_err(Error::io("hear a pong"))?;
            took_ms.push(watch.elapsed_secs() * 1e3);
        }
        Ok(took_ms)
    }
}
