//! Outcomes: what a shopper did after a push, or after the ghost of one, credited from his own events.

use crate::decide::fatigue::Ending;
use crate::event::{Act, Event, OrderAct, PlayerAct, ProductRef, PushAct, RoomAct};
use crate::id::Term;
use crate::push::report::Step;
use crate::push::{ENTRY_WINDOW_MS, Life, PURCHASE_WINDOW_MS, Push, PushId};
use crate::shard::store::Slot;
use crate::shard::{Outbox, Shard};
use crate::stage::Stage;

impl Shard {
    /// Credits what an event says to the shopper's pushes.
    pub(in crate::shard) fn credit(&mut self, slot: Slot, event: &Event<'_>, outbox: &mut Outbox<'_>) {
        let id = self.store.cold(slot).id.clone();
        if !self.calling.ledger.knows(&id) {
            return;
        }
        match &event.act {
            Act::Push { what, message } => {
                let named: Result<PushId, _> = message.parse();
                if let Ok(push) = named
                    && push.shard == self.id
                    && self.calling.ledger.get(push.number).is_some_and(|it| it.shopper == id)
                {
                    self.push_moved(slot, push.number, *what);
                }
            }
            Act::Room { what: RoomAct::Entered, room, show, .. } => {
                self.entered(&id, room.term, show.term, event.at.0, outbox.stage);
            }
            Act::Room { what: RoomAct::Left, room, show, dwell_s, .. } => {
                self.dwelt(&id, room.term, show.term, event.at.0, *dwell_s, outbox.stage);
            }
            Act::Player { what, room, show, message, ms } => {
                let named = message.parse().ok().filter(|it: &PushId| it.shard == self.id);
                let named = named.map(|it| it.number).filter(|it| {
                    self.calling.ledger.get(*it).is_some_and(|it| it.shopper == id && it.show == show.term)
                });
                let latest = || {
                    self.latest_for(&id, room.term, show.term, event.at.0, PURCHASE_WINDOW_MS, outbox.stage)
                };
                if let Some(number) = named.or_else(latest) {
                    self.played(number, *what, *ms);
                }
            }
            Act::Order { what: OrderAct::Completed, total_cents, products, .. } => {
                self.bought(&id, event.at.0, *total_cents, products, outbox.stage);
            }
            _ => {}
        }
    }

    fn push_moved(&mut self, slot: Slot, number: u64, what: PushAct) {
        let Some(push) = self.calling.ledger.get_mut(number) else { return };
        let may_have_arrived = matches!(push.life, Life::Dispatched)
            || matches!(push.life, Life::Ended(end) if end.may_have_arrived());
        if !may_have_arrived {
            return;
        }
        let left = push.left.secs();
        let report = &mut self.calling.books.entry(push.show).or_default().report;
        let ending = match what {
            PushAct::Received => {
                if !push.outcome.delivered {
                    push.outcome.delivered = true;
                    report.step(push, Step::Delivered);
                }
                return;
            }
            PushAct::Tapped if !push.outcome.tapped => {
                // Who taps has it on the screen, whatever the receipts say.
                if !push.outcome.delivered {
                    push.outcome.delivered = true;
                    report.step(push, Step::Delivered);
                }
                push.outcome.tapped = true;
                report.step(push, Step::Tapped);
                Ending::Tapped
            }
            PushAct::Dismissed if !push.outcome.dismissed && !push.outcome.tapped => {
                push.outcome.dismissed = true;
                report.step(push, Step::Dismissed);
                Ending::Dismissed
            }
            PushAct::Tapped | PushAct::Dismissed => return,
        };
        self.store.change(slot, |hot, _| hot.calls.weariness.ended(left, ending));
    }

    /// The vendor says that it was shown.
    pub(super) fn delivered(&mut self, number: u64) {
        if let Some(push) = self.calling.ledger.get_mut(number)
            && !push.outcome.delivered
        {
            push.outcome.delivered = true;
            self.calling.books.entry(push.show).or_default().report.step(push, Step::Delivered);
        }
    }

