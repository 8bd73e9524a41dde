//! From decided to ended: the last look before an attempt leaves, and what the channel answered.
//!
//! An attempt is journalled before it leaves. So after a crash it is known which pushes may have left without
//! an answer: they are ambiguous, and a marketing push among them is never tried again (DESIGN.md §3).

use super::evaluate::is_in_room;
use super::parcel::{Addressee, Parcel};
use super::way::{ATTEMPTS_MAX, Ask};
use crate::dispatch::{EndReason, Ticket};
use crate::event::{Channel, Class};
use crate::id::Term;
use crate::profile::called::Called;
use crate::profile::cold::Cold;
use crate::profile::day_of;
use crate::profile::device::{Address, ClaimKey};
use crate::push::report::Step;
use crate::push::said::Said;
use crate::push::way::{Meaning, Miss};
use crate::push::{Answer, End, Life, Push, PushId, Reason};
use crate::shard::store::{Found, Key, Slot};
use crate::shard::{Effect, Outbox, Shard};
use crate::show::Trigger;
use crate::stage::Stage;
use crate::time::Timestamp;

/// Why a push that was attempted does not leave.
enum Kept {
    /// It is over.
    Over(End),
    /// It is over for the way it goes.
    Missed(Miss),
}

impl From<Miss> for Kept {
    fn from(miss: Miss) -> Self {
        Kept::Missed(miss)
    }
}

impl Shard {
    /// An attempt of a push is journalled: it gets its last look, and leaves or is kept back.
    pub(in crate::shard) fn attempt(&mut self, number: u64, outbox: &mut Outbox<'_>) {
        let push = self.calling.ledger.get(number).filter(|it| it.life == Life::Decided);
        let looked = push.map(|it| self.last_look(number, it, outbox.now, outbox.stage));
        if let Some(Ok(slot)) = looked {
            return self.leave(number, slot, outbox);
        }
        // Its place in this channel is free before it asks for one in another.
        outbox.effects.push(Effect::Kept(PushId { shard: self.id, number }));
        match looked {
            Some(Err(Kept::Over(end))) => self.end(number, end),
            Some(Err(Kept::Missed(miss))) => self.missed(number, miss, outbox),
            // It ended meanwhile.
            Some(Ok(_)) | None => {}
        }
    }

    /// Whether everything that was true when the push was decided still is (DESIGN.md §3).
    fn last_look(&self, number: u64, push: &Push, now: Timestamp, stage: &Stage) -> Result<Slot, Kept> {
        let withheld = |reason| Err(Kept::Over(End::Withheld(reason)));
        let secs = now.secs();
        if now >= push.deadline {
            return Err(Kept::Over(End::Expired));
        }
        let Some(slot) = self.row(&push.shopper, push.known) else { return withheld(Reason::Gone) };
        let Some(on) = stage.show(push.show) else { return withheld(Reason::ShowOver) };
        if !on.is_open(now) {
            return withheld(Reason::ShowOver);
        }
        if on.is_late(now) {
            return withheld(Reason::ShowLate);
        }
        let (hot, history) = (self.store.hot(slot), self.store.history(slot));
        if is_in_room(hot.live, on.show.room.term, secs) {
            return withheld(Reason::InRoom);
        }
        let policy = stage.policy();
        let offset_min = Shard::offset_of(history, stage, now);
        if policy.is_quiet(secs, offset_min) {
            return withheld(Reason::QuietHours);
        }
        let (cold, today) = (self.store.cold(slot), day_of(secs, offset_min));
        if push.class == Class::Marketing {
            // The caps hold as they are now, and on the day it leaves.
            if self.show_count(cold, push.show, number) >= usize::from(policy.show_cap) {
                return withheld(Reason::ShowCap);
            }
            if self.day_count(cold, today, None, number) >= usize::from(policy.day_cap) {
                return withheld(Reason::DayCap);
            }
        }
        if push.offer != Term::NONE {
            let Some(offer) = stage.offer(push.offer) else { return withheld(Reason::OfferGone) };
            if !offer.is_open(now) {
                return withheld(Reason::OfferGone);
            }
            let dropped = push.trigger != Trigger::PriceDrop
                || offer.offer.price_cents < offer.offer.original_cents.max(offer.former_cents);
            if !dropped {
                return Err(Kept::Over(End::Stale));
            }
        }
        if push.class == Class::Marketing && !policy.say_again {
            // What is under way may have become the same meanwhile, by what it is about or by whose it is.
            let edition = stage.offer(push.offer).map_or(0, |it| it.edition);
            let news = Said { edition, ..push.said() };
            if self.left_saying(cold, push.show, number).iter().any(|it| news.repeats(it)) {
                return withheld(Reason::SaidAlready);
            }
        }
        if push.trigger == Trigger::Pinned && on.pinned.is_some_and(|it| it.0 != push.product) {
            return Err(Kept::Over(End::Stale));
        }
        let class = push.class;
        let ask = Ask { hot, cold, class, day: today, secs, offset_min, number, tried: &push.tried };
        self.still_open(push, &ask, stage)?;
        Ok(slot)
    }

