//! On air: shows run, shoppers come and go, messages leave through channels that fail, and the node dies between
//! any two steps. At the end everything is run on until nothing is open, and the judge has the last word.

mod cast;
mod end;
mod script;
mod sink;
mod steps;

use crate::disk::{Faults, SimDisk};
use crate::node::{Committed, Node, Settings, log_options};
use crate::oracle::pushes::Tally;
use crate::oracle::{Judge, Ledger, Straight};
use crate::plant::Plant;
use crate::random::Random;
use crate::trace::Trace;
use crate::world::{Failure, Play};
use beckon_core::dedup::Window;
use beckon_core::time::Timestamp;
use cast::Cast;
use script::Script;
use sink::Sink;

/// Steps of a run at most: it ends when its shows are over.
pub const STEPS: u64 = 900;

/// What happened in a run that passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// A hash of every step.
    pub trace: u64,
    /// Records that were made durable.
    pub records: u64,
    /// Starts, with those that a crash cut short.
    pub starts: u64,
    /// Messages that arrived at a channel.
    pub arrived: u64,
    /// What became of all that was decided.
    pub pushes: Tally,
}

/// The misfortunes of a seed.
#[derive(Debug)]
struct Weather {
    settings: Settings,
    faults: Faults,
    /// A crash once in so many steps; of those, one in so many takes the power.
    crash: u64,
    power: u64,
    /// Once in so many steps: the clock jumps, somebody is forgotten, a channel dies or comes back, the
    /// customer changes his mind, snapshots are taken.
    jump: u64,
    erase: u64,
    turn: u64,
    whim: u64,
    snapshot: u64,
}

impl Weather {
    fn new(random: &mut Random, plant: Option<Plant>) -> Self {
        let settings = Settings {
            workers: random.range(1, 3) as usize,
            log: log_options(64 << 10, 0, !random.one_in(3), random.one_in(3)),
            window: Window { ids_max: 1 << 14, span_ms: 30 * 86_400_000 },
            plant,
        };
        let faults = Faults {
            change: random.choose(&[0, 0, 600]),
            sync: random.choose(&[0, 0, 200, 40]),
            lying_sync: 0,
        };
        let bends = plant.is_some_and(Plant::bends);
        Weather {
            settings,
            faults,
            // Who starts again folds what stands in the journal: a bug that bends it would be gone.
            crash: if bends { 0 } else { random.choose(&[0, 40, 40, 100]) },
            power: random.choose(&[1, 2, 3]),
            jump: random.choose(&[0, 300]),
            erase: random.choose(&[0, 200, 60]),
            turn: random.choose(&[0, 200, 60]),
            whim: random.choose(&[0, 60, 20]),
            snapshot: random.choose(&[0, 60, 150]),
        }
    }
}

/// Everything there is.
struct Air {
    random: Random,
    weather: Weather,
    disk: SimDisk,
    /// The running node; none while it is down.
    node: Option<Node>,
    cast: Cast,
    script: Script,
    sink: Sink,
    ledger: Ledger,
    straight: Straight,
    judge: Judge,
    /// Requests without an answer: their bytes, as they are sent again.
    open: Vec<Option<Vec<u8>>>,
    clock: Timestamp,
    ticked: Timestamp,
    next_machine: u8,
    step: u64,
    trace: Trace,
    summary: Summary,
}

/// Plays a run.
pub fn run(play: Play) -> Result<Summary, Failure> {
    let mut air = Air::new(play);
    air.play(play.steps).map_err(|what| Failure { step: air.step, what })
}

impl Air {
    fn new(play: Play) -> Air {
        let mut random = Random::new(play.seed ^ 0xA1_12);
        let weather = Weather::new(&mut random, play.plant);
        let disk = SimDisk::new(random.bits());
        // Any hour of the day, so that any rule about hours is met.
        let clock = Timestamp(1_700_000_000_000 + random.below(86_400_000) as i64);
        let shows = random.range(2, 4) as usize;
        let names = beckon_engine::dictionary::Dictionary::default();
        let script = Script::new(&mut random, clock, &names, shows);
        let cast = Cast::new(&mut random, shows);
        let sink = Sink::new(&mut random);
        Air {
            random,
            disk,
            node: None,
            cast,
            script,
            sink,
            ledger: Ledger::default(),
            straight: Straight::with_plant(weather.settings.window, play.plant),
            judge: Judge::default(),
            weather,
            open: Vec::new(),
            clock,
            ticked: clock,
            next_machine: 0,
            step: 0,
            trace: Trace::new(play.trace),
            summary: Summary::default(),
        }
    }

    fn play(&mut self, steps: u64) -> Result<Summary, String> {
        let weather = format!("{:?} {:?}", self.weather, self.sink);
        self.note(format_args!("{weather}"));
        self.begin()?;
        while self.step < steps && self.clock < self.script.ends {
            self.step += 1;
            match self.node.take() {
                None => self.start()?,
                Some(mut node) => {
                    let stays = self.act(&mut node)?;
                    if self.disk.is_stopped() || !stays {
                        self.crash(node);
                    } else {
                        self.node = Some(node);
                    }
                }
            }
        }
        self.end()?;
        self.summary.records = self.ledger.end().0;
        self.summary.arrived = self.sink.arrived;
        self.summary.pushes = self.judge.lives().tally();
        self.summary.trace = self.trace.hash();
        Ok(self.summary)
    }

    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        self.trace.step(self.step, what);
    }

    /// What is durable is judged, before anything of it leaves.
    fn follow(&mut self) -> Result<(), String> {
        let judge = &mut self.judge;
        self.straight.follow_with(&self.ledger, |offset, bytes, outs| {
            judge.record(bytes, outs).map_err(|what| format!("record {offset}: {what}"))
        })
    }

    /// Moves the committer on. `false` when it had nothing to do or the disk refused.
    fn commit(&mut self, node: &mut Node) -> Result<bool, String> {
        match node.commit() {
            Committed::Idle => Ok(false),
            Committed::Taken => Ok(true),
            Committed::Durable(records, waiters) => {
                self.note(format_args!("durable: {} records", records.len()));
                self.ledger.append(records);
                waiters.into_iter().for_each(|it| self.open[it] = None);
                self.follow()?;
                Ok(true)
            }
            Committed::Failed(reason, _) => {
                self.note(format_args!("not durable: {reason}"));
                Ok(false)
            }
        }
    }
}
