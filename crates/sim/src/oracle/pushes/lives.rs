//! What became of every push, told anew from what was queued, attempted, answered and dropped; and from that
//! the caps, and what each show's report must say.

use super::people::Key;
use beckon_core::dispatch::Ticket;
use beckon_core::event::{Channel, Class, PushAct};
use beckon_core::id::Term;
use beckon_core::push::report::Report;
use beckon_core::push::{Answer, End, PushId};
use beckon_core::shard::calling::parcel::Parcel;
use beckon_core::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// Where a push is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// It waits for its channel.
    Waiting,
    /// It left, or could have, and has no answer.
    Out,
    /// It is over; `None` when it was kept back, whyever.
    Over(Option<End>),
}

/// A push.
#[derive(Debug)]
struct Life {
    at: At,
    /// Whom it calls; nobody any more once he was forgotten or became another.
    holder: Option<Key>,
    /// What can be known once it was attempted.
    sent: Option<Sent>,
    /// The last answer; the next attempt needs a definite refusal.
    answer: Option<Answer>,
    tapped: bool,
    delivered: bool,
}

/// What is counted of a push that left.
#[derive(Debug, Clone)]
struct Sent {
    show: Term,
    channel: Channel,
    device: Box<str>,
    class: Class,
    day: i64,
    deadline: Timestamp,
    attempts: u8,
}

/// Attempts of a push at most.
const ATTEMPTS_MAX: u8 = 4;

/// Everything that was ever decided.
#[derive(Debug, Default)]
pub struct Lives {
    lives: BTreeMap<PushId, Life>,
    /// The pushes of each shopper that left.
    of: BTreeMap<Key, Vec<PushId>>,
}

/// What a show's report must count.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the count its name says; the words of DESIGN.md §1")]
pub struct Counts {
    pub dispatched: u64,
    pub accepted: u64,
    pub ambiguous: u64,
    pub refused: u64,
    pub gone: u64,
    pub tapped: u64,
}

/// How pushes ended in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Decided.
    pub decided: u64,
    /// Left at least once.
    pub left: u64,
    /// Taken by the channel.
    pub accepted: u64,
    /// Nobody knows.
    pub ambiguous: u64,
    /// Refused, or the device is gone.
    pub refused: u64,
    /// Kept back, late, stale or capped.
    pub kept: u64,
}

impl Tally {
    /// Adds another's counts.
    pub fn add(&mut self, other: &Tally) {
        self.decided += other.decided;
        self.left += other.left;
        self.accepted += other.accepted;
        self.ambiguous += other.ambiguous;
        self.refused += other.refused;
        self.kept += other.kept;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { decided, left, accepted, ambiguous, refused, kept } = self;
        write!(f, "{decided} decided, {left} left; ended: {accepted} accepted, {ambiguous} ambiguous, ")?;
        write!(f, "{refused} refused, {kept} kept back")
    }
}

impl Lives {
    /// A ticket was queued: a push was decided, or waits again.
    pub fn queued(&mut self, ticket: &Ticket) -> Result<(), String> {
        let id = PushId { shard: ticket.shard, number: ticket.sequence };
        let life = self.lives.entry(id).or_insert(Life {
            at: At::Waiting,
            holder: None,
            sent: None,
            answer: None,
            tapped: false,
            delivered: false,
        });
        match life.at {
            At::Waiting => Ok(()),
            at => Err(format!("{id} is queued again and is {at:?}")),
        }
    }

    /// An attempt of a push is in the journal; `parcel` is what may leave.
    pub fn attempted(&mut self, id: PushId, parcel: Option<&Parcel>, day: i64) -> Result<(), String> {
        let Some(life) = self.lives.get_mut(&id) else {
            return if parcel.is_none() { Ok(()) } else { Err(format!("{id} leaves and was never decided")) };
        };
        let Some(parcel) = parcel else {
            if life.at == At::Waiting {
                life.at = At::Over(None);
            }
            return Ok(());
        };
        if life.at != At::Waiting {
            return Err(format!("{id} leaves and is {:?}", life.at));
        }
        if let Some(answer) = life.answer
            && parcel.class == Class::Marketing
            && !matches!(answer, Answer::Later(_))
        {
            return Err(format!("{id} leaves again after {answer:?}"));
        }
        let holder = (parcel.known, parcel.shopper.to_string());
        life.at = At::Out;
        if life.sent.is_none() {
            self.of.entry(holder.clone()).or_default().push(id);
        }
        life.holder = Some(holder);
        life.sent = Some(Sent {
            show: parcel.show,
            channel: parcel.channel,
            device: parcel.device.clone(),
            class: parcel.class,
            day,
            deadline: parcel.deadline,
            attempts: parcel.attempt,
        });
        if parcel.attempt > ATTEMPTS_MAX {
            return Err(format!("{id} is attempted for the {}th time", parcel.attempt));
        }
        Ok(())
    }

