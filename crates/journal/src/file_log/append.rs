//! Appending frames: the one place where the order of writes and syncs makes a commit durable, and
//! where a failure is kept from being forgotten.

use super::spare::{Spare, discard};
use super::{FileLog, Tail};
use crate::batch::Batch;
use crate::disk::Disk;
use crate::error::{CommitError, DiskError};
use crate::event::Event;
use crate::limits::{BLOCK_BYTES, FRAME_BYTES_MAX};
use crate::log::Offset;
use crate::scan::Expected;
use crate::segment::{self, FIRST_FRAME_AT, SEGMENT_HEADER_ZEROS, Segment};

static ZERO_BLOCK: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

impl<D: Disk> FileLog<D> {
    pub(super) fn append_batch(&mut self, batch: &mut Batch) -> Result<Offset, CommitError> {
        let expected = Offset(self.next.offset);
        if batch.first() != expected {
            return Err(CommitError::OutOfOrder { expected, found: batch.first() });
        }
        if batch.is_empty() {
            return Ok(expected);
        }
        if batch.is_too_large() {
            return Err(CommitError::TooLarge { bytes: batch.bytes(), max: FRAME_BYTES_MAX });
        }
        self.append(batch)?;
        self.sealed = false;
        Ok(batch.end())
    }

    pub(super) fn append_seal(&mut self) -> Result<(), CommitError> {
        if self.sealed {
            return Ok(());
        }
        self.append(&mut Batch::new(Offset(self.next.offset)))?;
        self.sealed = true;
        Ok(())
    }

    fn append(&mut self, batch: &mut Batch) -> Result<(), CommitError> {
        let extent = batch.extent() as u64;
        let at = match self.tail {
            Tail::Open { at } if at + extent <= self.newest().bytes => at,
            _ => {
                self.begin_segment(extent)?;
                FIRST_FRAME_AT
            }
        };
        if let Err(error) = self.write_durably(batch, at) {
            self.abandon_tail(at);
            return Err(error.into());
        }
        self.tail = Tail::Open { at: at + extent };
        self.next = Expected { sequence: self.next.sequence + 1, offset: batch.end().0 };
        Ok(())
    }

    fn write_durably(&mut self, batch: &mut Batch, at: u64) -> Result<(), DiskError> {
        let Some(segment) = self.segments.last() else {
            return Ok(());
        };
        // In a recycled segment older frames lie behind the tail. A block of zeros behind the frame
        // lets the next opening tell them from a write that was cut short.
        let room = at + batch.extent() as u64 + BLOCK_BYTES as u64 <= segment.bytes;
        let frame = batch.as_frame(self.log_id, self.next.sequence, segment.recycled && room);
        self.disk
            .write_at(&segment.file, at, frame)
            .map_err(|error| DiskError::new("write to", &segment.file, error))?;
        self.disk.sync_data(&segment.file).map_err(|error| DiskError::new("sync", &segment.file, error))
    }

    /// After a failed write or sync nobody knows what the disk holds, and a second sync may claim
    /// success for pages that the system has already dropped. So nothing more is written there.
    fn abandon_tail(&mut self, at: u64) {
        self.tail = Tail::Closed;
        let file = self.newest().file.clone();
        // Should this process end now, the frame must not be taken from the page cache as whole.
        // It was not acknowledged, so it is no loss if this works, and none if it does not.
        let _ = self.disk.write_at(&file, at, &ZERO_BLOCK);
        self.tell(Event::TailAbandoned { file, at });
    }

    /// Makes a new segment that begins with the next frame the newest.
    pub(super) fn begin_segment(&mut self, frame_bytes: u64) -> Result<(), CommitError> {
        let wanted = FIRST_FRAME_AT + frame_bytes;
        let target = self.options.whole_segment_bytes().max(wanted);
        let (spare, hurried) = self.spares.take(&mut self.disk, target, wanted)?;
        let segment = Segment {
            file: segment::name(self.next.sequence),
            log_id: self.log_id,
            sequence: self.next.sequence,
            offset: self.next.offset,
            bytes: spare.bytes,
            recycled: spare.recycled,
        };
        if let Err(error) = self.install(&spare, &segment) {
            discard(&mut self.disk, &spare.file);
            return Err(error.into());
        }
        self.tail = Tail::Open { at: FIRST_FRAME_AT };
        self.begun.segments += 1;
        self.begun.hurried += u64::from(hurried);
        // A segment of the same name never got a frame acknowledged; the new file replaced it.
        self.segments.pop_if(|newest| newest.sequence == segment.sequence);
        let event = Event::SegmentCreated {
            file: segment.file.clone(),
            sequence: segment.sequence,
            recycled: segment.recycled,
            hurried,
        };
        self.segments.push(segment);
        self.tell(event);
        Ok(())
    }

    fn install(&mut self, spare: &Spare, segment: &Segment) -> Result<(), DiskError> {
        let mut opening = [0; SEGMENT_HEADER_ZEROS];
        let header = segment.header();
        opening[..header.len()].copy_from_slice(&header);
        let fail = |doing| move |error| DiskError::new(doing, &segment.file, error);
        self.disk.write_at(&spare.file, 0, &opening).map_err(fail("write the header of"))?;
        self.disk.sync_data(&spare.file).map_err(fail("sync"))?;
        // From here on a crash may leave the new segment in place, and frames of this sequence in
        // the old one would then be void: nothing may be appended there any more.
        self.tail = Tail::Closed;
        self.disk.rename(&spare.file, &segment.file).map_err(fail("rename a spare file to"))?;
        self.disk.sync_dir().map_err(fail("sync the name of"))
    }

    fn newest(&self) -> &Segment {
        // `open` begins with one segment, and none but older ones are ever let go.
        &self.segments[self.segments.len() - 1]
    }
}
