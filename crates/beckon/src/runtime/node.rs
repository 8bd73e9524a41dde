//! The handle: what the gateway and the tools may do with a running node. What they may ask of its shards is in
//! `questions.rs`, how its time passes in `time.rs`.

use super::committer::Committed;
use super::director::DirectorJob;
use super::folder::Job;
use super::line::{Line, Shared};
use super::outward::Carrying;
use super::turns::Turns;
use crate::clock::Clock;
use beckon_core::dedup::Window;
use beckon_core::director::catalogue::Change;
use beckon_core::director::{Admission, Director};
use beckon_core::limits::HOPS_MAX;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record;
use beckon_engine::sequencer::Refused;
use beckon_journal::Offset;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Records appended and not yet folded by the slowest folder, in bytes, before requests are sent away.
const BACKLOG_BYTES_MAX: u64 = 96 << 20;

/// How long to wait for a disk that does not take anything before asking again.
const RETRY_DURABLE: Duration = Duration::from_millis(50);

/// Why something was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Try again soon: more comes in than can be taken.
    #[error("more comes in than can be taken at present")]
    Overloaded,
    /// Try again later: the disk does not take it.
    #[error("the journal cannot be written: {0}")]
    Stalled(String),
    /// The record is too large.
    #[error("{0}")]
    TooLarge(String),
    /// The bulk source has gone on: ask again what to skip.
    #[error("the bulk source has gone on to sequence {0}")]
    Moved(u64),
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

impl From<Refused> for NotTaken {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Stalled(reason) => NotTaken::Stalled(reason),
            Refused::Full => NotTaken::Overloaded,
            Refused::TooLarge(_) => NotTaken::TooLarge(refused.to_string()),
            Refused::Moved(next) => NotTaken::Moved(next),
        }
    }
}

/// A running node.
#[derive(Clone)]
pub struct Node {
    pub(super) shared: Arc<Shared>,
    pub(super) threads: Arc<Mutex<Vec<std::thread::JoinHandle<()>>>>,
    pub(super) snapshots: Sender<super::snapshotter::Order>,
}

/// How a stop went.
#[derive(Debug, Clone, Copy)]
pub struct StopReport {
    /// Whether every machine's state is in a snapshot now.
    pub snapshots: bool,
    /// Where the journal ends.
    pub end: Offset,
}

impl Node {
    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The names.
    pub fn names(&self) -> &Dictionary {
        &self.shared.names
    }

