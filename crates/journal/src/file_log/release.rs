//! Letting go of old segments, oldest first, one durable step at a time: a crash in between leaves a
//! log that begins a little earlier, never one with a hole. What it asks of the disk can be done beside the
//! log, so that no commit has to wait for a directory to be synced or for a file to be removed.

use super::FileLog;
use super::spare::{Spare, discard};
use crate::disk::Disk;
use crate::error::{CommitError, DiskError};
use crate::event::Event;
use crate::log::{Offset, Released};
use crate::segment::Segment;
use std::io::ErrorKind;

/// The oldest segment on its way out of the log. It belongs back to the log ([`FileLog::end_removal`]),
/// whatever came of it: until then no other is let go of.
#[derive(Debug)]
#[must_use = "the log waits for it to come back"]
pub struct Removal {
    segment: Segment,
    /// The name of the file as a spare, if it is to be used again.
    kept: Option<String>,
    /// Whether the log keeps a place for the spare.
    promised: bool,
    /// An earlier removal may still come undone.
    earlier_unsynced: bool,
    stage: Stage,
}

/// How far a removal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The segment has its name, as far as is known.
    There,
    /// The name is gone, and may come back after a crash.
    Gone,
    /// The name is gone for good, and the file has its name as a spare, if it was to be kept.
    Synced,
}

impl Removal {
    /// Takes the segment's name away, durably. After an error the log lets go of it later.
    pub fn carry_out<D: Disk>(&mut self, disk: &mut D) -> Result<(), CommitError> {
        // A removal that may come undone must not be overtaken by that of a newer segment.
        if self.earlier_unsynced {
            disk.sync_dir().map_err(|error| DiskError::new("sync", "the directory", error))?;
            self.earlier_unsynced = false;
        }
        let file = &self.segment.file;
        let gone = match &self.kept {
            Some(spare) => disk.rename(file, spare),
            None => disk.remove(file),
        };
        match gone {
            Ok(()) => {}
            // An earlier attempt was reported as failed, and yet was done.
            Err(error) if error.kind() == ErrorKind::NotFound => self.kept = None,
            Err(error) => return Err(DiskError::new("let go of", file, error).into()),
        }
        self.stage = Stage::Gone;
        if let Err(error) = disk.sync_dir() {
            // Only when the old name is gone for good may the contents be written over.
            if let Some(spare) = self.kept.take() {
                discard(disk, &spare);
            }
            return Err(DiskError::new("sync the removal of", file, error).into());
        }
        self.stage = Stage::Synced;
        Ok(())
    }
}

impl<D: Disk> FileLog<D> {
    pub(super) fn release_before(&mut self, keep_from: Offset) -> Result<Released, CommitError> {
        let mut released = Released::default();
        while let Some(mut removal) = self.begin_removal(keep_from) {
            let done = removal.carry_out(&mut self.disk);
            let bytes = self.end_removal(removal);
            done?;
            released.segments += 1;
            released.bytes += bytes;
        }
        Ok(released)
    }

    /// Takes the oldest segment out of the log, if it holds only records before `keep_from`, as
    /// [`Log::release`](crate::Log::release) does; what that asks of the disk is still to be done.
    pub fn begin_removal(&mut self, keep_from: Offset) -> Option<Removal> {
        let [oldest, next, ..] = self.segments.as_slice() else { return None };
        let is_needed = next.offset > keep_from.0 || self.bytes() - oldest.bytes < self.options.keep_bytes;
        if self.removing || is_needed {
            return None;
        }
        let segment = self.segments.remove(0);
        let fits = segment.bytes == self.options.whole_segment_bytes();
        let kept = if self.options.recycle && fits { self.spares.promise() } else { None };
        self.removing = true;
        let (promised, earlier_unsynced) = (kept.is_some(), self.removal_unsynced);
        Some(Removal { segment, kept, promised, earlier_unsynced, stage: Stage::There })
    }

    /// Takes a removal back, and returns the bytes of the segments let go of: 0 if it is still there.
    pub fn end_removal(&mut self, removal: Removal) -> u64 {
        let Removal { segment, kept, promised, earlier_unsynced, stage } = removal;
        self.removing = false;
        self.removal_unsynced = stage == Stage::Gone || earlier_unsynced;
        let bytes = segment.bytes;
        let spare = kept.filter(|_| stage == Stage::Synced);
        let recycled = spare.is_some();
        if promised {
            self.spares.fulfil(spare.map(|file| Spare { file, bytes, recycled: true }));
        }
        match stage {
            Stage::There => {
                self.segments.insert(0, segment);
                return 0;
            }
            Stage::Gone => {}
            Stage::Synced => self.tell(Event::SegmentReleased { file: segment.file, recycled }),
        }
        bytes
    }

    /// The offset from which on the newest whole segments hold at least `bytes`: what a bound on the
    /// log's size lets go of lies before it.
    pub fn offset_keeping(&self, bytes: u64) -> Offset {
        let mut kept = 0;
        for segment in self.segments.iter().rev() {
            kept += segment.bytes;
            if kept >= bytes {
                return Offset(segment.offset);
            }
        }
        Offset(self.segments.first().map_or(0, |it| it.offset))
    }
}
