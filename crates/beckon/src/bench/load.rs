//! The load generator: one thread, one connection beside the other, each sending its next request when
//! the last is answered, or when it is due. An event counts when its 200 is there.
//!
//! A request that was turned away (429) or whose connection broke is sent again as it is, as SDKs do;
//! its message ids keep it from counting twice. So what was acknowledged and what was folded must agree
//! to the event.

use super::client::Connection;
use super::dice::Dice;
use super::error::Error;
use super::limits::{BACK_OFF, PATIENCE, REQUESTS_A_CONNECTION};
use super::machine;
use super::request::{Request, Template};
use crate::clock::{Clock, Stopwatch};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// What load to make.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// The `Authorization` header.
    pub authorization: String,
    /// Where requests go.
    pub path: &'static str,
    /// Events of a request.
    pub events: usize,
    /// Connections, each with one request under way.
    pub connections: usize,
    /// How long.
    pub time: Duration,
    /// Events a second in all; as many as go, unless given.
    pub rate: Option<f64>,
    /// Loads of different numbers have different message ids.
    pub phase: u16,
    /// Ends the load before its time, once it is set.
    pub ends: Option<Arc<AtomicBool>>,
}

/// What came of a load.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Events that were answered with 200.
    pub events: u64,
    /// Requests that were answered so.
    pub requests: u64,
    /// Requests that were turned away first.
    pub refused: u64,
    /// Connections that broke.
    pub broken: u64,
    /// Seconds from the first request to the last answer.
    pub seconds: f64,
    /// Processor time of the load generator.
    pub cpu: Duration,
    /// Time from a request to its answer, in milliseconds.
    pub waits_ms: Vec<f64>,
}

impl Plan {
    /// When the connection sends its next request, if there is a pace.
    fn due(&self, connection: usize, number: u64) -> Option<Duration> {
        let place = (number * self.connections as u64 + connection as u64) * self.events as u64;
        self.rate.map(|rate| Duration::from_secs_f64(place as f64 / rate))
    }

    /// Requests of one connection, as its own.
    pub fn requests(&self, connection: usize, dice: &mut Dice) -> Vec<Request> {
        let template = Template {
            path: self.path,
            authorization: &self.authorization,
            events: self.events,
            salt: u32::from(self.phase) << 16 | connection as u32,
            now: Clock::System.now(),
        };
        (0..REQUESTS_A_CONNECTION).map(|_| template.render(dice)).collect()
    }

    fn is_over(&self, watch: Stopwatch) -> bool {
        let ended = self.ends.as_ref().is_some_and(|it| it.load(Ordering::Relaxed));
        ended || watch.elapsed() >= self.time
    }

    fn dice(&self, connection: usize) -> Dice {
        Dice::new(u64::from(self.phase) << 32 | connection as u64)
    }
}

impl Outcome {
    fn plus(mut self, other: Outcome) -> Outcome {
        self.events += other.events;
        self.requests += other.requests;
        self.refused += other.refused;
        self.broken += other.broken;
        self.waits_ms.extend(other.waits_ms);
        self
    }

    /// Events a second.
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }
}

/// Makes load until its time is over and every request is answered.
pub fn run(plan: &Plan) -> Result<Outcome, Error> {
    on_own_thread(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Error::io("start the load generator"))?.block_on(drive_all(plan))
    })
}

/// Runs something on a thread of its own, whose processor time can be told from the server's.
pub fn on_own_thread<T: Send>(work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("load".into()).spawn_scoped(scope, work);
        let thread = thread.map_err(Error::io("start a thread"))?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

async fn drive_all(plan: &Plan) -> Result<Outcome, Error> {
    let mut ready = Vec::new();
    for number in 0..plan.connections {
        let mut dice = plan.dice(number);
        let connection = Connection::open(plan.address).await.map_err(Error::io("connect"))?;
        ready.push((number, connection, plan.requests(number, &mut dice), dice));
    }
    let plan = Arc::new(plan.clone());
    let (watch, cpu) = (Stopwatch::start(), machine::own_time());
    let mut driving = JoinSet::new();
    for (number, connection, requests, dice) in ready {
        driving.spawn(Driver { plan: plan.clone(), number, connection, dice, watch }.drive(requests));
    }
    let mut all = Outcome::default();
    while let Some(done) = driving.join_next().await {
        all = all.plus(done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?);
    }
    Ok(Outcome { seconds: watch.elapsed_secs(), cpu: machine::own_time().saturating_sub(cpu), ..all })
}

struct Driver {
    plan: Arc<Plan>,
    number: usize,
    connection: Connection,
    dice: Dice,
    watch: Stopwatch,
}

impl Driver {
    async fn drive(mut self, mut requests: Vec<Request>) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for serial in 0.. {
            if let Some(due) = self.plan.due(self.number, serial) {
                tokio::time::sleep(due.saturating_sub(self.watch.elapsed())).await;
            }
            if self.plan.is_over(self.watch) {
                break;
            }
            let at = serial as usize % requests.len();
            let request = &mut requests[at];
            request.renew(serial, &mut self.dice);
            self.send(request, &mut outcome).await?;
        }
        Ok(outcome)
    }

    async fn send(&mut self, request: &Request, outcome: &mut Outcome) -> Result<(), Error> {
        let began = self.watch.elapsed();
        loop {
            let waited = self.watch.elapsed().saturating_sub(began);
            match self.connection.exchange(request.bytes()).await {
                Ok(200) => break,
                Ok(429) if waited < PATIENCE => outcome.refused += 1,
                Ok(status) => return Err(self.connection.refusal(self.plan.path, status)),
                Err(_) if waited < PATIENCE => {
                    outcome.broken += 1;
                    self.connection.reopen().await.map_err(Error::io("connect again"))?;
                }
                Err(error) => return Err(Error::Io { what: "send a request", error }),
            }
            tokio::time::sleep(BACK_OFF).await;
        }
        outcome.requests += 1;
        outcome.events += request.events() as u64;
        outcome.waits_ms.push((self.watch.elapsed() - began).as_secs_f64() * 1e3);
        Ok(())
    }
}
