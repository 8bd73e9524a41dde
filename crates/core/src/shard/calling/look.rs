//! The look at everyone, a tenth of them every minute of an open show, the best match first: between a shopper's own
//! events little about him changes but the hour, and the rule's own clock goes by ten minutes. What happens in a
//! show is looked at at once, for those whom it concerns.

use super::evaluate::Question;
use super::{Book, Sent, Turn};
use crate::decide::histogram::Histogram;
use crate::director::word::Word;
use crate::dispatch::Ticket;
use crate::event::Event;
use crate::id::{ShardId, Term};
use crate::limits::SHARDS;
use crate::push::{Life, Push, Reason};
use crate::select::scan::{Match, Rules, SHOWS, Wanted};
use crate::select::turns::Scored;
use crate::select::vector::{DIMENSIONS, Direction};
use crate::shard::store::Slot;
use crate::shard::{Effect, Outbox, Shard};
use crate::show::Trigger;
use crate::stage::plan::{LOOK_EVERY_S, SLOT_S};
use crate::stage::{Stage, Stir};
use crate::time::Timestamp;

/// An event that happened at most so long ago says that its shopper is there now.
const FRESH_MS: i64 = 5 * 60 * 1000;

/// Everyone has his turn once in so many looks.
const TURNS: i64 = SLOT_S as i64 / LOOK_EVERY_S as i64;

/// A look that is further behind than this is left out.
const ASLEEP_MS: i64 = 10 * 60 * 1000;

/// Shoppers of a shard by whom the spread of values is judged; with more, every so many-th is taken. All shards are
/// asked in the same instant, when the window opens: 65,536 in all set a price well enough, and events wait for it.
const SPREAD_SAMPLE: usize = 1024;

/// The look after `now` in a window that opened then. Shards have their looks one after the other, spread over the
/// minute: what an event leads to must not wait for a look of them all.
pub(super) fn next_look(shard: ShardId, opens: Timestamp, now: Timestamp) -> Timestamp {
    let grid = i64::from(LOOK_EVERY_S) * 1000;
    let first = opens.0 + i64::from(shard.0) * grid / SHARDS as i64;
    if now < opens {
        return opens;
    }
    Timestamp(first + (now.0 - first).div_euclid(grid).max(-1) * grid + grid)
}

impl Book {
    /// Those of a turn were looked at.
    fn looked(&mut self, turn: u8, found: Turn) {
        let before = self.turns.entry(turn).or_default();
        *before = Turn { eligible: before.eligible.max(found.eligible), ..found };
        self.report.last.clear();
        for (reason, count) in self.turns.values().flat_map(|it| &it.reasons) {
            *self.report.last.entry(*reason).or_default() += count;
        }
        let eligible = self.turns.values().map(|it| it.eligible).sum();
        self.report.eligible = self.report.eligible.max(eligible);
    }
}

/// What came of looking at a shopper.
#[derive(Debug, Clone, Copy)]
struct Considered {
    /// Why he was not pushed, if he was not.
    reason: Option<Reason>,
    /// He could be called: no rule stands in the way, whatever the numbers say.
    is_eligible: bool,
}

impl Shard {
    /// The minute's look at those whose turn it is, for every show whose minute this is.
    pub(super) fn look_at_all(&mut self, at: Timestamp, outbox: &mut Outbox<'_>) {
        let stage = outbox.stage;
        let mut looking = Vec::new();
        for (show, book) in &mut self.calling.books {
            if book.next_look != Some(at) {
                continue;
            }
            let on = stage.show(*show).filter(|it| it.ended.is_none() && it.closes() > at);
            book.next_look = on.map(|it| next_look(self.id, it.show.opens(), at));
            looking.push((*show, on.is_none(), book.spread));
        }
        // Where pushes are counted nobody is called before the price is known, and that waits for how values are spread.
        for (show, ..) in looking.iter().filter(|it| !it.1 && !it.2) {
            self.tell_spread(*show, at, outbox);
        }
        let open: Vec<Term> = looking
            .iter()
            .filter(|it| !it.1 && (it.2 || stage.price(it.0).is_some()))
            .map(|it| it.0)
            .collect();
        let mut desk = std::mem::take(outbox.desk);
        for shows in open.chunks(SHOWS) {
            self.score(shows, at, stage, &mut desk.scored);
            for (number, show) in shows.iter().enumerate() {
                let turn = self.turn(&desk.scored, number, *show, at, stage, &mut desk.places);
                let found = self.consider_these(&desk.places, *show, None, at, outbox);
                if let Some(book) = self.calling.books.get_mut(show) {
                    book.looked(turn, found);
                }
            }
        }
        *outbox.desk = desk;
        looking.iter().for_each(|it| self.tell_sent(it.0, at, outbox));
    }

