//! The preparer's thread: it makes the journal's next segment ready, so that no commit waits for zeros to be written
//! and synced.
//!
//! It holds the log only to begin and to end; what it asks of the disk goes beside the commits, in steps with a rest
//! between them, for both share one disk. What fails is tried again; a commit that finds none ready makes a short
//! segment by itself, and what it then meets it tells those who wait.

use super::line::Shared;
use super::turns::{Turns, Work};
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
    Preparer { turns: &shared.turns, log, disk, woken, refused: false }.work();
}

struct Preparer<'a, D: Disk> {
    turns: &'a Turns,
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
            self.turns.took(Work::Prepare, took);
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

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_journal::{Log as _, MemDisk, Options, no_monitor};
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A disk in memory that several hold, and that may have no space left.
    #[derive(Clone, Default)]
    struct SharedDisk {
        files: Arc<Mutex<MemDisk>>,
        full: Arc<AtomicBool>,
        refused: Arc<AtomicBool>,
    }

    impl SharedDisk {
        fn files(&self) -> MutexGuard<'_, MemDisk> {
            self.files.lock().unwrap()
        }

        fn check_space(&self) -> io::Result<()> {
            if self.full.load(Ordering::Relaxed) {
                self.refused.store(true, Ordering::Relaxed);
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        }
    }

    impl Disk for SharedDisk {
        fn list(&self) -> io::Result<Vec<String>> {
            self.files().list()
        }

        fn create(&mut self, file: &str) -> io::Result<()> {
            self.check_space()?;
            self.files().create(file)
        }

        fn len(&self, file: &str) -> io::Result<u64> {
            self.files().len(file)
        }

        fn read_at(&self, file: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
            self.files().read_at(file, at, into)
        }

        fn write_at(&mut self, file: &str, at: u64, data: &[u8]) -> io::Result<()> {
            self.check_space()?;
            self.files().write_at(file, at, data)
        }

        fn sync_data(&mut self, file: &str) -> io::Result<()> {
            self.files().sync_data(file)
        }

        fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
            self.files().rename(from, to)
        }

        fn remove(&mut self, file: &str) -> io::Result<()> {
            self.files().remove(file)
        }

        fn sync_dir(&mut self) -> io::Result<()> {
            self.files().sync_dir()
        }
    }

    fn until(mut is_so: impl FnMut() -> bool) {
        while !is_so() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_segment_is_made_once_there_is_space_and_again_when_one_was_begun() {
        let disk = SharedDisk::default();
        let options = Options { segment_bytes: 3 * STEP, ..Options::default() };
        let log = Mutex::new(FileLog::open(disk.clone(), options, no_monitor()).unwrap());
        let spares = || disk.files().list().unwrap().into_iter().filter(|it| it.starts_with("spare-"));
        let is_ready = || spares().any(|it| disk.len(&it).unwrap() == 3 * STEP);
        disk.full.store(true, Ordering::Relaxed);
        let ((wake, woken), turns) = (wake(), Turns::default());
        std::thread::scope(|scope| {
            let (turns, log, its) = (&turns, &log, disk.clone());
            scope.spawn(move || Preparer { turns, log, disk: its, woken: &woken, refused: false }.work());
            until(|| disk.refused.load(Ordering::Relaxed));
            assert_eq!(spares().count(), 0);
            disk.full.store(false, Ordering::Relaxed);
            until(is_ready);
            // A commit begins another segment; there is one ready again soon.
            let mut batch = beckon_journal::Batch::new(log.lock().unwrap().next_offset());
            while log.lock().unwrap().begun().segments < 2 {
                batch.push(&vec![7; STEP as usize]);
                let end = log.lock().unwrap().commit(&mut batch).unwrap();
                batch.restart(end);
            }
            wake.wake();
            until(is_ready);
            drop(wake);
        });
    }
}
