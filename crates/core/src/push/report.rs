//! What a show's pushes came to, as one shard counts it; the report adds the shards up.

use super::playing::Playing;
use super::way::Miss;
use super::{End, Life, Push, Reason};
use crate::bytes::{Get, Malformed, Put};
use crate::decide::estimate::Comparison;
use crate::event::Channel;
use crate::id::Term;
use crate::show::{Phase, Trigger};
use std::collections::BTreeMap;

/// How far pushes came. Each counts what reached at least this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the count its name says; the words of DESIGN.md §1")]
pub struct Funnel {
    pub decided: u64,
    pub dispatched: u64,
    pub accepted: u64,
    pub ambiguous: u64,
    pub delivered: u64,
    pub tapped: u64,
    pub entered: u64,
    pub bought: u64,
    pub dismissed: u64,
    pub purchases: u64,
    pub dwell_s: u64,
    pub spent_cents: u64,
}

/// One step forward in a funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the step its name says")]
pub enum Step {
    Decided,
    Dispatched,
    Accepted,
    Ambiguous,
    Delivered,
    Tapped,
    Entered,
    /// The first purchase.
    Bought,
    Dismissed,
    /// Any purchase, with what was paid.
    Purchase(u64),
    /// Seconds in the room.
    Dwell(u32),
}

impl Funnel {
    fn step(&mut self, step: Step) {
        match step {
            Step::Decided => self.decided += 1,
            Step::Dispatched => self.dispatched += 1,
            Step::Accepted => self.accepted += 1,
            Step::Ambiguous => self.ambiguous += 1,
            Step::Delivered => self.delivered += 1,
            Step::Tapped => self.tapped += 1,
            Step::Entered => self.entered += 1,
            Step::Bought => self.bought += 1,
            Step::Dismissed => self.dismissed += 1,
            Step::Purchase(cents) => {
                self.purchases += 1;
                self.spent_cents = self.spent_cents.saturating_add(cents);
            }
            Step::Dwell(seconds) => self.dwell_s += u64::from(seconds),
        }
    }

    fn numbers(&mut self) -> [&mut u64; 12] {
        [
            &mut self.decided,
            &mut self.dispatched,
            &mut self.accepted,
            &mut self.ambiguous,
            &mut self.delivered,
            &mut self.tapped,
            &mut self.entered,
            &mut self.bought,
            &mut self.dismissed,
            &mut self.purchases,
            &mut self.dwell_s,
            &mut self.spent_cents,
        ]
    }

    /// What one push adds to it, up to its present step; that it was accepted is its end, and not in here.
    fn of(push: &Push) -> Funnel {
        let it = &push.outcome;
        Funnel {
            decided: 1,
            dispatched: u64::from(push.attempts > 0),
            delivered: it.delivered.into(),
            tapped: it.tapped.into(),
            entered: it.entered.into(),
            bought: u64::from(it.purchases > 0),
            dismissed: it.dismissed.into(),
            purchases: it.purchases.into(),
            dwell_s: it.dwell_s.into(),
            spent_cents: it.spent_cents,
            ..Funnel::default()
        }
    }

    fn take_out(&mut self, other: &Funnel) {
        let mut other = *other;
        for (sum, it) in self.numbers().into_iter().zip(other.numbers()) {
            *sum = sum.saturating_sub(*it);
        }
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Funnel) {
        let mut other = *other;
        for (sum, it) in self.numbers().into_iter().zip(other.numbers()) {
            *sum = sum.saturating_add(*it);
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let mut copy = *self;
        copy.numbers().into_iter().for_each(|it| out.put_uint(*it));
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut funnel = Funnel::default();
        for it in funnel.numbers() {
            *it = get.uint("count of a funnel")?;
        }
        Ok(funnel)
    }
}

/// What a funnel is cut by.
pub type Cut = (Phase, Trigger, Channel, Term);

/// Arms that a show's report tells apart; further ones are counted under no template.
const CUTS_MAX: usize = 4096;

/// A show's report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Shoppers who could be called in when the window opened or at a later look at everyone, or had been: the most.
    /// Whoever was called between looks may not be in it yet, see [`Report::eligible()`].
    pub eligible: u64,
    /// By phase, trigger, channel and template.
    pub funnels: BTreeMap<Cut, Funnel>,
    /// How pushes ended other than accepted.
    pub ended: BTreeMap<End, u64>,
    /// How often pushes went on from one channel to another, and why.
    pub went_on: BTreeMap<(Channel, Miss, Channel), u64>,
    /// Why shoppers were not pushed, each look at each shopper counting once; see [`Report::last`].
    pub looks: BTreeMap<Reason, u64>,
    /// Why shoppers were not pushed at the last look at everyone.
    pub last: BTreeMap<Reason, u64>,
    /// Ghosts and the global holdout: withheld on purpose.
    pub ghosts: u64,
    /// How many of them entered, and bought.
    pub ghosts_entered: u64,
    /// See `ghosts_entered`.
    pub ghosts_bought: u64,
    /// Entries, of those to be pushed and of ghosts.
    pub entries: Comparison,
    /// Purchases, of the same.
    pub purchases: Comparison,
    /// Pushes at a random time: how many, and how many entered.
    pub random: (u64, u64),
    /// What was expected of the pushes that left when they were decided: entries, and shoppers who buy.
    pub expected: (f64, f64),
    /// How the picture came to those who were brought in.
    pub playing: Playing,
}