    /// The latest push or ghost of a shopper for a show or room, decided at most `within_ms` before `at`.
    fn latest_for(
        &self,
        id: &str,
        room: Term,
        show: Term,
        at: i64,
        within_ms: i64,
        stage: &Stage,
    ) -> Option<u64> {
        let is_for = |push: &Push| {
            let in_room = || stage.show(push.show).is_some_and(|it| it.show.room.term == room);
            if show != Term::NONE { push.show == show } else { room != Term::NONE && in_room() }
        };
        let in_time = |push: &Push| (0..=within_ms).contains(&(at - push.decided.0 / 1000 * 1000));
        self.calling.ledger.of(id).find(|(_, it)| is_for(it) && in_time(it)).map(|it| it.0)
    }

    fn entered(&mut self, id: &str, room: Term, show: Term, at: i64, stage: &Stage) {
        let Some(number) = self.latest_for(id, room, show, at, ENTRY_WINDOW_MS, stage) else { return };
        let Some(push) = self.calling.ledger.get_mut(number).filter(|it| !it.outcome.entered) else { return };
        push.outcome.entered = true;
        self.calling.books.entry(push.show).or_default().report.entered(push);
    }

    fn dwelt(&mut self, id: &str, room: Term, show: Term, at: i64, dwell_s: u32, stage: &Stage) {
        let Some(number) = self.latest_for(id, room, show, at, PURCHASE_WINDOW_MS, stage) else { return };
        let Some(push) = self.calling.ledger.get_mut(number).filter(|it| it.outcome.entered) else { return };
        push.outcome.dwell_s = push.outcome.dwell_s.saturating_add(dwell_s);
        if !matches!(push.life, Life::Shadow(_)) {
            let report = &mut self.calling.books.entry(push.show).or_default().report;
            report.step(push, Step::Dwell(dwell_s));
        }
    }

    /// The first picture counts; a page that is loaded anew has another, and its wait is no longer the push's.
    fn played(&mut self, number: u64, what: PlayerAct, ms: u32) {
        let Some(push) = self.calling.ledger.get_mut(number) else { return };
        let is_push = !matches!(push.life, Life::Shadow(_));
        let playing = &mut self.calling.books.entry(push.show).or_default().report.playing;
        match what {
            PlayerAct::Started if push.outcome.picture_ms == 0 => {
                push.outcome.picture_ms = ms.max(1);
                if is_push {
                    playing.started(ms);
                }
            }
            PlayerAct::Started => {}
            PlayerAct::Stalled => {
                push.outcome.stalls = push.outcome.stalls.saturating_add(1);
                push.outcome.stalled_ms = push.outcome.stalled_ms.saturating_add(ms);
                if is_push {
                    playing.stalled(ms);
                }
            }
        }
    }

    /// An order is credited to the latest push within a day whose show has one of its products.
    fn bought(&mut self, id: &str, at: i64, total: u64, products: &[ProductRef<'_>], stage: &Stage) {
        let mut best = None;
        for (number, push) in self.calling.ledger.of(id) {
            let in_time = (0..=PURCHASE_WINDOW_MS).contains(&(at - push.decided.0 / 1000 * 1000));
            // The rundown, not what was made ready of it: a show that is over has that no more after a start.
            let Some(on) = stage.show(push.show).filter(|_| in_time) else { continue };
            let of_show = products.iter().filter(|it| on.show.slot_of(it.id.term).is_some());
            let (count, cents) = of_show.fold((0, 0u64), |sum, it| {
                let line = it.price_cents.saturating_mul(it.quantity.max(1).into());
                (sum.0 + 1, sum.1.saturating_add(line))
            });
            if count > 0 {
                best = Some((number, if cents > 0 { cents } else { total }));
                break;
            }
        }
        let Some((number, cents)) = best else { return };
        let Some(push) = self.calling.ledger.get_mut(number) else { return };
        push.outcome.purchases = push.outcome.purchases.saturating_add(1);
        push.outcome.spent_cents = push.outcome.spent_cents.saturating_add(cents);
        self.calling.books.entry(push.show).or_default().report.bought(push, cents);
    }
}
