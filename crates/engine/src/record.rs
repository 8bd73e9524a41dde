//! What the journal holds: the inputs of the machines, each with the instant at which it was taken.
//!
//! Every record begins with its kind and its `now`, at fixed places, so that the sequencer can stamp it
//! when its place in the order is known. A request's events are one record: after a crash all of them
//! are there or none is.

use beckon_core::bytes::{Get, Malformed, Put};
use beckon_core::director::catalogue::Change;
use beckon_core::dispatch::EndReason;
use beckon_core::id::{MachineId, ShardId, SourceId};
use beckon_core::push::{Answer, PushId};
use beckon_core::time::Timestamp;

/// The version of the logic that folds records. Raised when the same record would fold to something else.
pub const LOGIC_VERSION: u16 = 4;

mod kind {
    pub const EPOCH: u8 = 0;
    pub const EVENTS: u8 = 1;
    pub const TOLD: u8 = 2;
    pub const CHANGES: u8 = 3;
    pub const ERASE: u8 = 4;
    pub const TICK: u8 = 5;
    pub const ATTEMPT: u8 = 6;
    pub const ANSWERED: u8 = 7;
    pub const DROPPED: u8 = 8;
}

/// Where `now` stands in a record's bytes.
const NOW: std::ops::Range<usize> = 1..9;

/// A record, read.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// When it was taken.
    pub now: Timestamp,
    /// What it is.
    pub body: Body<'a>,
}

/// What a record is.
#[derive(Debug, Clone)]
pub enum Body<'a> {
    /// From here on the logic of this version folds.
    Epoch {
        /// See [`LOGIC_VERSION`].
        logic: u16,
    },
    /// Events of one request.
    Events(Events<'a>),
    /// A message between machines.
    Told {
        /// Who sent it.
        from: MachineId,
        /// Who shall fold it.
        to: MachineId,
        /// Its number among those from the one to the other.
        sequence: u64,
        /// Its bytes.
        message: &'a [u8],
    },
    /// Changes of the catalogue.
    Changes(Changes<'a>),
    /// Forget a shopper.
    Erase {
        /// The shard his id hashes to.
        shard: ShardId,
        /// The id.
        id: &'a str,
    },
    /// An attempt to send these pushes; they leave once this is durable.
    Attempt(Pushes<'a>),
    /// What a channel answered.
    Answered(Pushes<'a>),
    /// Pushes that the queue let go of without an attempt.
    Dropped(Pushes<'a>),
    /// Time passed.
    Tick,
}

/// Pushes, one after the other; with answers or reasons where the record has them.
#[derive(Debug, Clone)]
pub struct Pushes<'a>(&'a [u8]);

/// Events of one request.
#[derive(Debug, Clone)]
pub struct Events<'a> {
    /// Where they came from.
    pub source: SourceId,
    /// The clock of shoppers whose zone is unknown, in minutes east of UTC.
    pub default_offset_min: i16,
    /// The bulk source and the sequence after the last event, if it is one.
    pub bulk: Option<(&'a str, u64)>,
    changes: Changes<'a>,
    items: &'a [u8],
}

/// Changes of the catalogue, one after the other.
#[derive(Debug, Clone)]
pub struct Changes<'a>(&'a [u8]);

impl<'a> Record<'a> {
    /// Reads a record.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut get = Get::new(bytes);
        let kind = get.u8("kind of record")?;
        let now = Timestamp(i64::from_le_bytes(get.array("time of a record")?));
        let body = match kind {
            kind::EPOCH => Body::Epoch { logic: get.u16("logic version")? },
            kind::EVENTS => Body::Events(Events::read(&mut get)?),
            kind::TOLD => {
                let [from, to] = get.array("machines")?;
                let sequence = get.uint("sequence")?;
                let message = get.rest();
                Body::Told { from: MachineId(from), to: MachineId(to), sequence, message }
            }
            kind::CHANGES => Body::Changes(Changes(get.rest())),
            kind::ERASE => {
                let shard = ShardId(get.u8("shard")?);
                Body::Erase { shard, id: get.str("id")? }
            }
            kind::TICK => Body::Tick,
            kind::ATTEMPT => Body::Attempt(Pushes(get.rest())),
            kind::ANSWERED => Body::Answered(Pushes(get.rest())),
            kind::DROPPED => Body::Dropped(Pushes(get.rest())),
            _ => return Err(get.malformed("kind of record")),
        };
        Ok(Record { now, body })
    }
}

impl<'a> Events<'a> {
    fn read(get: &mut Get<'a>) -> Result<Self, Malformed> {
        let source = SourceId(get.u16("source")?);
        let default_offset_min = get.i16("default offset")?;
        let bulk = get.str("bulk source")?;
        let bulk = if bulk.is_empty() { None } else { Some((bulk, get.uint("bulk sequence")?)) };
        let changes = Changes(get.bytes("changes")?);
        Ok(Events { source, default_offset_min, bulk, changes, items: get.rest() })
    }

    /// Products that the events named first.
    pub fn changes(&self) -> Changes<'a> {
        self.changes.clone()
    }

    /// The events, each with the shard it routes to.
    pub fn iter(&self) -> impl Iterator<Item = Result<(ShardId, &'a [u8]), Malformed>> + use<'a> {
        let mut get = Get::new(self.items);
        std::iter::from_fn(move || {
            if get.is_empty() {
                return None;
            }
            let item = get.u8("shard").and_then(|shard| Ok((ShardId(shard), get.bytes("event")?)));
            if item.is_err() {
                get = Get::new(&[]);
            }
            Some(item)
        })
    }
}

impl<'a> Changes<'a> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes.
    pub fn iter(&self) -> impl Iterator<Item = Result<Change, Malformed>> + use<'a> {
        let mut get = Get::new(self.0);
        std::iter::from_fn(move || {
            if get.is_empty() {
                return None;
            }
            let change = Change::read(&mut get);
            if change.is_err() {
                get = Get::new(&[]);
            }
            Some(change)
        })
    }
}

