//! The log over a directory of segment files: what it knows in memory, and its face to the outside.
//! Opening, appending, making segments and releasing them each have a file beside this one.

mod append;
mod open;
mod preparation;
mod release;
mod spare;

use crate::batch::Batch;
use crate::disk::Disk;
use crate::error::{CommitError, ReadError};
use crate::event::{Event, Monitor};
use crate::log::{Log, Offset, Options, Records, Released};
use crate::reader::Reader;
use crate::scan::Expected;
use crate::segment::Segment;
pub use preparation::Preparation;
pub use release::Removal;
use spare::Spares;

/// A [`Log`] over segment files.
///
/// One process, and in it one `FileLog`, writes to a directory at a time; the caller sees to that.
pub struct FileLog<D> {
    disk: D,
    options: Options,
    monitor: Monitor,
    log_id: u64,
    /// Oldest first, never empty: the last one is written to, if `tail` says so.
    segments: Vec<Segment>,
    tail: Tail,
    /// The next frame.
    next: Expected,
    /// Nothing that was committed could be taken for a torn write.
    sealed: bool,
    spares: Spares,
    /// Somebody lets go of a segment beside the log.
    removing: bool,
    /// A segment was let go of, and its name may come back after a crash.
    removal_unsynced: bool,
    begun: Begun,
}

/// Segments that were begun since the opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// All.
    pub segments: u64,
    /// Those for which the commit found none ready and had to write one first.
    pub hurried: u64,
}

/// Where the next frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// To this byte of the newest segment.
    Open { at: u64 },
    /// To a new segment: something failed, and what stands behind the last acknowledged frame is
    /// not known.
    Closed,
}

impl<D: Disk> FileLog<D> {
    /// Identity of the log, as its first opening gave it.
    pub fn log_id(&self) -> u64 {
        self.log_id
    }

    /// Bytes of all segments on disk, without those kept for use.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Segments begun since the opening.
    pub fn begun(&self) -> Begun {
        self.begun
    }

    /// The committed records from `from` on, as [`Log::read`] but without a virtual call a record.
    pub fn reader(&self, from: Offset) -> Result<Reader<'_, D>, ReadError> {
        Reader::new(&self.disk, &self.segments, self.next, from)
    }

    /// The disk.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// Gives the disk back, as a stop without [`Log::seal`] leaves it.
    pub fn into_disk(self) -> D {
        self.disk
    }

    fn tell(&mut self, event: Event) {
        (self.monitor)(event);
    }
}

impl<D: Disk> Log for FileLog<D> {
    fn next_offset(&self) -> Offset {
        Offset(self.next.offset)
    }

    fn oldest_offset(&self) -> Offset {
        let oldest = self.segments.first().map(|segment| segment.offset);
        Offset(oldest.unwrap_or(self.next.offset))
    }

    fn commit(&mut self, batch: &mut Batch) -> Result<Offset, CommitError> {
        self.append_batch(batch)
    }

    fn seal(&mut self) -> Result<(), CommitError> {
        self.append_seal()
    }

    fn read(&self, from: Offset) -> Result<Box<dyn Records + '_>, ReadError> {
        Ok(Box::new(self.reader(from)?))
    }

    fn release(&mut self, keep_from: Offset) -> Result<Released, CommitError> {
        self.release_before(keep_from)
    }

    fn prepare(&mut self, bytes_max: u64) -> Result<u64, CommitError> {
        self.prepare_now(bytes_max)
    }
}

impl<D: std::fmt::Debug> std::fmt::Debug for FileLog<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileLog")
            .field("disk", &self.disk)
            .field("log_id", &self.log_id)
            .field("segments", &self.segments)
            .field("tail", &self.tail)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
