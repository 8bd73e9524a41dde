//! Shoppers who look at a show's product for the first time, one after the other: each look is a probe, from the event
//! to the message that it leads to. They agree to be called and connect ahead of time; what is timed is the look alone.

use super::client::{Connection, post, put};
use super::error::Error;
use super::limits::{CALLED_PATIENCE, PROBE_CONNECTIONS, PROBE_EVERY};
use super::load::on_own_thread;
use super::request::rfc3339;
use super::way::Way;
use crate::clock::{Clock, Stopwatch};
use beckon_core::time::Timestamp;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;

/// A series of probes, each with a shopper of its own.
#[derive(Clone)]
pub struct Probes {
    /// The server.
    pub address: SocketAddr,
    /// The `Authorization` header of sources.
    pub write: String,
    /// The `Authorization` header of control calls.
    pub control: String,
    /// How the shoppers are called.
    pub way: Way,
    /// How long, one probe every [`PROBE_EVERY`].
    pub time: Duration,
    /// Series of different numbers have different shoppers.
    pub phase: u16,
}

impl Probes {
    /// Plans the show, puts it on air and waits until its first push arrives; returns the events that took.
    pub fn go_on_air(&self) -> Result<u64, Error> {
        on_own_thread(|| alone()?.block_on(self.plan_and_wait()))
    }