    /// Scores everyone for these shows (at most [`SHOWS`]) in one pass.
    fn score(&self, shows: &[Term], at: Timestamp, stage: &Stage, scored: &mut Scored) {
        let of = |show: &Term| Some((stage.show(*show)?, stage.plan(*show)?));
        let wanted = |show: &Term| {
            let none = Wanted {
                direction: Direction::of(&[0.0; DIMENSIONS]),
                category: Term::NONE,
                host: Term::NONE,
            };
            of(show).map_or(none, |(on, plan)| Wanted {
                direction: plan.direction,
                category: plan.shown.first().map_or(Term::NONE, |it| it.category),
                host: on.show.host.term,
            })
        };
        let wanted: Vec<Wanted> = shows.iter().map(wanted).collect();
        let policy = stage.policy();
        let rules = Rules {
            channels: stage.channels().filter(|it| it.enabled).map(|it| it.channel).collect(),
            consent_assumed: policy.consent_assumed,
            pushed_before: at.secs().saturating_sub(policy.gap_s),
        };
        Match::new(&wanted, &stage.learned().entry, &rules).everyone(self.store.rows(), scored);
    }

    /// The turn of a show at `at`, and in `places` whose it is: those who match the show best come first in each
    /// round of turns.
    fn turn(
        &self,
        scored: &Scored,
        number: usize,
        show: Term,
        at: Timestamp,
        stage: &Stage,
        places: &mut Vec<Slot>,
    ) -> u8 {
        let opens = stage.show(show).map_or(0, |it| it.show.opens().0);
        let turn = (at.0 - opens) / (i64::from(LOOK_EVERY_S) * 1000) % TURNS;
        let its = scored.turn(number, turn as u32, TURNS as u32);
        places.clear();
        // Who may be called is there; of the others nobody knows without a look.
        its.each_eligible(|place| places.push(Slot::from_number(place)));
        let others = its.others().map(Slot::from_number);
        places.extend(others.filter(|it| !self.store.is_free(*it)));
        turn as u8
    }

    /// A server that slept decides nothing in the past: a look that is far behind is left out.
    pub(super) fn wake_looks(&mut self, now: Timestamp) {
        let grid = i64::from(LOOK_EVERY_S) * 1000;
        for book in self.calling.books.values_mut() {
            if let Some(next) = &mut book.next_look
                && now.0.saturating_sub(next.0) > ASLEEP_MS
            {
                next.0 += (now.0 - next.0) / grid * grid;
            }
        }
    }

    /// Something happened in a show that may make shoppers candidates at once: those whom it concerns.
    pub(in crate::shard) fn stirred(&mut self, stir: Stir, now: Timestamp, outbox: &mut Outbox<'_>) {
        let stage = outbox.stage;
        let Some(plan) = stage.plan(stir.show) else { return };
        let host = stage.show(stir.show).map_or(Term::NONE, |it| it.show.host.term);
        let category = stir.product.and_then(|it| plan.shown(it)).map_or(Term::NONE, |it| it.category);
        let concerns = |slot: &Slot| {
            let hot = self.store.hot(*slot);
            match stir.product {
                // What cart, wish list and older views add is found by the look at everyone.
                Some(product) => {
                    hot.lately.when(product).is_some() || hot.categories.iter().any(|it| it.0 == category)
                }
                None => stir.trigger != Trigger::HostLive || hot.hosts.iter().any(|it| it.0 == host),
            }
        };
        let concerned: Vec<Slot> = self.store.slots().filter(concerns).collect();
        self.consider_these(&concerned, stir.show, Some(stir), now, outbox);
    }

    fn consider_these(
        &mut self,
        slots: &[Slot],
        show: Term,
        stir: Option<Stir>,
        now: Timestamp,
        outbox: &mut Outbox<'_>,
    ) -> Turn {
        let mut found = Turn::default();
        for slot in slots {
            let Some(it) = self.consider(*slot, show, stir, false, now, outbox) else { continue };
            found.eligible += u64::from(it.is_eligible);
            if let Some(reason) = it.reason {
                *found.reasons.entry(reason).or_default() += 1;
            }
        }
        if let Some(book) = self.calling.books.get_mut(&show) {
            for (reason, count) in &found.reasons {
                *book.report.looks.entry(*reason).or_default() += count;
            }
        }
        found
    }

    /// An event of a shopper was folded: he may be a candidate now.
    pub(in crate::shard) fn wake(&mut self, slot: Slot, event: &Event<'_>, outbox: &mut Outbox<'_>) {
        let now = outbox.now;
        if (now.0 - event.at.0).abs() > FRESH_MS {
            return;
        }
        let stage = outbox.stage;
        for (show, _) in stage.open_shows(now) {
            if let Some(Considered { reason: Some(reason), .. }) =
                self.consider(slot, show, None, true, now, outbox)
                && let Some(book) = self.calling.books.get_mut(&show)
            {
                *book.report.looks.entry(reason).or_default() += 1;
            }
        }
    }

