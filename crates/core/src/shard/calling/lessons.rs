//! What a shard gives the director to learn from: matured outcomes, and a sample of who is active when.
//!
//! Labels are told only when they can no longer change, and features as they were at the decision: nothing
//! that happened later slips into what was known then.

use crate::bytes::{Get, Malformed, Put};
use crate::decide::fatigue::Ending;
use crate::decide::hazard::{Presence, SHAPE, Situation};
use crate::decide::rhythm::{Intensity, Known, Population};
use crate::decide::state::State;
use crate::director::word::{ActivityLesson, EntryLesson, Lessons, Word};
use crate::push::{Life, Outcome};
use crate::shard::store::Slot;
use crate::shard::{Outbox, Shard};
use crate::stage::plan::SLOT_S;
use crate::time::{LocalHour, Timestamp};

/// Shoppers that are watched in each slot, and whose rhythms are told.
const SAMPLE: usize = 16;

/// Lessons gathered before they are told.
const TELL_AFTER: usize = 64;

/// Slots after which the rhythms of a new sample are told.
const POPULATION_EVERY: u32 = 6;

/// Who is watched for activity in the present slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Watch {
    /// When the slot ends; `None` until the first shopper is known.
    pub next: Option<Timestamp>,
    /// Slots so far.
    round: u32,
    /// The bins of the sample when the slot began, and where each sits.
    sample: Vec<(Slot, [u8; SHAPE.features.len()])>,
    lessons: Lessons,
}

impl Watch {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.next.is_some().into());
        out.put_int(self.next.unwrap_or_default().0);
        out.put_uint(self.round.into());
        out.put_uint(self.sample.len() as u64);
        for (slot, bins) in &self.sample {
            out.put_uint(slot.number().into());
            out.extend_from_slice(bins);
        }
        out.put_bytes(&Word::Lessons(self.lessons.clone()).encode());
    }

    pub(super) fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let is_set = get.u8("flag of the watch")? != 0;
        let next = Timestamp(get.int("end of a slot")?);
        let round = get.u32("round")?;
        let mut sample = Vec::new();
        for _ in 0..get.len("sample")? {
            sample.push((Slot::from_number(get.u32("slot")?), get.array("bins")?));
        }
        let Word::Lessons(lessons) = Word::decode(get.bytes("lessons")?)? else {
            return Err(get.malformed("lessons"));
        };
        Ok(Watch { next: is_set.then_some(next), round, sample, lessons })
    }
}

/// A slot, in milliseconds.
const SLOT_MS: i64 = SLOT_S as i64 * 1000;

/// A watch that is further behind than this slept through it: the loop that catches up stays short.
const ASLEEP_MS: i64 = 24 * 3600 * 1000;

/// The end of the slot that `now` lies in; `None` at the end of time.
fn slot_after(now: Timestamp) -> Option<Timestamp> {
    now.0.div_euclid(SLOT_MS).checked_add(1)?.checked_mul(SLOT_MS).map(Timestamp)
}

impl Shard {
    /// The first event of a shard begins its watch.
    pub(super) fn begin_watch(&mut self, now: Timestamp) {
        if self.calling.watch.next.is_none() {
            self.calling.watch.next = slot_after(now);
            self.calling.schedule();
        }
    }

    /// Nobody's activity was seen while the server slept: a watch that is far behind begins anew.
    pub(super) fn wake_watch(&mut self, now: Timestamp) {
        let behind = self.calling.watch.next.is_some_and(|at| now.0.saturating_sub(at.0) > ASLEEP_MS);
        if behind {
            self.calling.watch.sample.clear();
            self.calling.watch.next = slot_after(now);
            self.calling.schedule();
        }
    }

