//! Walks a log slot by slot with a model of activity that has seen only what came before.
//!
//! Rhythms and the average shopper are made anew at every midnight; the hazard learns as slots end. From a
//! given day on it may stop learning: that is how a test on later days is kept apart.

use crate::days::Days;
use crate::log::Log;
use crate::shopper::Shopper;
use beckon_core::decide::hazard::{Hazard, Presence, Situation, Standing};
use beckon_core::decide::passage::Passages;
use beckon_core::decide::rhythm::{Intensity, Known, Population};

/// What a visitor sees: one shopper at the beginning of one slot.
pub struct Look<'a> {
    /// Which shopper.
    pub shopper: usize,
    /// The slot's beginning (Unix seconds).
    pub at: u32,
    /// What is known of him.
    pub situation: Situation,
    /// From which it follows, and later ones.
    pub standing: Standing<'a>,
    /// The model, as learned so far.
    pub hazard: &'a Hazard,
    /// Whether he is active within the slot: not known at its beginning.
    pub active: bool,
}

/// A walk through a log.
pub struct Walk<'a> {
    log: &'a Log,
    days: Days,
    /// The model of activity.
    pub hazard: Hazard,
    /// Passages between states.
    pub passages: Passages,
    /// The average shopper.
    pub average: Intensity,
    /// Everyone's rhythm.
    pub intensities: Vec<Intensity>,
    shoppers: Vec<Shopper>,
    cursors: Vec<usize>,
}

impl<'a> Walk<'a> {
    /// Before the first day; slots of `slot_s` seconds.
    pub fn new(log: &'a Log, days: Days, slot_s: u32) -> Self {
        let average = Population::default().average();
        let count = log.trails.len();
        Walk {
            log,
            days,
            hazard: Hazard::new(slot_s),
            passages: Passages::new(slot_s),
            average,
            intensities: vec![average; count],
            shoppers: vec![Shopper::default(); count],
            cursors: vec![0; count],
        }
    }

    /// Makes rhythms and the average anew from what was seen before `day`.
    pub fn learn_rhythms(&mut self, day: usize) {
        let (since, now, offset) = (self.days.start, self.days.midnight(day), self.days.offset_min);
        let known = Known::between(since, now, offset);
        let mut population = Population::default();
        self.shoppers.iter().for_each(|it| population.add(&it.history.rhythm, &known));
        self.average = population.average();
        for (intensity, shopper) in self.intensities.iter_mut().zip(&self.shoppers) {
            *intensity = shopper.intensity(since, now, offset, &self.average);
        }
    }

    /// Walks through a day, learning from it or not.
    pub fn day(&mut self, day: usize, learn: bool, mut visit: impl FnMut(&Look<'_>)) {
        let slot_s = self.hazard.slot_s();
        let end = self.days.midnight(day + 1);
        let mut at = self.days.midnight(day);
        // What each shopper's last slot began with, and whether he was active in it.
        let mut before: Vec<(Situation, bool)> = Vec::with_capacity(self.shoppers.len());
        while at < end {
            let mut here = Vec::with_capacity(self.shoppers.len());
            for shopper in 0..self.shoppers.len() {
                let active = self.forward(shopper, at, slot_s);
                let columns = &self.shoppers[shopper];
                let standing = Standing {
                    last_active: columns.hot.activity.last,
                    pulse: &columns.history.pulse,
                    intensity: &self.intensities[shopper],
                    presence: Presence::Unknown,
                    offset_min: self.days.offset_min,
                };
                let situation = standing.situation(at);
                visit(&Look { shopper, at, situation, standing, hazard: &self.hazard, active });
                if learn && let Some((last, was_active)) = before.get(shopper) {
                    self.passages.learn(last.state, *was_active, situation.state);
                }
                here.push((situation, active));
            }
            if learn {
                here.iter().for_each(|(situation, active)| self.hazard.learn(situation, *active));
            }
            before = here;
            at += slot_s;
        }
    }

    /// Folds what happened up to `at`; says whether anything happens in the slot after it.
    fn forward(&mut self, shopper: usize, at: u32, slot_s: u32) -> bool {
        let trail = &self.log.trails[shopper];
        let cursor = &mut self.cursors[shopper];
        while let Some(act) = trail.get(*cursor).filter(|it| it.at <= at) {
            self.shoppers[shopper].fold(act, self.days.offset_min);
            *cursor += 1;
        }
        trail.get(*cursor).is_some_and(|it| it.at <= at + slot_s)
    }
}
