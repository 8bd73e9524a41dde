//! Letting go of old segments, oldest first, one durable step at a time: a crash in between leaves a
//! log that begins a little earlier, never one with a hole.

use super::FileLog;
use super::spare::{Spare, discard};
use crate::disk::Disk;
use crate::error::{CommitError, DiskError};
use crate::event::Event;
use crate::log::{Offset, Released};
use crate::segment::Segment;
use std::io::ErrorKind;

impl<D: Disk> FileLog<D> {
    pub(super) fn release_before(&mut self, keep_from: Offset) -> Result<Released, CommitError> {
        let mut released = Released::default();
        while let [oldest, next, ..] = self.segments.as_slice()
            && next.offset <= keep_from.0
            && self.bytes() - oldest.bytes >= self.options.keep_bytes
        {
            let oldest = oldest.clone();
            self.release_segment(&oldest)?;
            released.segments += 1;
            released.bytes += oldest.bytes;
        }
        Ok(released)
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

    fn release_segment(&mut self, segment: &Segment) -> Result<(), CommitError> {
        // A removal that may come undone must not be overtaken by that of a newer segment.
        if self.removal_unsynced {
            self.disk.sync_dir().map_err(|error| DiskError::new("sync", "the directory", error))?;
            self.removal_unsynced = false;
        }
        let fits = segment.bytes == self.options.whole_segment_bytes();
        let kept = (self.options.recycle && fits && !self.spares.is_full()).then(|| self.spares.fresh_name());
        let gone = match &kept {
            Some(file) => self.disk.rename(&segment.file, file),
            None => self.disk.remove(&segment.file),
        };
        let fail = |doing| move |error| DiskError::new(doing, &segment.file, error);
        let found = match gone {
            // An earlier attempt was reported as failed, and yet was done.
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            other => other.map(|()| true).map_err(fail("let go of"))?,
        };
        let kept = kept.filter(|_| found);
        self.segments.remove(0);
        let synced = self.disk.sync_dir();
        self.removal_unsynced = synced.is_err();
        let recycled = synced.is_ok() && kept.is_some();
        if let Some(file) = kept {
            // Only when the old name is gone for good may the contents be written over.
            let spare = Spare { file, bytes: segment.bytes, recycled: true };
            let refused = if recycled { self.spares.adopt(spare).err() } else { Some(spare) };
            if let Some(spare) = refused {
                discard(&mut self.disk, &spare.file);
            }
        }
        synced.map_err(fail("sync the removal of"))?;
        self.tell(Event::SegmentReleased { file: segment.file.clone(), recycled });
        Ok(())
    }
}
