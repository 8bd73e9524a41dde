//! The handle: what the gateway and the tools may ask of a running node.

use super::committer::Committed;
use super::director::DirectorJob;
use super::folder::Job;
use super::outward::{Carrying, Outward};
use super::turns::Turns;
use crate::clock::Clock;
use beckon_core::dedup::Window;
use beckon_core::director::catalogue::Change;
use beckon_core::director::{Admission, Director};
use beckon_core::id::{ShardId, SourceId, Term};
use beckon_core::limits::HOPS_MAX;
use beckon_core::shard::store::Profile;
use beckon_core::shard::{Counts, Digest, Look};
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record;
use beckon_engine::sequencer::{Refused, Sequencer};
use beckon_engine::worker::{Tell, Worker};
use beckon_journal::Offset;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// Who waits for a record to be durable.
pub(super) type Waiter = oneshot::Sender<Result<(), String>>;

/// Records appended and not yet folded by the slowest folder, in bytes, before requests are sent away.
const BACKLOG_BYTES_MAX: u64 = 96 << 20;

/// Stops of a virtual clock on the way to one instant; beyond it the rest of the way is one step.
const STOPS_MAX: usize = 1 << 20;

/// Rounds in which what leaves may cause something else to leave, at one instant.
const QUIESCE_ROUNDS_MAX: usize = 64;

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
    fn queue(&self, line: &mut Line, offset: Offset, record: Vec<u8>) {
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

/// A running node.
#[derive(Clone)]
pub struct Node {
    pub(super) shared: Arc<Shared>,
    pub(super) threads: Arc<Mutex<Vec<std::thread::JoinHandle<()>>>>,
    pub(super) snapshots: Sender<super::snapshotter::Order>,
}

/// What one shard reports of itself.
#[derive(Debug, Clone)]
pub struct ShardReport {
    /// Which.
    pub id: ShardId,
    /// Shoppers and visitors.
    pub shoppers: usize,
    /// Ids that are another name of a shopper.
    pub bindings: usize,
    /// Counts.
    pub counts: Counts,
    /// Ids in the dedup window.
    pub dedup: usize,
    /// Events by source and name.
    pub names: BTreeMap<(SourceId, Term), u64>,
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

    /// The profile that goes by `id`, wherever it lives, with the id it is kept under.
    pub async fn look(&self, id: &str) -> Result<Option<Profile>, NotTaken> {
        let mut id = id.to_owned();
        for _ in 0..=HOPS_MAX {
            let shard = ShardId::of(&id);
            let asked = id.clone();
            let look =
                self.on_shard(shard, move |worker| worker.shard(shard).map(|it| it.look(&asked))).await?;
            match look {
                Some(Look::Found(profile)) => return Ok(Some(*profile)),
                Some(Look::Elsewhere(user)) => id = user,
                Some(Look::Unknown) | None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Profiles of a shard, from row `first` on, each with its row; fewer than `limit` at the shard's end.
    pub async fn profiles(
        &self,
        shard: ShardId,
        first: u32,
        limit: usize,
    ) -> Result<Vec<(u32, Profile)>, NotTaken> {
        let read = move |worker: &Worker| {
            let store = worker.shard(shard)?.store();
            let slots = store.slots().filter(|it| it.number() >= first).take(limit);
            Some(slots.map(|it| (it.number(), store.profile(it))).collect())
        };
        Ok(self.on_shard(shard, read).await?.unwrap_or_default())
    }

    /// What every shard reports of itself.
    pub async fn reports(&self) -> Result<Vec<ShardReport>, NotTaken> {
        self.on_all(|worker| {
            let report = |it: &beckon_core::shard::Shard| ShardReport {
                id: it.id(),
                shoppers: it.store().len(),
                bindings: it.store().bindings(),
                counts: it.counts(),
                dedup: it.dedup_len(),
                names: it.names().clone(),
            };
            worker.shards().map(report).collect()
        })
        .await
    }

    /// Bytes of memory: hot columns, history columns, cold rows, index; over all shards.
    pub async fn memory(&self) -> Result<[usize; 4], NotTaken> {
        let all = self.on_all(|worker| worker.shards().map(|it| it.store().memory()).collect()).await?;
        Ok(all.into_iter().fold([0; 4], |sum, it| std::array::from_fn(|at| sum[at] + it[at])))
    }

    /// The fingerprint of all shards.
    pub async fn digest(&self) -> Result<Digest, NotTaken> {
        let all = self.on_all(|worker| vec![worker.digest()]).await?;
        Ok(all.into_iter().fold(Digest::default(), Digest::plus))
    }

    /// Moves a virtual clock forward; answers when everything that was due has happened, in its order: the
    /// clock stops at each deadline on the way, so that a push decided at eight is sent at eight.
    pub async fn advance(&self, to: Timestamp) -> Result<Timestamp, crate::clock::Error> {
        let clock = &self.shared.clock;
        if !clock.is_virtual() || to < clock.now() {
            return clock.set_virtual(to);
        }
        for _ in 0..STOPS_MAX {
            self.quiesce().await;
            let due = [self.next_deadline().await, self.next_send().await].into_iter().flatten().min();
            let Some(at) = due.filter(|it| *it < to) else { break };
            let at = at.max(Timestamp(clock.now().0 + 1));
            clock.set_virtual(at.min(to))?;
            if at >= to || self.append(record::tick(), None).await.is_err() {
                break;
            }
        }
        let now = clock.set_virtual(to)?;
        // A stalled journal is told to whoever appends next; time has moved all the same.
        if self.append(record::tick(), None).await.is_ok() {
            self.quiesce().await;
        }
        Ok(now)
    }

    /// Waits until everything appended is folded, and what may be sent now is sent and answered.
    pub async fn quiesce(&self) {
        for _ in 0..QUIESCE_ROUNDS_MAX {
            let before = self.offsets().1;
            if self.settled().await.is_err() {
                return;
            }
            if let Some(outward) = self.shared.outward.get() {
                let (done, idle) = oneshot::channel();
                if outward.send(Outward::WhenIdle(done)).is_ok() {
                    let _ = idle.await;
                }
            }
            if self.settled().await.is_err() || self.offsets().1 == before {
                return;
            }
        }
    }

    /// When a machine next has something to do.
    async fn next_deadline(&self) -> Option<Timestamp> {
        let folders = self.on_all(|worker| worker.next_deadline().into_iter().collect()).await.ok()?;
        let director = self.director(Director::next_deadline);
        folders.into_iter().chain(director).min()
    }

    /// When whoever carries pushes out next has something to do.
    async fn next_send(&self) -> Option<Timestamp> {
        let (answer, next) = oneshot::channel();
        self.shared.outward.get()?.send(Outward::NextDeadline(answer)).ok()?;
        next.await.ok()?
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

    /// Journals that time passed, if a machine waits for it.
    pub async fn tick_if_due(&self) {
        let due = self.shared.deadlines.iter().map(|it| it.load(Ordering::Relaxed) as i64).min();
        if due.is_some_and(|at| at <= self.shared.clock.now().0) {
            let _ = self.append(record::tick(), None).await;
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

    async fn on_folder<T: Send + 'static>(
        &self,
        folder: usize,
        read: impl FnOnce(&Worker, Offset) -> T + Send + 'static,
    ) -> Result<T, NotTaken> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Run(Box::new(move |worker, next| drop(answer.send(read(worker, next)))));
        self.shared.line().folders[folder].send(job).map_err(|_| NotTaken::Stopping)?;
        answered.await.map_err(|_| NotTaken::Stopping)
    }

    pub(super) async fn on_shard<T: Send + 'static>(
        &self,
        shard: ShardId,
        read: impl FnOnce(&Worker) -> T + Send + 'static,
    ) -> Result<T, NotTaken> {
        let folder = folder_of(shard, self.shared.folded.len());
        self.on_folder(folder, move |worker, _| read(worker)).await
    }

    pub(super) async fn on_all<T: Send + 'static>(
        &self,
        read: impl Fn(&Worker) -> Vec<T> + Clone + Send + 'static,
    ) -> Result<Vec<T>, NotTaken> {
        let mut all = Vec::new();
        for folder in 0..self.shared.folded.len() {
            let read = read.clone();
            all.extend(self.on_folder(folder, move |worker, _| read(worker)).await?);
        }
        Ok(all)
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

/// The folder that holds a machine's shard.
pub(super) fn folder_of(shard: ShardId, folders: usize) -> usize {
    usize::from(shard.0) % folders
}
