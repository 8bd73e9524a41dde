//! Folds records into a set of shards, in the order of the journal.
//!
//! A worker reads every record and takes from it what is for its own shards. While it replays, the
//! messages that its shards send are held back: most of them stand in the journal already, further on;
//! the ones that do not are what a crash kept from being written, and are journalled afterwards.

use crate::dictionary::Dictionary;
use crate::record::{Body, Record};
use beckon_core::bytes::Malformed;
use beckon_core::director::catalogue::Change;
use beckon_core::dispatch::Ticket;
use beckon_core::event::Event;
use beckon_core::id::{MachineId, ShardId, SourceId};
use beckon_core::limits::SHARDS;
use beckon_core::push::PushId;
use beckon_core::shard::calling::parcel::Parcel;
use beckon_core::shard::{Desk, Digest, Effect, Input, Shard};
use beckon_core::stage::{Notice, Stage, Staged};
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

/// What a worker's shards want done. A replay carries out nothing but the messages that were lost.
#[derive(Debug, Clone, PartialEq)]
pub enum Out {
    /// Journal this.
    Tell(Tell),
    /// A push waits for the turn of its channel.
    Queue(Ticket),
    /// A push passed its last look: send it once the record is durable.
    Carry(Box<Parcel>),
    /// A push that was attempted did not pass: its place in the channel is free.
    Kept(PushId),
}

/// A set of shards that one thread folds, and the stage that they decide on.
#[derive(Debug)]
pub struct Worker {
    stage: Stage,
    /// Records before this are in the stage already.
    stage_from: Offset,
    shards: Vec<Seat>,
    /// Where each shard sits, if here.
    seats: [Option<u8>; SHARDS],
    effects: Vec<Effect>,
    desk: Desk,
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
    /// Holds a message until it is found in the journal.
    pub fn hold(&mut self, it: Tell) {
        self.0.insert((it.from, it.to, it.sequence), it.message);
    }

    /// The journal has this record: if it is a message, it need not be sent.
    pub fn seen(&mut self, record: &Record<'_>) {
        if let Body::Told { from, to, sequence, .. } = record.body {
            self.0.remove(&(from, to, sequence));
        }
    }

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
    /// A worker over shards, each with the stage it decided on last and the offset of the first record that
    /// it has not folded. The stage is folded on from the earliest of them.
    pub fn new(shards: impl IntoIterator<Item = (Shard, Stage, Offset)>) -> Self {
        let mut worker = Worker {
            stage: Stage::default(),
            stage_from: Offset(u64::MAX),
            shards: Vec::new(),
            seats: [None; SHARDS],
            effects: Vec::new(),
            desk: Desk::default(),
        };
        for (shard, stage, from) in shards {
            if from < worker.stage_from {
                (worker.stage, worker.stage_from) = (stage, from);
            }
            worker.seats[usize::from(shard.id().0)] = Some(worker.shards.len() as u8);
            worker.shards.push(Seat { shard, from });
        }
        worker
    }

    /// Folds a live record; what its shards want done is handed to `out`.
    pub fn apply(
        &mut self,
        offset: Offset,
        record: &[u8],
        mut out: impl FnMut(Out),
    ) -> Result<(), BadRecord> {
        let bad = |malformed| BadRecord { offset, malformed };
        let record = Record::decode(record).map_err(bad)?;
        self.fold(offset, &record, &mut out).map_err(bad)
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
        unsent.seen(&record);
        let mut hold = |it: Out| {
            // What would leave is dropped: a replay never dispatches.
            if let Out::Tell(it) = it {
                unsent.hold(it);
            }
        };
        self.fold(offset, &record, &mut hold).map_err(bad)
    }

    /// The shard, if it is here.
    pub fn shard(&self, id: ShardId) -> Option<&Shard> {
        let seat = (*self.seats.get(usize::from(id.0))?)?;
        Some(&self.shards[usize::from(seat)].shard)
    }

