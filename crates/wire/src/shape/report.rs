//! A show's report: how far its pushes came, what they added, and why others were not sent.

use super::message::{MessageState, missed};
use super::value::share;
use super::{At, Channel, Money, Phase, Trigger};
use beckon_core::decide::estimate::{Comparison, SHOPPERS_MIN};
use beckon_core::event;
use beckon_core::id::Term;
use beckon_core::push::report as core;
use beckon_core::push::way::Miss;
use beckon_core::push::{End, Reason};
use beckon_core::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The confidence of all intervals is one minus this.
const ALPHA: f64 = 0.05;

/// A show's report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report {
    /// The show.
    pub show_id: String,
    /// The instant of which this tells.
    pub as_of: At,
    /// Shoppers whom no rule kept from being called in when they were last looked at (everyone is within ten minutes of the
    /// window's opening), with those who had been called or withheld to measure. Never less than `funnel.decided`.
    pub eligible: u64,
    /// How far pushes came.
    pub funnel: Funnel,
    /// The same by phase.
    pub by_phase: BTreeMap<&'static str, Funnel>,
    /// The same by trigger.
    pub by_trigger: BTreeMap<&'static str, Funnel>,
    /// The same by channel.
    pub by_channel: BTreeMap<&'static str, Funnel>,
    /// The same by template, those most used first.
    pub by_arm: Vec<Arm>,
    /// How pushes ended that were not accepted.
    pub ended: Vec<Ended>,
    /// How often pushes went on from one channel to another. Each counts in the funnels of the channel it went over
    /// last.
    pub went_on: Vec<WentOn>,
    /// Why shoppers were not pushed.
    pub withheld: Withheld,
    /// What the pushes added.
    pub incremental: Incremental,
    /// Pushes at a chosen and at a random moment beside each other.
    pub moments: Moments,
    /// What was expected of the pushes that left, beside what came.
    pub expected: Expected,
    /// How the room's picture came to those whom the pushes brought in.
    pub picture: Picture,
}

/// How the room's picture came to those whom the pushes brought in, as their players told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Picture {
    /// Pushes whose shopper saw a picture. Visitors of a show's page were called by none and are not counted.
    pub seen: u64,
    /// Half of them saw it within so many milliseconds of the tap, to the next higher step; absent if half did not
    /// within 30 seconds, or none was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame_p50_ms: Option<u32>,
    /// 95 of 100 did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame_p95_ms: Option<u32>,
    /// Times that a picture stood still.
    pub stalls: u64,
    /// For how long in all, in milliseconds.
    pub stalled_ms: u64,
}

/// How far pushes came. Each step counts what reached at least it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ShowFunnel))]
pub struct Funnel {
    /// Decided.
    pub decided: u64,
    /// Handed over to the channel: an attempt left.
    pub sent: u64,
    /// Accepted by the channel.
    pub accepted: u64,
    /// Shown on the device.
    pub delivered: u64,
    /// Tapped.
    pub tapped: u64,
    /// The shopper came into the room within half an hour.
    pub entered: u64,
    /// The shopper bought something of the show within a day.
    pub bought: u64,
    /// The answer was lost: these may have arrived or not.
    pub ambiguous: u64,
    /// Put away.
    pub dismissed: u64,
    /// Orders.
    pub purchases: u64,
    /// What was paid.
    pub spent: Money,
    /// Seconds in the room.
    pub dwell_s: u64,
}

/// How far the pushes of one template came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Arm {
    /// The template; absent for those beyond the bound that are counted together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    /// How far.
    #[serde(flatten)]
    pub funnel: Funnel,
}

/// How many pushes ended in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ended {
    /// How.
    pub state: MessageState,
    /// Why, if it was withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In plain words.
    pub meaning: String,
    /// How many.
    pub count: u64,
}

/// How often pushes went on from one channel to another for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WentOn {
    /// Which did not carry them.
    pub from: Channel,
    /// Which they went on over.
    pub to: Channel,
    /// Why.
    pub why: String,
    /// In plain words.
    pub meaning: String,
    /// How many.
    pub count: u64,
}

impl WentOn {
    fn of((from, why, to): (event::Channel, Miss, event::Channel), count: u64) -> Self {
        let (word, meaning) = (why.word(), missed(why));
        WentOn { from: from.into(), to: to.into(), why: word.into(), meaning: meaning.into(), count }
    }
}

