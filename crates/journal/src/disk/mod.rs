//! All that the journal does to the outside: a flat directory of files behind a small trait, so
//! that a simulator can be the disk and lose, tear and refuse what it likes.

mod mem;
mod real;

pub use mem::MemDisk;
pub use real::RealDisk;

use std::io;

/// A flat directory of files.
///
/// What the journal relies on, and no more:
///
/// - Bytes of a file are durable when `sync_data` returned `Ok` after they were written. Bytes not
///   yet synced may, after a crash, be there or not, in any mixture of aligned 512-byte sectors.
/// - Names (from `create`, `rename` and `remove`) are durable when `sync_dir` returned `Ok`. A
///   rename not yet synced is, after a crash, done or not done, never half.
/// - After an error nothing is known about the bytes or names concerned.
pub trait Disk: Send + 'static {
    /// The names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes an empty file; one of that name loses its contents.
    fn create(&mut self, file: &str) -> io::Result<()>;
    /// The length of a file in bytes.
    fn len(&self, file: &str) -> io::Result<u64>;
    /// Reads from byte `at` on, as many bytes as there are and `into` holds; 0 means the file ends
    /// at or before `at`.
    fn read_at(&self, file: &str, at: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `data` from byte `at` on; the file grows where needed.
    fn write_at(&mut self, file: &str, at: u64, data: &[u8]) -> io::Result<()>;
    /// Makes the contents and length of a file durable.
    fn sync_data(&mut self, file: &str) -> io::Result<()>;
    /// Gives a file another name; a file that had the new name is replaced, as one step.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, file: &str) -> io::Result<()>;
    /// Makes the names of the directory durable.
    fn sync_dir(&mut self) -> io::Result<()>;
}

/// Whether an error says that there is no space left, which passes, unlike a broken disk.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