    fn leave(&mut self, number: u64, slot: Slot, outbox: &mut Outbox<'_>) {
        let now = outbox.now;
        let (hot, history) = (self.store.hot(slot), self.store.history(slot));
        let language = Term(hot.attributes.language);
        let offset_min = Shard::offset_of(history, outbox.stage, now);
        let cold = self.store.cold(slot).clone();
        let Some(push) = self.calling.ledger.get_mut(number) else { return };
        let line = history.cart.lines().find(|it| it.product == push.product.0);
        let in_cart = line.map_or(0, |it| it.quantity);
        push.life = Life::Dispatched;
        push.attempts += 1;
        push.left = now;
        push.day = day_of(now.secs(), offset_min);
        // It says what is true now.
        push.edition = outbox.stage.offer(push.offer).map_or(0, |it| it.edition);
        let details = cold.details.as_deref();
        let device = cold.device(&push.device);
        let address = device.and_then(|it| it.address.as_ref());
        let to_address = push.channel != Channel::InApp;
        push.address = address.filter(|_| to_address).map(Address::key).unwrap_or_default();
        let app = device.map(|it| &it.app.0).filter(|it| !it.is_empty());
        let app = app.or(details.and_then(|it| it.apps.first()).map(|it| &it.0));
        let to = Addressee {
            token: address.map(|it| it.token.clone()).unwrap_or_default(),
            app: app.cloned().unwrap_or_default(),
            language,
            offset_min,
            in_cart,
        };
        let parcel = Parcel::of(PushId { shard: self.id, number }, push, to, outbox.stage);
        if push.attempts == 1 {
            let book = self.calling.books.entry(push.show).or_default();
            book.report.step(push, Step::Dispatched);
        }
        outbox.effects.push(Effect::Carry(Box::new(parcel)));
    }

    /// The channel answered an attempt.
    pub(in crate::shard) fn answered(&mut self, number: u64, answer: Answer, outbox: &mut Outbox<'_>) {
        let Some(push) = self.calling.ledger.get_mut(number).filter(|it| it.life == Life::Dispatched) else {
            return;
        };
        let last = push.attempts_here() >= ATTEMPTS_MAX;
        let meaning = answer.meaning(push.class, push.deadline, last);
        let (shopper, known, address) = (push.shopper.clone(), push.known, push.address);
        let (channel, device, left) = (push.channel, push.device.clone(), push.left.secs());
        if let Meaning::Again(_) = meaning {
            push.life = Life::Decided;
        }
        match answer {
            Answer::Gone if address != ClaimKey::default() => {
                if let Some(slot) = self.row(&shopper, known) {
                    let cold = self.store.cold_mut(slot);
                    cold.bury(address);
                }
                self.bury_address(address, outbox.now.secs(), outbox);
            }
            Answer::Unreached if channel == Channel::InApp => {
                if let Some(slot) = self.row(&shopper, known) {
                    let cold = self.store.cold_mut(slot);
                    // If it came back meanwhile, that stays true.
                    cold.unreached(&device, left);
                }
            }
            _ => {}
        }
        match meaning {
            Meaning::Over(end) => self.end(number, end),
            Meaning::Again(at) => self.queue(number, at, outbox),
            Meaning::Missed(miss) => self.missed(number, miss, outbox),
            Meaning::OtherWords => self.reword(number, outbox),
        }
        if answer == Answer::Delivered {
            self.delivered(number);
        }
    }