/// Why shoppers were not pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Withheld {
    /// At the last look at everyone: each shopper counts once.
    pub last_look: Vec<ReasonCount>,
    /// At all looks: each shopper counts as often as he was looked at.
    pub all_looks: Vec<ReasonCount>,
}

/// How often a reason was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonCount {
    /// Its code.
    pub reason: String,
    /// In plain words.
    pub meaning: String,
    /// How often.
    pub count: u64,
}

/// What the pushes added, held against shoppers who were withheld by chance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incremental {
    /// Entries.
    pub entries: Added,
    /// Purchases.
    pub purchases: Added,
    /// Those withheld by chance: ghosts, and the global holdout.
    pub ghosts: Ghosts,
}

/// What pushes added of one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Added {
    /// In a sentence.
    pub summary: String,
    /// Shoppers who were to be pushed.
    pub pushed: u64,
    /// Of them, on average.
    pub rate_pushed: f64,
    /// Shoppers withheld by chance.
    pub withheld: u64,
    /// Of them, on average.
    pub rate_withheld: f64,
    /// The estimate; absent while either group is too small.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Effect {
    /// What pushing added in all.
    pub total: f64,
    /// The interval's lower end. It holds at every look at once, so one may watch it all evening.
    pub from: f64,
    /// Its upper end.
    pub to: f64,
    /// What pushing added for each shopper who was to be pushed.
    pub per_shopper: f64,
    /// The interval's confidence.
    pub confidence: f64,
    /// Share of the noise that was explained by what shoppers would have done anyway.
    pub variance_explained: f64,
}

/// Those withheld by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ghosts {
    /// How many.
    pub shoppers: u64,
    /// How many of them came anyway.
    pub entered: u64,
    /// How many of them bought anyway.
    pub bought: u64,
}

/// Pushes at a chosen and at a random moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Moments {
    /// At the moment that the rule chose.
    pub chosen: Rate,
    /// At a random time of the window.
    pub random: Rate,
}

/// How many of some pushes made their shopper enter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rate {
    /// Pushes decided.
    pub pushes: u64,
    /// Shoppers who entered.
    pub entered: u64,
    /// The second as a share of the first.
    pub rate: f64,
}

/// What was expected of the pushes that left, beside what came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Expected {
    /// Entries expected when the pushes were decided.
    pub entries: f64,
    /// Entries seen so far.
    pub entries_seen: u64,
    /// Buyers expected when the pushes were decided.
    pub buyers: f64,
    /// Buyers seen so far.
    pub buyers_seen: u64,
}

impl From<&core::Funnel> for Funnel {
    fn from(it: &core::Funnel) -> Self {
        Funnel {
            decided: it.decided,
            sent: it.dispatched,
            accepted: it.accepted,
            delivered: it.delivered,
            tapped: it.tapped,
            entered: it.entered,
            bought: it.bought,
            ambiguous: it.ambiguous,
            dismissed: it.dismissed,
            purchases: it.purchases,
            spent: Money(it.spent_cents),
            dwell_s: it.dwell_s,
        }
    }
}

impl Report {
    /// A show's report over all shards at `now`; `names` is the dictionary.
    pub fn of(
        show_id: String,
        it: &core::Report,
        names: &dyn Fn(Term) -> Option<String>,
        now: Timestamp,
    ) -> Self {
        let total = it.total();
        let (random, random_entered) = it.random;
        let rate = |pushes: u64, entered: u64| Rate {
            pushes,
            entered,
            rate: share(entered as f64 / pushes.max(1) as f64),
        };
        let reasons =
            |of: &BTreeMap<Reason, u64>| most_first(of.iter().map(|(it, count)| counted(*it, *count)));
        Report {
            show_id,
            as_of: At(now),
            eligible: it.eligible(),
            funnel: (&total).into(),
            by_phase: by(it, |cut| Phase::from(cut.0).word()),
            by_trigger: by(it, |cut| Trigger::from(cut.1).word()),
            by_channel: by(it, |cut| Channel::from(cut.2).word()),
            by_arm: arms(it, names),
            ended: it.ended.iter().map(|(end, count)| ended(*end, *count)).collect(),
            went_on: it.went_on.iter().map(|(it, count)| WentOn::of(*it, *count)).collect(),
            withheld: Withheld { last_look: reasons(&it.last), all_looks: reasons(&it.looks) },
            incremental: Incremental {
                entries: Added::of(&it.entries, "entries"),
                purchases: Added::of(&it.purchases, "purchases"),
                ghosts: Ghosts { shoppers: it.ghosts, entered: it.ghosts_entered, bought: it.ghosts_bought },
            },
            moments: Moments {
                chosen: rate(
                    total.decided.saturating_sub(random),
                    total.entered.saturating_sub(random_entered),
                ),
                random: rate(random, random_entered),
            },
            expected: Expected {
                entries: share(it.expected.0),
                entries_seen: total.entered,
                buyers: share(it.expected.1),
                buyers_seen: total.bought,
            },
            picture: Picture {
                seen: it.playing.pictures(),
                first_frame_p50_ms: it.playing.wait_ms(0.5),
                first_frame_p95_ms: it.playing.wait_ms(0.95),
                stalls: it.playing.stalls,
                stalled_ms: it.playing.stalled_ms,
            },
        }
    }
}

