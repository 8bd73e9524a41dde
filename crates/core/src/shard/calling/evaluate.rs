//! The decision: is this shopper to be called into this show now, about what, over which channel, in which
//! words? Or why not (DESIGN.md §4).
//!
//! Checks that need no arithmetic come first. What is left is the rule: send if and only if the push adds
//! more than it costs and more than waiting is worth.

use super::trigger::View;
use super::way::Ask;
use crate::decide::arms::{self, Eligible};
use crate::decide::chance::mix;
use crate::decide::fatigue::{self, Worth};
use crate::decide::features::{self, Bins, Subject, sensitivity};
use crate::decide::hazard::{Presence, Situation};
use crate::decide::holdout::{Group, Holdout};
use crate::decide::moment::{Verdict, decide};
use crate::decide::rhythm::{Intensity, Known};
use crate::decide::state::State;
use crate::event::{Channel, Class};
use crate::id::Term;
use crate::profile::cold::Cold;
use crate::profile::device::ClaimKey;
use crate::profile::live::{Live, STALE_AFTER};
use crate::profile::{HistoryRef, HotRef, day_of, primary_language};
use crate::push::said::Said;
use crate::push::{End, Life, Outcome, Push, Reason, Terms};
use crate::shard::Shard;
use crate::shard::store::Slot;
use crate::show::{Policy, Template, Trigger};
use crate::stage::PRICE_CLOSED;
use crate::stage::plan::{SLOT_S, lag_s, moment_worth};
use crate::stage::{OnOffer, OnShow, Stage, Stir};
use crate::time::{LocalHour, Timestamp};

/// Why not, with the numbers if it came to numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct No {
    /// Why not.
    pub reason: Reason,
    /// The numbers, the model's bins and what the push would have been about.
    pub terms: Option<(Terms, Bins, Trigger, Term)>,
}

impl From<Reason> for No {
    fn from(reason: Reason) -> Self {
        No { reason, terms: None }
    }
}

/// He is taken to be in a room for so long after he entered, unless he left it.
const IN_ROOM_S: u32 = 4 * 3600;

/// What losing a shopper for good costs, in hundredths: a stand-in until the customer says better.
const LIFETIME_CENTS: f64 = 2_000.0;

/// A push that reaches a device which is not online is seen late: a prior.
const OFFLINE_REACH: f64 = 0.3;

/// How long a push about each trigger is worth anything, in seconds.
fn worth_for_s(trigger: Trigger) -> u32 {
    match trigger {
        Trigger::Pinned | Trigger::CameOnline | Trigger::PhaseBegins | Trigger::HostLive => 10 * 60,
        Trigger::OfferEnding | Trigger::PriceDrop | Trigger::BackInStock => 15 * 60,
        Trigger::Moment | Trigger::CartHesitation | Trigger::Reminder | Trigger::CampaignEnding => 30 * 60,
    }
}

/// What an evaluation is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'q> {
    pub slot: Slot,
    pub show: Term,
    pub on: &'q OnShow,
    pub stir: Option<Stir>,
    /// His own event woke this up.
    pub came_online: bool,
    /// The price to count with; the show's own when absent.
    pub price: Option<f64>,
    pub now: Timestamp,
}

/// Whether a shopper is known to be in a room.
pub(super) fn is_in_room(live: &Live, room: Term, now: u32) -> bool {
    live.room().is_some_and(|it| it.value == Some(room) && now.saturating_sub(it.at) < IN_ROOM_S)
}

impl Shard {
    pub(super) fn offset_of(history: HistoryRef<'_>, stage: &Stage, now: Timestamp) -> i16 {
        history.clock.offset_min(now.secs(), stage.policy().default_offset_min)
    }

