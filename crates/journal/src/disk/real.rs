//! A directory of the operating system. Handles stay open between calls, so that a commit costs one
//! write and one fdatasync, and never a look-up of a path.

use super::Disk;
use crate::limits::HANDLES_MAX;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A [`Disk`] that is a directory of the operating system.
///
/// It takes no lock: that one process alone writes to a directory is for the caller to see to. A clone is
/// the same disk with the same open files, for another thread; only they must not change the same file.
#[derive(Clone, Debug)]
pub struct RealDisk {
    dir: PathBuf,
    writable: bool,
    handles: Arc<Mutex<Handles>>,
}

/// Open files. Nothing is asked of the system while they are locked: a slow call for one file holds up
/// nobody who has another in hand.
type Handles = BTreeMap<String, Arc<Handle>>;

#[derive(Debug)]
struct Handle {
    file: File,
    /// Written and not yet synced: closing it could lose the word of a failed write-back.
    unsynced: AtomicBool,
}

impl RealDisk {
    /// Opens a directory, making it and those above it, durably, where they are missing.
    pub fn open(dir: impl Into<PathBuf>) -> io::Result<Self> {
        let dir = dir.into();
        make_dir(&dir)?;
        Ok(Self::over(dir, true))
    }

    /// Opens a directory that is only to be read; every change is refused.
    pub fn open_read_only(dir: impl Into<PathBuf>) -> io::Result<Self> {
        let dir = dir.into();
        fs::read_dir(&dir)?;
        Ok(Self::over(dir, false))
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn over(dir: PathBuf, writable: bool) -> Self {
        Self { dir, writable, handles: Arc::default() }
    }

    fn path(&self, file: &str) -> io::Result<PathBuf> {
        let plain = !file.is_empty() && file != "." && file != ".." && !file.contains(['/', '\0']);
        plain.then(|| self.dir.join(file)).ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    fn path_to_change(&self, file: &str) -> io::Result<PathBuf> {
        if !self.writable {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.path(file)
    }

    fn handles(&self) -> MutexGuard<'_, Handles> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, file: &str) -> io::Result<Arc<Handle>> {
        if let Some(handle) = self.handles().get(file) {
            return Ok(Arc::clone(handle));
        }
        let opened = OpenOptions::new().read(true).write(self.writable).open(self.path(file)?)?;
        let mut handles = self.handles();
        match handles.get(file) {
            Some(first) => Ok(Arc::clone(first)),
            None => Ok(keep(&mut handles, file, opened)),
        }
    }
}

fn keep(handles: &mut Handles, name: &str, file: File) -> Arc<Handle> {
    if handles.len() >= HANDLES_MAX {
        handles.retain(|_, handle| handle.unsynced.load(Ordering::Relaxed));
    }
    let handle = Arc::new(Handle { file, unsynced: AtomicBool::new(false) });
    handles.insert(name.to_owned(), Arc::clone(&handle));
    handle
}

fn make_dir(dir: &Path) -> io::Result<()> {
    if dir.as_os_str().is_empty() || dir.is_dir() {
        return Ok(());
    }
    let above = dir.parent().unwrap_or(Path::new(""));
    make_dir(above)?;
    match fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    File::open(above)?.sync_all()
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if let (true, Ok(name)) = (entry.file_type()?.is_file(), entry.file_name().into_string()) {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&mut self, file: &str) -> io::Result<()> {
        let path = self.path_to_change(file)?;
        self.handles().remove(file);
        let made = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        keep(&mut self.handles(), file, made);
        Ok(())
    }

    fn len(&self, file: &str) -> io::Result<u64> {
        Ok(self.handle(file)?.file.metadata()?.len())
    }

    fn read_at(&self, file: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let handle = self.handle(file)?;
        loop {
            match handle.file.read_at(into, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_at(&mut self, file: &str, at: u64, data: &[u8]) -> io::Result<()> {
        self.path_to_change(file)?;
        let handle = self.handle(file)?;
        handle.unsynced.store(true, Ordering::Relaxed);
        handle.file.write_all_at(data, at)
    }

    fn sync_data(&mut self, file: &str) -> io::Result<()> {
        let handle = self.handle(file)?;
        handle.file.sync_data()?;
        handle.unsynced.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path_to_change(from)?, self.path_to_change(to)?)?;
        let mut handles = self.handles();
        handles.remove(to);
        if let Some(handle) = handles.remove(from) {
            handles.insert(to.to_owned(), handle);
        }
        Ok(())
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        fs::remove_file(self.path_to_change(file)?)?;
        self.handles().remove(file);
        Ok(())
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}