    /// The queue let go of a push that it never attempted.
    pub(in crate::shard) fn dropped(&mut self, number: u64, reason: EndReason, outbox: &mut Outbox<'_>) {
        let decided = self.calling.ledger.get(number).is_some_and(|it| it.life == Life::Decided);
        if decided {
            match reason {
                EndReason::Expired => self.end(number, End::Expired),
                EndReason::Overflow => self.end(number, End::Withheld(Reason::BudgetSpent)),
                EndReason::ChannelOff => self.missed(number, Miss::Closed(Reason::NoChannel), outbox),
            }
        }
    }

    /// Ends a push, once, and counts it.
    pub(super) fn end(&mut self, number: u64, end: End) {
        // One of its ways may have carried it, whatever became of the last.
        let lost = |it: &Push| it.tried.iter().any(|way| way.why == Miss::Lost);
        let may_have_arrived = end.may_have_arrived() || self.calling.ledger.get(number).is_some_and(lost);
        let end = if may_have_arrived && end != End::Accepted { End::Ambiguous } else { end };
        if !self.calling.ledger.end(number, end) {
            return;
        }
        if let Some(push) = self.calling.ledger.get(number) {
            self.calling.books.entry(push.show).or_default().report.ended(push, end);
        }
    }

    /// What he was told for a show by pushes that left, under this id or a former one; without the push `but`.
    fn left_saying(&self, cold: &Cold, show: Term, but: u64) -> Vec<Said> {
        let own = self.calling.ledger.marketing(&cold.id);
        let own = own.filter(|(number, it)| *number != but && it.show == show && it.life != Life::Decided);
        own.map(|it| it.1.said()).chain(cold.calls_for(show)).collect()
    }

    /// What a shopper was sent lately: it is to count under his next id.
    pub(in crate::shard) fn calls_of(&self, shopper: &str) -> Vec<Called> {
        let sent = self.calling.ledger.marketing(shopper).filter(|(_, it)| it.life != Life::Decided);
        let called = |it: &Push| Called {
            day: it.day,
            show: it.show,
            channel: it.channel,
            device: it.device.clone(),
            said: it.said(),
        };
        sent.map(|it| called(it.1)).collect()
    }

    /// Ends the pushes of a shopper who is no longer kept here, as far as they have not left.
    pub(in crate::shard) fn disown(&mut self, shopper: &str) {
        if self.calling.ledger.knows(shopper) {
            for number in self.calling.ledger.disown(shopper) {
                self.end(number, End::Withheld(Reason::Gone));
            }
        }
    }

    /// What a start finds: tickets of pushes that wait, and pushes whose attempt has no answer.
    pub fn unfinished(&self, now: Timestamp) -> (Vec<Ticket>, Vec<(PushId, Channel)>) {
        let (mut waiting, mut unanswered) = (Vec::new(), Vec::new());
        for (number, push) in self.calling.ledger.iter() {
            match push.life {
                Life::Decided => waiting.extend(self.ticket(number, now)),
                Life::Dispatched => unanswered.push((PushId { shard: self.id, number }, push.channel)),
                Life::Ended(_) | Life::Shadow(_) => {}
            }
        }
        (waiting, unanswered)
    }

    /// The row of a shopper who is kept here under this very id.
    pub(super) fn row(&self, id: &str, known: bool) -> Option<Slot> {
        match self.store.find(Key { known, id }) {
            Some(Found::Row(slot)) => Some(slot),
            _ => None,
        }
    }
}
