//! The rhythm class of a shopper for a span of time, and the chances of activity that a moment table needs
//! for every class.
//!
//! A table cannot hold every shopper's rhythm. It holds the average shopper, made lively or quiet in some
//! steps; a shopper's class is the step that fits his own rhythm over the hours that remain, so that an
//! evening shopper counts as quiet at noon for a show that ends at two, and as lively for one at nine.

use super::hazard::{Hazard, Presence, Situation};
use super::moment::{CELLS_MAX, COSTS};
use super::rhythm::Intensity;
use super::state::{STATES, State};
use crate::decay::{exp2, log2};
use crate::time::LocalHour;

/// Classes: half octaves from an eighth of the average to some six times it.
pub const CLASSES: usize = 12;

/// Half octaves below the average at which the classes begin.
const QUIETEST: f64 = -6.0;

/// How much more active than the average a class is.
pub fn factor(class: usize) -> f64 {
    exp2((class as f64 + QUIETEST) / 2.0)
}

/// Longest span of slots, so that nothing loops without bound.
pub const SLOTS_MAX: usize = 1440;

const _: () = assert!(SLOTS_MAX * CLASSES * STATES * COSTS <= CELLS_MAX, "the longest show fits a table");

/// The span that a moment table covers, on one clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where its first slot begins (Unix seconds).
    pub start: u32,
    /// Length of a slot, in seconds.
    pub slot_s: u32,
    /// Slots, at most [`SLOTS_MAX`].
    pub slots: usize,
    /// Minutes east of UTC of the shoppers' clock.
    pub offset_min: i16,
}

impl Span {
    /// From `start` to `end` in slots of `slot_s`, or longer ones where there would be more than
    /// [`SLOTS_MAX`].
    pub fn between(start: u32, end: u32, slot_s: u32, offset_min: i16) -> Self {
        let seconds = end.saturating_sub(start);
        let slot_s = slot_s.max(1).max(seconds.div_ceil(SLOTS_MAX as u32));
        Span { start, slot_s, slots: seconds.div_ceil(slot_s) as usize, offset_min }
    }

    /// The slot that holds `now`; `None` before the span and after it.
    pub fn slot(&self, now: u32) -> Option<usize> {
        let slot = (now.checked_sub(self.start)? / self.slot_s) as usize;
        (slot < self.slots).then_some(slot)
    }

    /// When a slot begins (Unix seconds).
    pub fn at(&self, slot: usize) -> u32 {
        self.start.saturating_add(self.slot_s.saturating_mul(slot as u32))
    }

    /// The hour of the day in which a slot begins.
    pub fn hour(&self, slot: usize) -> LocalHour {
        LocalHour::at(self.at(slot), self.offset_min)
    }

    /// The class of a shopper for what remains from `now` on.
    pub fn class(&self, now: u32, own: &Intensity, average: &Intensity) -> usize {
        let first = self.slot(now.max(self.start)).unwrap_or(self.slots);
        let (mut mine, mut usual) = (0.0, 0.0);
        let step = (3600 / self.slot_s).max(1) as usize;
        for slot in (first..self.slots.max(first + 1)).step_by(step) {
            let bin = self.hour(slot).bin();
            mine += own.at(bin);
            usual += average.at(bin);
        }
        let steps = 2.0 * log2(mine.max(f64::MIN_POSITIVE) / usual.max(f64::MIN_POSITIVE)) - QUIETEST;
        (steps + 0.5).clamp(0.0, (CLASSES - 1) as f64) as usize
    }
}

/// Chances of activity in a slot, by hour of the span, class and state.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// By (hour of the span, class, state).
    by_hour: Vec<f32>,
    hours: Vec<usize>,
}

impl Chain {
    /// Asks `hazard` for every hour of the span, class and state. The device's state is left out, for
    /// nobody knows it of a later slot: `hazard` should be one that learned without it.
    pub fn new(hazard: &Hazard, average: &Intensity, span: Span) -> Self {
        let mut chain = Chain { by_hour: Vec::new(), hours: Vec::with_capacity(span.slots) };
        let mut seen: Vec<LocalHour> = Vec::new();
        let classes: Vec<Intensity> = (0..CLASSES).map(|class| average.scaled(factor(class))).collect();
        for slot in 0..span.slots {
            let hour = span.hour(slot);
            let known = seen.iter().position(|it| *it == hour);
            chain.hours.push(known.unwrap_or(seen.len()));
            if known.is_some() {
                continue;
            }
            seen.push(hour);
            for intensity in &classes {
                for state in State::all() {
                    let situation = Situation::new(state, intensity, hour, Presence::Unknown);
                    let p = hazard.predict(&situation).p;
                    chain.by_hour.push(per_slot(p, hazard.slot_s(), span.slot_s) as f32);
                }
            }
        }
        chain
    }

    /// The chance of activity within a slot.
    pub fn hazard(&self, slot: usize, class: usize, state: usize) -> f64 {
        f64::from(self.by_hour[(self.hours[slot] * CLASSES + class) * STATES + state])
    }
}

/// A chance over `from` seconds as one over `to` seconds, at an even rate.
fn per_slot(p: f64, from: u32, to: u32) -> f64 {
    if from == to {
        return p;
    }
    let silent = (1.0 - p).max(f64::MIN_POSITIVE);
    1.0 - exp2(log2(silent) * f64::from(to) / f64::from(from))
}

#[cfg(test)]
mod tests {
    use super::super::rhythm::Population;
    use super::*;

    const START: u32 = 1_511_658_000; // Sunday 09:00 in Shanghai

    #[test]
    fn a_span_knows_its_slots_and_hours() {
        let span = Span::between(START, START + 4 * 3600, 60, 480);
        assert_eq!((span.slots, span.slot(START + 3599), span.slot(START - 1)), (240, Some(59), None));
        assert_eq!(span.slot(START + 4 * 3600), None);
        assert_eq!(span.hour(61), LocalHour { hour: 10, weekend: true });
        let long = Span::between(START, START + 30 * 86_400, 60, 480);
        assert!(long.slots <= SLOTS_MAX && long.slot_s == 1800);
    }

    #[test]
    fn a_shopper_as_active_as_a_class_is_in_it() {
        let average = Population::default().average();
        let span = Span::between(START, START + 4 * 3600, 300, 480);
        for class in 0..CLASSES {
            assert_eq!(span.class(START, &average.scaled(factor(class)), &average), class);
        }
        assert_eq!(span.class(START, &average.scaled(100.0), &average), CLASSES - 1);
        assert_eq!(span.class(START, &average.scaled(0.0), &average), 0);
        assert!((factor(6) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_chain_asks_the_model_and_stretches_it_to_the_slot() {
        let average = Population::default().average();
        let span = Span::between(START, START + 4 * 3600, 300, 480);
        let hazard = Hazard::new(60);
        let chain = Chain::new(&hazard, &average, span);
        let fresh = State::new(Some(0), 1);
        let minute = hazard.predict(&Situation::new(fresh, &average, span.hour(0), Presence::Unknown)).p;
        let five = 1.0 - (1.0 - minute).powi(5);
        assert!((chain.hazard(0, 6, fresh.index()) - five).abs() < 1e-6);
    }
}