    /// Answers the question: the push to make, or a ghost of it, or why not.
    #[expect(
        clippy::result_large_err,
        reason = "most answers are no: their numbers must not cost an allocation"
    )]
    pub(super) fn evaluate(&self, question: &Question<'_>, stage: &Stage) -> Result<Push, No> {
        let &Question { slot, show, on, stir, came_online, price, now } = question;
        let secs = now.secs();
        if !on.is_open(now) {
            return Err(Reason::NotOpen.into());
        }
        if on.is_late(now) {
            return Err(Reason::ShowLate.into());
        }
        let Some(plan) = stage.plan(show) else { return Err(Reason::NotOpen.into()) };
        let (hot, history, cold) = (self.store.hot(slot), self.store.history(slot), self.store.cold(slot));
        if is_in_room(hot.live, on.show.room.term, secs) {
            return Err(Reason::InRoom.into());
        }
        let offset_min = Shard::offset_of(history, stage, now);
        let policy = stage.policy();
        if on
            .show
            .audience
            .as_ref()
            .is_some_and(|it| !it.predicate.eval(&hot, &history, secs, policy.default_offset_min))
        {
            return Err(Reason::NotInAudience.into());
        }
        let told = self.said(cold, show, policy);
        let view = View { hot, history, offset_min, show, on, plan, stage, now, told };
        let (trigger, product) = view.trigger(stir, came_online);
        let class = trigger.class();
        self.check_show_cap(cold, show, class, policy)?;
        if policy.is_quiet(secs, offset_min) {
            return Err(Reason::QuietHours.into());
        }
        let day = day_of(secs, offset_min);
        if class == Class::Marketing {
            if hot.calls.last != 0 && secs.saturating_sub(hot.calls.last) < policy.gap_s {
                return Err(Reason::Gap.into());
            }
            if self.day_count(cold, day, None, 0) >= usize::from(policy.day_cap) {
                return Err(Reason::DayCap.into());
            }
        }
        if view.is_told(trigger, product) {
            return Err(Reason::SaidAlready.into());
        }
        let ask = Ask { hot, cold, class, day, secs, offset_min, number: 0, tried: &[] };
        let way = self.way(&ask, stage)?;
        let offer = view.offer_of(product);
        if class == Class::Marketing && stage.is_closed(show, None) {
            return Err(Reason::RoomFull.into());
        }
        if offer.is_none()
            && matches!(trigger, Trigger::OfferEnding | Trigger::PriceDrop | Trigger::BackInStock)
        {
            return Err(view.why_no_offer(product).unwrap_or(Reason::OfferGone).into());
        }
        let hour = LocalHour::at(secs, offset_min);
        let shown = plan.shown(product);
        let subject = Subject {
            trigger,
            phase: on.phase_at(now),
            host: on.show.host.term,
            product,
            category: shown.or(plan.shown.first()).map_or(Term::NONE, |it| it.category),
            price_cents: offer.map_or(shown.map_or(0, |it| it.price_cents), |it| it.1.offer.price_cents),
            original_cents: offer.map_or(0, |it| it.1.offer.original_cents),
            channel: way.channel,
            cosine: hot.taste.cosine(&plan.direction),
        };
        let bins = features::bins(hot, history, hot.calls.last, &subject, hour, secs);
        let deadline = self.deadline(&view, trigger, offer.map(|it| it.1));
        let no = |reason, terms| No { reason, terms: Some((terms, bins, trigger, product)) };
        let price = price.or(stage.price(show));
        let (terms, verdict, lag_s) = self.weigh(&view, &subject, &bins, class, hour, price)?;
        let group = holdout(policy).group(&cold.id, &on.show.id.text);
        let random_time = match group {
            Group::RandomTime(share) if class == Class::Marketing => {
                let (opens, closes) = (on.show.opens().0, on.closes().0);
                if now.0 < opens + ((closes - opens) as f64 * share) as i64 {
                    return Err(no(Reason::Waiting, terms));
                }
                true
            }
            _ => {
                match verdict {
                    Verdict::Send => {}
                    Verdict::Wait => return Err(no(Reason::Waiting, terms)),
                    Verdict::Never => return Err(no(Reason::NotWorth, terms)),
                }
                false
            }
        };
        let with = |has_offer| self.words(&view, cold, (trigger, product), has_offer, &[]);
        let (template, propensity) = with(offer.is_some()).ok_or_else(|| {
            // Words there would be, if the product had its offer.
            let missing = offer.is_none().then(|| view.why_no_offer(product)).flatten();
            no(missing.filter(|_| with(true).is_some()).unwrap_or(Reason::NoTemplate), terms)
        })?;
        let life = match group {
            Group::Global if class == Class::Marketing => Life::Shadow(Reason::HeldOut),
            Group::Ghost if class == Class::Marketing => Life::Shadow(Reason::Ghost),
            _ => Life::Decided,
        };
        Ok(Push {
            shopper: cold.id.clone(),
            known: cold.known,
            show,
            trigger,
            phase: subject.phase,
            product,
            offer: offer.map_or(Term::NONE, |it| it.0),
            offer_version: offer.map_or(0, |it| it.1.version),
            edition: offer.map_or(0, |it| it.1.edition),
            template,
            propensity,
            unsaid: Vec::new(),
            channel: way.channel,
            device: way.device.into(),
            address: ClaimKey::default(),
            tried: Vec::new(),
            class,
            random_time,
            decided: now,
            deadline,
            attempts: 0,
            day,
            life,
            left: now,
            outcome: Outcome::default(),
            lag_s,
            terms,
            bins,
        })
    }

    /// What calling him in is worth at his best moment while pushes cost nothing; `None` when it may not be.
    pub(super) fn value(&self, question: &Question<'_>, stage: &Stage) -> Option<f64> {
        let free = Question { price: Some(0.0), ..*question };
        match self.evaluate(&free, stage) {
            Ok(push) => Some(push.terms.gain),
            Err(No { terms: Some((terms, ..)), .. }) => Some(terms.gain.max(terms.wait)),
            Err(No { terms: None, .. }) => None,
        }
    }

    /// Marketing pushes of a day that count against a cap, over one channel to one device or over all; without
    /// the push `but`.
    pub(super) fn day_count(&self, cold: &Cold, day: u32, over: Option<(Channel, &str)>, but: u64) -> usize {
        let counts = |on: u32, channel: Channel, device: &str| {
            on == day && over.is_none_or(|it| it == (channel, device))
        };
        let own = self.calling.ledger.marketing(&cold.id);
        own.filter(|(number, it)| *number != but && counts(it.day, it.channel, &it.device)).count()
            + cold.count_calls(|it| counts(it.day, it.channel, &it.device))
    }

    /// Marketing pushes for one show that count against its cap, without the push `but`.
    pub(super) fn show_count(&self, cold: &Cold, show: Term, but: u64) -> usize {
        let own = self.calling.ledger.marketing(&cold.id);
        own.filter(|(number, it)| *number != but && it.show == show).count()
            + cold.count_calls(|it| it.show == show)
    }

    /// What he was told for a show, or is about to be, under this id or a former one: it is not said again, unless policy
    /// lets it be.
    pub(super) fn said(&self, cold: &Cold, show: Term, policy: &Policy) -> Vec<Said> {
        if policy.say_again {
            return Vec::new();
        }
        let own = self.calling.ledger.marketing(&cold.id).filter(|it| it.1.show == show);
        own.map(|it| it.1.said()).chain(cold.calls_for(show)).collect()
    }

    pub(super) fn check_show_cap(
        &self,
        cold: &Cold,
        show: Term,
        class: Class,
        policy: &Policy,
    ) -> Result<(), Reason> {
        let of_show = || self.calling.ledger.of(&cold.id).map(|it| it.1).filter(|it| it.show == show);
        let shadow =
            of_show().find_map(|it| if let Life::Shadow(reason) = it.life { Some(reason) } else { None });
        if let Some(reason) = shadow {
            return Err(reason);
        }
        let count = match class {
            Class::Marketing => self.show_count(cold, show, 0),
            Class::Service => of_show().filter(|it| it.class == class && it.life.counts()).count(),
        };
        // A definite no is an answer, too: asking again every minute would not make it another.
        // What a push service called gone is forgotten: a new address is a new question. The customer's own server
        // has no address to forget.
        let refused = |it: &Push| {
            let for_good = match it.life {
                Life::Ended(End::Refused) => true,
                Life::Ended(End::Gone) => it.address == ClaimKey::default(),
                _ => false,
            };
            it.class == class && for_good
        };
        if of_show().any(refused) {
            return Err(Reason::ShowCap);
        }
        let cap = if class == Class::Service { 1 } else { usize::from(policy.show_cap) };
        if count >= cap { Err(Reason::ShowCap) } else { Ok(()) }
    }

    fn deadline(&self, view: &View<'_>, trigger: Trigger, offer: Option<&OnOffer>) -> Timestamp {
        let secs = view.now.secs();
        let mut end = view.on.closes();
        if let Some(offer) = offer {
            end = end.min(offer.offer.ends);
        }
        match trigger {
            Trigger::PhaseBegins => end = end.min(view.on.phase_ends(view.now)),
            // It says when the show will start.
            Trigger::Reminder => end = end.min(view.on.show.starts),
            _ => {}
        }
        let quiet = view.stage.policy().quiet_in_s(secs, view.offset_min);
        let span = worth_for_s(trigger).min(quiet);
        end.min(Timestamp(view.now.0 + i64::from(span) * 1000))
    }

    /// The numbers, and what the rule says of them.
    fn weigh(
        &self,
        view: &View<'_>,
        subject: &Subject,
        bins: &Bins,
        class: Class,
        hour: LocalHour,
        price: Option<f64>,
    ) -> Result<(Terms, Verdict, u16), Reason> {
        let (stage, policy, secs) = (view.stage, view.stage.policy(), view.now.secs());
        let (hot, history) = (view.hot, view.history);
        let learned = stage.learned();
        let (enter_anyway, enter) = learned.entries(bins);
        let buy = learned.buys(bins);
        let worth = view.on.show.worth;
        let margin = f64::from(worth.margin_pct) / 100.0 * subject.price_cents as f64;
        let value = f64::from(worth.enter_cents) + buy * margin;

        let known = Known::between(hot.activity.first.max(1), secs, view.offset_min);
        let own = Intensity::of(history.rhythm, &known, &view.plan.average);
        let (presence, last) = presence(hot, secs);
        let state = State::at(secs, last, history.pulse);
        let situation = Situation::new(state, &own, hour, presence);
        let state = state.index();
        let quiet_s = policy.quiet_in_s(secs, view.offset_min);
        let left_s = ((view.on.closes().0 - view.now.0) / 1000).clamp(0, u32::MAX.into()) as u32;
        let (table, slot) = view.plan.moment(secs, left_s.saturating_sub(quiet_s));
        let class_of = view.plan.class(secs, &own);
        let offline = if presence == Presence::Offline { OFFLINE_REACH } else { 1.0 };
        let reach = table.reach(slot, class_of, state) * offline;
        let moment = moment_worth(view.on, view.now) * learned.lag.multiplier(lag_s(state));

        let best = (enter - enter_anyway) * value;
        let weariness = hot.calls.weariness.value(secs);
        let patience = Worth { gamma: policy.fatigue_cents.into(), lifetime: LIFETIME_CENTS };
        let fatigue = match class {
            Class::Service => 0.0,
            Class::Marketing => fatigue::cost(weariness, &learned.uninstalls, patience),
        };
        let price = match (class, price) {
            (Class::Service, _) => 0.0,
            // Nor does a lot that was drawn to learn from go beyond what the show may send.
            (Class::Marketing, Some(price)) if price >= PRICE_CLOSED => return Err(Reason::BudgetSpent),
            (Class::Marketing, Some(price)) => price,
            (Class::Marketing, None) => return Err(Reason::NoPrice),
        };
        let last_of_day = self.last_of_day(view, policy);
        let slot_price =
            if class == Class::Marketing && last_of_day { policy.slot_price_cents.into() } else { 0.0 };
        let wait = table.continuation(slot, class_of, state, best, fatigue + price + slot_price);
        let gain = reach * moment * best - fatigue;
        let terms = Terms {
            reach,
            enter,
            enter_anyway,
            buy,
            value,
            fatigue,
            gain,
            price: price + slot_price,
            wait,
            hazard: learned.hazard().predict(&situation).p,
            model: learned.version,
        };
        let verdict = match class {
            // He asked for it.
            Class::Service => Verdict::Send,
            Class::Marketing => decide(gain, price + slot_price, wait),
        };
        Ok((terms, verdict, lag_s(state).min(u16::MAX.into()) as u16))
    }

    fn last_of_day(&self, view: &View<'_>, policy: &Policy) -> bool {
        // Only a shopper who was pushed lately can have spent any of the day.
        let secs = view.now.secs();
        let today = day_of(secs, view.offset_min);
        let used =
            u8::from(view.hot.calls.last != 0 && day_of(view.hot.calls.last, view.offset_min) == today);
        used + 1 >= policy.day_cap
    }

    /// The words: Thompson sampling among the templates that fit, without those that could not be put together.
    pub(super) fn words(
        &self,
        view: &View<'_>,
        cold: &Cold,
        (trigger, product): (Trigger, Term),
        has_offer: bool,
        unsaid: &[Term],
    ) -> Option<(Term, f32)> {
        let minds_price = sensitivity(view.history) != 1;
        let fits = |it: &Template| {
            !unsaid.contains(&it.id.term)
                && it.triggers & trigger.bit() != 0
                && (it.product.term == Term::NONE || it.product.term == product)
                && (!it.needs_offer || has_offer)
                && (!it.price_led || minds_price)
        };
        let stage = view.stage;
        let in_language =
            |it: &Template, wanted: [u8; 3]| primary_language(&it.language.text) == wanted && fits(it);
        // His own language; where nobody wrote for it, or it is unknown, that of the first template by id.
        let own = view.hot.attributes.primary_language;
        let wanted = match stage.templates().any(|(_, it)| in_language(it, own)) {
            true => own,
            false => {
                let fallback = stage
                    .templates()
                    .map(|it| it.1)
                    .filter(|it| fits(it))
                    .min_by(|a, b| a.id.text.cmp(&b.id.text));
                primary_language(&fallback?.language.text)
            }
        };
        let learned = stage.learned();
        let mut terms = Vec::new();
        let mut eligible = Vec::new();
        for (term, _) in stage.templates().filter(|(_, it)| in_language(it, wanted)) {
            if eligible.len() >= arms::ARMS_MAX {
                break;
            }
            let seen = self.calling.ledger.of(&cold.id).find(|(_, it)| it.template == term);
            let seen_s = seen.map(|(_, it)| ((view.now.0 - it.decided.0) / 1000).max(0) as u32);
            terms.push(term);
            eligible.push(Eligible { arm: learned.arm(term, trigger), seen_s });
        }
        let next = self.calling.ledger.last() + 1;
        let seed = mix(&[stage.policy().salt, self.id.0.into(), next, view.now.0 as u64]);
        let choice = arms::choose(&eligible, learned.pool(trigger), seed)?;
        Some((terms[choice.arm], choice.propensity as f32))
    }
}

/// What his device says, and when he last gave a sign of life: an own act, or the app on screen; 0 for never.
fn presence(hot: HotRef<'_>, now: u32) -> (Presence, u32) {
    let mut last = hot.activity.last;
    let fresh = |at: u32| now.saturating_sub(at) < STALE_AFTER.presence_s;
    for sign in [hot.live.foreground(), hot.live.online()].into_iter().flatten() {
        if sign.value && fresh(sign.at) {
            last = last.max(sign.at);
        }
    }
    (Presence::of(hot.live, now), last)
}

pub(super) fn holdout(policy: &Policy) -> Holdout {
    Holdout {
        salt: policy.salt,
        global: f64::from(policy.never_permille) / 1000.0,
        ghost: f64::from(policy.ghost_permille) / 1000.0,
        random_time: f64::from(policy.random_permille) / 1000.0,
    }
}

const _: () = assert!(SLOT_S >= 60, "a slot of the table is at least as long as the pace of looks");
