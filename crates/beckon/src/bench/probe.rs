//! Probes: an event of a fresh shopper, and the question for his profile until it shows the event.
//!
//! Probes start on time, whether the last one is done or not; one that had to wait for its connection
//! counts from when it was due, so that a slow moment is not passed over by asking less in it.

use super::client::{Connection, get, post};
use super::error::Error;
use super::limits::{BACK_OFF, PATIENCE, PROBE_CONNECTIONS, PROBE_EVERY};
use super::load::on_own_thread;
use super::request::rfc3339;
use crate::clock::{Clock, Stopwatch};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;

/// How to probe.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// The `Authorization` header of sources.
    pub write: String,
    /// The `Authorization` header of control calls.
    pub control: String,
    /// How long.
    pub time: Duration,
    /// Probes of different numbers are of different shoppers.
    pub phase: u16,
}

/// Probes until the time is over; returns how long each took, in milliseconds.
pub fn run(plan: &Plan) -> Result<Vec<f64>, Error> {
    on_own_thread(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Error::io("start the probes"))?.block_on(probe_all(plan))
    })
}

async fn probe_all(plan: &Plan) -> Result<Vec<f64>, Error> {
    let mut probing = JoinSet::new();
    let watch = Stopwatch::start();
    for number in 0..PROBE_CONNECTIONS {
        let connection = Connection::open(plan.address).await.map_err(Error::io("connect"))?;
        probing.spawn(Prober { plan: plan.clone(), number, connection, watch }.probe_in_turn());
    }
    let mut all = Vec::new();
    while let Some(done) = probing.join_next().await {
        all.extend(done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?);
    }
    Ok(all)
}

struct Prober {
    plan: Plan,
    number: usize,
    connection: Connection,
    watch: Stopwatch,
}

impl Prober {
    async fn probe_in_turn(mut self) -> Result<Vec<f64>, Error> {
        let mut took_ms = Vec::new();
        for turn in 0.. {
            let due = PROBE_EVERY * (turn * PROBE_CONNECTIONS + self.number) as u32;
            if due >= self.plan.time {
                break;
            }
            let early = due.saturating_sub(self.watch.elapsed());
            let began = if early.is_zero() {
                due
            } else {
                tokio::time::sleep(early).await;
                self.watch.elapsed()
            };
            self.probe(&format!("fresh-{}-{}-{turn}", self.plan.phase, self.number), began).await?;
            took_ms.push((self.watch.elapsed() - began).as_secs_f64() * 1e3);
        }
        Ok(took_ms)
    }

    async fn probe(&mut self, user: &str, began: Duration) -> Result<(), Error> {
        let (name, now) = ("Product Viewed", rfc3339(Clock::System.now()));
        let event = serde_json::json!({
            "event": name, "userId": user, "messageId": user, "timestamp": now,
            "properties": { "product_id": "P-000001", "category": "category-001", "price": 16.9 },
        });
        let request = post("/v1/track", &self.plan.write, event.to_string().as_bytes());
        while !self.ask("/v1/track", &request, &[429]).await? {
            self.wait(user, began).await?;
        }
        let path = format!("/api/v1/profiles/{user}");
        let request = get(&path, &self.plan.control);
        loop {
            let found = self.ask(&path, &request, &[404]).await?;
            if found && shows_an_event(self.connection.body()) {
                return Ok(());
            }
            self.wait(user, began).await?;
        }
    }

    /// Whether the answer is 200; `false` when it is one of `others`.
    async fn ask(&mut self, path: &str, request: &[u8], others: &[u16]) -> Result<bool, Error> {
        match self.connection.exchange(request).await.map_err(Error::io("probe"))? {
            200 => Ok(true),
            status if others.contains(&status) => Ok(false),
            status => Err(self.connection.refusal(path, status)),
        }
    }

    async fn wait(&self, user: &str, began: Duration) -> Result<(), Error> {
        if self.watch.elapsed().saturating_sub(began) > PATIENCE {
            return Err(Error::NeverVisible { user: user.to_owned(), seconds: PATIENCE.as_secs() });
        }
        tokio::time::sleep(BACK_OFF / 5).await;
        Ok(())
    }
}

fn shows_an_event(profile: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Shown {
        events: u32,
    }
    serde_json::from_slice(profile).is_ok_and(|it: Shown| it.events > 0)
}