    /// Decides about one shopper; `None` if the show is not there.
    fn consider(
        &mut self,
        slot: Slot,
        show: Term,
        stir: Option<Stir>,
        came_online: bool,
        now: Timestamp,
        outbox: &mut Outbox<'_>,
    ) -> Option<Considered> {
        let stage: &Stage = outbox.stage;
        let on = stage.show(show)?;
        let question = Question { slot, show, on, stir, came_online, price: None, now };
        match self.evaluate(&question, stage) {
            Ok(push) => {
                let shadow = match push.life {
                    Life::Shadow(reason) => Some(reason),
                    _ => None,
                };
                self.decided(slot, push, now, outbox);
                Some(Considered { reason: shadow, is_eligible: true })
            }
            Err(no) => {
                let is_eligible = no.terms.is_some() || self.was_called(slot, show, no.reason);
                Some(Considered { reason: Some(no.reason), is_eligible })
            }
        }
    }

    /// Whether he was called in for a show, or withheld from it on purpose, and therefore is not now.
    fn was_called(&self, slot: Slot, show: Term, reason: Reason) -> bool {
        let of_caps = matches!(reason, Reason::ShowCap | Reason::Gap | Reason::DayCap | Reason::ChannelCap);
        let of_a_call =
            matches!(reason, Reason::SaidAlready | Reason::InRoom | Reason::HeldOut | Reason::Ghost);
        let may_follow = of_caps || of_a_call;
        may_follow && self.calling.ledger.of(&self.store.cold(slot).id).any(|(_, it)| it.show == show)
    }

    fn decided(&mut self, slot: Slot, push: Push, now: Timestamp, outbox: &mut Outbox<'_>) {
        let is_shadow = push.life.is_terminal();
        let book = self.calling.books.entry(push.show).or_default();
        book.report.decided(&push);
        if !is_shadow {
            let terms = &push.terms;
            book.sent.pushes += 1;
            book.sent.entries += terms.reach * terms.enter;
            if push.offer != Term::NONE {
                *book.sent.purchases.entry(push.offer).or_default() += terms.reach * terms.enter * terms.buy;
            }
            self.store.change(slot, |hot, _| {
                hot.calls.last = hot.calls.last.max(now.secs());
                hot.calls.weariness.push(now.secs());
            });
        }
        let number = self.calling.ledger.enter(push);
        if !is_shadow {
            self.queue(number, now, outbox);
        }
        self.calling.schedule();
    }

    /// Asks for a turn of its channel, from `ready_at` on.
    pub(super) fn queue(&self, number: u64, ready_at: Timestamp, outbox: &mut Outbox<'_>) {
        if let Some(ticket) = self.ticket(number, ready_at) {
            outbox.effects.push(Effect::Queue(ticket));
        }
    }

    pub(super) fn ticket(&self, number: u64, ready_at: Timestamp) -> Option<Ticket> {
        let push = self.calling.ledger.get(number)?;
        let value = (push.terms.gain - push.terms.price) * 10_000.0;
        Some(Ticket {
            shard: self.id,
            sequence: number,
            channel: push.channel,
            class: push.class,
            value_micro: value.clamp(-1e15, 1e15) as i64,
            deadline: push.deadline,
            ready_at,
        })
    }

    /// How values are spread when the window opens: the director sets the price by it.
    fn tell_spread(&mut self, show: Term, at: Timestamp, outbox: &mut Outbox<'_>) {
        let stage = outbox.stage;
        let Some(on) = stage.show(show) else { return };
        if on.is_late(at) {
            return;
        }
        let mut values = Histogram::default();
        let mut eligible = 0;
        let step = (self.store.len() / SPREAD_SAMPLE).max(1);
        for slot in self.store.slots().step_by(step) {
            let question = Question { slot, show, on, stir: None, came_online: false, price: None, now: at };
            if let Some(value) = self.value(&question, stage) {
                eligible += step as u64;
                values.add_many(value, step as u64);
            }
        }
        if let Some(book) = self.calling.books.get_mut(&show) {
            book.spread = true;
            book.report.eligible = book.report.eligible.max(eligible);
        }
        self.tell_director(&Word::Spread { show, values }, outbox);
    }

    fn tell_sent(&mut self, show: Term, look: Timestamp, outbox: &mut Outbox<'_>) {
        let Some(book) = self.calling.books.get_mut(&show) else { return };
        let Sent { pushes, entries, purchases } = std::mem::take(&mut book.sent);
        if pushes == 0 {
            return;
        }
        let purchases = purchases.into_iter().collect();
        self.tell_director(&Word::Sent { show, look, pushes, entries, purchases }, outbox);
    }
}