impl Report {
    /// Shoppers who could be called in, never fewer than pushes and ghosts were decided.
    pub fn eligible(&self) -> u64 {
        self.eligible.max(self.total().decided + self.ghosts)
    }

    /// A push took a step.
    pub fn step(&mut self, push: &Push, step: Step) {
        if step == Step::Dispatched {
            let enter = push.terms.reach * push.terms.enter;
            self.expected.0 += enter;
            self.expected.1 += enter * push.terms.buy;
        }
        self.funnel(push).step(step);
    }

    fn funnel(&mut self, push: &Push) -> &mut Funnel {
        let cut = (push.phase, push.trigger, push.channel, push.template);
        let full = self.funnels.len() >= CUTS_MAX && !self.funnels.contains_key(&cut);
        let cut = if full { (cut.0, cut.1, cut.2, Term::NONE) } else { cut };
        self.funnels.entry(cut).or_default()
    }

    /// A push goes on over another way: it counts where it goes now.
    pub fn went_on(&mut self, from: &Push, why: Miss, to: &Push) {
        self.reworded(from, to);
        *self.went_on.entry((from.channel, why, to.channel)).or_default() += 1;
    }

    /// A push is said in other words: it counts with those.
    pub fn reworded(&mut self, from: &Push, to: &Push) {
        let own = Funnel::of(from);
        self.funnel(from).take_out(&own);
        self.funnel(to).merge(&own);
    }

    /// A push was decided, or a ghost made. The outcome counts as none until it comes.
    pub fn decided(&mut self, push: &Push) {
        let x = push.terms.enter_anyway;
        match push.life {
            Life::Shadow(_) => {
                self.ghosts += 1;
                self.entries.withheld.add(0.0, x);
                self.purchases.withheld.add(0.0, x);
            }
            _ => {
                self.step(push, Step::Decided);
                self.random.0 += u64::from(push.random_time);
                self.entries.pushed.add(0.0, x);
                self.purchases.pushed.add(0.0, x);
            }
        }
    }

    /// The shopper of a push or ghost entered.
    pub fn entered(&mut self, push: &Push) {
        let x = push.terms.enter_anyway;
        match push.life {
            Life::Shadow(_) => {
                self.ghosts_entered += 1;
                self.entries.withheld.replace(0.0, 1.0, x);
            }
            _ => {
                self.step(push, Step::Entered);
                self.random.1 += u64::from(push.random_time);
                self.entries.pushed.replace(0.0, 1.0, x);
            }
        }
    }

    /// The shopper of a push or ghost bought for so many hundredths, for the first time or again.
    pub fn bought(&mut self, push: &Push, cents: u64) {
        let (x, first) = (push.terms.enter_anyway, push.outcome.purchases <= 1);
        let count = f64::from(push.outcome.purchases);
        match push.life {
            Life::Shadow(_) => {
                self.ghosts_bought += u64::from(first);
                self.purchases.withheld.replace(count - 1.0, count, x);
            }
            _ => {
                if first {
                    self.step(push, Step::Bought);
                }
                self.step(push, Step::Purchase(cents));
                self.purchases.pushed.replace(count - 1.0, count, x);
            }
        }
    }

    /// A push ended.
    pub fn ended(&mut self, push: &Push, end: End) {
        match end {
            End::Accepted => self.step(push, Step::Accepted),
            end => {
                if end == End::Ambiguous {
                    self.step(push, Step::Ambiguous);
                }
                *self.ended.entry(end).or_default() += 1;
            }
        }
    }

    /// All funnels together.
    pub fn total(&self) -> Funnel {
        let mut total = Funnel::default();
        self.funnels.values().for_each(|it| total.merge(it));
        total
    }

