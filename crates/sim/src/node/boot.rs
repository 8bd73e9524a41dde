//! From a disk to a running node: both ways that the engine offers, all on one thread or worker by
//! worker, and what a crash kept from being journalled is journalled before anything else.

use super::outbox::Outbox;
use super::{Item, Node, Seat, Settings, shards_of};
use crate::disk::SimDisk;
use crate::plant::Plant;
use beckon_core::id::ShardId;
use beckon_core::shard::Shard;
use beckon_core::shard::calling::parcel::Parcel;
use beckon_core::stage::Stage;
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record::{self, LOGIC_VERSION};
use beckon_engine::recovery::{self, Head, Replay};
use beckon_engine::sequencer::Sequencer;
use beckon_engine::worker::{Out, Tell, Unsent, Worker};
use beckon_journal::{Corruption, FileLog, Log, Offset, OpenError, ReadError, SnapshotStore, no_monitor};
use std::collections::VecDeque;

/// Why a node did not start.
#[derive(Debug)]
pub enum BootError {
    /// The disk refused something: start again.
    Disk(String),
    /// Something durable is damaged; the file and place are named.
    Corrupt(Corruption),
    /// The snapshots of a machine are damaged, and the records before `oldest` are gone.
    SnapshotMissing {
        /// The machine.
        machine: u8,
        /// Where the journal begins.
        oldest: u64,
    },
    /// It should not have come to this.
    Bug(String),
}

impl From<OpenError> for BootError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Disk(error) => BootError::Disk(error.to_string()),
            OpenError::Corrupt(corruption) => BootError::Corrupt(corruption),
            other => BootError::Bug(other.to_string()),
        }
    }
}

impl From<recovery::Error> for BootError {
    fn from(error: recovery::Error) -> Self {
        match error {
            recovery::Error::Read(ReadError::Corrupt(corruption)) => BootError::Corrupt(corruption),
            recovery::Error::Read(ReadError::Disk(error)) | recovery::Error::Disk(error) => {
                BootError::Disk(error.to_string())
            }
            recovery::Error::SnapshotMissing { shard, oldest } => {
                BootError::SnapshotMissing { machine: shard, oldest }
            }
            other => BootError::Bug(other.to_string()),
        }
    }
}

/// What recovery brings back, whichever way.
struct Loaded {
    workers: Vec<Worker>,
    head: Head,
    unsent: Vec<Tell>,
}

impl Node {
    /// Starts from what is on the disk, at `clock`. `split` recovers worker by worker.
    pub fn boot(
        disk: &SimDisk,
        settings: &Settings,
        split: bool,
        clock: Timestamp,
    ) -> Result<Node, BootError> {
        let log = FileLog::open(disk.clone(), settings.log.clone(), no_monitor())?;
        let store = SnapshotStore::open(disk.clone(), no_monitor());
        let mut store = store.map_err(|error| BootError::Disk(error.to_string()))?;
        let names = Dictionary::default();
        let loaded = if split {
            load_split(&log, &mut store, &names, settings)?
        } else {
            let it = recovery::recover(&log, &mut store, &names, settings.window)?;
            Loaded { workers: vec![it.worker], head: it.head, unsent: it.unsent }
        };
        let Loaded { workers, head, unsent } = loaded;
        let next = log.next_offset();
        let seats =
            workers.into_iter().map(|worker| Seat { worker, queue: VecDeque::<Item>::new(), at: next });
        let mut node = Node {
            sequencer: Sequencer::new(next, head.now, head.director.bulk().clone()),
            seats: seats.collect(),
            director: head.director,
            director_queue: VecDeque::new(),
            director_at: next,
            log,
            store,
            names,
            writing: None,
            preparation: None,
            removal: None,
            pending: None,
            plant: settings.plant,
            handled: 0,
            outbox: Outbox::default(),
            clock,
        };
        if !head.epoch {
            node.force(record::epoch(LOGIC_VERSION), Timestamp(i64::MIN));
        }
        if settings.plant != Some(Plant::UnsentForgotten) {
            unsent.into_iter().for_each(|it| node.tell(it));
        }
        if settings.plant == Some(Plant::ReplayDispatches) {
            node.outbox.replayed = replayed(&node, settings)?;
        }
        node.resume();
        Ok(node)
    }
}

/// What folding the journal once more lets go: a start that carried it out would send twice.
#[expect(clippy::vec_box, reason = "parcels are boxed where they come from")]
fn replayed(node: &Node, settings: &Settings) -> Result<Vec<Box<Parcel>>, BootError> {
    let shards = ShardId::all().map(|id| (Shard::new(id, settings.window), Stage::default(), Offset(0)));
    let (mut worker, mut parcels) = (Worker::new(shards), Vec::new());
    node.log.replay(Replay::oldest(&node.log), &mut |offset, record| {
        let keep = |out: Out| {
            if let Out::Carry(parcel) = out {
                parcels.push(parcel);
            }
        };
        Ok(worker.apply(offset, record, keep)?)
    })?;
    Ok(parcels)
}

fn load_split(
    log: &FileLog<SimDisk>,
    store: &mut SnapshotStore<SimDisk>,
    names: &Dictionary,
    settings: &Settings,
) -> Result<Loaded, BootError> {
    let oldest = Replay::oldest(log);
    let mut head = Head::load(store, names).map_err(|error| BootError::Disk(error.to_string()))?;
    recovery::check_director(&head, oldest)?;
    let head_from = head.from;
    log.replay(head_from, &mut |offset, record| head.replay(offset, record, names))?;
    let (mut workers, mut unsent) = (Vec::new(), Vec::new());
    for worker in 0..settings.workers {
        let shards: Vec<ShardId> = shards_of(worker, settings.workers).collect();
        let (mut worker, from) = recovery::load_worker(store, shards, settings.window, oldest)?;
        // The director's snapshot holds the names: what came after it must be read for its names even
        // where the shards have folded it.
        let from = from.map_or(head_from, |it| it.min(head_from));
        let mut own = Unsent::default();
        log.replay(from, &mut |offset, record| Ok(worker.replay(offset, record, names, &mut own)?))?;
        workers.push(worker);
        unsent.extend(own.into_tells());
    }
    unsent.extend(std::mem::take(&mut head.unsent).into_tells());
    Ok(Loaded { workers, head, unsent })
}
