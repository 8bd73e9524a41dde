//! Looking at a segment block by block through one large buffer: finding out what stands at a
//! place, and whether anything sound stands behind it.

use crate::damage::Damage;
use crate::disk::Disk;
use crate::frame::Head;
use crate::limits::{BLOCK_BYTES, READ_BYTES};
use crate::segment::Segment;
use std::io;

static ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// What a reader knows about the frame that should come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub sequence: u64,
    pub offset: u64,
}

/// What stands at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The frame that was expected, whole.
    Frame(Head),
    /// Zeros, or the end of the segment.
    Blank,
    /// Anything else.
    Damaged(Damage),
}

/// A part of one file in memory.
#[derive(Debug, Default)]
pub(crate) struct Window {
    buffer: Vec<u8>,
    start: u64,
    filled: usize,
}

impl Window {
    /// Forgets what was read, as for another file.
    pub fn reset(&mut self) {
        self.start = 0;
        self.filled = 0;
    }

    /// The bytes from `at` on, `need` of them, or fewer at the end of the segment or file.
    pub fn view<D: Disk>(&mut self, disk: &D, segment: &Segment, at: u64, need: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(segment.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let need = need.min(left);
        if at < self.start || at + need as u64 > self.start + self.filled as u64 {
            self.fill(disk, segment, at, need.max(READ_BYTES).min(left))?;
        }
        Ok(self.loaded(at, need))
    }

    /// Bytes that a former [`Window::view`] brought in.
    pub fn loaded(&self, at: u64, need: usize) -> &[u8] {
        let from = at.checked_sub(self.start).map_or(self.filled, |from| (from as usize).min(self.filled));
        &self.buffer[from..from.saturating_add(need).min(self.filled)]
    }

    fn fill<D: Disk>(&mut self, disk: &D, segment: &Segment, at: u64, want: usize) -> io::Result<()> {
        let kept = self.loaded(at, usize::MAX).len();
        self.buffer.copy_within(self.filled - kept..self.filled, 0);
        self.start = at;
        self.filled = kept;
        if self.buffer.len() < want {
            self.buffer.resize(want, 0);
        }
        while self.filled < want {
            let into = &mut self.buffer[self.filled..want];
            match disk.read_at(&segment.file, at + self.filled as u64, into)? {
                0 => break,
                count => self.filled += count,
            }
        }
        Ok(())
    }

    /// What stands at byte `at`, where `expected` should.
    pub fn look<D: Disk>(
        &mut self,
        disk: &D,
        segment: &Segment,
        at: u64,
        expected: Expected,
    ) -> io::Result<Found> {
        if at >= segment.bytes {
            return Ok(Found::Blank);
        }
        let head = match self.sound_frame(disk, segment, at)? {
            Ok(head) => head,
            Err(None) => return Ok(Found::Blank),
            Err(Some(damage)) => return Ok(Found::Damaged(damage)),
        };
        let damage = if head.log_id != segment.log_id {
            Damage::ForeignLog { expected: segment.log_id, found: head.log_id }
        } else if head.sequence != expected.sequence {
            Damage::Sequence { expected: expected.sequence, found: head.sequence }
        } else if head.offset != expected.offset {
            Damage::RecordOffset { expected: expected.offset, found: head.offset }
        } else {
            return Ok(Found::Frame(head));
        };
        Ok(Found::Damaged(damage))
    }

    /// Any whole frame at `at`; else what is wrong there, which is nothing if there are zeros.
    fn sound_frame<D: Disk>(
        &mut self,
        disk: &D,
        segment: &Segment,
        at: u64,
    ) -> io::Result<Result<Head, Option<Damage>>> {
        let block = self.view(disk, segment, at, BLOCK_BYTES)?;
        if block.len() < BLOCK_BYTES {
            return Ok(Err(Some(Damage::Short { expected: segment.bytes, found: at + block.len() as u64 })));
        }
        if block == ZEROS {
            return Ok(Err(None));
        }
        let Some(head) = Head::parse(block) else {
            return Ok(Err(Some(Damage::NotAFrame)));
        };
        let frame = self.view(disk, segment, at, head.extent())?;
        if head.is_sound(frame) { Ok(Ok(head)) } else { Ok(Err(Some(Damage::Checksum))) }
    }

    /// The first whole frame of this log from block `from` on that is newer than `sequence`.
    pub fn find_newer<D: Disk>(
        &mut self,
        disk: &D,
        segment: &Segment,
        from: u64,
        sequence: u64,
    ) -> io::Result<Option<(u64, Head)>> {
        let mut at = from;
        while at < segment.bytes {
            let block = self.view(disk, segment, at, BLOCK_BYTES)?;
            let newer = Head::parse(block)
                .is_some_and(|head| head.log_id == segment.log_id && head.sequence > sequence);
            if newer && let Ok(head) = self.sound_frame(disk, segment, at)? {
                return Ok(Some((at, head)));
            }
            at += BLOCK_BYTES as u64;
        }
        Ok(None)
    }

    /// Whether the block at `at` holds only zeros.
    pub fn is_blank<D: Disk>(&mut self, disk: &D, segment: &Segment, at: u64) -> io::Result<bool> {
        let block = self.view(disk, segment, at, BLOCK_BYTES)?;
        Ok(block == &ZEROS[..block.len()])
    }
}