    /// Adds another shard's.
    pub fn merge(&mut self, other: &Report) {
        self.eligible += other.eligible;
        for (cut, funnel) in &other.funnels {
            self.funnels.entry(*cut).or_default().merge(funnel);
        }
        other.ended.iter().for_each(|(end, count)| *self.ended.entry(*end).or_default() += count);
        other.went_on.iter().for_each(|(it, count)| *self.went_on.entry(*it).or_default() += count);
        other.looks.iter().for_each(|(it, count)| *self.looks.entry(*it).or_default() += count);
        other.last.iter().for_each(|(it, count)| *self.last.entry(*it).or_default() += count);
        self.ghosts += other.ghosts;
        self.ghosts_entered += other.ghosts_entered;
        self.ghosts_bought += other.ghosts_bought;
        self.entries.merge(&other.entries);
        self.purchases.merge(&other.purchases);
        self.random.0 += other.random.0;
        self.random.1 += other.random.1;
        self.expected.0 += other.expected.0;
        self.expected.1 += other.expected.1;
        self.playing.merge(&other.playing);
    }

    /// Appends the report to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for number in [
            self.eligible,
            self.ghosts,
            self.ghosts_entered,
            self.ghosts_bought,
            self.random.0,
            self.random.1,
        ] {
            out.put_uint(number);
        }
        out.put_uint(self.funnels.len() as u64);
        for ((phase, trigger, channel, template), funnel) in &self.funnels {
            out.extend_from_slice(&[*phase as u8, *trigger as u8, *channel as u8]);
            out.put_uint(template.0.into());
            funnel.encode(out);
        }
        out.put_uint(self.ended.len() as u64);
        for (end, count) in &self.ended {
            end.encode(out);
            out.put_uint(*count);
        }
        out.put_uint(self.went_on.len() as u64);
        for ((from, why, to), count) in &self.went_on {
            out.extend_from_slice(&[*from as u8, *to as u8]);
            why.encode(out);
            out.put_uint(*count);
        }
        for reasons in [&self.looks, &self.last] {
            out.put_uint(reasons.len() as u64);
            for (reason, count) in reasons {
                out.push(*reason as u8);
                out.put_uint(*count);
            }
        }
        for comparison in [&self.entries, &self.purchases] {
            comparison.pushed.encode(out);
            comparison.withheld.encode(out);
        }
        for expected in [self.expected.0, self.expected.1] {
            out.extend_from_slice(&expected.to_le_bytes());
        }
        self.playing.encode(out);
    }

    /// Reads what [`Report::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut report = Report {
            eligible: get.uint("eligible")?,
            ghosts: get.uint("ghosts")?,
            ghosts_entered: get.uint("ghosts entered")?,
            ghosts_bought: get.uint("ghosts bought")?,
            random: (get.uint("random")?, get.uint("random entered")?),
            ..Report::default()
        };
        for _ in 0..get.len("funnels")? {
            let [phase, trigger, channel] = get.array("cut of a funnel")?;
            let cut = (
                Phase::from_number(phase).ok_or(get.malformed("phase"))?,
                Trigger::from_number(trigger).ok_or(get.malformed("trigger"))?,
                Channel::from_number(channel).ok_or(get.malformed("channel"))?,
                Term(get.u32("template")?),
            );
            report.funnels.insert(cut, Funnel::read(get)?);
        }
        for _ in 0..get.len("ends")? {
            let end = End::read(get)?;
            report.ended.insert(end, get.uint("count of an end")?);
        }
        for _ in 0..get.len("ways")? {
            let [from, to] = get.array("channels of a way")?;
            let of = |number| Channel::from_number(number).ok_or(get.malformed("channel"));
            let (from, to) = (of(from)?, of(to)?);
            let why = Miss::read(get)?;
            report.went_on.insert((from, why, to), get.uint("count of a way")?);
        }
        for reasons in [&mut report.looks, &mut report.last] {
            for _ in 0..get.len("reasons")? {
                let reason = Reason::from_number(get.u8("reason")?).ok_or(get.malformed("reason"))?;
                reasons.insert(reason, get.uint("count of a reason")?);
            }
        }
        for comparison in [&mut report.entries, &mut report.purchases] {
            comparison.pushed = crate::decide::estimate::Sums::decode(get)?;
            comparison.withheld = crate::decide::estimate::Sums::decode(get)?;
        }
        for expected in [&mut report.expected.0, &mut report.expected.1] {
            *expected = f64::from_le_bytes(get.array("expected")?);
        }
        report.playing = Playing::read(get)?;
        Ok(report)
    }
}