    /// Reads the director's state, as far as it is folded.
    pub fn director<T>(&self, read: impl FnOnce(&Director) -> T) -> T {
        read(&self.shared.director.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a new request would be taken now.
    pub fn admits(&self) -> Result<(), NotTaken> {
        self.admit(&self.shared.line())
    }

    fn admit(&self, line: &Line) -> Result<(), NotTaken> {
        if line.stopping {
            return Err(NotTaken::Stopping);
        }
        line.sequencer.admits()?;
        let folded = self.shared.folded.iter().map(|it| it.load(Ordering::Relaxed)).min().unwrap_or(0);
        if line.appended.saturating_sub(folded) > BACKLOG_BYTES_MAX {
            return Err(NotTaken::Overloaded);
        }
        Ok(())
    }

    /// What to do with events of a bulk source.
    pub fn admit_bulk(&self, source: &str, first: u64, count: u64) -> Admission {
        self.shared.line().sequencer.admit_bulk(source, first, count)
    }

    /// The sequence that a bulk source continues at.
    pub fn bulk_next(&self, source: &str) -> u64 {
        self.shared.line().sequencer.bulk().next(source)
    }

    /// Gives a record its place and waits until it is durable. `bulk` is the source, the sequence of the
    /// first event and the one after the last.
    pub async fn append(&self, record: Vec<u8>, bulk: Option<(&str, u64, u64)>) -> Result<(), NotTaken> {
        let durable = self.append_now(record, bulk)?;
        match durable.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(NotTaken::Stalled(reason)),
            Err(_) => Err(NotTaken::Stopping),
        }
    }

    fn append_now(
        &self,
        mut record: Vec<u8>,
        bulk: Option<(&str, u64, u64)>,
    ) -> Result<oneshot::Receiver<Result<(), String>>, NotTaken> {
        let (waiter, durable) = oneshot::channel();
        let mut line = self.shared.line();
        self.admit(&line)?;
        let now = self.shared.clock.now();
        let offset = line.sequencer.append(&mut record, now, bulk, Some(waiter))?;
        self.shared.queue(&mut line, offset, record);
        Ok(durable)
    }

    /// Waits until everything appended so far is durable.
    pub async fn durable(&self) -> Result<(), NotTaken> {
        let (waiter, durable) = oneshot::channel();
        {
            let mut line = self.shared.line();
            self.admit(&line)?;
            match line.sequencer.wait(waiter) {
                // Nothing is on its way.
                Some(_) => return Ok(()),
                None => self.shared.work.notify_one(),
            }
        }
        durable.await.map_err(|_| NotTaken::Stopping)?.map_err(NotTaken::Stalled)
    }

    /// Changes the catalogue; answers when the change is durable and can be read.
    pub async fn change(&self, changes: &[Change]) -> Result<(), NotTaken> {
        self.append(record::changes(changes), None).await?;
        self.director_folded().await
    }

    async fn director_folded(&self) -> Result<(), NotTaken> {
        let (done, folded) = oneshot::channel();
        let job = DirectorJob::Run(Box::new(move |_, _| {
            let _ = done.send(());
        }));
        self.shared.line().director.send(job).map_err(|_| NotTaken::Stopping)?;
        folded.await.map_err(|_| NotTaken::Stopping)
    }

    /// Forgets a shopper; answers when that is durable and done, wherever his ids live.
    pub async fn erase(&self, id: &str) -> Result<(), NotTaken> {
        self.append(record::erase(id), None).await?;
        self.settled().await
    }

    /// Waits until everything appended so far is folded, with what it made the machines tell each other.
    pub async fn settled(&self) -> Result<(), NotTaken> {
        // A message can cause another at most HOPS_MAX times.
        for _ in 0..=u32::from(HOPS_MAX) + 1 {
            for folder in 0..self.shared.folded.len() {
                self.on_folder(folder, |_, _| ()).await?;
            }
        }
        self.director_folded().await
    }

    /// Begins to carry pushes out: gives the receiver of all that leaves, what waits already, and the pushes
    /// whose attempt has no answer. `None` when somebody does already.
    pub async fn carry_out(&self) -> Option<Carrying> {
        let (outward, leaving) = tokio::sync::mpsc::unbounded_channel();
        self.shared.outward.set(outward).ok()?;
        let now = self.shared.clock.now();
        let found = self.on_all(move |worker| worker.shards().map(|it| it.unfinished(now)).collect()).await;
        let (mut waiting, mut unanswered) = (Vec::new(), Vec::new());
        for (tickets, pushes) in found.unwrap_or_default() {
            waiting.extend(tickets);
            unanswered.extend(pushes);
        }
        Some(Carrying { leaving, waiting, unanswered })
    }

    /// Says when what the customer entered, or a show, has changed; perhaps before that is durable.
    pub fn staged(&self) -> tokio::sync::watch::Receiver<()> {
        self.shared.staged.subscribe()
    }

    /// Journals a record of the program's own: it is never refused. Gives its offset.
    pub fn journal(&self, record: Vec<u8>) -> Offset {
        self.shared.own(record)
    }

    /// Waits until everything up to now is durable, however long the disk takes; `false` when the node stops.
    pub async fn until_durable(&self) -> bool {
        loop {
            let (waiter, durable) = oneshot::channel();
            {
                let mut line = self.shared.line();
                if line.stopping && line.folders.is_empty() {
                    return false;
                }
                if line.sequencer.wait(waiter).is_some() {
                    return true;
                }
                self.shared.work.notify_one();
            }
            match durable.await {
                Ok(Ok(())) => return true,
                Ok(Err(_)) => tokio::time::sleep(RETRY_DURABLE).await,
                Err(_) => return false,
            }
        }
    }

    /// Bytes that wait for the disk, records that wait to be folded (bytes), and why the disk stalls.
    pub fn pressure(&self) -> (usize, u64, Option<String>) {
        let line = self.shared.line();
        let folded = self.shared.folded.iter().map(|it| it.load(Ordering::Relaxed)).min().unwrap_or(0);
        let backlog = line.appended.saturating_sub(folded);
        (line.sequencer.pending_bytes(), backlog, line.sequencer.stalled().map(str::to_owned))
    }

    /// Offsets: durable, next.
    pub fn offsets(&self) -> (Offset, Offset) {
        let line = self.shared.line();
        (line.sequencer.durable(), line.sequencer.next_offset())
    }

    /// The dedup window of one shard.
    pub fn dedup_window(&self) -> Window {
        self.shared.window
    }

    /// Counts of the journal.
    pub fn committed(&self) -> &Committed {
        &self.shared.committed
    }

    /// How long folders and committer were held up by one thing.
    pub fn turns(&self) -> &Turns {
        &self.shared.turns
    }

    /// Takes snapshots of everything, then ends the threads. Nothing is taken from now on.
    pub fn stop(&self) -> StopReport {
        self.shared.line().stopping = true;
        let (done, finished) = std::sync::mpsc::channel();
        let ordered = self.snapshots.send(super::snapshotter::Order::Last(done)).is_ok();
        let snapshots = ordered && finished.recv().unwrap_or(false);
        let end = {
            let mut line = self.shared.line();
            line.folders.iter().for_each(|it| drop(it.send(Job::Stop)));
            let _ = line.director.send(DirectorJob::Stop);
            line.folders.clear();
            line.sequencer.next_offset()
        };
        self.shared.work.notify_all();
        self.shared.durable.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
        StopReport { snapshots, end }
    }
}
