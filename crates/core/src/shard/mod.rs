//! A shard: the shoppers whose ids hash to it, as a pure state machine.
//!
//! [`Shard::handle`] folds one journalled input and says what to tell other shards. It reads no clock
//! and draws nothing; a replay of the same inputs gives the same shard.

pub mod calling;
pub mod claims;
mod digest;
mod erase;
mod identity;
pub mod message;
pub mod snapshot;
pub mod store;

use crate::bytes::Malformed;
use crate::dedup::{Dedup, Window};
use crate::dispatch::{EndReason, Ticket};
use crate::event::Event;
use crate::id::{MachineId, ShardId, SourceId, Term};
use crate::limits::{COUNTERS_MAX, SHARDS};
use crate::push::{Answer, PushId};
use crate::stage::{Stage, Stir};
use crate::time::Timestamp;
use calling::Calling;
use calling::parcel::Parcel;
use claims::Claims;
pub use digest::Digest;
pub use identity::route;
use message::Message;
use std::collections::BTreeMap;
use store::{Found, Key, Profile, Store};

/// An input, as it stands in the journal.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// An event that the gateway accepted.
    Collected {
        /// Where it came from.
        source: SourceId,
        /// Its bytes.
        event: &'a [u8],
        /// The clock of a shopper whose zone is unknown, in minutes east of UTC.
        default_offset_min: i16,
    },
    /// A message of another machine.
    Told {
        /// Who sent it.
        from: MachineId,
        /// Its number among those this sender sent to this receiver, from 1.
        sequence: u64,
        /// Its bytes.
        message: &'a [u8],
    },
    /// Forget a shopper.
    Erase {
        /// His user id or anonymous id.
        id: &'a str,
    },
    /// Something happened in a show that may make shoppers candidates at once.
    Stirred(Stir),
    /// An attempt to send a push leaves as soon as this record is durable.
    Attempt {
        /// Its number here.
        push: u64,
    },
    /// What a channel answered to an attempt.
    Answered {
        /// The push.
        push: u64,
        /// The answer.
        answer: Answer,
    },
    /// The queue let go of a push without an attempt.
    Dropped {
        /// The push.
        push: u64,
        /// Why.
        reason: EndReason,
    },
    /// Time passed.
    Tick,
}

/// What a shard wants done. A replay carries out nothing of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A push waits for the turn of its channel.
    Queue(Ticket),
    /// A push has passed its last look: compose it and send it, once the record that said so is durable.
    Carry(Box<Parcel>),
    /// A push that was attempted did not pass its last look: its place in the channel is free again.
    Kept(PushId),
    /// Journal this as an input of another machine.
    Tell {
        /// Of which.
        to: MachineId,
        /// Its number among those this shard sent there.
        sequence: u64,
        /// Its bytes, see [`Message`].
        message: Vec<u8>,
    },
}

/// Why a shard wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A generation of the dedup window has reached its age.
    DedupExpires,
    /// A look at everyone, or an outcome that matures.
    Calling,
}

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was folded.
    Folded,
    /// It had been folded before.
    Repeated,
}

/// What looking up an id found.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// The profile.
    Found(Box<Profile>),
    /// It is another name of this user: ask his shard.
    Elsewhere(String),
    /// Nobody goes by it.
    Unknown,
}

/// Counts of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Events folded, each once.
    pub events: u64,
    /// Events left out because they had been folded before.
    pub repeated: u64,
    /// Events handed to another shard.
    pub forwarded: u64,
    /// Ids that joined a known shopper.
    pub joined: u64,
    /// Shoppers erased.
    pub erased: u64,
}

/// The shoppers of one shard.
#[derive(Debug)]
pub struct Shard {
    id: ShardId,
    store: Store,
    dedup: Dedup,
    counts: Counts,
    /// Events by source and name; [`Term::NONE`] stands for all names beyond the bound.
    names: BTreeMap<(SourceId, Term), u64>,
    /// When a user was erased, by the hash of his id: what was sent before must not bring him back.
    tombstones: BTreeMap<u64, Timestamp>,
    /// The last number sent to each machine.
    sent: [u64; SHARDS + 1],
    /// The last number seen from each machine.
    seen: [u64; SHARDS + 1],
    calling: Calling,
    /// Who owns the devices and push addresses that hash here.
    claims: Claims,
}

impl Shard {
    /// A shard that knows nobody.
    pub fn new(id: ShardId, window: Window) -> Self {
        Shard {
            id,
            store: Store::default(),
            dedup: Dedup::new(window),
            counts: Counts::default(),
            names: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            sent: [0; SHARDS + 1],
            seen: [0; SHARDS + 1],
            calling: Calling::default(),
            claims: Claims::default(),
        }
    }

