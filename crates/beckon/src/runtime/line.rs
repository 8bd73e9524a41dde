//! What the node's threads share, and the line in the middle of it: a record gets its place in the one order, and in the
//! same moment a place in the queue of everyone who folds. One lock, so that order and queues cannot disagree.

use super::committer::Committed;
use super::director::DirectorJob;
use super::folder::Job;
use super::outward::Outward;
use super::turns::Turns;
use crate::clock::Clock;
use beckon_core::dedup::Window;
use beckon_core::director::Director;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record;
use beckon_engine::sequencer::Sequencer;
use beckon_engine::worker::Tell;
use beckon_journal::Offset;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// Who waits for a record to be durable.
pub(super) type Waiter = oneshot::Sender<Result<(), String>>;

/// The one order and the queues that follow it; behind one lock, so that they cannot disagree.
pub(super) struct Line {
    pub sequencer: Sequencer<Waiter>,
    pub folders: Vec<Sender<Job>>,
    pub director: Sender<DirectorJob>,
    /// Bytes appended since the start.
    pub appended: u64,
    pub stopping: bool,
}

/// What the threads share.
pub(super) struct Shared {
    pub line: Mutex<Line>,
    /// Something waits to be committed.
    pub work: Condvar,
    /// Something became durable.
    pub durable: Condvar,
    pub director: RwLock<Director>,
    pub names: Dictionary,
    pub clock: Clock,
    /// Bytes folded, by folder.
    pub folded: Vec<AtomicU64>,
    /// The earliest deadline of each folder's shards and, last, the director's, in milliseconds; `i64::MAX` as
    /// bits when none.
    pub deadlines: Vec<AtomicU64>,
    /// Commits, bytes and failures of the journal.
    pub committed: Committed,
    /// How long folders and committer were held up.
    pub turns: Turns,
    /// The dedup window of one shard.
    pub window: Window,
    /// Who carries pushes out, once somebody does.
    pub outward: OnceLock<UnboundedSender<Outward>>,
    /// Told whenever what the customer entered, or a show, has changed.
    pub staged: tokio::sync::watch::Sender<()>,
}

impl Shared {
    pub fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a record that has its place in the order for everyone who folds.
    pub fn queue(&self, line: &mut Line, offset: Offset, record: Vec<u8>) {
        let for_director = record::is_for_director(&record);
        line.appended += record.len() as u64;
        let record = Arc::new(record);
        for folder in &line.folders {
            // A folder that is gone has been stopped: nothing will be asked of it again.
            let _ = folder.send(Job::Record(offset, record.clone()));
        }
        if for_director {
            let _ = line.director.send(DirectorJob::Record(offset, record));
        }
        self.work.notify_one();
    }

    /// Journals a record of our own. Never refused.
    pub fn own(&self, mut record: Vec<u8>) -> Offset {
        let mut line = self.line();
        let offset = line.sequencer.force(&mut record, self.clock.now(), None);
        self.queue(&mut line, offset, record);
        offset
    }

    /// Hands something to whoever carries pushes out. While nobody does, it waits in its shard's ledger and
    /// is found there ([`beckon_core::shard::Shard::unfinished`]).
    pub fn outward(&self, it: Outward) {
        if let Some(outward) = self.outward.get() {
            let _ = outward.send(it);
        }
    }

    /// Journals what one machine tells another. Never refused.
    pub fn tell(&self, tells: impl IntoIterator<Item = Tell>) {
        let mut line = self.line();
        for it in tells {
            let mut record = record::told(it.from, it.to, it.sequence, &it.message);
            let offset = line.sequencer.force(&mut record, self.clock.now(), None);
            self.queue(&mut line, offset, record);
        }
    }

    /// Waits until everything before `offset` is durable; `false` when the node stops first.
    pub fn wait_durable(&self, offset: Offset) -> bool {
        let mut line = self.line();
        while line.sequencer.durable() < offset {
            if line.stopping && line.sequencer.stalled().is_some() {
                return false;
            }
            line = self.durable.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }
}
