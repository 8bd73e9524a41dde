//! What the disk holds, and each change to it with its ways of failing.

use super::Faults;
use super::file::File;
use crate::random::{Random, splitmix};
use std::collections::BTreeMap;
use std::io;

/// What all handles share.
#[derive(Debug)]
pub struct State {
    /// Every file there ever was; those without a name are emptied now and then.
    pub files: Vec<File>,
    /// The names that programs see.
    pub names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    /// How likely failures are.
    pub faults: Faults,
    /// So many syncs more fail: a failure is seldom alone.
    bad_syncs: u64,
    /// No space is left.
    pub full: bool,
    /// The change at which the process stops.
    pub stop_at: Option<u64>,
    /// The process was stopped.
    pub stopped: bool,
    /// Changes so far.
    pub changes: u64,
    /// A hash of the changes.
    pub hash: u64,
    /// Where failures come from.
    pub random: Random,
}

#[derive(Debug)]
enum NameChange {
    Set(String, usize),
    Rename(String, String, usize),
    Remove(String),
}

/// What happens to a change.
enum Fate {
    Done,
    /// It fails, and may be done, half done or not done.
    Fails(io::ErrorKind),
}

impl State {
    /// An empty disk.
    pub fn new(seed: u64) -> Self {
        State {
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            faults: Faults::default(),
            bad_syncs: 0,
            full: false,
            stop_at: None,
            stopped: false,
            changes: 0,
            hash: seed,
            random: Random::new(seed),
        }
    }

    /// An error once the process was stopped.
    pub fn alive(&self) -> io::Result<()> {
        if self.stopped { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }

    /// The file of a name.
    pub fn file(&self, name: &str) -> io::Result<&File> {
        self.names.get(name).map(|it| &self.files[*it]).ok_or_else(|| missing(name))
    }

    /// The process may run again.
    pub fn revive(&mut self) {
        self.stopped = false;
        self.stop_at = None;
    }

    /// What was not synced is there or not.
    pub fn lose_power(&mut self) {
        self.revive();
        for file in &mut self.files {
            file.lose_power(&mut self.random);
        }
        for change in std::mem::take(&mut self.unsynced_names) {
            if self.random.one_in(2) {
                change.apply(&mut self.durable_names);
            }
        }
        self.names = self.durable_names.clone();
    }

    pub fn create(&mut self, name: &str) -> io::Result<()> {
        let fate = self.change(1, 0, 0)?;
        let fate = if self.full { Fate::Fails(io::ErrorKind::StorageFull) } else { fate };
        self.carry_out(fate, |it| {
            it.files.push(File::default());
            let file = it.files.len() - 1;
            it.names.insert(name.to_owned(), file);
            it.unsynced_names.push(NameChange::Set(name.to_owned(), file));
        })
    }

    pub fn write(&mut self, name: &str, at: usize, data: &[u8]) -> io::Result<()> {
        let fate = self.change(2, at, data.len())?;
        let file = *self.names.get(name).ok_or_else(|| missing(name))?;
        let grows = at + data.len() > self.files[file].now.len();
        let fate = if self.full && grows { Fate::Fails(io::ErrorKind::StorageFull) } else { fate };
        match fate {
            Fate::Done => {
                self.files[file].write(at, data);
                Ok(())
            }
            Fate::Fails(kind) => {
                self.files[file].write_torn(at, data, &mut self.random);
                Err(kind.into())
            }
        }
    }

    pub fn sync(&mut self, name: &str) -> io::Result<()> {
        let fate = self.change(3, 0, 0)?;
        let file = *self.names.get(name).ok_or_else(|| missing(name))?;
        if self.random.one_in(self.faults.lying_sync) {
            return Ok(());
        }
        match fate {
            Fate::Done => {
                self.files[file].sync();
                Ok(())
            }
            // Stopped before it was done: what was not synced stays so.
            Fate::Fails(kind) if self.stopped => Err(kind.into()),
            Fate::Fails(kind) => {
                self.files[file].sync_badly(&mut self.random);
                Err(kind.into())
            }
        }
    }

    pub fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let fate = self.change(4, 0, 0)?;
        let file = *self.names.get(from).ok_or_else(|| missing(from))?;
        self.carry_out(fate, |it| {
            it.names.remove(from);
            it.names.insert(to.to_owned(), file);
            it.unsynced_names.push(NameChange::Rename(from.to_owned(), to.to_owned(), file));
        })
    }

    pub fn remove(&mut self, name: &str) -> io::Result<()> {
        let fate = self.change(5, 0, 0)?;
        if !self.names.contains_key(name) {
            return Err(missing(name));
        }
        self.carry_out(fate, |it| {
            it.names.remove(name);
            it.unsynced_names.push(NameChange::Remove(name.to_owned()));
        })
    }

    pub fn sync_dir(&mut self) -> io::Result<()> {
        match self.change(6, 0, 0)? {
            Fate::Done if self.unsynced_names.is_empty() => Ok(()),
            Fate::Done => {
                self.unsynced_names.clear();
                self.durable_names = self.names.clone();
                self.forget_nameless();
                Ok(())
            }
            Fate::Fails(kind) => Err(kind.into()),
        }
    }

    /// Counts a change and decides its fate.
    fn change(&mut self, kind: u64, at: usize, len: usize) -> io::Result<Fate> {
        self.alive()?;
        let number = self.changes;
        self.changes += 1;
        self.hash ^= kind << 56 | (at as u64) << 24 | len as u64;
        self.hash = splitmix(&mut self.hash);
        if self.stop_at.is_some_and(|stop| number >= stop) {
            self.stopped = true;
            return Ok(Fate::Fails(io::ErrorKind::BrokenPipe));
        }
        let syncs = matches!(kind, 3 | 6);
        let odds = if syncs { self.faults.sync } else { self.faults.change };
        let goes_on = syncs && odds != 0 && self.bad_syncs > 0;
        if goes_on {
            self.bad_syncs -= 1;
        } else if syncs && self.random.one_in(odds) {
            self.bad_syncs = self.random.below(5);
            return Ok(Fate::Fails(io::ErrorKind::Other));
        }
        if goes_on || (!syncs && self.random.one_in(odds)) {
            return Ok(Fate::Fails(io::ErrorKind::Other));
        }
        Ok(Fate::Done)
    }

    fn carry_out(&mut self, fate: Fate, change: impl FnOnce(&mut Self)) -> io::Result<()> {
        match fate {
            Fate::Done => {
                change(self);
                Ok(())
            }
            Fate::Fails(kind) => {
                if kind != io::ErrorKind::StorageFull && self.random.one_in(2) {
                    change(self);
                }
                Err(kind.into())
            }
        }
    }

    /// Frees the memory of files that no name can bring back.
    fn forget_nameless(&mut self) {
        let mut named = vec![false; self.files.len()];
        self.names.values().for_each(|it| named[*it] = true);
        for (file, named) in self.files.iter_mut().zip(named) {
            if !named && !file.now.is_empty() {
                *file = File::default();
            }
        }
    }
}

impl NameChange {
    fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            NameChange::Set(name, file) => {
                names.insert(name, file);
            }
            NameChange::Rename(from, to, file) => {
                if names.get(&from) == Some(&file) {
                    names.remove(&from);
                }
                names.insert(to, file);
            }
            NameChange::Remove(name) => {
                names.remove(&name);
            }
        }
    }
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no file {name}"))
}
