//! What is counted of in-app connections.

use beckon_sessions::{Carried, Close};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Connections that said whose they are, and were taken.
    pub opened: AtomicU64,
    /// Frames with messages given to connections; a message that is written again counts again.
    pub written: AtomicU64,
    /// Events journalled of connections and their devices.
    pub told: AtomicU64,
    /// Frames that came from clients.
    pub heard: AtomicU64,
    carried: [AtomicU64; 3],
    closed: [AtomicU64; Close::ALL.len()],
}

impl Tallies {
    /// A message ended.
    pub fn carried(&self, it: Carried) {
        self.carried[it as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The server closed a connection.
    pub fn closed(&self, why: Close) {
        let at = Close::ALL.iter().position(|it| *it == why).unwrap_or_default();
        self.closed[at].fetch_add(1, Ordering::Relaxed);
    }

    /// How many messages ended in each way.
    pub fn all_carried(&self) -> [(&'static str, u64); 3] {
        [
            ("delivered", Carried::Delivered),
            ("unreached", Carried::Unreached),
            ("ambiguous", Carried::Ambiguous),
        ]
        .map(|(word, it)| (word, self.carried[it as usize].load(Ordering::Relaxed)))
    }

    /// How many connections the server closed, by reason.
    pub fn all_closed(&self) -> [(&'static str, u64); Close::ALL.len()] {
        std::array::from_fn(|at| (Close::ALL[at].word(), self.closed[at].load(Ordering::Relaxed)))
    }
}
