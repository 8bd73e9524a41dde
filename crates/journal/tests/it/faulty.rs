//! A disk that fails at a chosen step and, at a crash, loses what was not synced: any mixture of
//! 512-byte sectors, and any of the names.

use crate::workload::Prng;
use beckon_journal::Disk;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

const SECTOR: usize = 512;

/// A handle to the disk; all clones are the same disk.
#[derive(Clone)]
pub struct FaultyDisk(Arc<Mutex<State>>);

struct State {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    prng: Prng,
    steps: u64,
    faults: Vec<(u64, io::ErrorKind)>,
    stop_at: Option<u64>,
    /// Fails all that needs space while set.
    full: bool,
}

#[derive(Default)]
struct File {
    now: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
}

enum NameChange {
    Set(String, usize),
    Rename(String, String, usize),
    Remove(String),
}

impl FaultyDisk {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            prng: Prng(seed),
            steps: 0,
            faults: Vec::new(),
            stop_at: None,
            full: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the disk")
    }

    /// Changes made so far: writes, syncs and names.
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Lets the change with this number fail, done or half done or not done.
    pub fn fail_at(&self, step: u64, kind: io::ErrorKind) {
        self.state().faults.push((step, kind));
    }

    /// Lets all changes from this number on fail: the process is gone.
    pub fn stop_at(&self, step: u64) {
        self.state().stop_at = Some(step);
    }

    pub fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    /// The process ends and another may begin; the system goes on.
    pub fn kill(&self) {
        let mut state = self.state();
        state.stop_at = None;
        state.faults.clear();
    }

    /// The power goes: what was not synced is there or not.
    pub fn lose_power(&self) {
        self.kill();
        let mut state = self.state();
        let state = &mut *state;
        for file in &mut state.files {
            let odds = [1, 2, 4, 1 << 60][state.prng.below(4) as usize];
            file.lose(&mut state.prng, odds);
        }
        for change in std::mem::take(&mut state.unsynced_names) {
            if state.prng.one_in(2) {
                change.apply(&mut state.durable_names);
            }
        }
        state.names = state.durable_names.clone();
    }
}

impl File {
    /// Each unsynced sector is kept with one in `odds`.
    fn lose(&mut self, prng: &mut Prng, odds: u64) {
        for (at, data) in std::mem::take(&mut self.unsynced) {
            for (index, sector) in data.chunks(SECTOR).enumerate() {
                if prng.one_in(odds) {
                    put(&mut self.synced, at + index * SECTOR, sector);
                }
            }
        }
        self.now = self.synced.clone();
    }
}

impl NameChange {
    fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Set(name, file) => {
                names.insert(name, file);
            }
            Self::Rename(from, to, file) => {
                if names.get(&from) == Some(&file) {
                    names.remove(&from);
                }
                names.insert(to, file);
            }
            Self::Remove(name) => {
                names.remove(&name);
            }
        }
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    if bytes.len() < at + data.len() {
        bytes.resize(at + data.len(), 0);
    }
    bytes[at..at + data.len()].copy_from_slice(data);
}

impl State {
    fn step(&mut self, needs_space: bool) -> io::Result<()> {
        let step = self.steps;
        self.steps += 1;
        if self.stop_at.is_some_and(|stop| step >= stop) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if self.full && needs_space {
            return Err(io::ErrorKind::StorageFull.into());
        }
        match self.faults.iter().find(|(at, _)| *at == step) {
            Some((_, kind)) => Err((*kind).into()),
            None => Ok(()),
        }
    }

    fn find(&self, file: &str) -> io::Result<usize> {
        let found = self.names.get(file).copied();
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change_name(&mut self, change: NameChange, outcome: &io::Result<()>) {
        let done = outcome.is_ok() || self.prng.one_in(2);
        if done {
            let again = match &change {
                NameChange::Set(name, file) => NameChange::Set(name.clone(), *file),
                NameChange::Rename(from, to, file) => NameChange::Rename(from.clone(), to.clone(), *file),
                NameChange::Remove(name) => NameChange::Remove(name.clone()),
            };
            again.apply(&mut self.names);
            self.unsynced_names.push(change);
        }
    }

    fn write(&mut self, index: usize, at: u64, data: &[u8]) {
        put(&mut self.files[index].now, at as usize, data);
        self.files[index].unsynced.push((at as usize, data.to_vec()));
    }
}

impl Disk for FaultyDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn create(&mut self, file: &str) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.step(true);
        let index = state.files.len();
        state.files.push(File::default());
        state.change_name(NameChange::Set(file.to_owned(), index), &outcome);
        outcome
    }

    fn len(&self, file: &str) -> io::Result<u64> {
        let state = self.state();
        Ok(state.files[state.find(file)?].now.len() as u64)
    }

    fn read_at(&self, file: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        let now = &state.files[state.find(file)?].now;
        let rest = now.get(at as usize..).unwrap_or_default();
        // Short reads are allowed, so they happen.
        let count = rest.len().min(into.len()).min(40_000);
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_at(&mut self, file: &str, at: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let index = state.find(file)?;
        let grows = at as usize + data.len() > state.files[index].now.len();
        let outcome = state.step(grows);
        let count = match outcome {
            Ok(()) => data.len(),
            Err(_) if state.stop_at.is_some_and(|stop| state.steps > stop + 1) => 0,
            Err(_) => state.prng.below(data.len() as u64 + 1) as usize,
        };
        state.write(index, at, &data[..count]);
        outcome
    }

    fn sync_data(&mut self, file: &str) -> io::Result<()> {
        let mut state = self.state();
        let state = &mut *state;
        let index = state.find(file)?;
        let stopped = state.stop_at.is_some_and(|stop| state.steps >= stop);
        state.step(false).inspect_err(|_| {
            if !stopped {
                // The system forgets the pages it could not write, but goes on showing them.
                let file = &mut state.files[index];
                let now = file.now.clone();
                file.lose(&mut state.prng, 2);
                file.now = now;
            }
        })?;
        let file = &mut state.files[index];
        for (at, data) in std::mem::take(&mut file.unsynced) {
            put(&mut file.synced, at, &data);
        }
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let index = state.find(from)?;
        let outcome = state.step(false);
        let change = NameChange::Rename(from.to_owned(), to.to_owned(), index);
        state.change_name(change, &outcome);
        outcome
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        let mut state = self.state();
        state.find(file)?;
        let outcome = state.step(false);
        state.change_name(NameChange::Remove(file.to_owned()), &outcome);
        outcome
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        let mut state = self.state();
        state.step(false)?;
        let state = &mut *state;
        for change in std::mem::take(&mut state.unsynced_names) {
            change.apply(&mut state.durable_names);
        }
        Ok(())
    }
}
