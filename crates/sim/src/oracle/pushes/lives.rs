//! What became of every push, told anew from what was queued, attempted, answered and dropped; and from that
//! the caps, and what each show's report must say.

use super::board::Tells;
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
    /// Its way did not carry it: if it takes no other in the same breath, it is over.
    Missed(Option<End>),
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
    /// It went on over another channel although it may have arrived: the shopper asked for it.
    lost: bool,
    /// The channel it goes over.
    channel: Channel,
    /// How often it went on over another channel or to another device.
    went_on: u64,
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
    tells: Tells,
    /// Attempts over the way it went last.
    here: u8,
}

/// Attempts of a push at most: four ways, four times each.
const ATTEMPTS_MAX: u8 = 16;

/// Attempts over one way at most.
const ATTEMPTS_HERE_MAX: u8 = 4;

/// Whether an answer says that the channel has definitely not carried the push.
pub fn is_definite(answer: Answer) -> bool {
    match answer {
        Answer::Later(_) | Answer::Gone | Answer::Refused | Answer::Capped | Answer::Unreached => true,
        // Nothing left: it may go in other words.
        Answer::NotComposed => true,
        Answer::Accepted | Answer::Delivered | Answer::Ambiguous => false,
    }
}

/// Everything that was ever decided.
#[derive(Debug, Default)]
pub struct Lives {
    lives: BTreeMap<PushId, Life>,
    /// Those whose way has just failed.
    missed: Vec<PushId>,
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
    /// Kept back, late, stale, capped or unreached.
    pub kept: u64,
    /// How often one went on over another way.
    pub went_on: u64,
    /// Those that left, by the channel they went over last.
    pub by_channel: [u64; Channel::ALL.len()],
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
        self.went_on += other.went_on;
        self.by_channel.iter_mut().zip(other.by_channel).for_each(|(sum, it)| *sum += it);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { decided, left, accepted, ambiguous, refused, kept, went_on, by_channel } = self;
        write!(f, "{decided} decided, {left} left; ended: {accepted} accepted, {ambiguous} ambiguous, ")?;
        write!(f, "{refused} refused, {kept} kept back; {went_on} times on to another way; left over")?;
        let mut used = Channel::ALL.iter().zip(by_channel).filter(|it| *it.1 > 0);
        used.try_for_each(|(channel, count)| write!(f, " {} {count}", channel.word()))
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
            lost: false,
            channel: ticket.channel,
            went_on: 0,
            tapped: false,
            delivered: false,
        });
        match life.at {
            At::Waiting if life.channel == ticket.channel => Ok(()),
            At::Missed(_) => {
                let lost = life.answer == Some(Answer::Ambiguous);
                // What was asked for and may have been lost goes the same way again if there is no other.
                let reworded = life.answer == Some(Answer::NotComposed) && life.channel == ticket.channel;
                let elsewhere = (!lost || life.channel != ticket.channel) && !reworded;
                life.went_on += u64::from(elsewhere);
                life.lost |= lost && elsewhere;
                (life.at, life.channel) = (At::Waiting, ticket.channel);
                Ok(())
            }
            at => Err(format!("{id} is queued again and is {at:?}")),
        }
    }

    /// An attempt of a push is in the journal; `parcel` is what may leave.
    pub fn attempted(
        &mut self,
        id: PushId,
        parcel: Option<(&Parcel, Tells)>,
        day: i64,
    ) -> Result<(), String> {
        let Some(life) = self.lives.get_mut(&id) else {
            return if parcel.is_none() { Ok(()) } else { Err(format!("{id} leaves and was never decided")) };
        };
        let Some((parcel, tells)) = parcel else {
            if life.at == At::Waiting {
                life.at = At::Missed(None);
                self.missed.push(id);
            }
            return Ok(());
        };
        if life.at != At::Waiting {
            return Err(format!("{id} leaves and is {:?}", life.at));
        }
        if let Some(answer) = life.answer
            && parcel.class == Class::Marketing
            && !is_definite(answer)
        {
            return Err(format!("{id} leaves again after {answer:?}"));
        }
        let holder = (parcel.known, parcel.shopper.to_string());
        life.at = At::Out;
        let same = |it: &&Sent| it.channel == parcel.channel && it.device == parcel.device;
        let before = life.sent.as_ref().filter(same).map_or(0, |it| it.here);
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
            tells,
            here: 1 + before,
        });
        if parcel.attempt > ATTEMPTS_MAX {
            return Err(format!("{id} is attempted for the {}th time", parcel.attempt));
        }
        Ok(())
    }

    /// A channel's answer is in the journal.
    /// Whether it was waited for.
    pub fn answered(&mut self, id: PushId, answer: Answer) -> bool {
        let Some(life) = self.lives.get_mut(&id).filter(|it| it.at == At::Out) else { return false };
        let Some(sent) = &life.sent else { return false };
        let marketing = sent.class == Class::Marketing;
        life.answer = Some(answer);
        life.at = match answer {
            Answer::Accepted | Answer::Delivered => At::Over(Some(End::Accepted)),
            Answer::NotComposed => At::Missed(Some(End::Refused)),
            Answer::Ambiguous if marketing => At::Over(Some(End::Ambiguous)),
            Answer::Ambiguous => At::Missed(Some(End::Ambiguous)),
            Answer::Refused => At::Missed(Some(End::Refused)),
            Answer::Gone => At::Missed(Some(End::Gone)),
            Answer::Unreached => At::Missed(Some(End::Unreached)),
            Answer::Capped => At::Missed(Some(End::Capped)),
            Answer::Later(_) if sent.here >= ATTEMPTS_HERE_MAX => At::Missed(Some(End::Refused)),
            Answer::Later(at) if at >= sent.deadline => At::Missed(None),
            Answer::Later(_) => At::Waiting,
        };
        life.delivered |= answer == Answer::Delivered;
        if matches!(life.at, At::Missed(_)) {
            self.missed.push(id);
        }
        true
    }

    /// Nothing more follows from a record: what did not go on is over.
    pub fn settle(&mut self) {
        for id in self.missed.drain(..) {
            if let Some(life) = self.lives.get_mut(&id)
                && let At::Missed(end) = life.at
            {
                life.at = At::Over(if life.lost { Some(End::Ambiguous) } else { end });
            }
        }
    }

    /// Whom a push calls.
    pub fn holder(&self, id: PushId) -> Option<&Key> {
        self.lives.get(&id)?.holder.as_ref()
    }

    /// The queue let go of a push.
    pub fn dropped(&mut self, id: PushId) {
        if let Some(life) = self.lives.get_mut(&id).filter(|it| it.at == At::Waiting) {
            life.at = At::Missed(None);
            self.missed.push(id);
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
                    life.at = At::Over(life.lost.then_some(End::Ambiguous));
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

    /// Whether a shopper was told by another push for the same show what `tells` says.
    pub fn was_told(&self, key: &Key, id: PushId, show: Term, tells: &Tells) -> bool {
        let theirs = self.of.get(key).map_or(&[][..], |it| it);
        theirs.iter().filter(|it| **it != id).filter_map(|it| self.lives.get(it)).any(|life| {
            let arrived = matches!(life.at, At::Out | At::Over(Some(End::Accepted | End::Ambiguous)));
            let sent = life.sent.as_ref().filter(|it| it.class == Class::Marketing && it.show == show);
            arrived && sent.is_some_and(|it| tells.is_old(&it.tells))
        })
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
            tally.went_on += life.went_on;
            if let Some(sent) = &life.sent {
                tally.by_channel[sent.channel as usize] += 1;
            }
            match life.at {
                At::Over(Some(End::Accepted)) => tally.accepted += 1,
                At::Over(Some(End::Ambiguous)) => tally.ambiguous += 1,
                At::Over(Some(End::Refused | End::Gone)) => tally.refused += 1,
                At::Over(_) => tally.kept += 1,
                At::Waiting | At::Out | At::Missed(_) => {}
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
