//! The preparer's thread: it makes the journal's next segment ready, so that no commit waits for zeros to be written
//! and synced.
//!
//! It holds the log only to begin and to end; what it asks of the disk goes beside the commits, in steps with a rest
//! between them, for both share one disk. What fails is tried again; a commit that finds none ready makes a short
//! segment by itself, and what it then meets it tells those who wait.

use super::node::Shared;
use super::turns::Work;
use crate::clock::Stopwatch;
use beckon_journal::{CommitError, Disk, FileLog, Preparation, RealDisk};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that are written and synced at once.
const STEP: u64 = 1 << 20;

/// The longest rest after a step. It rests as long as the step took, so that commits have the disk half of the time.
const REST_MAX: Duration = Duration::from_millis(5);

/// How long to wait before a disk that refused is asked again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Who tells the preparer that a segment was begun. When it is dropped, the preparer ends.
pub(super) struct Wake(SyncSender<()>);

impl Wake {
    /// Something may be to do.
    pub fn wake(&self) {
        // Full means that it has been told and has not looked yet.
        let _ = self.0.try_send(());
    }
}

/// The two ends.
pub(super) fn wake() -> (Wake, Receiver<()>) {
    let (sender, receiver) = sync_channel(1);
    (Wake(sender), receiver)
}

pub(super) fn run(shared: &Shared, log: &Mutex<FileLog<RealDisk>>, disk: RealDisk, woken: &Receiver<()>) {
    Preparer { shared, log, disk, woken, refused: false }.work();
}

struct Preparer<'a, D: Disk> {
    shared: &'a Shared,
    log: &'a Mutex<FileLog<D>>,
    disk: D,
    woken: &'a Receiver<()>,
    /// The disk refused the last step.
    refused: bool,
}

impl<D: Disk> Preparer<'_, D> {
    fn work(&mut self) {
        loop {
            // The log is not held while it is worked on: the guard is gone at the end of this line.
            let begun = self.log().begin_preparation();
            let goes_on = match begun {
                Some(preparation) => self.make(preparation),
                None => self.woken.recv().is_ok(),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Makes a segment as far as the disk lets it. `false` when the committer has ended.
    fn make(&mut self, mut preparation: Preparation) -> bool {
        let outcome = loop {
            let watch = Stopwatch::start();
            let left = preparation.write(&mut self.disk, STEP);
            let took = watch.elapsed();
            self.shared.turns.took(Work::Prepare, took);
            match left {
                Ok(0) => break Ok(()),
                Ok(_) if self.has_ended() => break Ok(()),
                Ok(_) => std::thread::sleep(took.min(REST_MAX)),
                Err(error) => break Err(error),
            }
        };
        // Whole or not, from now on a commit may take it.
        self.log().end_preparation(preparation);
        self.tell(&outcome);
        match outcome {
            Ok(()) => !self.has_ended(),
            Err(_) => self.rest(),
        }
    }

    fn has_ended(&self) -> bool {
        self.woken.try_recv() == Err(TryRecvError::Disconnected)
    }

    fn rest(&self) -> bool {
        let told = self.woken.recv_timeout(RETRY_AFTER);
        told != Err(RecvTimeoutError::Disconnected)
    }

    fn tell(&mut self, outcome: &Result<(), CommitError>) {
        match outcome {
            Err(error) if !self.refused => tracing::warn!(
                %error,
                "the journal's next segment cannot be made ready: writing goes on while the present one has room"
            ),
            Ok(()) if self.refused => tracing::info!("the journal's next segment can be made ready again"),
            _ => {}
        }
        self.refused = outcome.is_err();
    }

    fn log(&self) -> MutexGuard<'_, FileLog<D>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
