//! What a log promises to those above it, whether it is files here or a broker elsewhere.

use crate::Batch;
use crate::error::{CommitError, ReadError};
use crate::limits::{BLOCK_BYTES, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN};
use std::fmt;

/// A place in the order: the number of records before it since the log began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An ordered log of opaque records.
pub trait Log: Send {
    /// The offset that the next record to be committed will have.
    fn next_offset(&self) -> Offset;

    /// The oldest record that is still there; [`Log::next_offset`] if there is none.
    fn oldest_offset(&self) -> Offset;

    /// Makes a batch durable. `Ok` carries the offset after its last record.
    ///
    /// After an error the same batch may be committed again, as often as needed: its records then
    /// count once. The batch is left as it was either way; an empty one costs nothing.
    fn commit(&mut self, batch: &mut Batch) -> Result<Offset, CommitError>;

    /// Closes the one window in which damage looks like a write cut short: after `Ok`, a flipped
    /// bit in any committed record is found at the next open. For when the log is idle, and before
    /// stopping; sealing again costs nothing.
    fn seal(&mut self) -> Result<(), CommitError>;

    /// The committed records from `from` on, in order.
    fn read(&self, from: Offset) -> Result<Box<dyn Records + '_>, ReadError>;

    /// Lets go of whole segments that hold only records before `keep_from`. How old history may
    /// be is the caller's to say by that offset; [`Options::keep_bytes`] holds on to more.
    fn release(&mut self, keep_from: Offset) -> Result<Released, CommitError>;

    /// Works ahead, between commits, so that no commit has to wait for a new segment: writes at
    /// most about `bytes_max` bytes, and returns how many are left to do. Zero means all is ready.
    fn prepare(&mut self, bytes_max: u64) -> Result<u64, CommitError> {
        let _ = bytes_max;
        Ok(0)
    }
}

/// Committed records in order. A lending iterator: a record is borrowed until the next is asked for.
pub trait Records {
    /// The next record with its offset; `None` at the end of what was committed.
    fn next(&mut self) -> Result<Option<(Offset, &[u8])>, ReadError>;
}

/// What a release let go of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// Segments.
    pub segments: u64,
    /// Their bytes on disk.
    pub bytes: u64,
}

/// How a log of files is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of a new segment file. Rounded to whole blocks within
    /// [`SEGMENT_BYTES_MIN`] and [`SEGMENT_BYTES_MAX`].
    pub segment_bytes: u64,
    /// Bytes of segments to keep even when their records are needed no more.
    pub keep_bytes: u64,
    /// Use released segments again instead of making new ones. Their old records then stay on the
    /// disk, outside the log, until they are written over.
    pub recycle: bool,
    /// How much is read when the log is opened.
    pub check: Check,
    /// Identity of the log, if it is made by this opening: a number that no other log has.
    pub new_log_id: u64,
    /// Offset of the first record, if the log is made by this opening: not zero when only a
    /// snapshot was left to go on from.
    pub new_log_begin: Offset,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: SEGMENT_BYTES_DEFAULT,
            keep_bytes: 0,
            recycle: true,
            check: Check::All,
            new_log_id: 0,
            new_log_begin: Offset(0),
        }
    }
}

impl Options {
    pub(crate) fn whole_segment_bytes(&self) -> u64 {
        self.segment_bytes.clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX).next_multiple_of(BLOCK_BYTES as u64)
    }
}

/// How much of a log is read when it is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// All headers and all frames.
    #[default]
    All,
    /// All headers, but only the frames of the newest segment; damage in older ones is found when
    /// they are read. For logs of many gigabytes.
    Newest,
}
