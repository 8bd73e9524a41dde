//! The snapshotter's thread: one machine at a time, while all go on folding.
//!
//! A round freezes each shard for an instant, writes it out, and lets the journal go up to where the
//! older of the two snapshots kept of every machine needs it.

use super::director::DirectorJob;
use super::folder::Job;
use super::folder::folder_of;
use super::line::Shared;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::time::Timestamp;
use beckon_engine::limits::SNAPSHOTS_KEPT;
use beckon_engine::snapshot;
use beckon_journal::{CommitError, FileLog, Offset, RealDisk, Released, SnapshotStore};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the snapshotter is told.
pub(super) enum Order {
    /// Take a last round, say whether it is whole, and end.
    Last(Sender<bool>),
}

/// When to take a round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// After so many bytes of journal.
    pub bytes: u64,
    /// After so long, if anything was journalled.
    pub every: Duration,
    /// How long journal is kept that no start needs.
    pub keep_for: Duration,
    /// How much journal is kept, in bytes, whatever its age; starts may need more.
    pub keep_bytes: u64,
}

/// How often to look whether a round is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) fn run(
    shared: &Shared,
    mut journal: Journal,
    mut store: SnapshotStore<RealDisk>,
    pace: Pace,
    orders: &Receiver<Order>,
) {
    let (mut last_bytes, mut waited, mut last_end) = (0, Duration::ZERO, Offset(u64::MAX));
    let mut ages = VecDeque::new();
    loop {
        match orders.recv_timeout(LOOK_EVERY) {
            Ok(Order::Last(done)) => {
                let whole = shared.line().sequencer.next_offset() == last_end || round(shared, &mut store);
                let _ = done.send(whole);
                return;
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                waited += LOOK_EVERY;
                let bytes = shared.committed.bytes.load(Ordering::Relaxed);
                let due = bytes - last_bytes >= pace.bytes || waited >= pace.every;
                let end = shared.line().sequencer.next_offset();
                if due && bytes != last_bytes {
                    if round(shared, &mut store) {
                        last_end = end;
                    }
                    ages.push_back((shared.clock.now(), end));
                    let old_enough = aged(&mut ages, shared.clock.now(), pace.keep_for);
                    journal.let_go(&store, old_enough, pace.keep_bytes);
                    (last_bytes, waited) = (bytes, Duration::ZERO);
                }
            }
        }
    }
}

/// Takes a snapshot of every machine. `false` when one of them could not be taken.
fn round(shared: &Shared, store: &mut SnapshotStore<RealDisk>) -> bool {
    let mut whole = true;
    for id in ShardId::all() {
        whole &= shard(shared, store, id);
    }
    whole &= director(shared, store);
    whole
}

/// Rounds remembered for the age of journal; with more, the oldest are taken for older than they are.
const AGES_MAX: usize = 4096;

/// The offset from which on journal is younger than `keep_for`.
fn aged(ages: &mut VecDeque<(Timestamp, Offset)>, now: Timestamp, keep_for: Duration) -> Offset {
    let oldest = now.0.saturating_sub(i64::try_from(keep_for.as_millis()).unwrap_or(i64::MAX));
    while ages.len() > AGES_MAX || ages.get(1).is_some_and(|it| it.0.0 <= oldest) {
        ages.pop_front();
    }
    ages.front().filter(|it| it.0.0 <= oldest).map_or(Offset(0), |it| it.1)
}

/// The journal, as far as old parts of it are let go of.
pub(super) struct Journal {
    pub log: Arc<Mutex<FileLog<RealDisk>>>,
    /// The log's own disk, for what goes on beside the log.
    pub disk: RealDisk,
}