    /// A channel's answer is in the journal.
    pub fn answered(&mut self, id: PushId, answer: Answer) {
        let Some(life) = self.lives.get_mut(&id).filter(|it| it.at == At::Out) else { return };
        let Some(sent) = &life.sent else { return };
        let may_repeat = sent.class == Class::Service && sent.attempts < ATTEMPTS_MAX;
        life.answer = Some(answer);
        life.at = match answer {
            Answer::Accepted | Answer::Delivered => At::Over(Some(End::Accepted)),
            Answer::Refused | Answer::NotComposed => At::Over(Some(End::Refused)),
            Answer::Gone => At::Over(Some(End::Gone)),
            Answer::Unreached => At::Over(Some(End::Unreached)),
            Answer::Capped => At::Over(Some(End::Capped)),
            Answer::Ambiguous if may_repeat => At::Waiting,
            Answer::Ambiguous => At::Over(Some(End::Ambiguous)),
            Answer::Later(_) if sent.attempts >= ATTEMPTS_MAX => At::Over(Some(End::Refused)),
            Answer::Later(at) if at >= sent.deadline => At::Over(None),
            Answer::Later(_) => At::Waiting,
        };
        life.delivered |= answer == Answer::Delivered;
    }

    /// The queue let go of a push.
    pub fn dropped(&mut self, id: PushId) {
        if let Some(life) = self.lives.get_mut(&id).filter(|it| it.at == At::Waiting) {
            life.at = At::Over(None);
        }
    }

    /// A shopper was forgotten, or became `user`: what he was sent counts for that user from then on, but is
    /// nobody's to tap.
    pub fn moved(&mut self, from: &Key, user: Option<&Key>) {
        let theirs = self.of.remove(from).unwrap_or_default();
        for id in &theirs {
            if let Some(life) = self.lives.get_mut(id) {
                life.holder = None;
                if life.at == At::Waiting {
                    life.at = At::Over(None);
                }
            }
        }
        if let Some(user) = user {
            self.of.entry(user.clone()).or_default().extend(theirs);
        }
    }

    /// A shopper did something with a push.
    pub fn moved_on(&mut self, by: &Key, id: PushId, what: PushAct) {
        let Some(life) = self.lives.get_mut(&id).filter(|it| it.holder.as_ref() == Some(by)) else { return };
        let arrived = matches!(life.at, At::Out | At::Over(Some(End::Accepted | End::Ambiguous)));
        if arrived && what == PushAct::Tapped {
            life.tapped = true;
        }
    }

    /// Marketing pushes that may have reached a shopper, for which `counts`; without `id` itself.
    pub fn count(&self, key: &Key, id: PushId, counts: impl Fn(Term, Channel, &str, i64) -> bool) -> usize {
        let theirs = self.of.get(key).map_or(&[][..], |it| it);
        let fits = |it: &&PushId| {
            let Some(life) = self.lives.get(it).filter(|_| **it != id) else { return false };
            let arrived = matches!(life.at, At::Out | At::Over(Some(End::Accepted | End::Ambiguous)));
            let sent = life.sent.as_ref().filter(|it| it.class == Class::Marketing);
            arrived && sent.is_some_and(|it| counts(it.show, it.channel, &it.device, it.day))
        };
        theirs.iter().filter(fits).count()
    }

    /// Pushes that are not over.
    pub fn open(&self) -> impl Iterator<Item = PushId> {
        self.lives.iter().filter(|it| !matches!(it.1.at, At::Over(_))).map(|it| *it.0)
    }

    /// Every push that was ever decided.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = PushId> {
        self.lives.keys().copied()
    }

    /// Counts of all.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally { decided: self.lives.len() as u64, ..Tally::default() };
        for life in self.lives.values() {
            tally.left += u64::from(life.sent.is_some());
            match life.at {
                At::Over(Some(End::Accepted)) => tally.accepted += 1,
                At::Over(Some(End::Ambiguous)) => tally.ambiguous += 1,
                At::Over(Some(End::Refused | End::Gone)) => tally.refused += 1,
                At::Over(_) => tally.kept += 1,
                At::Waiting | At::Out => {}
            }
        }
        tally
    }

    /// What a show's report must count.
    pub fn counts(&self, show: Term) -> Counts {
        let mut counts = Counts::default();
        let of_show = self.lives.values().filter(|it| it.sent.as_ref().is_some_and(|it| it.show == show));
        for life in of_show {
            counts.dispatched += 1;
            counts.tapped += u64::from(life.tapped);
            match life.at {
                At::Over(Some(End::Accepted)) => counts.accepted += 1,
                At::Over(Some(End::Ambiguous)) => counts.ambiguous += 1,
                At::Over(Some(End::Refused)) => counts.refused += 1,
                At::Over(Some(End::Gone)) => counts.gone += 1,
                _ => {}
            }
        }
        counts
    }
}

/// The same of a report.
pub fn counts_of(report: &Report) -> Counts {
    let total = report.total();
    let ended = |end| report.ended.get(&end).copied().unwrap_or(0);
    Counts {
        dispatched: total.dispatched,
        accepted: total.accepted,
        ambiguous: total.ambiguous,
        refused: ended(End::Refused),
        gone: ended(End::Gone),
        tapped: total.tapped,
    }
}
