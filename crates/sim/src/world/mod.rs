//! One run: what the seed decides, the clients, the node that comes and goes, and the oracle.

mod clients;
mod end;
mod restart;
mod steps;
mod weather;

pub use weather::Weather;

use crate::disk::{Flip, SimDisk};
use crate::node::{Committed, Node};
use crate::oracle::{Ledger, Straight};
use crate::plant::Plant;
use crate::random::Random;
use crate::story::Story;
use crate::trace::Trace;
use beckon_core::time::Timestamp;
use clients::Clients;
use std::collections::BTreeSet;

/// Steps of a run unless told otherwise.
pub const STEPS: u64 = 400;

/// What is to be played.
#[derive(Debug, Clone, Copy, Default)]
pub struct Play {
    /// The seed.
    pub seed: u64,
    /// Steps before the end.
    pub steps: u64,
    /// Print every step.
    pub trace: bool,
    /// A bug to plant.
    pub plant: Option<Plant>,
}

/// What happened in a run that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// A hash of every step, every change of the disk and the last state.
    pub trace: u64,
    /// Records that were made durable.
    pub records: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Starts, with those that a crash cut short.
    pub starts: u64,
    /// Snapshots written.
    pub snapshots: u64,
    /// Damages that were planted.
    pub flips: u64,
}

/// A promise was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub step: u64,
    /// What is wrong.
    pub what: String,
}

/// Plays a run.
pub fn run(play: Play) -> Result<Summary, Failure> {
    let mut world = World::new(play);
    world.play(play.steps).map_err(|what| Failure { step: world.step, what })
}

/// The durable records of a calm run, and their straight fold: valid bytes for whoever needs some.
pub fn sample(seed: u64) -> (Straight, Ledger) {
    for seed in seed.. {
        let mut world = World::new(Play { seed, steps: 300, ..Play::default() });
        if world.play(300).is_ok() && world.ledger.records().len() > 100 {
            return (world.straight, world.ledger);
        }
    }
    (Straight::new(Weather::new(&mut Random::new(seed), None).settings.window), Ledger::default())
}

/// Everything there is.
struct World {
    random: Random,
    weather: Weather,
    story: Story,
    disk: SimDisk,
    /// The running node; none while it is down.
    node: Option<Node>,
    clients: Clients,
    ledger: Ledger,
    straight: Straight,
    /// Erasures with nothing under way around them, by their offset.
    quiet_erasures: BTreeSet<u64>,
    /// Damaged snapshots.
    flips: Vec<Flip>,
    clock: Timestamp,
    full: bool,
    step: u64,
    next_machine: u8,
    trace: Trace,
    summary: Summary,
}

impl World {
    fn new(play: Play) -> World {
        let mut random = Random::new(play.seed);
        let story = Story::new(&mut random);
        let weather = Weather::new(&mut random, play.plant);
        let disk = SimDisk::new(random.bits());
        let clients = Clients::new(&mut random, &story, &weather);
        let straight = Straight::new(weather.settings.window);
        let summary = Summary { trace: 0, records: 0, answered: 0, starts: 0, snapshots: 0, flips: 0 };
        World {
            random,
            story,
            disk,
            node: None,
            clients,
            ledger: Ledger::default(),
            straight,
            weather,
            quiet_erasures: BTreeSet::new(),
            flips: Vec::new(),
            clock: Timestamp(1_700_000_000_000),
            full: false,
            step: 0,
            next_machine: 0,
            trace: Trace::new(play.trace),
            summary,
        }
    }

    fn play(&mut self, steps: u64) -> Result<Summary, String> {
        self.note(format_args!("{:?}", self.weather.clone()));
        while self.step < steps {
            self.step += 1;
            match self.node.take() {
                None => self.start()?,
                Some(mut node) => {
                    let stays = self.act(&mut node)?;
                    if self.disk.is_stopped() {
                        self.crash(node);
                    } else if stays {
                        self.node = Some(node);
                    }
                }
            }
        }
        self.end()?;
        Ok(self.summary)
    }

    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        self.trace.step(self.step, what);
    }

    /// Moves the committer on, and tells clients and ledger what came of it. `false` when it had nothing
    /// to do or the disk refused.
    fn commit(&mut self, node: &mut Node) -> bool {
        match node.commit() {
            Committed::Idle => false,
            Committed::Taken => true,
            Committed::Durable(records, waiters) => {
                self.note(format_args!("durable: {} records, {} answered", records.len(), waiters.len()));
                self.ledger.append(records);
                waiters.into_iter().for_each(|it| self.clients.answered(it));
                true
            }
            Committed::Failed(reason, waiters) => {
                self.note(format_args!("not durable: {reason}, {} told", waiters.len()));
                waiters.into_iter().for_each(|it| self.clients.refused(it));
                false
            }
        }
    }
}