impl Journal {
    /// Lets journal go that no start from any snapshot kept would need, once it is old enough or too much.
    fn let_go(&mut self, store: &SnapshotStore<RealDisk>, old_enough: Offset, keep_bytes: u64) {
        let Some(needed) = needed_from(store) else { return };
        let too_much = self.log().offset_keeping(keep_bytes);
        match self.release(needed.min(old_enough.max(too_much))) {
            Ok(released) if released.segments > 0 => {
                tracing::debug!(segments = released.segments, "released journal that no snapshot needs");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old journal segments could not be released"),
        }
    }

    /// Releases segment by segment. The log is not held meanwhile: no commit waits for it.
    fn release(&mut self, keep_from: Offset) -> Result<Released, CommitError> {
        let mut released = Released::default();
        loop {
            let begun = self.log().begin_removal(keep_from);
            let Some(mut removal) = begun else { return Ok(released) };
            let done = removal.carry_out(&mut self.disk);
            let bytes = self.log().end_removal(removal);
            done?;
            released.segments += 1;
            released.bytes += bytes;
        }
    }

    fn log(&self) -> MutexGuard<'_, FileLog<RealDisk>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shard(shared: &Shared, store: &mut SnapshotStore<RealDisk>, id: ShardId) -> bool {
    let (answer, answered) = channel();
    let question = Job::Run(Box::new(move |worker, next| {
        if let Some(shard) = worker.shard(id) {
            let _ = answer.send((shard.freeze(worker.stage()), next));
        }
    }));
    let sent = {
        let line = shared.line();
        let folder = folder_of(id, shared.folded.len());
        line.folders.get(folder).is_some_and(|it| it.send(question).is_ok())
    };
    let Some((frozen, offset)) = sent.then(|| answered.recv().ok()).flatten() else { return false };
    if !safe_to_keep(shared) {
        return false;
    }
    let written = snapshot::write_shard(store, id, offset, &frozen);
    drop(frozen);
    kept(store, id.into(), written.map_err(|it| it.to_string()))
}

fn director(shared: &Shared, store: &mut SnapshotStore<RealDisk>) -> bool {
    let (answer, answered) = channel();
    let question =
        DirectorJob::Run(Box::new(move |director, next| drop(answer.send((director.clone(), next)))));
    // Everything sequenced before the question is folded when it is answered, also what was not for the
    // director: its snapshot reaches at least to here.
    let (sent, sequenced, now) = {
        let line = shared.line();
        let sequencer = &line.sequencer;
        (line.director.send(question).is_ok(), sequencer.next_offset(), sequencer.now())
    };
    let Some((director, next)) = sent.then(|| answered.recv().ok()).flatten() else { return false };
    if !safe_to_keep(shared) {
        return false;
    }
    let offset = next.max(sequenced);
    let written = snapshot::write_director(store, offset, &director, &shared.names, now);
    kept(store, MachineId::DIRECTOR, written.map_err(|it| it.to_string()))
}

/// A snapshot holds no messages under way: they must be durable before it may be relied on.
fn safe_to_keep(shared: &Shared) -> bool {
    let sequenced = shared.line().sequencer.next_offset();
    shared.wait_durable(sequenced)
}

fn kept(store: &mut SnapshotStore<RealDisk>, machine: MachineId, written: Result<(), String>) -> bool {
    if let Err(error) = written {
        tracing::warn!(machine = machine.0, %error, "a snapshot could not be written; the journal is kept instead");
        return false;
    }
    if let Err(error) = store.prune(machine.0.into(), SNAPSHOTS_KEPT) {
        tracing::warn!(machine = machine.0, %error, "an old snapshot could not be removed");
    }
    true
}

/// The first offset that a start from any snapshot kept would need; `None` while some machine has fewer
/// than are to be kept.
fn needed_from(store: &SnapshotStore<RealDisk>) -> Option<Offset> {
    let machines = ShardId::all().map(MachineId::from).chain([MachineId::DIRECTOR]);
    let oldest = machines.map(|it| {
        let offsets = store.offsets(it.0.into()).ok()?;
        if offsets.len() < SNAPSHOTS_KEPT { None } else { offsets.into_iter().min() }
    });
    oldest.collect::<Option<Vec<_>>>()?.into_iter().min()
}
