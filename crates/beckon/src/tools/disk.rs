//! The snapshots' directory as a disk that is never changed. Opening snapshots tidies up after a crash;
//! a tool must not, least of all beside the server that is writing them.

use beckon_journal::{Disk, RealDisk};
use std::io;
use std::path::Path;

/// A directory that is only looked at; one that does not exist is empty.
#[derive(Debug)]
pub(super) struct Untouched(Option<RealDisk>);

impl Untouched {
    pub fn open(dir: &Path) -> io::Result<Self> {
        match RealDisk::open_read_only(dir) {
            Ok(disk) => Ok(Untouched(Some(disk))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Untouched(None)),
            Err(error) => Err(error),
        }
    }

    fn disk(&self) -> io::Result<&RealDisk> {
        self.0.as_ref().ok_or(io::ErrorKind::NotFound.into())
    }
}

impl Disk for Untouched {
    fn list(&self) -> io::Result<Vec<String>> {
        self.0.as_ref().map_or(Ok(Vec::new()), Disk::list)
    }

    fn len(&self, file: &str) -> io::Result<u64> {
        self.disk()?.len(file)
    }

    fn read_at(&self, file: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.disk()?.read_at(file, at, into)
    }

    /// What an earlier run left unfinished stays where it is.
    fn remove(&mut self, _file: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn create(&mut self, _file: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn write_at(&mut self, _file: &str, _at: u64, _data: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&mut self, _file: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn rename(&mut self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}
