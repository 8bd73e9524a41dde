//! Calling shoppers in: the part of a shard that decides, and that keeps what became of each decision.
//!
//! An event makes its shopper a candidate at once (`wake`); a look at everyone, once a minute of every open
//! show, finds those whose moment has come (`look`). Both ask the same question (`evaluate`), which a "why"
//! asks again. What was decided waits for its channel, gets a last look before it leaves (`dispatch`), and
//! gathers its outcome from the shopper's events (`outcome`).

mod dispatch;
mod evaluate;
mod lessons;
mod look;
mod outcome;
pub mod parcel;
mod trigger;
mod way;
mod why;
mod words;

use super::store::Slot;
use super::{Effect, Outbox, Shard};
use crate::bytes::{Get, Malformed, Put};
use crate::event::Event;
use crate::id::{MachineId, Term};
use crate::push::Reason;
use crate::push::ledger::Ledger;
use crate::push::report::Report;
use crate::stage::Stage;
use crate::time::Timestamp;
pub use evaluate::No;
use lessons::Watch;
use look::next_look;
use std::collections::BTreeMap;
pub use why::Why;

/// What a shard keeps about calling its shoppers in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Calling {
    pub ledger: Ledger,
    books: BTreeMap<Term, Book>,
    watch: Watch,
    /// When something is next due; kept so that an event need not look.
    due: Option<Timestamp>,
}

/// One show's book.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Book {
    /// The next look at everyone; `None` once the show is over.
    next_look: Option<Timestamp>,
    /// Whether the director knows how values are spread here.
    spread: bool,
    report: Report,
    /// What the looks at those of each turn found.
    turns: BTreeMap<u8, Turn>,
    /// What was sent since the director was last told.
    sent: Sent,
}

/// What the looks at those of one turn found.
#[derive(Debug, Clone, Default, PartialEq)]
struct Turn {
    /// Why they were not pushed, at the last look.
    reasons: BTreeMap<Reason, u64>,
    /// How many of them could be called, or had been: the most of any look.
    eligible: u64,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Sent {
    pushes: u64,
    entries: f64,
    purchases: BTreeMap<Term, f64>,
}

/// How long a push is kept after it was decided: until its last purchase may have come, late events included.
const KEPT_MS: i64 = crate::push::PURCHASE_WINDOW_MS + 10 * 60 * 1000;

/// An entry is judged this long after the push was decided: the half hour, and a minute for late events.
const MATURE_MS: i64 = crate::push::ENTRY_WINDOW_MS + 60 * 1000;

/// What is due, in the order in which equal times are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Mature,
    Forget,
    Watch,
    Look,
}

impl Calling {
    /// When something is next due.
    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }

    fn next(&self) -> Option<(Timestamp, Due)> {
        let after = |at: Option<Timestamp>, ms: i64| at.map(|it| Timestamp(it.0.saturating_add(ms)));
        let looks = self.books.values().filter_map(|it| Some((it.next_look?, Due::Look)));
        let others = [
            after(self.ledger.next_to_mature(), MATURE_MS).map(|at| (at, Due::Mature)),
            after(self.ledger.oldest(), KEPT_MS).map(|at| (at, Due::Forget)),
            self.watch.next.map(|at| (at, Due::Watch)),
        ];
        looks.chain(others.into_iter().flatten()).min()
    }

    fn schedule(&mut self) {
        self.due = self.next().map(|it| it.0);
    }

    /// Appends this to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.ledger.encode(out);
        self.watch.encode(out);
        out.put_uint(self.books.len() as u64);
        for (show, book) in &self.books {
            out.put_uint(show.0.into());
            out.push(u8::from(book.next_look.is_some()) | u8::from(book.spread) << 1);
            out.put_int(book.next_look.unwrap_or_default().0);
            book.report.encode(out);
            out.put_uint(book.turns.len() as u64);
            for (number, turn) in &book.turns {
                out.push(*number);
                out.put_uint(turn.eligible);
                out.put_uint(turn.reasons.len() as u64);
                for (reason, count) in &turn.reasons {
                    out.push(*reason as u8);
                    out.put_uint(*count);
                }
            }
            out.put_uint(book.sent.pushes);
            out.extend_from_slice(&book.sent.entries.to_le_bytes());
            out.put_uint(book.sent.purchases.len() as u64);
            for (offer, expected) in &book.sent.purchases {
                out.put_uint(offer.0.into());
                out.extend_from_slice(&expected.to_le_bytes());
            }
        }
    }

    /// Reads what [`Calling::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (ledger, watch) = (Ledger::read(get)?, Watch::read(get)?);
        let mut calling = Calling { ledger, watch, ..Calling::default() };
        for _ in 0..get.len("books")? {
            let (show, flags) = (Term(get.u32("show of a book")?), get.u8("flags of a book")?);
            let next_look = Timestamp(get.int("next look")?);
            let report = Report::read(get)?;
            let mut turns: BTreeMap<u8, Turn> = BTreeMap::new();
            for _ in 0..get.len("turns")? {
                let turn = turns.entry(get.u8("turn")?).or_default();
                turn.eligible = get.uint("eligible shoppers of a turn")?;
                for _ in 0..get.len("reasons of a turn")? {
                    let reason = Reason::from_number(get.u8("reason")?).ok_or(get.malformed("reason"))?;
                    turn.reasons.insert(reason, get.uint("count of a reason")?);
                }
            }
            let mut sent = Sent {
                pushes: get.uint("pushes sent")?,
                entries: f64::from_le_bytes(get.array("entries expected")?),
                ..Sent::default()
            };
            for _ in 0..get.len("offers")? {
                let offer = Term(get.u32("offer")?);
                sent.purchases.insert(offer, f64::from_le_bytes(get.array("purchases expected")?));
            }
            let next_look = (flags & 1 != 0).then_some(next_look);
            calling.books.insert(show, Book { next_look, spread: flags & 2 != 0, report, turns, sent });
        }
        calling.schedule();
        Ok(calling)
    }
}

