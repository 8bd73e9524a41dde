//! From what is on disk to what was in memory: the newest good snapshots, then the journal from there.
//!
//! The steps are separate so that a program can share the shards among threads. [`recover`] takes them
//! all on one thread: tools and the simulation use it.

use crate::dictionary::Dictionary;
use crate::record::{Body, Changes, LOGIC_VERSION, Record, instant_after};
use crate::snapshot;
use crate::worker::{BadRecord, Tell, Unsent, Worker};
use beckon_core::dedup::Window;
use beckon_core::director::{self, Director};
use beckon_core::id::{MachineId, ShardId};
use beckon_core::time::Timestamp;
use beckon_journal::{Disk, DiskError, Offset, ReadError, SnapshotStore};

/// Why a state could not be brought back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A snapshot could not be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A record is not ours.
    #[error("{0}: it was written by another version, or is damaged; `beckon journal verify` tells more")]
    BadRecord(#[from] BadRecord),
    /// The journal was folded by logic that we do not have.
    #[error(
        "the journal was begun with logic {found}, this program has logic {LOGIC_VERSION}: start the version \
         that wrote it and stop it with SIGTERM, so that it leaves snapshots of everything"
    )]
    Logic {
        /// The version found.
        found: u16,
    },
    /// Snapshots know of records that the journal does not have.
    #[error(
        "a snapshot reaches to offset {snapshot}, but the journal ends at {end}: the newest journal files are \
         missing or belong to another directory; put them back, or restore snapshots and journal together"
    )]
    SnapshotAhead {
        /// The first offset that the snapshot does not hold.
        snapshot: u64,
        /// Where the journal ends.
        end: u64,
    },
    /// Records that are needed were released.
    #[error(
        "shard {shard} has no good snapshot at or after offset {oldest}, where the journal begins: restore \
         the snapshot files of that shard from a backup"
    )]
    SnapshotMissing {
        /// Whose snapshot is missing (64 is the director).
        shard: u8,
        /// Where the journal begins.
        oldest: u64,
    },
}

/// The director and the instant, while they are brought back.
#[derive(Debug)]
pub struct Head {
    /// The director.
    pub director: Director,
    /// The latest instant seen.
    pub now: Timestamp,
    /// Records before this are in the director already.
    pub from: Offset,
    /// Whether an epoch was seen.
    pub epoch: bool,
    /// Notices of the director that were not found in the journal so far.
    pub unsent: Unsent,
}

impl Head {
    /// The newest good snapshot of the director; fills the dictionary.
    pub fn load<D: Disk>(store: &mut SnapshotStore<D>, names: &Dictionary) -> Result<Self, DiskError> {
        let (director, now, from) = snapshot::read_director(store, names)?;
        Ok(Head { director, now, from, epoch: from != Offset(0), unsent: Unsent::default() })
    }

    /// Folds a record again.
    pub fn replay(&mut self, offset: Offset, bytes: &[u8], names: &Dictionary) -> Result<(), Error> {
        let bad = |malformed| BadRecord { offset, malformed };
        let record = Record::decode(bytes).map_err(bad)?;
        self.now = self.now.max(instant_after(bytes, record.now));
        self.unsent.seen(&record);
        match &record.body {
            Body::Epoch { logic } if *logic != LOGIC_VERSION => return Err(Error::Logic { found: *logic }),
            Body::Epoch { .. } => self.epoch = true,
            _ if offset < self.from => {}
            _ => {
                let hold = |it: Tell| self.unsent.hold(it);
                apply_to_director(&mut self.director, &record, Some(names), hold).map_err(bad)?;
            }
        }
        Ok(())
    }
}

/// Folds what a record has for the director; learns the names of changes if asked to. What the director
/// has to tell is handed to `tell`.
pub fn apply_to_director(
    director: &mut Director,
    record: &Record<'_>,
    names: Option<&Dictionary>,
    mut tell: impl FnMut(Tell),
) -> Result<(), beckon_core::bytes::Malformed> {
    let mut tells = Vec::new();
    let now = record.now;
    match &record.body {
        Body::Changes(changes) => change(director, now, changes, names, &mut tells)?,
        Body::Events(events) => {
            if let Some((source, next)) = events.bulk {
                director.handle(now, director::Input::Bulk { source, next }, &mut tells)?;
            }
            change(director, now, &events.changes(), names, &mut tells)?;
        }
        Body::Told { from, to: MachineId::DIRECTOR, sequence, message } => {
            let input = director::Input::Told { from: *from, sequence: *sequence, message };
            director.handle(now, input, &mut tells)?;
        }
        Body::Tick => {
            director.handle(now, director::Input::Tick, &mut tells)?;
        }
        _ => {}
    }
    for director::Tell { sequence, message } in tells {
        tell(Tell { from: MachineId::DIRECTOR, to: MachineId::STAGES, sequence, message });
    }
    Ok(())
}

