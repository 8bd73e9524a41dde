//! Letting go of old segments, oldest first, one durable step at a time: a crash in between leaves a
//! log that begins a little earlier, never one with a hole.

use super::FileLog;
use super::spare::{Spare, discard};
use crate::disk::Disk;
use crate::error::{CommitError, DiskError};
use crate::event::Event;
use crate::log::{Offset, Released};
use crate::segment::Segment;

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

    fn release_segment(&mut self, segment: &Segment) -> Result<(), CommitError> {
        let fits = segment.bytes == self.options.whole_segment_bytes();
        let recycled = self.options.recycle && fits && !self.spares.is_full();
        let fail = |doing| move |error| DiskError::new(doing, &segment.file, error);
        if recycled {
            let file = self.spares.fresh_name();
            self.disk.rename(&segment.file, &file).map_err(fail("set aside"))?;
            self.segments.remove(0);
            // Only when the old name is gone for good may its contents be written over.
            if let Err(error) = self.disk.sync_dir() {
                discard(&mut self.disk, &file);
                return Err(fail("sync the name of")(error).into());
            }
            let spare = Spare { file, bytes: segment.bytes, recycled: true };
            if let Err(spare) = self.spares.adopt(spare) {
                discard(&mut self.disk, &spare.file);
            }
        } else {
            self.disk.remove(&segment.file).map_err(fail("remove"))?;
            self.segments.remove(0);
            self.disk.sync_dir().map_err(fail("sync the removal of"))?;
        }
        self.tell(Event::SegmentReleased { file: segment.file.clone(), recycled });
        Ok(())
    }
}