impl Shard {
    /// Does everything that was due up to and including `now`, each at its own time.
    pub(super) fn run_due(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        self.wake_watch(now);
        self.wake_looks(now);
        while self.calling.due.is_some_and(|at| at <= now) {
            let Some((at, due)) = self.calling.next() else { break };
            outbox.now = at;
            outbox.sent = at;
            match due {
                Due::Mature => self.mature(at),
                Due::Forget => self.forget(),
                Due::Watch => self.watch(at, outbox),
                Due::Look => self.look_at_all(at, outbox),
            }
            self.calling.schedule();
        }
    }

    /// The stage has changed at `now`: shows may have been planned, begun, moved or ended.
    pub fn staged(&mut self, now: Timestamp, stage: &Stage) {
        let (id, before) = (self.id, Timestamp(now.0.saturating_sub(1)));
        let stay = |show: &Term| stage.show(*show).is_some();
        self.calling.books.retain(|show, _| stay(show));
        for (term, on) in stage.shows() {
            let over = on.ended.is_some() || on.closes() <= now;
            let book = self.calling.books.entry(term).or_default();
            // Looks lie on a grid that begins with the window, whatever happens in between.
            let opens = on.show.opens();
            let next = book.next_look.filter(|it| *it >= opens);
            let next = match book.spread {
                true => next.unwrap_or_else(|| next_look(id, opens, before)),
                // Its price waits for this: a show that begins late, or is put when its time has come, is looked at now.
                false if !on.is_late(now) => next.unwrap_or(now).min(opens.max(now)),
                false => next.unwrap_or(opens.max(now)),
            };
            book.next_look = (!over).then_some(next);
        }
        self.calling.schedule();
    }

    /// An event of a shopper was folded: what it says of his pushes, and whether it makes him a candidate.
    pub(in crate::shard) fn follow(&mut self, slot: Slot, event: &Event<'_>, outbox: &mut Outbox<'_>) {
        self.begin_watch(outbox.now);
        self.credit(slot, event, outbox);
        self.wake(slot, event, outbox);
    }

    /// A show's report, as far as this shard goes.
    pub fn report(&self, show: Term) -> Option<&Report> {
        self.calling.books.get(&show).map(|it| &it.report)
    }

    /// Its pushes.
    pub fn ledger(&self) -> &Ledger {
        &self.calling.ledger
    }

    fn tell_director(&mut self, word: &crate::director::word::Word, outbox: &mut Outbox<'_>) {
        let sequence = &mut self.sent[usize::from(MachineId::DIRECTOR.0)];
        *sequence += 1;
        let (to, sequence) = (MachineId::DIRECTOR, *sequence);
        outbox.effects.push(Effect::Tell { to, sequence, message: word.encode() });
    }
}
