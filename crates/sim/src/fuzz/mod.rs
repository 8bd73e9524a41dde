//! Bytes that nobody wrote: mutated valid ones and noise, for everything that reads a disk. Nothing may
//! panic, and nothing that was acknowledged may come back changed and be called good.

mod bytes;
mod log;
mod mutate;
mod snapshot;

use crate::random::Random;
use std::cell::Cell;
use std::fmt;

/// Cases by what they fed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Logs opened.
    pub logs: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Snapshot files read.
    pub snapshots: u64,
    /// Blocks, records, events and messages read.
    pub bytes: u64,
    /// Of these, malformed.
    pub malformed: u64,
}

impl Tally {
    /// Adds another thread's.
    pub fn add(&mut self, other: &Tally) {
        self.logs += other.logs;
        self.refused += other.refused;
        self.snapshots += other.snapshots;
        self.bytes += other.bytes;
        self.malformed += other.malformed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.logs + self.snapshots + self.bytes;
        let Tally { logs, refused, snapshots, bytes, malformed } = self;
        write!(f, "{all} cases: {logs} logs ({refused} refused), {snapshots} snapshot files, ")?;
        write!(f, "{bytes} records, events, messages and blocks ({malformed} malformed)")
    }
}

thread_local! {
    static CASE: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Seed and number of the case in hand on this thread, for whoever reports a panic.
pub fn case() -> (u64, u64) {
    CASE.get()
}

/// Runs `cases` cases from `seed`. An error names the case.
pub fn run(seed: u64, cases: u64) -> Result<Tally, String> {
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    let mut logs = log::Logs::new(&mut random);
    let mut snapshots = snapshot::Snapshots::new(&mut random)?;
    let mut bytes = bytes::Bytes::new(&mut random);
    for number in 0..cases {
        CASE.set((seed, number));
        let outcome = match number % 16 {
            0 | 4 => logs.case(&mut random, &mut tally),
            8 => snapshots.case(&mut random, &mut tally),
            _ => bytes.case(&mut random, &mut tally),
        };
        outcome.map_err(|what| format!("case {number} of seed {seed}: {what}"))?;
    }
    Ok(tally)
}