    /// A slot is over: who of the sample was active in it? And a new sample.
    pub(super) fn watch(&mut self, at: Timestamp, outbox: &mut Outbox<'_>) {
        let begin = Timestamp(at.0 - SLOT_MS).secs();
        for (slot, bins) in std::mem::take(&mut self.calling.watch.sample) {
            if !self.store.is_free(slot) {
                let active = self.store.hot(slot).activity.last >= begin;
                let (hot, history) = (self.store.hot(slot), self.store.history(slot));
                let after = State::at(at.secs(), hot.activity.last, history.pulse).index() as u8;
                self.calling.watch.lessons.activity.push(ActivityLesson { bins, active, after });
            }
        }
        self.calling.watch.next = slot_after(at);
        self.calling.watch.round = self.calling.watch.round.wrapping_add(1);
        self.take_sample(at, outbox);
        let lessons = &self.calling.watch.lessons;
        let many = lessons.activity.len() + lessons.entries.len() + lessons.purchases.len() >= TELL_AFTER;
        if many || lessons.population.is_some() {
            let lessons = std::mem::take(&mut self.calling.watch.lessons);
            if !lessons.is_empty() {
                self.tell_director(&Word::Lessons(lessons), outbox);
            }
        }
    }

    fn take_sample(&mut self, at: Timestamp, outbox: &mut Outbox<'_>) {
        let stage = outbox.stage;
        let secs = at.secs();
        let average = stage.learned().average();
        let slots = self.store.sample(SAMPLE, self.calling.watch.round);
        let mut population = Population::default();
        let tell_rhythms = self.calling.watch.round.is_multiple_of(POPULATION_EVERY);
        for slot in slots {
            let (hot, history) = (self.store.hot(slot), self.store.history(slot));
            if hot.activity.last == 0 {
                continue;
            }
            let offset_min = Shard::offset_of(history, stage, at);
            let known = Known::between(hot.activity.first, secs.max(hot.activity.first), offset_min);
            let own = Intensity::of(history.rhythm, &known, &average);
            let state = State::at(secs, hot.activity.last, history.pulse);
            let hour = LocalHour::at(secs, offset_min);
            // Of a later slot nobody knows what the device will say: the hazard learns without it.
            let situation = Situation::new(state, &own, hour, Presence::Unknown);
            self.calling.watch.sample.push((slot, situation.bins()));
            if tell_rhythms {
                population.add(history.rhythm, &known);
            }
        }
        if tell_rhythms && !self.calling.watch.sample.is_empty() {
            self.calling.watch.lessons.population = Some(population);
        }
    }

    /// The half hour of the oldest push is over: its entry can be learnt from.
    pub(super) fn mature(&mut self, at: Timestamp) {
        let Some(number) = self.calling.ledger.take_to_mature() else { return };
        let Some(push) = self.calling.ledger.get_mut(number) else { return };
        let _ = at;
        push.outcome.matured = true;
        let treated = matches!(push.life, Life::Ended(end) if end.may_have_arrived());
        let Outcome { entered, tapped, dismissed, .. } = push.outcome;
        if treated && !tapped && !dismissed && !push.shopper.is_empty() {
            let (shopper, known, left) = (push.shopper.clone(), push.known, push.left.secs());
            if let Some(slot) = self.row(&shopper, known) {
                self.store.change(slot, |hot, _| hot.calls.weariness.ended(left, Ending::Ignored));
            }
        }
        let Some(push) = self.calling.ledger.get(number) else { return };
        // What was neither sent nor withheld on purpose teaches nothing: something else decided.
        if treated || matches!(push.life, Life::Shadow(_)) {
            let terms = &push.terms;
            self.calling.watch.lessons.entries.push(EntryLesson {
                bins: push.bins,
                expected: if treated { terms.enter } else { terms.enter_anyway },
                treated,
                entered,
                lag_s: push.lag_s.into(),
                arm: treated.then_some((push.template, push.trigger as u8, tapped)),
            });
        }
    }

    /// The last purchase of the oldest push may have come: it is forgotten, and its purchase learnt from.
    pub(super) fn forget(&mut self) {
        let Some(push) = self.calling.ledger.forget_oldest() else { return };
        if push.outcome.entered {
            self.calling.watch.lessons.purchases.push((push.bins, push.outcome.purchases > 0));
        }
    }
}