    async fn plan_and_wait(&self) -> Result<u64, Error> {
        let mut connection = self.connect().await?;
        for (path, body) in plans(Clock::System.now(), self.way.channel()) {
            let path = format!("/api/v1/{path}");
            let request = put(&path, &self.control, body.to_string().as_bytes());
            ask(&mut connection, &path, &request).await?;
        }
        let path = "/api/v1/shows/show-1/cues";
        ask(&mut connection, path, &post(path, &self.control, br#"{"cue":"start"}"#)).await?;
        // Until every shard has told how its shoppers are spread there is no price, and no push.
        let watch = Stopwatch::start();
        for turn in 0.. {
            let user = format!("first-{turn}");
            self.agree(&mut connection, &user).await?;
            let arrival = self.way.expect(&user);
            self.look(&mut connection, &user).await?;
            if tokio::time::timeout(Duration::from_secs(1), arrival).await.is_ok() {
                return Ok(2 * (turn + 1));
            }
            if watch.elapsed() > CALLED_PATIENCE {
                return Err(Error::NeverCalled {
                    user,
                    why: self.why(&mut connection, &format!("first-{turn}")).await,
                });
            }
        }
        Ok(0)
    }

    /// Probes that each connection makes.
    fn turns(&self) -> usize {
        (self.time.as_nanos() / PROBE_EVERY.as_nanos()) as usize / PROBE_CONNECTIONS + 1
    }

    /// Shoppers of the series.
    pub fn shoppers(&self) -> u64 {
        (self.turns() * PROBE_CONNECTIONS) as u64
    }

    /// Lets the shoppers agree to be called, and be where they can be. Returns the events that took. Apart from the
    /// probes, so that it takes nothing of their time and of the load's.
    pub fn get_ready(&self) -> Result<u64, Error> {
        self.on_all_connections(|it, number, mut connection| async move {
            for turn in 0..it.turns() {
                it.agree(&mut connection, &it.user(number, turn)).await?;
            }
            Ok(Vec::new())
        })?;
        Ok(self.shoppers())
    }

    /// Probes until the time is over: how long each took in milliseconds.
    pub fn run(&self) -> Result<Vec<f64>, Error> {
        let watch = Stopwatch::start();
        self.on_all_connections(|it, number, connection| it.probe_in_turn(number, connection, watch))
    }

    fn on_all_connections<F>(
        &self,
        work: impl Fn(Self, usize, Connection) -> F + Sync,
    ) -> Result<Vec<f64>, Error>
    where
        F: Future<Output = Result<Vec<f64>, Error>> + Send + 'static,
    {
        on_own_thread(|| {
            alone()?.block_on(async {
                let (mut working, mut all) = (JoinSet::new(), Vec::new());
                for number in 0..PROBE_CONNECTIONS {
                    working.spawn(work(self.clone(), number, self.connect().await?));
                }
                while let Some(done) = working.join_next().await {
                    all.extend(done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?);
                }
                Ok(all)
            })
        })
    }

    async fn probe_in_turn(
        self,
        number: usize,
        mut connection: Connection,
        watch: Stopwatch,
    ) -> Result<Vec<f64>, Error> {
        let mut took_ms = Vec::new();
        for turn in 0.. {
            let due = PROBE_EVERY * (turn * PROBE_CONNECTIONS + number) as u32;
            if due >= self.time {
                break;
            }
            let early = due.saturating_sub(watch.elapsed());
            let began = if early.is_zero() {
                due
            } else {
                tokio::time::sleep(early).await;
                watch.elapsed()
            };
            let user = self.user(number, turn);
            let arrival = self.way.expect(&user);
            self.look(&mut connection, &user).await?;
            let Ok(Ok(())) = tokio::time::timeout(CALLED_PATIENCE, arrival).await else {
                let why = self.why(&mut connection, &user).await;
                return Err(Error::NeverCalled { user, why });
            };
            took_ms.push((watch.elapsed() - began).as_secs_f64() * 1e3);
        }
        Ok(took_ms)
    }

    fn user(&self, number: usize, turn: usize) -> String {
        format!("fresh-{}-{number}-{turn}", self.phase)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        Connection::open(self.address).await.map_err(Error::io("connect"))
    }

    /// The shopper agrees to be called, and is where he can be.
    async fn agree(&self, connection: &mut Connection, user: &str) -> Result<(), Error> {
        self.way.ready(user).await?;
        let body = json!({ "userId": user, "messageId": format!("{user}-agrees"),
            "traits": { "consent": { "marketing": true } } });
        ask(connection, "/v1/identify", &post("/v1/identify", &self.write, body.to_string().as_bytes())).await
    }

    /// The shopper looks at the product.
    async fn look(&self, connection: &mut Connection, user: &str) -> Result<(), Error> {
        let body = json!({ "event": "Product Viewed", "userId": user, "messageId": format!("{user}-looks"),
            "timestamp": rfc3339(Clock::System.now()),
            "properties": { "product_id": "bench-serum" } });
        ask(connection, "/v1/track", &post("/v1/track", &self.write, body.to_string().as_bytes())).await
    }

    /// What the server says of why a shopper is not called.
    async fn why(&self, connection: &mut Connection, user: &str) -> String {
        let path = format!("/api/v1/shows/show-1/shoppers/{user}/why");
        match connection.exchange(&super::client::get(&path, &self.control)).await {
            Ok(_) => String::from_utf8_lossy(connection.body()).chars().take(600).collect(),
            Err(error) => error.to_string(),
        }
    }
}

fn alone() -> Result<tokio::runtime::Runtime, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(Error::io("start the probes"))
}

async fn ask(connection: &mut Connection, path: &str, request: &[u8]) -> Result<(), Error> {
    let watch = Stopwatch::start();
    loop {
        match connection.exchange(request).await.map_err(Error::io("probe"))? {
            200 => return Ok(()),
            429 if watch.elapsed() < CALLED_PATIENCE => tokio::time::sleep(super::limits::BACK_OFF).await,
            status => return Err(connection.refusal(path, status)),
        }
    }
}

/// A show that began two hours ago and ends in half an hour, with a product that costs less now.
fn plans(now: Timestamp, channel: (&'static str, Value)) -> Vec<(&'static str, Value)> {
    let minutes = |from_now: i64| rfc3339(Timestamp(now.0 + from_now * 60_000));
    let none = json!({ "never_pct": 0, "ghost_pct": 0, "random_pct": 0 });
    vec![
        ("policy", json!({ "quiet_hours": null, "gap_minutes": 0, "holdouts": none, "fatigue": 0 })),
        ("hosts/bench-host", json!({ "name": "Mei" })),
        ("rooms/bench-room", json!({ "title": "Serum night", "host_id": "bench-host" })),
        (
            "products/bench-serum",
            json!({ "title": "Repair serum", "category": "bench-beauty", "price": 299, "currency": "CNY" }),
        ),
        channel,
        (
            "shows/show-1",
            json!({
                "room_id": "bench-room", "title": "Serum night", "audience": "interest(\"bench-beauty\") > 0.0",
                "starts_at": minutes(-120), "ends_at": minutes(30),
                "phases": [{ "phase": "closing", "starts_at": minutes(-20) }],
                "slots": [{ "product_id": "bench-serum", "starts_at": minutes(-120), "ends_at": minutes(30) }],
            }),
        ),
        (
            "offers/bench-offer",
            json!({ "show_id": "show-1", "product_id": "bench-serum", "price": 199, "original_price": 299 }),
        ),
    ]
}
