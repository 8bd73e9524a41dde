//! A log that is looked at and never touched: for tools, and for reading beside the process that
//! writes. What it sees is what was there when it was opened.

use crate::Offset;
use crate::catalog;
use crate::disk::Disk;
use crate::error::{OpenError, ReadError};
use crate::log::Check;
use crate::reader::Reader;
use crate::recover::{self, Tail};
use crate::segment::Segment;

/// A log opened for reading alone. A torn tail is left as it is.
#[derive(Debug)]
pub struct ReadOnlyLog<D> {
    disk: D,
    segments: Vec<Segment>,
    tail: Tail,
}

impl<D: Disk> ReadOnlyLog<D> {
    /// Opens a log; an empty directory is an empty log.
    ///
    /// Beside a process that writes and releases segments this may fail, or a reader may find its
    /// segment gone; opening again helps.
    pub fn open(disk: D, check: Check) -> Result<Self, OpenError> {
        let segments = catalog::load(&disk)?;
        let tail = recover::find_tail(&disk, &segments, check)?;
        Ok(Self { disk, segments, tail })
    }

    /// Identity of the log; `None` if there is none in the directory.
    pub fn log_id(&self) -> Option<u64> {
        self.segments.first().map(|segment| segment.log_id)
    }

    /// The oldest record that is there.
    pub fn oldest_offset(&self) -> Offset {
        Offset(self.segments.first().map_or(0, |segment| segment.offset))
    }

    /// The offset after the last record that is there.
    pub fn next_offset(&self) -> Offset {
        Offset(self.tail.next.offset)
    }

    /// The records from `from` on, in order.
    pub fn read(&self, from: Offset) -> Result<Reader<'_, D>, ReadError> {
        Reader::new(&self.disk, &self.segments, self.tail.next, from)
    }
}
