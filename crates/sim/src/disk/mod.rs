//! A disk that does to the journal whatever the `Disk` trait allows it to, and no more.
//!
//! All clones are the same disk: the log and the snapshots hold one each, and the world keeps one to pull
//! the plug. What was written and not synced is lost at a power failure sector by sector; names come and
//! go until the directory is synced; any change may fail, done, half done or not done.

mod file;
mod rot;
mod state;

pub use rot::Flip;

use beckon_journal::Disk;
use state::State;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How likely it is that something goes wrong: once in so many changes, 0 for never.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// A write, a creation, a rename or a removal fails.
    pub change: u64,
    /// A sync fails.
    pub sync: u64,
    /// A sync of a file says that it worked and did nothing: only for planting a bug.
    pub lying_sync: u64,
}

/// The disk.
#[derive(Debug, Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

impl SimDisk {
    /// An empty disk whose failures follow from `seed`.
    pub fn new(seed: u64) -> Self {
        SimDisk(Arc::new(Mutex::new(State::new(seed))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how likely failures are from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Takes away, or gives back, all free space.
    pub fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    /// Stops the process in the midst of the change that comes after `changes` more.
    pub fn stop_after(&self, changes: u64) {
        let mut state = self.state();
        state.stop_at = Some(state.changes + changes);
    }

    /// Whether the process was stopped: nothing it does reaches the disk any more.
    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// The process is gone, the system goes on: what it wrote is there.
    pub fn kill(&self) {
        self.state().revive();
    }

    /// The power goes: of what was not synced, anything may be there or not.
    pub fn lose_power(&self) {
        self.state().lose_power();
    }

    /// Changes made so far, and a hash of what they were.
    pub fn changes(&self) -> (u64, u64) {
        let state = self.state();
        (state.changes, state.hash)
    }

    /// Flips a bit of something durable: in a segment, or in a finished snapshot.
    pub fn flip(&self, snapshot: bool) -> Option<Flip> {
        self.state().flip(snapshot)
    }

    /// Takes a flip back, if the file is still there.
    pub fn unflip(&self, flip: &Flip) {
        self.state().unflip(flip);
    }

    /// Whether the file that a flip hit still has its name.
    pub fn has(&self, flip: &Flip) -> bool {
        self.state().has(flip)
    }
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        state.alive()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn create(&mut self, file: &str) -> io::Result<()> {
        self.state().create(file)
    }

    fn len(&self, file: &str) -> io::Result<u64> {
        let state = self.state();
        state.alive()?;
        Ok(state.file(file)?.now.len() as u64)
    }

    fn read_at(&self, file: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        state.alive()?;
        let contents = &state.file(file)?.now;
        let rest = usize::try_from(at).ok().and_then(|at| contents.get(at..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_at(&mut self, file: &str, at: u64, data: &[u8]) -> io::Result<()> {
        self.state().write(file, at as usize, data)
    }

    fn sync_data(&mut self, file: &str) -> io::Result<()> {
        self.state().sync(file)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.state().rename(from, to)
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.state().remove(file)
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        self.state().sync_dir()
    }
}
