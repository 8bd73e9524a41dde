//! Learning: the director takes lessons from all shards, and tells the models when they have moved enough.

use super::word::Lessons;
use crate::bytes::{Get, Malformed, Put};
use crate::decide::arms::Arm;
use crate::decide::rhythm::Population;
use crate::stage::{Learned, Notice};
use crate::time::Timestamp;
use std::sync::Arc;

/// The models while they learn.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct School {
    learned: Learned,
    /// Rhythms gathered since the last notice.
    rhythms: Population,
    has_rhythms: bool,
    /// Lessons since the last notice, and when that was.
    lessons: u64,
    told: Timestamp,
}

/// Lessons after which the models are told at once, and the time after which any lesson is enough.
const TELL_AFTER: u64 = 512;
const TELL_EVERY_MS: i64 = 10 * 60 * 1000;

/// Notices after which rhythms are gathered afresh, so that what has changed is seen.
const AFRESH_EVERY: u32 = 144;

/// Arms of copy whose counts are kept.
const ARMS_MAX: usize = 1 << 16;

impl School {
    /// Takes lessons, in their order.
    pub fn take(&mut self, lessons: &Lessons) {
        let learned = &mut self.learned;
        for it in &lessons.entries {
            let p = learned.entry.predict(&it.bins, it.treated).p;
            learned.calibration.learn(p, it.entered);
            learned.entry.learn(&it.bins, it.treated, it.entered);
            if it.treated {
                learned.lag.learn(it.lag_s, it.expected, it.entered);
            }
            if let Some((template, trigger, tapped)) = it.arm {
                let key = (template, trigger);
                if learned.arms.len() < ARMS_MAX || learned.arms.contains_key(&key) {
                    let arm: &mut Arm = learned.arms.entry(key).or_default();
                    arm.shown += 1;
                    arm.worked += u64::from(tapped);
                }
            }
        }
        lessons.purchases.iter().for_each(|(bins, bought)| learned.purchase.learn(bins, *bought));
        lessons.activity.iter().for_each(|it| learned.learn_activity(it));
        if let Some(population) = &lessons.population {
            self.rhythms.merge(population);
            self.has_rhythms = true;
        }
        self.lessons += (lessons.entries.len() + lessons.purchases.len() + lessons.activity.len()) as u64;
    }

    /// The models, if they have moved enough to be told.
    pub fn tell(&mut self, now: Timestamp) -> Option<Notice> {
        let due = self.lessons >= TELL_AFTER && now.0 - self.told.0 >= TELL_EVERY_MS / 10
            || self.lessons > 0 && now.0 - self.told.0 >= TELL_EVERY_MS;
        if !due {
            return None;
        }
        if std::mem::take(&mut self.has_rhythms) {
            // Another sample every time: what was known before counts on, at its own weight.
            self.learned.population = self.rhythms.clone();
            if self.learned.version.is_multiple_of(AFRESH_EVERY) {
                self.rhythms = Population::default();
            }
        }
        (self.lessons, self.told) = (0, now);
        self.learned.version += 1;
        Some(Notice::Learned(Arc::new(self.learned.clone())))
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        self.learned.encode(out);
        self.rhythms.encode(out);
        out.push(self.has_rhythms.into());
        out.put_uint(self.lessons);
        out.put_int(self.told.0);
    }

    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(School {
            learned: Learned::read(get)?,
            rhythms: Population::decode(get)?,
            has_rhythms: get.u8("flag of rhythms")? != 0,
            lessons: get.uint("lessons")?,
            told: Timestamp(get.int("time of a notice")?),
        })
    }
}
