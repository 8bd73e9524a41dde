//! What can go wrong, by what was being done. Each error carries what a program needs to decide and
//! says to a person what to do next.

use crate::Offset;
use crate::damage::Corruption;
use crate::disk;
use std::io;

/// The disk refused something.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing} {file}: {source}")]
pub struct DiskError {
    /// What was being done, as a verb.
    pub doing: &'static str,
    /// The file, or `the directory`.
    pub file: String,
    /// What the disk said.
    pub source: io::Error,
}

impl DiskError {
    pub(crate) fn new(doing: &'static str, file: &str, source: io::Error) -> Self {
        Self { doing, file: file.to_owned(), source }
    }
}

/// Why a log was not opened. Nothing was changed, unless the disk failed half-way in cutting a torn
/// tail; opening again then goes on with that.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The disk refused something.
    #[error("{0}; see to the disk and its permissions, then open the log again")]
    Disk(#[from] DiskError),
    /// Something that was durable once is damaged.
    #[error(
        "{0}. Nothing was changed. Copy the directory away, verify it to see all that is damaged, \
         then put the file back from a backup or replica"
    )]
    Corrupt(Corruption),
    /// A file was written by a newer version of the program.
    #[error(
        "{file} has format version {found}, this program knows up to {known}: \
         run the newer program that wrote it"
    )]
    NewerVersion {
        /// The file.
        file: String,
        /// The version of its format.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
}

/// Why a commit, or another change of the log, did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// There is no space left. The same call succeeds when there is.
    #[error("{0}; free space, the same commit can then be made again")]
    Full(DiskError),
    /// The disk failed. The same call may be made again: it then writes to a new segment.
    #[error("{0}; the commit may be made again, it will then use a new segment")]
    Disk(DiskError),
    /// The batch does not begin where the log ends.
    #[error("the batch begins at record {found}, but the log goes on with {expected}")]
    OutOfOrder {
        /// Where the log goes on.
        expected: Offset,
        /// Where the batch begins.
        found: Offset,
    },
    /// The batch is larger than a frame may be: split it.
    #[error("the batch has {bytes} bytes, a commit takes at most {max}: split it")]
    TooLarge {
        /// Bytes of the batch.
        bytes: usize,
        /// Most bytes of one commit.
        max: usize,
    },
}

impl CommitError {
    /// Whether the same call can succeed later, without a change by the caller.
    pub fn can_be_retried(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Disk(_))
    }
}

impl From<DiskError> for CommitError {
    fn from(error: DiskError) -> Self {
        if disk::is_full(&error.source) { Self::Full(error) } else { Self::Disk(error) }
    }
}

/// Why records could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The disk refused something.
    #[error("{0}; see to the disk, then read again")]
    Disk(#[from] DiskError),
    /// Something that was durable once is damaged.
    #[error("{0}. Verify the directory, then put the file back from a backup or replica")]
    Corrupt(Corruption),
    /// The records were released: begin at a snapshot that is not older than the log.
    #[error("record {asked} was released, the log begins at {oldest}: begin at a newer snapshot")]
    Released {
        /// The record asked for.
        asked: Offset,
        /// The oldest record there is.
        oldest: Offset,
    },
    /// The log ends before: what asks is newer than the log, so the two do not belong together.
    #[error("record {asked} lies behind the end {next} of the log: part of the log is missing")]
    Beyond {
        /// The record asked for.
        asked: Offset,
        /// The offset of the next record to be committed.
        next: Offset,
    },
}
