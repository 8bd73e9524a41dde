//! A disk without faults, in memory: for tests and tools that want a journal without a directory.

use super::Disk;
use std::collections::BTreeMap;
use std::io;

/// A faultless [`Disk`] in memory. A clone is a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemDisk {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemDisk {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// The contents of a file.
    pub fn file(&self, file: &str) -> Option<&[u8]> {
        self.files.get(file).map(Vec::as_slice)
    }

    /// The contents of a file, to be damaged.
    pub fn file_mut(&mut self, file: &str) -> Option<&mut Vec<u8>> {
        self.files.get_mut(file)
    }

    /// Puts a file there as a whole.
    pub fn put(&mut self, file: &str, contents: Vec<u8>) {
        self.files.insert(file.to_owned(), contents);
    }

    fn get(&self, file: &str) -> io::Result<&Vec<u8>> {
        self.files.get(file).ok_or_else(|| missing(file))
    }
}

fn missing(file: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no file {file}"))
}

impl Disk for MemDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files.keys().cloned().collect())
    }

    fn create(&mut self, file: &str) -> io::Result<()> {
        self.put(file, Vec::new());
        Ok(())
    }

    fn len(&self, file: &str) -> io::Result<u64> {
        Ok(self.get(file)?.len() as u64)
    }

    fn read_at(&self, file: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let contents = self.get(file)?;
        let rest = usize::try_from(at).ok().and_then(|at| contents.get(at..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_at(&mut self, file: &str, at: u64, data: &[u8]) -> io::Result<()> {
        let contents = self.files.get_mut(file).ok_or_else(|| missing(file))?;
        let range = usize::try_from(at)
            .ok()
            .and_then(|at| Some(at..at.checked_add(data.len())?))
            .ok_or(io::ErrorKind::FileTooLarge)?;
        if contents.len() < range.end {
            contents.resize(range.end, 0);
        }
        contents[range].copy_from_slice(data);
        Ok(())
    }

    fn sync_data(&mut self, file: &str) -> io::Result<()> {
        self.get(file).map(|_| ())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let contents = self.files.remove(from).ok_or_else(|| missing(from))?;
        self.put(to, contents);
        Ok(())
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.files.remove(file).map(|_| ()).ok_or_else(|| missing(file))
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        Ok(())
    }
}
