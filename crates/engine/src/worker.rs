//! Folds records into a set of shards, in the order of the journal.
//!
//! A worker reads every record and takes from it what is for its own shards. While it replays, the
//! messages that its shards send are held back: most of them stand in the journal already, further on;
//! the ones that do not are what a crash kept from being written, and are journalled afterwards.

use crate::dictionary::Dictionary;
use crate::record::{Body, Record};
use beckon_core::bytes::Malformed;
use beckon_core::event::Event;
use beckon_core::id::{MachineId, ShardId, SourceId};
use beckon_core::limits::SHARDS;
use beckon_core::shard::{Digest, Effect, Input, Shard};
use beckon_core::time::Timestamp;
use beckon_journal::Offset;
use std::collections::BTreeMap;

/// A message of one machine to another, to be journalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tell {
    /// Who sends it.
    pub from: MachineId,
    /// To whom.
    pub to: MachineId,
    /// Its number among those from the one to the other.
    pub sequence: u64,
    /// Its bytes.
    pub message: Vec<u8>,
}

/// A set of shards that one thread folds.
#[derive(Debug)]
pub struct Worker {
    shards: Vec<Seat>,
    /// Where each shard sits, if here.
    seats: [Option<u8>; SHARDS],
    effects: Vec<Effect>,
}

#[derive(Debug)]
struct Seat {
    shard: Shard,
    /// Records before this are in the shard already.
    from: Offset,
}

/// Messages sent during a replay that were not found in the journal so far.
#[derive(Debug, Default)]
pub struct Unsent(BTreeMap<(MachineId, MachineId, u64), Vec<u8>>);

impl Unsent {
    /// The messages, in the order in which each sender numbered them.
    pub fn into_tells(self) -> impl Iterator<Item = Tell> {
        self.0.into_iter().map(|((from, to, sequence), message)| Tell { from, to, sequence, message })
    }
}

/// A record that cannot be folded: not ours, or of a later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record at offset {} cannot be read: {malformed}", offset.0)]
pub struct BadRecord {
    /// Which.
    pub offset: Offset,
    /// Why.
    pub malformed: Malformed,
}

impl Worker {
    /// A worker over shards, each with the offset of the first record that it has not folded.
    pub fn new(shards: impl IntoIterator<Item = (Shard, Offset)>) -> Self {
        let mut worker = Worker { shards: Vec::new(), seats: [None; SHARDS], effects: Vec::new() };
        for (shard, from) in shards {
            worker.seats[usize::from(shard.id().0)] = Some(worker.shards.len() as u8);
            worker.shards.push(Seat { shard, from });
        }
        worker
    }

    /// Folds a live record; what its shards have to tell is handed to `tell`.
    pub fn apply(
        &mut self,
        offset: Offset,
        record: &[u8],
        mut tell: impl FnMut(Tell),
    ) -> Result<(), BadRecord> {
        let bad = |malformed| BadRecord { offset, malformed };
        let record = Record::decode(record).map_err(bad)?;
        self.fold(offset, &record, &mut tell).map_err(bad)
    }

    /// Folds a record again after a start: names are learnt, and messages held back in `unsent`.
    pub fn replay(
        &mut self,
        offset: Offset,
        record: &[u8],
        names: &Dictionary,
        unsent: &mut Unsent,
    ) -> Result<(), BadRecord> {
        let bad = |malformed| BadRecord { offset, malformed };
        let record = Record::decode(record).map_err(bad)?;
        self.learn(&record, names).map_err(bad)?;
        if let Body::Told { from, to, sequence, .. } = record.body {
            unsent.0.remove(&(from, to, sequence));
        }
        let mut hold = |it: Tell| {
            unsent.0.insert((it.from, it.to, it.sequence), it.message);
        };
        self.fold(offset, &record, &mut hold).map_err(bad)
    }

    /// The shard, if it is here.
    pub fn shard(&self, id: ShardId) -> Option<&Shard> {
        let seat = (*self.seats.get(usize::from(id.0))?)?;
        Some(&self.shards[usize::from(seat)].shard)
    }

    /// Its shards.
    pub fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.shards.iter().map(|it| &it.shard)
    }

    /// The latest of the offsets that its shards were restored at.
    pub fn newest_from(&self) -> Offset {
        self.shards.iter().map(|it| it.from).max().unwrap_or_default()
    }

    /// The fingerprint of all its shards.
    pub fn digest(&self) -> Digest {
        self.shards().fold(Digest::default(), |sum, it| sum.plus(it.digest()))
    }

    /// The earliest time at which one of its shards has something to do.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.shards().filter_map(|it| it.next_deadline()).map(|(at, _)| at).min()
    }

    fn fold(
        &mut self,
        offset: Offset,
        record: &Record<'_>,
        tell: &mut dyn FnMut(Tell),
    ) -> Result<(), Malformed> {
        let now = record.now;
        match &record.body {
            Body::Events(events) => {
                let (source, default_offset_min) = (events.source, events.default_offset_min);
                for item in events.iter() {
                    let (shard, event) = item?;
                    let input = collected(source, event, default_offset_min);
                    self.handle(offset, shard, now, input, tell)?;
                }
            }
            Body::Told { from, to, sequence, message } if *to != MachineId::DIRECTOR => {
                let input = Input::Told { from: *from, sequence: *sequence, message };
                self.handle(offset, ShardId(to.0), now, input, tell)?;
            }
            Body::Erase { shard, id } => self.handle(offset, *shard, now, Input::Erase { id }, tell)?,
            Body::Tick => {
                for id in ShardId::all() {
                    self.handle(offset, id, now, Input::Tick, tell)?;
                }
            }
            Body::Epoch { .. } | Body::Changes(_) | Body::Told { .. } => {}
        }
        Ok(())
    }

    fn handle(
        &mut self,
        offset: Offset,
        id: ShardId,
        now: Timestamp,
        input: Input<'_>,
        tell: &mut dyn FnMut(Tell),
    ) -> Result<(), Malformed> {
        let Some(Some(seat)) = self.seats.get(usize::from(id.0)) else { return Ok(()) };
        let seat = &mut self.shards[usize::from(*seat)];
        if offset < seat.from {
            return Ok(());
        }
        seat.shard.handle(now, input, &mut self.effects)?;
        for effect in self.effects.drain(..) {
            let Effect::Tell { to, sequence, message } = effect;
            tell(Tell { from: id.into(), to, sequence, message });
        }
        Ok(())
    }

    fn learn(&self, record: &Record<'_>, names: &Dictionary) -> Result<(), Malformed> {
        if let Body::Events(events) = &record.body {
            for item in events.iter() {
                let (shard, event) = item?;
                if self.shard(shard).is_some() {
                    names.learn_event(&Event::decode(event)?);
                }
            }
        }
        Ok(())
    }
}

fn collected(source: SourceId, event: &[u8], default_offset_min: i16) -> Input<'_> {
    Input::Collected { source, event, default_offset_min }
}
