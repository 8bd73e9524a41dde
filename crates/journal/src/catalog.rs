//! The segments of a directory in order, as their headers tell: the first thing that opening,
//! reading and verifying need.

use crate::damage::{Corruption, Damage, Proof};
use crate::disk::Disk;
use crate::error::{DiskError, OpenError};
use crate::segment::{self, Segment};

/// The names of all segments, oldest first.
pub(crate) fn segment_files<D: Disk>(disk: &D) -> Result<Vec<String>, DiskError> {
    let mut files = list(disk)?;
    files.retain(|file| segment::parse_name(file).is_some());
    files.sort_unstable();
    Ok(files)
}

/// The names of all files.
pub(crate) fn list<D: Disk>(disk: &D) -> Result<Vec<String>, DiskError> {
    disk.list().map_err(|error| DiskError::new("list", "the directory", error))
}

/// All segments, oldest first; an error if one of them, or their order, is damaged.
pub(crate) fn load<D: Disk>(disk: &D) -> Result<Vec<Segment>, OpenError> {
    let mut segments: Vec<Segment> = Vec::new();
    for file in segment_files(disk)? {
        let loaded =
            Segment::load(disk, &file).map_err(|error| DiskError::new("read the header of", &file, error))?;
        let segment = loaded.map_err(|damage| header_error(&file, damage))?;
        if let Some(older) = segments.last()
            && let Some(damage) = break_between(older, &segment)
        {
            return Err(header_error(&file, damage));
        }
        segments.push(segment);
    }
    Ok(segments)
}

/// Why a segment cannot follow another, as far as their headers tell.
pub(crate) fn break_between(older: &Segment, newer: &Segment) -> Option<Damage> {
    if newer.log_id != older.log_id {
        return Some(Damage::ForeignLog { expected: older.log_id, found: newer.log_id });
    }
    (newer.offset < older.offset)
        .then_some(Damage::RecordOffset { expected: older.offset, found: newer.offset })
}

fn header_error(file: &str, damage: Damage) -> OpenError {
    if let Damage::Version { found } = damage {
        return OpenError::NewerVersion { file: file.to_owned(), found, known: segment::FORMAT_VERSION };
    }
    OpenError::Corrupt(Corruption { file: file.to_owned(), at: 0, damage, proof: Proof::Header })
}