fn change(
    director: &mut Director,
    now: Timestamp,
    changes: &Changes<'_>,
    names: Option<&Dictionary>,
    tells: &mut Vec<director::Tell>,
) -> Result<(), beckon_core::bytes::Malformed> {
    for change in changes.iter() {
        let change = change?;
        if let Some(names) = names {
            names.learn_change(&change);
        }
        director.handle(now, director::Input::Change(change), tells)?;
    }
    Ok(())
}

/// Loads a worker's shards from their newest good snapshots; also says from where they need the journal.
pub fn load_worker<D: Disk>(
    store: &mut SnapshotStore<D>,
    shards: impl IntoIterator<Item = ShardId>,
    window: Window,
    oldest: Offset,
) -> Result<(Worker, Option<Offset>), Error> {
    let mut loaded = Vec::new();
    for id in shards {
        let (shard, stage, from) = snapshot::read_shard(store, id, window)?;
        if from < oldest {
            return Err(Error::SnapshotMissing { shard: id.0, oldest: oldest.0 });
        }
        loaded.push((shard, stage, from));
    }
    let from = loaded.iter().map(|it| it.2).min();
    Ok((Worker::new(loaded), from))
}

/// Everything, brought back.
#[derive(Debug)]
pub struct Recovered {
    /// All shards.
    pub worker: Worker,
    /// The director and the instant.
    pub head: Head,
    /// Messages that were sent and did not reach the journal: they must be journalled first.
    pub unsent: Vec<Tell>,
    /// Records folded again.
    pub replayed: u64,
}

/// Takes one record of a journal.
pub type Each<'e> = dyn FnMut(Offset, &[u8]) -> Result<(), Error> + 'e;

/// A journal to be read again: the live log and the read-only one both can.
pub trait Replay {
    /// The first offset it still has.
    fn oldest(&self) -> Offset;
    /// The offset after its last record.
    fn end(&self) -> Offset;
    /// Hands every record from `from` on to `each`, in order.
    fn replay(&self, from: Offset, each: &mut Each<'_>) -> Result<(), Error>;
}

impl<D: Disk> Replay for beckon_journal::FileLog<D> {
    fn oldest(&self) -> Offset {
        beckon_journal::Log::oldest_offset(self)
    }

    fn end(&self) -> Offset {
        beckon_journal::Log::next_offset(self)
    }

    fn replay(&self, from: Offset, each: &mut Each<'_>) -> Result<(), Error> {
        let mut reader = self.reader(from)?;
        while let Some((offset, record)) = reader.next()? {
            each(offset, record)?;
        }
        Ok(())
    }
}

impl<D: Disk> Replay for beckon_journal::ReadOnlyLog<D> {
    fn oldest(&self) -> Offset {
        self.oldest_offset()
    }

    fn end(&self) -> Offset {
        self.next_offset()
    }

    fn replay(&self, from: Offset, each: &mut Each<'_>) -> Result<(), Error> {
        let mut reader = self.read(from)?;
        while let Some((offset, record)) = reader.next()? {
            each(offset, record)?;
        }
        Ok(())
    }
}

/// Brings everything back on this thread.
pub fn recover<D: Disk>(
    log: &dyn Replay,
    store: &mut SnapshotStore<D>,
    names: &Dictionary,
    window: Window,
) -> Result<Recovered, Error> {
    let oldest = log.oldest();
    let mut head = Head::load(store, names)?;
    check_director(&head, oldest)?;
    let (mut worker, from) = load_worker(store, ShardId::all(), window, oldest)?;
    check_not_ahead(head.from.max(worker.newest_from()), log.end())?;
    let from = from.map_or(head.from, |it| it.min(head.from));
    let mut unsent = Unsent::default();
    let mut replayed = 0;
    log.replay(from, &mut |offset, record| {
        replayed += 1;
        head.replay(offset, record, names)?;
        worker.replay(offset, record, names, &mut unsent)?;
        Ok(())
    })?;
    let lost = unsent.into_tells().chain(std::mem::take(&mut head.unsent).into_tells()).collect();
    Ok(Recovered { worker, head, unsent: lost, replayed })
}

/// Whether the director's snapshot reaches the journal.
pub fn check_director(head: &Head, oldest: Offset) -> Result<(), Error> {
    if head.from < oldest {
        return Err(Error::SnapshotMissing { shard: MachineId::DIRECTOR.0, oldest: oldest.0 });
    }
    Ok(())
}

/// Whether the journal reaches every snapshot; `newest` is the first offset that the newest does not hold.
pub fn check_not_ahead(newest: Offset, end: Offset) -> Result<(), Error> {
    if newest > end {
        return Err(Error::SnapshotAhead { snapshot: newest.0, end: end.0 });
    }
    Ok(())
}
