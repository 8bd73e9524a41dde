//! Files that will be segments: made of zeros ahead of need, or released segments used again. Their
//! contents mean nothing until a header is written and the name of a segment given. What somebody works
//! on beside the log is not in the list, but its place is kept.

use crate::disk::{self, Disk};
use crate::error::DiskError;
use crate::limits::{BLOCK_BYTES, HURRIED_SHARE, SEGMENT_BYTES_MIN, SPARES_MAX, ZERO_BYTES};
use crate::segment;

static ZEROS: [u8; ZERO_BYTES] = [0; ZERO_BYTES];

/// A file that will be a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spare {
    pub file: String,
    /// Its length so far.
    pub bytes: u64,
    /// Whether something else than zeros may stand in it.
    pub recycled: bool,
}

/// The files that are ready, or were begun.
#[derive(Debug, Default)]
pub(super) struct Spares {
    list: Vec<Spare>,
    next_number: u64,
    /// Somebody makes one ready beside the log.
    being_made: bool,
    /// A segment on its way out of the log will be one.
    promised: bool,
}

/// How far a commit that finds no segment ready makes one itself, when `target` bytes are usual.
fn hurried_bytes(target: u64) -> u64 {
    (target / HURRIED_SHARE).next_multiple_of(BLOCK_BYTES as u64).max(SEGMENT_BYTES_MIN).min(target)
}

impl Spares {
    /// Keeps a file for later, if there is room for it.
    pub fn adopt(&mut self, spare: Spare) -> Result<(), Spare> {
        if self.is_full() {
            return Err(spare);
        }
        self.list.push(spare);
        Ok(())
    }

    /// Gives no file the name of this one, which an earlier run left.
    pub fn avoid_name(&mut self, file: &str) {
        let number = segment::parse_spare_name(file).unwrap_or(0);
        self.next_number = self.next_number.max(number.saturating_add(1));
    }

    /// Whether no further file would be kept.
    pub fn is_full(&self) -> bool {
        self.list.len() + usize::from(self.being_made) + usize::from(self.promised) >= SPARES_MAX
    }

    /// A name that no file has.
    pub fn fresh_name(&mut self) -> String {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        segment::spare_name(number)
    }

    /// Gives out the next file to be made ready, unless one is, or is being made, or there is no place for it.
    pub fn give_out(&mut self, target: u64) -> Option<Spare> {
        let is_ready = self.list.iter().any(|spare| spare.bytes >= target);
        if is_ready || self.being_made || (self.list.is_empty() && self.is_full()) {
            return None;
        }
        let spare = if self.list.is_empty() { self.unmade() } else { self.list.remove(0) };
        self.being_made = true;
        Some(spare)
    }

    /// Takes it back; nothing if it was given up.
    pub fn take_back(&mut self, spare: Option<Spare>) {
        self.being_made = false;
        self.list.extend(spare.filter(|it| it.bytes > 0));
    }

    /// Keeps a place for a file that comes later, and names it; `None` if no further file would be kept.
    pub fn promise(&mut self) -> Option<String> {
        let takes = !self.promised && !self.is_full();
        self.promised |= takes;
        takes.then(|| self.fresh_name())
    }

    /// Takes what the place was kept for; nothing if it does not come.
    pub fn fulfil(&mut self, spare: Option<Spare>) {
        self.promised = false;
        self.list.extend(spare);
    }

    /// A file of `target` bytes if one is ready. If not, one of at least `wanted` bytes that is as large as
    /// can be had soon: what others have made so far, or a part of `target` made now. Also whether it was
    /// made now.
    pub fn take<D: Disk>(
        &mut self,
        disk: &mut D,
        target: u64,
        wanted: u64,
    ) -> Result<(Spare, bool), DiskError> {
        let soon = hurried_bytes(target).max(wanted);
        let largest = (0..self.list.len()).max_by_key(|index| self.list[*index].bytes);
        let mut spare = match largest {
            Some(index) => self.list.remove(index),
            None => self.unmade(),
        };
        if spare.bytes >= soon {
            return Ok((spare, false));
        }
        match grow(disk, &mut spare, soon) {
            Ok(()) => Ok((spare, true)),
            Err(error) => {
                if !self.is_full() && keeps(disk, &spare, &error) {
                    self.list.push(spare);
                }
                Err(error)
            }
        }
    }

    fn unmade(&mut self) -> Spare {
        Spare { file: self.fresh_name(), bytes: 0, recycled: false }
    }
}

/// Whether a spare is still good after an error: a full disk leaves what was there, after any other it
/// is not trusted and removed.
pub(super) fn keeps<D: Disk>(disk: &mut D, spare: &Spare, error: &DiskError) -> bool {
    let good = disk::is_full(&error.source) && spare.bytes > 0;
    if !good {
        discard(disk, &spare.file);
    }
    good
}

/// Removes a file that is of no use. If that fails, the next opening does it.
pub(super) fn discard<D: Disk>(disk: &mut D, file: &str) {
    let _ = disk.remove(file);
}

/// Lengthens a file with zeros up to `goal` bytes, durably; makes it where there is none yet.
pub(super) fn grow<D: Disk>(disk: &mut D, spare: &mut Spare, goal: u64) -> Result<(), DiskError> {
    if spare.bytes >= goal {
        return Ok(());
    }
    if spare.bytes == 0 {
        disk.create(&spare.file).map_err(|error| DiskError::new("create", &spare.file, error))?;
    }
    let from = spare.bytes;
    let mut at = from;
    while at < goal {
        let count = (goal - at).min(ZERO_BYTES as u64);
        disk.write_at(&spare.file, at, &ZEROS[..count as usize])
            .map_err(|error| DiskError::new("prewrite", &spare.file, error))?;
        at += count;
    }
    disk.sync_data(&spare.file).map_err(|error| DiskError::new("sync", &spare.file, error))?;
    spare.bytes = at;
    Ok(())
}
