//! One day of the test as a matrix: for each shopper and slot what is known at its beginning, and whether a
//! push then would hit.

use super::Options;
use crate::days::Days;
use crate::log::Log;
use crate::reach::Walk;
use beckon_core::decide::class::{CLASSES, Chain, Span};
use beckon_core::decide::moment::{Inputs, Table};
use beckon_core::decide::state::State;

/// A shopper at the beginning of a slot.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// State of activity.
    pub state: State,
    /// Rhythm class over what remains of the day.
    pub class: u8,
    /// Chance that a push now finds him active, by his own rhythm.
    pub reach: f32,
    /// Whether it would.
    pub hit: bool,
}

/// A day.
pub struct Day {
    /// Shoppers.
    pub shoppers: usize,
    /// Slots in which a push may be sent.
    pub slots: usize,
    /// By (slot, shopper).
    pub cells: Vec<Cell>,
    /// What waiting is worth, from what was known at midnight.
    pub table: Table,
    /// Each shopper's best slot by his rhythm alone: the beginning of his most active hour.
    pub personal: Vec<usize>,
}

impl Day {
    /// A shopper at a slot.
    pub fn cell(&self, slot: usize, shopper: usize) -> &Cell {
        &self.cells[slot * self.shoppers + shopper]
    }
}

/// The days on which parameters are chosen, and those of the test.
pub fn walk(log: &Log, days: Days, options: &Options, grid_s: u32) -> (Vec<Day>, Vec<Day>) {
    let mut walk = Walk::new(log, days, grid_s);
    let (mut choice, mut test) = (Vec::new(), Vec::new());
    for day in 0..days.count {
        let testing = days.test().contains(&day);
        if !testing || day == days.test().start {
            walk.learn_rhythms(day);
        }
        if testing {
            test.push(watch(&mut walk, log, days, options, day, false));
        } else if days.choice().contains(&day) {
            choice.push(watch(&mut walk, log, days, options, day, true));
        } else {
            walk.day(day, true, |_| {});
        }
    }
    (choice, test)
}

fn watch(walk: &mut Walk<'_>, log: &Log, days: Days, options: &Options, day: usize, learn: bool) -> Day {
    let midnight = days.midnight(day);
    let (start, end) = (midnight + options.from_hour * 3600, midnight + options.until_hour * 3600);
    let span = Span::between(start, end, walk.hazard.slot_s(), days.offset_min);
    let average = walk.average;
    let chain = Chain::new(&walk.hazard, &average, span);
    let ways: Vec<_> =
        State::all().map(|it| [true, false].map(|active| walk.passages.ways(it, active))).collect();
    let table = Table::build(&Inputs {
        slots: span.slots,
        classes: CLASSES,
        ways: &ways,
        reach_slots: (options.hit_s / span.slot_s) as usize,
        hazard: &|slot, class, state| chain.hazard(slot, class, state),
        multiplier: &|_, _| 1.0,
    })
    .expect("a day's slots are within a table's bounds");
    let weekend = span.hour(0).weekend;
    let personal = walk.intensities.iter().map(|it| {
        let open = |hour: &u8| (options.from_hour..options.until_hour).contains(&u32::from(*hour));
        let best = it.best_hours(weekend).into_iter().find(open).map_or(options.from_hour, u32::from);
        ((best - options.from_hour) * 3600 / span.slot_s) as usize
    });
    let shoppers = log.trails.len();
    let mut found = Day {
        shoppers,
        slots: span.slots,
        cells: Vec::with_capacity(span.slots * shoppers),
        table,
        personal: personal.collect(),
    };
    walk.day(day, learn, |look| {
        if (start..end).contains(&look.at) {
            let reach = look.hazard.reach(&look.standing, look.at, options.hit_s);
            found.cells.push(Cell {
                state: look.situation.state,
                class: span.class(look.at, look.standing.intensity, &average) as u8,
                reach: reach as f32,
                hit: hits(log, look.shopper, look.at, options.hit_s),
            });
        }
    });
    found
}

/// Whether the shopper is active within `within_s` seconds after `at`.
pub fn hits(log: &Log, shopper: usize, at: u32, within_s: u32) -> bool {
    let trail = &log.trails[shopper];
    let next = trail.partition_point(|act| act.at <= at);
    trail.get(next).is_some_and(|act| act.at <= at + within_s)
}