    /// The stage that its shards decide on.
    pub fn stage(&self) -> &Stage {
        &self.stage
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
        out: &mut dyn FnMut(Out),
    ) -> Result<(), Malformed> {
        let now = record.now;
        match &record.body {
            Body::Events(events) => {
                let (source, default_offset_min) = (events.source, events.default_offset_min);
                for item in events.iter() {
                    let (shard, event) = item?;
                    let input = collected(source, event, default_offset_min);
                    self.handle(offset, shard, now, input, out)?;
                }
            }
            Body::Told { from, to, sequence, message } => match *to {
                MachineId::DIRECTOR => {}
                MachineId::STAGES => self.notice(offset, now, *sequence, message, out)?,
                shard => {
                    let input = Input::Told { from: *from, sequence: *sequence, message };
                    self.handle(offset, ShardId(shard.0), now, input, out)?;
                }
            },
            Body::Changes(changes) => {
                for change in changes.iter() {
                    if let Change::Staged(change) = change? {
                        self.change_stage(offset, now, &change, out)?;
                    }
                }
            }
            Body::Attempt(pushes) => {
                for push in pushes.iter() {
                    let push = push?;
                    self.handle(offset, push.shard, now, Input::Attempt { push: push.number }, out)?;
                }
            }
            Body::Answered(pushes) => {
                for item in pushes.answers() {
                    let (push, answer) = item?;
                    let input = Input::Answered { push: push.number, answer };
                    self.handle(offset, push.shard, now, input, out)?;
                }
            }
            Body::Dropped(pushes) => {
                for item in pushes.reasons() {
                    let (push, reason) = item?;
                    let input = Input::Dropped { push: push.number, reason };
                    self.handle(offset, push.shard, now, input, out)?;
                }
            }
            Body::Erase { shard, id } => self.handle(offset, *shard, now, Input::Erase { id }, out)?,
            Body::Tick => self.tick(offset, now, out)?,
            Body::Epoch { .. } => {}
        }
        Ok(())
    }

    fn tick(&mut self, offset: Offset, now: Timestamp, out: &mut dyn FnMut(Out)) -> Result<(), Malformed> {
        ShardId::all().try_for_each(|id| self.handle(offset, id, now, Input::Tick, out))
    }

    /// Changes the stage; what was due before is done on the stage as it was.
    fn change_stage(
        &mut self,
        offset: Offset,
        now: Timestamp,
        change: &Staged,
        out: &mut dyn FnMut(Out),
    ) -> Result<(), Malformed> {
        if offset < self.stage_from {
            return Ok(());
        }
        self.tick(offset, now, out)?;
        let Ok(stir) = self.stage.apply(now, change) else { return Ok(()) };
        self.staged(offset, now);
        match stir {
            None => Ok(()),
            Some(stir) => {
                ShardId::all().try_for_each(|id| self.handle(offset, id, now, Input::Stirred(stir), out))
            }
        }
    }

    fn notice(
        &mut self,
        offset: Offset,
        now: Timestamp,
        sequence: u64,
        message: &[u8],
        out: &mut dyn FnMut(Out),
    ) -> Result<(), Malformed> {
        if offset < self.stage_from {
            return Ok(());
        }
        let notice = Notice::decode(message)?;
        self.tick(offset, now, out)?;
        self.stage.notice(sequence, notice);
        self.staged(offset, now);
        Ok(())
    }

    fn staged(&mut self, offset: Offset, now: Timestamp) {
        for seat in self.shards.iter_mut().filter(|it| offset >= it.from) {
            seat.shard.staged(now, &self.stage);
        }
    }

    fn handle(
        &mut self,
        offset: Offset,
        id: ShardId,
        now: Timestamp,
        input: Input<'_>,
        out: &mut dyn FnMut(Out),
    ) -> Result<(), Malformed> {
        let Some(Some(seat)) = self.seats.get(usize::from(id.0)) else { return Ok(()) };
        let seat = &mut self.shards[usize::from(*seat)];
        if offset < seat.from {
            return Ok(());
        }
        seat.shard.handle_at(&mut self.desk, now, input, &self.stage, &mut self.effects)?;
        for effect in self.effects.drain(..) {
            out(match effect {
                Effect::Tell { to, sequence, message } => {
                    Out::Tell(Tell { from: id.into(), to, sequence, message })
                }
                Effect::Queue(ticket) => Out::Queue(ticket),
                Effect::Carry(parcel) => Out::Carry(parcel),
                Effect::Kept(push) => Out::Kept(push),
            });
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
