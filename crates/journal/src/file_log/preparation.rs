//! The next segment, in the hands of somebody who makes it ready beside the log: it takes writes and syncs
//! that no commit should have to wait for. The log is asked only at the beginning and at the end, and goes
//! on meanwhile.

use super::FileLog;
use super::spare::{Spare, grow, keeps};
use crate::disk::Disk;
use crate::error::CommitError;
use crate::limits::BLOCK_BYTES;

/// A segment in the making. It belongs back to the log ([`FileLog::end_preparation`]), made ready or not:
/// until then the log begins no other. Where it is lost with its process, the next opening removes what
/// was made, or uses it if it was whole.
#[derive(Debug)]
#[must_use = "the log waits for it to come back"]
pub struct Preparation {
    /// `None` once the disk has failed: what is there is not trusted.
    spare: Option<Spare>,
    target: u64,
}

impl Preparation {
    /// Writes at most about `bytes_max` further bytes, durably, to the log's own disk; returns how many are
    /// left to do. After [`CommitError::Full`] it can go on when there is space; after any other error it
    /// is of no use any more, and only has to be given back.
    pub fn write<D: Disk>(&mut self, disk: &mut D, bytes_max: u64) -> Result<u64, CommitError> {
        let Some(spare) = &mut self.spare else { return Ok(0) };
        // In whole blocks, for what was made may become a segment before it is whole.
        let step = bytes_max.clamp(1, self.target).next_multiple_of(BLOCK_BYTES as u64);
        if let Err(error) = grow(disk, spare, self.target.min(spare.bytes + step)) {
            if !keeps(disk, spare, &error) {
                self.spare = None;
            }
            return Err(error.into());
        }
        Ok(self.target.saturating_sub(spare.bytes))
    }
}

impl<D: Disk> FileLog<D> {
    /// Gives out the next segment to be made ready; `None` when one is ready, or being made.
    pub fn begin_preparation(&mut self) -> Option<Preparation> {
        let target = self.options.whole_segment_bytes();
        self.spares.give_out(target).map(|spare| Preparation { spare: Some(spare), target })
    }

    /// Takes a preparation back: from now on a commit can use what was made.
    pub fn end_preparation(&mut self, preparation: Preparation) {
        self.spares.take_back(preparation.spare);
    }

    pub(super) fn prepare_now(&mut self, bytes_max: u64) -> Result<u64, CommitError> {
        let Some(mut preparation) = self.begin_preparation() else { return Ok(0) };
        let written = preparation.write(&mut self.disk, bytes_max);
        self.end_preparation(preparation);
        written
    }
}