impl<'a> Pushes<'a> {
    /// The pushes of an attempt.
    pub fn iter(&self) -> impl Iterator<Item = Result<PushId, Malformed>> + use<'a> {
        self.each(|_| Ok(())).map(|it| it.map(|(push, ())| push))
    }

    /// The pushes with their answers.
    pub fn answers(&self) -> impl Iterator<Item = Result<(PushId, Answer), Malformed>> + use<'a> {
        self.each(Answer::read)
    }

    /// The pushes with the reason why the queue let go of them.
    pub fn reasons(&self) -> impl Iterator<Item = Result<(PushId, EndReason), Malformed>> + use<'a> {
        self.each(|get| {
            let number = usize::from(get.u8("reason of a queue")?);
            REASONS.get(number).copied().ok_or(get.malformed("reason of a queue"))
        })
    }

    fn each<T>(
        &self,
        read: fn(&mut Get<'a>) -> Result<T, Malformed>,
    ) -> impl Iterator<Item = Result<(PushId, T), Malformed>> + use<'a, T> {
        let mut get = Get::new(self.0);
        std::iter::from_fn(move || {
            if get.is_empty() {
                return None;
            }
            let item = get_push(&mut get).and_then(|push| Ok((push, read(&mut get)?)));
            if item.is_err() {
                get = Get::new(&[]);
            }
            Some(item)
        })
    }
}

/// Why a queue lets go, by number.
const REASONS: [EndReason; 3] = [EndReason::Expired, EndReason::Overflow, EndReason::ChannelOff];

fn put_push(out: &mut Vec<u8>, push: PushId) {
    out.push(push.shard.0);
    out.put_uint(push.number);
}

fn get_push(get: &mut Get<'_>) -> Result<PushId, Malformed> {
    let shard = ShardId(get.u8("shard of a push")?);
    Ok(PushId { shard, number: get.uint("number of a push")? })
}

/// A record of an attempt.
pub fn attempt(pushes: impl IntoIterator<Item = PushId>) -> Vec<u8> {
    let mut out = begin(kind::ATTEMPT);
    pushes.into_iter().for_each(|it| put_push(&mut out, it));
    out
}

/// A record of answers.
pub fn answered(answers: impl IntoIterator<Item = (PushId, Answer)>) -> Vec<u8> {
    let mut out = begin(kind::ANSWERED);
    for (push, answer) in answers {
        put_push(&mut out, push);
        answer.encode(&mut out);
    }
    out
}

/// A record of pushes that the queue let go of.
pub fn dropped(pushes: impl IntoIterator<Item = (PushId, EndReason)>) -> Vec<u8> {
    let mut out = begin(kind::DROPPED);
    for (push, reason) in pushes {
        put_push(&mut out, push);
        out.push(REASONS.iter().position(|it| *it == reason).unwrap_or_default() as u8);
    }
    out
}

