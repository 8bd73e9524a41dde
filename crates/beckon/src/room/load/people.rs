//! Who a load is made of: one who publishes, and those who watch.

use super::line::{Http, Line, knock, told};
use crate::clock::{Stopwatch, monotonic};
use beckon_room::{Arrival, Presenter, Seen, Spectator, Via};
use hyper::Uri;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a task sleeps at most before it looks whether the load is over.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What all of a load share.
#[derive(Clone)]
pub struct Load {
    /// One HTTP client.
    pub http: Http,
    /// Where stamps count from.
    pub epoch: Instant,
    /// Set when it is time to leave.
    pub over: Arc<AtomicBool>,
    /// Set while what comes is measured.
    pub measures: Arc<AtomicBool>,
}

impl Load {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// How one viewer fared.
pub struct Fared {
    /// From the request to the answer.
    pub answered_ms: f64,
    /// When it asked.
    pub began: Instant,
    /// Before what was measured, and behind it.
    pub seen: [Seen; 2],
    /// How long packets were under way meanwhile, if it deciphers.
    pub hops_us: Vec<u32>,
}

/// Watches until the load is over.
pub async fn watch(load: Load, url: Uri, token: String, deciphers: bool) -> Result<Fared, String> {
    let line = Line::towards(&url)?;
    let (began, took) = (monotonic(), Stopwatch::start());
    let made = Spectator::new(began, line.own(), deciphers.then_some(load.epoch));
    let (mut spectator, offer) = made.ok_or("no address for a viewer")?;
    let answer = knock(&load.http, &url, &token, offer).await?;
    let answered_ms = took.elapsed_secs() * 1_000.0;
    spectator.answered(monotonic(), &answer).map_err(told)?;
    let mut sends = Vec::new();
    let (mut before, mut hops_us) = (None, Vec::new());
    while !load.is_over() {
        let now = monotonic();
        let Some(wait) = spectator.poll(now, &mut sends) else { break };
        line.send(sends.drain(..)).await;
        if load.measures.load(Ordering::Relaxed) && before.is_none() {
            before = Some(spectator.seen());
            spectator.take_hops_us();
        }
        let came = line
            .receive(wait.min(LOOK_EVERY), |from, bytes| {
                let arrival = Arrival { from, to: line.own(), via: Via::Udp, bytes };
                let now = monotonic();
                spectator.receive(now, arrival);
                // What it says of one datagram is lost with the next.
                spectator.poll(now, &mut sends);
            })
            .await;
        if !came {
            spectator.advance(monotonic());
        }
    }
    let after = spectator.seen();
    hops_us.append(&mut spectator.take_hops_us());
    spectator.close();
    spectator.poll(monotonic(), &mut sends);
    line.send(sends.drain(..)).await;
    Ok(Fared { answered_ms, began, seen: [before.unwrap_or(after), after], hops_us })
}

/// Publishes until the load is over; says how many pictures there was no time for.
pub async fn publish(load: Load, url: Uri, token: String, bits_per_second: u64) -> Result<u64, String> {
    let line = Line::towards(&url)?;
    let made = Presenter::new(monotonic(), load.epoch, line.own(), bits_per_second);
    let (mut presenter, offer) = made.ok_or("no address for a publisher")?;
    let answer = knock(&load.http, &url, &token, offer).await?;
    presenter.answered(monotonic(), &answer).map_err(told)?;
    let mut sends = Vec::new();
    while !load.is_over() {
        let now = monotonic();
        presenter.advance(now);
        let wait = presenter.poll(now, &mut sends).ok_or("the server ended the publisher's session")?;
        line.send(sends.drain(..)).await;
        line.receive(wait.min(LOOK_EVERY), |from, bytes| {
            let arrival = Arrival { from, to: line.own(), via: Via::Udp, bytes };
            let now = monotonic();
            presenter.receive(now, arrival);
            presenter.poll(now, &mut sends);
        })
        .await;
    }
    presenter.close();
    presenter.poll(monotonic(), &mut sends);
    line.send(sends.drain(..)).await;
    Ok(presenter.left_out())
}