    /// Folds one input at `now`, with the stage as it stands before it; what was due by then is done first.
    /// An error means that the bytes are not ours: nothing of the input was folded.
    pub fn handle(
        &mut self,
        now: Timestamp,
        input: Input<'_>,
        stage: &Stage,
        effects: &mut Vec<Effect>,
    ) -> Result<Outcome, Malformed> {
        let mut outbox = Outbox { now, sent: now, stage, effects };
        if self.calling.due().is_some_and(|at| at <= now) {
            self.run_due(now, &mut outbox);
            (outbox.now, outbox.sent) = (now, now);
        }
        match input {
            Input::Collected { source, event, default_offset_min } => {
                let decoded = Event::decode(event)?;
                if decoded.key != 0 && !self.dedup.is_new(decoded.key, now) {
                    self.counts.repeated += 1;
                    return Ok(Outcome::Repeated);
                }
                self.count(source, decoded.name.term);
                self.collected(&decoded, event, default_offset_min, &mut outbox);
            }
            Input::Told { from, sequence, message } => {
                let (sent, message) = Message::decode(message)?;
                if let Message::Forward { event, .. } = &message {
                    Event::decode(event)?;
                }
                let seen = &mut self.seen[usize::from(from.0).min(SHARDS)];
                if sequence <= *seen {
                    return Ok(Outcome::Repeated);
                }
                *seen = sequence;
                // What is handed on is as old as it was when it left its first sender.
                outbox.sent = sent;
                self.told(sent, message, &mut outbox);
            }
            Input::Erase { id } => self.erase(id, &mut outbox),
            Input::Stirred(stir) => self.stirred(stir, now, &mut outbox),
            Input::Attempt { push } => self.attempt(push, &mut outbox),
            Input::Answered { push, answer } => self.answered(push, answer, &mut outbox),
            Input::Dropped { push, reason } => self.dropped(push, reason, &mut outbox),
            Input::Tick => self.dedup.expire(now),
        }
        Ok(Outcome::Folded)
    }

    /// When this shard next has something to do without an input, and what.
    pub fn next_deadline(&self) -> Option<(Timestamp, Reason)> {
        let dedup = self.dedup.next_expiry().map(|at| (at, Reason::DedupExpires));
        let calling = self.calling.due().map(|at| (at, Reason::Calling));
        [dedup, calling].into_iter().flatten().min_by_key(|it| it.0)
    }

    /// Its number.
    pub fn id(&self) -> ShardId {
        self.id
    }

    /// The shopper who goes by `id`, as a user or else as a visitor.
    pub fn look(&self, id: &str) -> Look {
        let found = self.store.find(Key::user(id)).or_else(|| self.store.find(Key::anonymous(id)));
        match found {
            Some(Found::Row(slot)) => Look::Found(Box::new(self.store.profile(slot))),
            Some(Found::Bound(binding)) => Look::Elsewhere(binding.user.to_string()),
            None => Look::Unknown,
        }
    }

    /// Its shoppers.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its counts.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Events by source and name.
    pub fn names(&self) -> &BTreeMap<(SourceId, Term), u64> {
        &self.names
    }

    /// Ids in the dedup window.
    pub fn dedup_len(&self) -> usize {
        self.dedup.len()
    }

    /// The last number sent to each machine, and the last seen from each.
    pub fn sequences(&self) -> (&[u64; SHARDS + 1], &[u64; SHARDS + 1]) {
        (&self.sent, &self.seen)
    }

    fn count(&mut self, source: SourceId, name: Term) {
        self.counts.events += 1;
        let full = self.names.len() >= COUNTERS_MAX && !self.names.contains_key(&(source, name));
        let name = if full { Term::NONE } else { name };
        *self.names.entry((source, name)).or_default() += 1;
    }

    fn tell(&mut self, to: ShardId, message: &Message<'_>, outbox: &mut Outbox<'_>) {
        let sequence = &mut self.sent[usize::from(to.0)];
        *sequence += 1;
        let mut bytes = Vec::with_capacity(256);
        message.encode(outbox.sent, &mut bytes);
        outbox.effects.push(Effect::Tell { to: to.into(), sequence: *sequence, message: bytes });
    }
}

/// Where effects go, the instant of the input, the time messages are stamped with, and the stage they are decided on.
struct Outbox<'e> {
    now: Timestamp,
    sent: Timestamp,
    stage: &'e Stage,
    effects: &'e mut Vec<Effect>,
}
