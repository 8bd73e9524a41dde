//! Waits to a fraction of a millisecond. The runtime's own timers go by whole ones and round up; a join crosses the way
//! eight times, and what they add would be counted as the join's.

use crate::clock::monotonic;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// When nothing is waited for.
const IDLE: Duration = Duration::from_secs(60);

struct Wait {
    until: Instant,
    over: oneshot::Sender<()>,
}

/// A thread that does nothing but wait, for whoever asks: each who carries something waits for one thing at a time.
#[derive(Clone)]
pub struct Alarms(Sender<Wait>);

impl Alarms {
    /// Starts the thread; it ends with the last of those who can ask.
    pub fn start() -> std::io::Result<Alarms> {
        let (ask, asked) = channel();
        std::thread::Builder::new().name("alarms".into()).spawn(move || wait(&asked))?;
        Ok(Alarms(ask))
    }

    /// Returns at `at`, and at once if that is over.
    pub async fn until(&self, at: Instant) {
        if at <= monotonic() {
            return;
        }
        let (over, is_over) = oneshot::channel();
        if self.0.send(Wait { until: at, over }).is_ok() {
            let _ = is_over.await;
        }
    }
}

fn wait(asked: &Receiver<Wait>) {
    let mut waiting: BTreeMap<(Instant, u64), oneshot::Sender<()>> = BTreeMap::new();
    for number in 0_u64.. {
        let next = waiting.keys().next().map_or(IDLE, |(at, _)| at.saturating_duration_since(monotonic()));
        match asked.recv_timeout(next) {
            Ok(Wait { until, over }) => drop(waiting.insert((until, number), over)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while let Some(first) = waiting.first_entry().filter(|it| it.key().0 <= monotonic()) {
            let _ = first.remove().send(());
        }
    }
}
