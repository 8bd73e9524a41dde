//! The committer's thread: what has gathered becomes durable in one write and one fdatasync.
//!
//! What else the journal asks of the disk is done by other threads: the next segment by the preparer, letting go of old
//! ones by the snapshotter. A failure is told to all who wait, and the same records are tried again until the disk takes them;
//! meanwhile nothing new is taken. What was folded ahead stays true, because it is never dropped.

use super::line::{Shared, Waiter};
use super::preparer::Wake;
use super::turns::Work;
use crate::clock::Stopwatch;
use beckon_journal::{Batch, Begun, CommitError, FileLog, Log, RealDisk};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts of the journal since the start.
#[derive(Debug, Default)]
pub struct Committed {
    /// Commits, each one fdatasync.
    pub commits: AtomicU64,
    /// Records made durable.
    pub records: AtomicU64,
    /// Bytes made durable.
    pub bytes: AtomicU64,
    /// Attempts that failed.
    pub failures: AtomicU64,
    /// Segments begun.
    pub segments: AtomicU64,
    /// Of these, the ones that a commit had to write first, because none was ready.
    pub hurried: AtomicU64,
}

/// How long to wait before the same records are tried again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// How long nothing must have come before the last frame is sealed.
const IDLE: Duration = Duration::from_millis(500);

pub(super) fn run(shared: &Shared, log: &Mutex<FileLog<RealDisk>>, preparer: &Wake) {
    let (mut sealed, mut begun) = (true, lock(log).begun());
    loop {
        let mut line = shared.line();
        if line.sequencer.is_idle() {
            if line.stopping && line.folders.is_empty() {
                drop(line);
                let _ = lock(log).seal();
                return;
            }
            let (woken, timeout) =
                shared.work.wait_timeout(line, IDLE).unwrap_or_else(PoisonError::into_inner);
            line = woken;
            if line.sequencer.is_idle() {
                drop(line);
                if timeout.timed_out() {
                    idle(log, &mut sealed);
                    tell_begun(shared, log, preparer, &mut begun);
                }
                continue;
            }
        }
        let Some(batch) = line.sequencer.take() else { continue };
        drop(line);
        let watch = Stopwatch::start();
        commit(shared, log, batch);
        sealed = false;
        let took = watch.elapsed();
        let work = if tell_begun(shared, log, preparer, &mut begun) { Work::Segment } else { Work::Commit };
        shared.turns.took(work, took);
    }
}

/// Whether a segment was begun since the last look; who works ahead is told.
fn tell_begun(shared: &Shared, log: &Mutex<FileLog<RealDisk>>, preparer: &Wake, last: &mut Begun) -> bool {
    let begun = lock(log).begun();
    if begun == *last {
        return false;
    }
    shared.committed.segments.store(begun.segments, Ordering::Relaxed);
    shared.committed.hurried.store(begun.hurried, Ordering::Relaxed);
    *last = begun;
    preparer.wake();
    true
}

fn idle(log: &Mutex<FileLog<RealDisk>>, sealed: &mut bool) {
    if !*sealed {
        *sealed = lock(log).seal().is_ok();
    }
}

fn commit(shared: &Shared, log: &Mutex<FileLog<RealDisk>>, mut batch: Batch) {
    loop {
        let outcome = lock(log).commit(&mut batch);
        match outcome {
            Ok(_) => {
                let counts = &shared.committed;
                counts.commits.fetch_add(1, Ordering::Relaxed);
                counts.records.fetch_add(batch.len() as u64, Ordering::Relaxed);
                counts.bytes.fetch_add(batch.bytes() as u64, Ordering::Relaxed);
                let mut line = shared.line();
                let was_stalled = line.sequencer.stalled().is_some();
                let ready: Vec<Waiter> = line.sequencer.committed(batch).collect();
                drop(line);
                shared.durable.notify_all();
                if was_stalled {
                    tracing::info!("the journal can be written again");
                }
                ready.into_iter().for_each(|it| drop(it.send(Ok(()))));
                return;
            }
            Err(error) => failed(shared, &error),
        }
        std::thread::sleep(RETRY_AFTER);
        let line = shared.line();
        if line.stopping && line.folders.is_empty() {
            tracing::error!(
                "stopped with {} records that could not be made durable; none was acknowledged",
                batch.len()
            );
            return;
        }
    }
}

fn failed(shared: &Shared, error: &CommitError) {
    shared.committed.failures.fetch_add(1, Ordering::Relaxed);
    let mut line = shared.line();
    if line.sequencer.stalled().is_none() {
        tracing::error!(%error, "the journal cannot be written: requests are answered 503 until it can");
    }
    let reason = error.to_string();
    let waiters: Vec<Waiter> = line.sequencer.failed(&reason).collect();
    drop(line);
    shared.durable.notify_all();
    waiters.into_iter().for_each(|it| drop(it.send(Err(reason.clone()))));
}

fn lock(log: &Mutex<FileLog<RealDisk>>) -> std::sync::MutexGuard<'_, FileLog<RealDisk>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}
