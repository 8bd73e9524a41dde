//! Reading committed records in order, across segments, with large sequential reads. Every frame is
//! checked again, since the disk may have changed its mind since the log was opened.

use crate::Offset;
use crate::damage::{Corruption, Damage, Proof};
use crate::disk::Disk;
use crate::error::{DiskError, ReadError};
use crate::frame;
use crate::limits::{FRAME_HEADER_BYTES, RECORD_HEADER_BYTES};
use crate::log::Records;
use crate::scan::{Expected, Found, Window};
use crate::segment::{FIRST_FRAME_AT, Segment};

/// Committed records from some offset on.
#[derive(Debug)]
pub struct Reader<'a, D> {
    disk: &'a D,
    /// The segments from the one in hand on.
    segments: &'a [Segment],
    /// Where the log ends.
    end: Expected,
    from: u64,
    /// Where the next frame stands, and which it is.
    at: u64,
    expected: Expected,
    window: Window,
    frame: OpenFrame,
}

/// The part of the frame in hand that was not yet given out.
#[derive(Debug, Default)]
struct OpenFrame {
    start: u64,
    extent: usize,
    records_left: u32,
    /// Byte of the frame at which the next record's length stands.
    next_at: usize,
    next_offset: u64,
}

impl<'a, D: Disk> Reader<'a, D> {
    pub(crate) fn new(
        disk: &'a D,
        segments: &'a [Segment],
        end: Expected,
        from: Offset,
    ) -> Result<Self, ReadError> {
        let oldest = Offset(segments.first().map_or(end.offset, |segment| segment.offset));
        if from < oldest {
            return Err(ReadError::Released { asked: from, oldest });
        }
        if from.0 > end.offset {
            return Err(ReadError::Beyond { asked: from, next: Offset(end.offset) });
        }
        let first = segments.partition_point(|segment| segment.offset <= from.0).saturating_sub(1);
        let mut reader = Self {
            disk,
            segments: &segments[first..],
            end,
            from: from.0,
            at: FIRST_FRAME_AT,
            expected: end,
            window: Window::default(),
            frame: OpenFrame::default(),
        };
        reader.begin_segment();
        Ok(reader)
    }

    /// The next record with its offset; `None` at the end of what was committed.
    #[expect(clippy::should_implement_trait, reason = "it lends what it returns")]
    pub fn next(&mut self) -> Result<Option<(Offset, &[u8])>, ReadError> {
        while self.frame.records_left == 0 {
            if self.expected == self.end {
                return Ok(None);
            }
            self.open_frame()?;
        }
        let frame = self.window.loaded(self.frame.start, self.frame.extent);
        // The frame was found sound, so its lengths add up.
        let record = frame::record(frame, self.frame.next_at).unwrap_or_default();
        let offset = Offset(self.frame.next_offset);
        self.frame.step_over(record);
        Ok(Some((offset, record)))
    }

    fn begin_segment(&mut self) {
        if let Some(segment) = self.segments.first() {
            self.at = FIRST_FRAME_AT;
            self.expected = Expected { sequence: segment.sequence, offset: segment.offset };
            self.window.reset();
        }
    }

    fn open_frame(&mut self) -> Result<(), ReadError> {
        if let Some(next) = self.segments.get(1)
            && next.sequence == self.expected.sequence
        {
            if next.offset != self.expected.offset {
                let damage = Damage::RecordOffset { expected: self.expected.offset, found: next.offset };
                return Err(corrupt(next, 0, damage, Proof::Header));
            }
            self.segments = &self.segments[1..];
            self.begin_segment();
            return Ok(());
        }
        let Some(segment) = self.segments.first() else {
            self.expected = self.end;
            return Ok(());
        };
        let found = self
            .window
            .look(self.disk, segment, self.at, self.expected)
            .map_err(|error| DiskError::new("read", &segment.file, error))?;
        let head = match found {
            Found::Frame(head) => head,
            Found::Blank => return Err(self.corrupt_here(segment, Damage::Missing)),
            Found::Damaged(damage) => return Err(self.corrupt_here(segment, damage)),
        };
        self.frame = OpenFrame {
            start: self.at,
            extent: head.extent(),
            records_left: head.records,
            next_at: FRAME_HEADER_BYTES,
            next_offset: head.offset,
        };
        self.at += head.extent() as u64;
        self.expected = Expected { sequence: head.sequence + 1, offset: head.end_offset() };
        self.skip_before_from();
        Ok(())
    }

    fn skip_before_from(&mut self) {
        if self.expected.offset <= self.from {
            self.frame.records_left = 0;
            return;
        }
        let frame = self.window.loaded(self.frame.start, self.frame.extent);
        while self.frame.records_left > 0 && self.frame.next_offset < self.from {
            let record = frame::record(frame, self.frame.next_at).unwrap_or_default();
            self.frame.step_over(record);
        }
    }

    fn corrupt_here(&self, segment: &Segment, damage: Damage) -> ReadError {
        let proof = match self.segments.get(1) {
            Some(next) => Proof::NextSegment { file: next.file.clone(), sequence: next.sequence },
            None => Proof::Acknowledged,
        };
        corrupt(segment, self.at, damage, proof)
    }
}

impl OpenFrame {
    fn step_over(&mut self, record: &[u8]) {
        self.next_at += RECORD_HEADER_BYTES + record.len();
        self.next_offset += 1;
        self.records_left -= 1;
    }
}

fn corrupt(segment: &Segment, at: u64, damage: Damage, proof: Proof) -> ReadError {
    ReadError::Corrupt(Corruption { file: segment.file.clone(), at, damage, proof })
}

impl<D: Disk> Records for Reader<'_, D> {
    fn next(&mut self) -> Result<Option<(Offset, &[u8])>, ReadError> {
        Reader::next(self)
    }
}