fn by(report: &core::Report, word: fn(&core::Cut) -> &'static str) -> BTreeMap<&'static str, Funnel> {
    let mut sums: BTreeMap<&'static str, core::Funnel> = BTreeMap::new();
    for (cut, funnel) in &report.funnels {
        sums.entry(word(cut)).or_default().merge(funnel);
    }
    sums.into_iter().map(|(word, sum)| (word, (&sum).into())).collect()
}

fn arms(report: &core::Report, names: &dyn Fn(Term) -> Option<String>) -> Vec<Arm> {
    let mut sums: BTreeMap<Term, core::Funnel> = BTreeMap::new();
    for (cut, funnel) in &report.funnels {
        sums.entry(cut.3).or_default().merge(funnel);
    }
    let mut arms: Vec<Arm> = sums
        .into_iter()
        .map(|(template, sum)| Arm { template_id: names(template), funnel: (&sum).into() })
        .collect();
    arms.sort_by(|a, b| b.funnel.decided.cmp(&a.funnel.decided).then(a.template_id.cmp(&b.template_id)));
    arms
}

fn counted(reason: Reason, count: u64) -> ReasonCount {
    let (code, meaning) = reason.words();
    ReasonCount { reason: code.into(), meaning: meaning.into(), count }
}

fn most_first(counts: impl Iterator<Item = ReasonCount>) -> Vec<ReasonCount> {
    let mut all: Vec<_> = counts.collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then(a.reason.cmp(&b.reason)));
    all
}

fn ended(end: End, count: u64) -> Ended {
    let (reason, meaning) = match end {
        End::Withheld(reason) => (Some(reason.words().0.to_owned()), reason.words().1),
        End::Accepted => (None, "the channel took it"),
        End::Stale => (None, "what it was to say was no longer true"),
        End::Expired => (None, "its deadline passed before its turn came"),
        End::Capped => (None, "the vendor's cap was reached"),
        End::Refused => (None, "the channel refused it for good"),
        End::Gone => (None, "the device or endpoint is gone"),
        End::Ambiguous => (None, "the answer was lost: it may have arrived or not"),
        End::Unreached => (None, "nobody was there, nothing was written, and there was no other way"),
    };
    Ended { state: end.into(), reason, meaning: meaning.into(), count }
}

impl Added {
    fn of(it: &Comparison, what: &str) -> Self {
        let (pushed, withheld) = (it.pushed.shoppers(), it.withheld.shoppers());
        let effect = it.effect(ALPHA).map(|effect| Effect {
            total: share(effect.mean * pushed),
            from: share((effect.mean - effect.half_width) * pushed),
            to: share((effect.mean + effect.half_width) * pushed),
            per_shopper: share(effect.mean),
            confidence: 1.0 - ALPHA,
            variance_explained: share(effect.variance_explained),
        });
        let summary = match effect {
            None => format!(
                "Too few to tell: {pushed:.0} shoppers to be pushed and {withheld:.0} withheld, and it takes \
                 {SHOPPERS_MIN:.0} of each."
            ),
            Some(Effect { total, from, to, .. }) => {
                let verdict = if from > 0.0 {
                    "surely more than nothing"
                } else if to < 0.0 {
                    "surely fewer than without them"
                } else {
                    "which may be chance"
                };
                format!("The pushes added {total:.0} {what} (between {from:.0} and {to:.0}), {verdict}.")
            }
        };
        Added {
            summary,
            pushed: pushed as u64,
            rate_pushed: share(it.pushed.mean()),
            withheld: withheld as u64,
            rate_withheld: share(it.withheld.mean()),
            effect,
        }
    }
}
