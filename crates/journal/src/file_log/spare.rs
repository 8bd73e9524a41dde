//! Files that will be segments: made of zeros in steps small enough to fit between two commits, or
//! released segments used again. Their contents mean nothing until a header is written and the name
//! of a segment given.

use crate::disk::{self, Disk};
use crate::error::DiskError;
use crate::limits::{SPARES_MAX, ZERO_BYTES};
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

/// The files that are ready, or being made.
#[derive(Debug, Default)]
pub(super) struct Spares {
    list: Vec<Spare>,
    next_number: u64,
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
        self.list.len() >= SPARES_MAX
    }

    /// A name that no file has.
    pub fn fresh_name(&mut self) -> String {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        segment::spare_name(number)
    }

    /// Works on the next spare until it has `target` bytes, or `budget` bytes were written.
    /// Returns the bytes left to do.
    pub fn prepare<D: Disk>(&mut self, disk: &mut D, target: u64, budget: u64) -> Result<u64, DiskError> {
        if self.list.iter().any(|spare| spare.bytes >= target) {
            return Ok(0);
        }
        let mut spare = self.take_or_create(disk, target)?;
        let goal = target.min(spare.bytes.saturating_add(budget.max(1)));
        let grown = grow(disk, &mut spare, goal);
        let left = target.saturating_sub(spare.bytes);
        self.keep_unless_broken(disk, spare, &grown);
        grown.map(|()| left)
    }

    /// A file of at least `target` bytes, made now if none is ready.
    pub fn take<D: Disk>(&mut self, disk: &mut D, target: u64) -> Result<Spare, DiskError> {
        let mut spare = self.take_or_create(disk, target)?;
        let grown = grow(disk, &mut spare, target);
        if grown.is_err() {
            self.keep_unless_broken(disk, spare, &grown);
            return grown.map(|()| Spare { file: String::new(), bytes: 0, recycled: true });
        }
        Ok(spare)
    }

    fn take_or_create<D: Disk>(&mut self, disk: &mut D, target: u64) -> Result<Spare, DiskError> {
        let ready = self.list.iter().position(|spare| spare.bytes >= target);
        let started = (!self.list.is_empty()).then_some(0);
        if let Some(index) = ready.or(started) {
            return Ok(self.list.remove(index));
        }
        let file = self.fresh_name();
        disk.create(&file).map_err(|error| DiskError::new("create", &file, error))?;
        Ok(Spare { file, bytes: 0, recycled: false })
    }

    /// A full disk leaves a spare as good as it was; after any other error it is not trusted.
    fn keep_unless_broken<D: Disk>(&mut self, disk: &mut D, spare: Spare, outcome: &Result<(), DiskError>) {
        match outcome {
            Err(error) if !disk::is_full(&error.source) => discard(disk, &spare.file),
            _ => self.list.push(spare),
        }
    }
}

/// Removes a file that is of no use. If that fails, the next opening does it.
pub(super) fn discard<D: Disk>(disk: &mut D, file: &str) {
    let _ = disk.remove(file);
}

/// Lengthens a file with zeros up to `goal` bytes, durably.
fn grow<D: Disk>(disk: &mut D, spare: &mut Spare, goal: u64) -> Result<(), DiskError> {
    if spare.bytes >= goal {
        return Ok(());
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