/// Puts the instant into a record's bytes. Records are made before their place in the order is known.
pub fn stamp(record: &mut [u8], now: Timestamp) {
    record[NOW].copy_from_slice(&now.0.to_le_bytes());
}

fn begin(kind: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.push(kind);
    out.extend_from_slice(&[0; NOW.end - NOW.start]);
    out
}

/// A record of the logic's version.
pub fn epoch(logic: u16) -> Vec<u8> {
    let mut out = begin(kind::EPOCH);
    out.put_uint(logic.into());
    out
}

/// A record of a message between machines.
pub fn told(from: MachineId, to: MachineId, sequence: u64, message: &[u8]) -> Vec<u8> {
    let mut out = begin(kind::TOLD);
    out.extend_from_slice(&[from.0, to.0]);
    out.put_uint(sequence);
    out.extend_from_slice(message);
    out
}

/// A record of changes of the catalogue.
pub fn changes<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Vec<u8> {
    let mut out = begin(kind::CHANGES);
    changes.into_iter().for_each(|it| it.encode(&mut out));
    out
}

/// A record that forgets a shopper.
pub fn erase(id: &str) -> Vec<u8> {
    let mut out = begin(kind::ERASE);
    out.push(ShardId::of(id).0);
    out.put_str(id);
    out
}

/// A record that time passed.
pub fn tick() -> Vec<u8> {
    begin(kind::TICK)
}

/// The earliest instant for what comes after a record that was stamped with `now`.
///
/// A shard tells by the instant what was sent before an erasure and must not bring the shopper back. So
/// what comes after one is later, even while the clock stands or has gone back, and after a start too.
pub fn instant_after(record: &[u8], now: Timestamp) -> Timestamp {
    let erases = record.first() == Some(&kind::ERASE);
    Timestamp(now.0.saturating_add(i64::from(erases)))
}

/// The instant that a record was stamped with.
pub fn instant(record: &[u8]) -> Option<Timestamp> {
    let now = record.get(NOW)?.try_into().ok()?;
    Some(Timestamp(i64::from_le_bytes(now)))
}

/// Whether the record is one of events.
pub fn is_events(record: &[u8]) -> bool {
    record.first() == Some(&kind::EVENTS)
}

/// Whether the record tells the director something.
pub fn is_for_director(record: &[u8]) -> bool {
    match record.first() {
        Some(&kind::CHANGES | &kind::TICK) => true,
        // Sender and receiver stand right behind the instant.
        Some(&kind::TOLD) => record.get(NOW.end + 1) == Some(&MachineId::DIRECTOR.0),
        Some(&kind::EVENTS) => matches!(
            Record::decode(record),
            Ok(Record { body: Body::Events(events), .. }) if events.bulk.is_some() || !events.changes.is_empty()
        ),
        _ => false,
    }
}

/// Puts a record of events together.
#[derive(Debug)]
pub struct EventsWriter {
    source: SourceId,
    default_offset_min: i16,
    changes: Vec<u8>,
    items: Vec<u8>,
    count: usize,
    scratch: Vec<u8>,
}

impl EventsWriter {
    /// Begins a record of events from `source`.
    pub fn new(source: SourceId, default_offset_min: i16) -> Self {
        EventsWriter {
            source,
            default_offset_min,
            changes: Vec::new(),
            items: Vec::with_capacity(4096),
            count: 0,
            scratch: Vec::with_capacity(512),
        }
    }

    /// Adds an event. `false` when it names nobody and therefore routes nowhere.
    pub fn event(&mut self, event: &beckon_core::event::Event<'_>) -> bool {
        let Some(shard) = beckon_core::shard::route(event) else { return false };
        self.scratch.clear();
        event.encode(&mut self.scratch);
        self.items.push(shard.0);
        self.items.put_bytes(&self.scratch);
        self.count += 1;
        true
    }

    /// Adds a product that an event named first.
    pub fn change(&mut self, change: &Change) {
        change.encode(&mut self.changes);
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The record. `bulk` names the source and the sequence after the last event.
    pub fn finish(self, bulk: Option<(&str, u64)>) -> Vec<u8> {
        let mut out = begin(kind::EVENTS);
        out.reserve(self.items.len() + self.changes.len() + 64);
        out.put_uint(self.source.0.into());
        out.put_int(self.default_offset_min.into());
        out.put_str(bulk.map_or("", |it| it.0));
        if let Some((_, next)) = bulk {
            out.put_uint(next);
        }
        out.put_bytes(&self.changes);
        out.extend_from_slice(&self.items);
        out
    }
}
