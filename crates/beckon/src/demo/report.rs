//! What a demo reads of the server's answers: the parts of a report, a message and a policy that it tells on.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A show's report.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The show.
    pub show_id: String,
    /// Shoppers whom no rule kept from being called in.
    pub eligible: u64,
    /// How far its pushes came.
    pub funnel: Funnel,
    /// The same by phase.
    pub by_phase: BTreeMap<String, Funnel>,
    /// The same by trigger.
    pub by_trigger: BTreeMap<String, Funnel>,
    /// How pushes ended that were not accepted.
    pub ended: Vec<Ended>,
    /// Why shoppers were not pushed.
    pub withheld: Withheld,
    /// What the pushes added, as an experiment estimates it.
    pub incremental: Incremental,
    /// At a chosen moment and at a random one.
    pub moments: Moments,
    /// What was expected beside what came.
    pub expected: Expected,
}

/// How far pushes came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is the count its name says")]
pub struct Funnel {
    pub decided: u64,
    pub sent: u64,
    pub accepted: u64,
    pub delivered: u64,
    pub tapped: u64,
    pub entered: u64,
    pub bought: u64,
    pub ambiguous: u64,
}

impl Funnel {
    /// Step by step.
    pub fn steps(&self) -> [u64; 7] {
        [self.decided, self.sent, self.accepted, self.delivered, self.tapped, self.entered, self.bought]
    }

    /// Adds another's counts.
    pub fn merge(&mut self, it: &Funnel) {
        self.decided += it.decided;
        self.sent += it.sent;
        self.accepted += it.accepted;
        self.delivered += it.delivered;
        self.tapped += it.tapped;
        self.entered += it.entered;
        self.bought += it.bought;
        self.ambiguous += it.ambiguous;
    }
}

/// How many pushes ended in one way.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Ended {
    /// How.
    pub state: String,
    /// In plain words.
    pub meaning: String,
    /// How many.
    pub count: u64,
}

/// Why shoppers were not pushed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Withheld {
    /// At the last look at everyone.
    pub last_look: Vec<Counted>,
    /// At all looks.
    pub all_looks: Vec<Counted>,
}

/// How often a reason was given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Counted {
    /// Its code.
    pub reason: String,
    /// In plain words.
    pub meaning: String,
    /// How often.
    pub count: u64,
}

/// What the pushes added.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Incremental {
    /// Entries.
    pub entries: Added,
    /// Purchases.
    pub purchases: Added,
    /// Those withheld by chance.
    pub ghosts: Ghosts,
}

/// What the pushes added of one thing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Added {
    /// In a sentence.
    pub summary: String,
    /// The estimate, when there are enough shoppers for one.
    pub effect: Option<Effect>,
}

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Effect {
    pub total: f64,
    pub from: f64,
    pub to: f64,
}

/// Those withheld by chance.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Ghosts {
    pub shoppers: u64,
    pub entered: u64,
    pub bought: u64,
}

/// At a chosen moment and at a random one.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Moments {
    pub chosen: Rate,
    pub random: Rate,
}

/// How many of some pushes made their shopper enter.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Rate {
    pub pushes: u64,
    pub entered: u64,
    pub rate: f64,
}

/// What was expected beside what came.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Expected {
    pub entries: f64,
    pub entries_seen: u64,
}

/// A message with the numbers behind it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Decided {
    /// Never to be sent.
    pub is_ghost: bool,
    /// It goes at a random time, to learn from.
    pub is_random_time: bool,
    /// Its numbers.
    pub terms: Vec<Figure>,
}

/// A number by its name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Figure {
    pub name: String,
    pub value: f64,
}

impl Decided {
    /// A number; 0 when it is not told.
    pub fn term(&self, name: &str) -> f64 {
        self.terms.iter().find(|it| it.name == name).map_or(0.0, |it| it.value)
    }
}

/// The rules that other policies are held to as well.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Caps {
    /// Least minutes between two marketing pushes to one shopper.
    pub gap_minutes: u64,
    /// Marketing pushes of a day.
    pub day_cap: u32,
    /// Marketing pushes for one show.
    pub show_cap: u32,
    /// When nobody is pushed.
    pub quiet_hours: Option<Quiet>,
}

/// When quiet hours begin, as `22:30`.
#[derive(Debug, Clone, Deserialize)]
pub struct Quiet {
    pub from: String,
}

impl Default for Caps {
    fn default() -> Self {
        Caps { gap_minutes: 0, day_cap: u32::MAX, show_cap: u32::MAX, quiet_hours: None }
    }
}

impl Caps {
    /// The minute of the day at which quiet hours begin; the day's end without them.
    pub fn quiet_from_min(&self) -> u64 {
        let minute = |it: &Quiet| {
            let (hour, minute) = it.from.split_once(':')?;
            Some(hour.parse::<u64>().ok()? * 60 + minute.parse::<u64>().ok()?)
        };
        self.quiet_hours.as_ref().and_then(minute).unwrap_or(24 * 60)
    }
}
