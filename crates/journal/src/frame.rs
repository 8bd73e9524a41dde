//! The frame: what one commit writes, and the unit in which the log is whole or not. This file is
//! the only one that knows its bytes.

use crate::limits::{BLOCK_BYTES, COUNT_MAX, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, RECORD_HEADER_BYTES};

/// `BkF1` in the order of the bytes on disk.
pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"BkF1");

/// The checksum covers all that follows it.
const CHECKED_FROM: usize = 8;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub crc: u32,
    pub log_id: u64,
    pub sequence: u64,
    /// Offset of the first record; of the next one to come if the frame has none.
    pub offset: u64,
    pub records: u32,
    /// Bytes of the records with their lengths.
    pub payload: u32,
}

impl Head {
    /// Reads a header and refuses one whose numbers cannot be; its checksum is not yet looked at.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if u32_at(bytes, 0)? != MAGIC {
            return None;
        }
        let head = Self {
            crc: u32_at(bytes, 4)?,
            log_id: u64_at(bytes, 8)?,
            sequence: u64_at(bytes, 16)?,
            offset: u64_at(bytes, 24)?,
            records: u32_at(bytes, 32)?,
            payload: u32_at(bytes, 36)?,
        };
        let possible = head.payload as usize <= FRAME_BYTES_MAX - FRAME_HEADER_BYTES
            && head.records as usize <= head.payload as usize / RECORD_HEADER_BYTES
            && head.sequence < COUNT_MAX
            && head.offset < COUNT_MAX;
        possible.then_some(head)
    }

    /// Bytes from the start of this frame to the start of the next.
    pub fn extent(&self) -> usize {
        extent(self.payload as usize)
    }

    /// Offset of the first record after this frame.
    pub fn end_offset(&self) -> u64 {
        self.offset + u64::from(self.records)
    }

    /// Whether `frame`, all its bytes with the padding, is what was once written.
    pub fn is_sound(&self, frame: &[u8]) -> bool {
        frame.len() == self.extent()
            && crc32c::crc32c(&frame[CHECKED_FROM..]) == self.crc
            && self.records_fit(frame)
    }

    /// A frame with a true checksum and records that do not add up was never written by us; still
    /// it must not be believed.
    fn records_fit(&self, frame: &[u8]) -> bool {
        let end = FRAME_HEADER_BYTES + self.payload as usize;
        let mut at = FRAME_HEADER_BYTES;
        for _ in 0..self.records {
            match record(frame, at) {
                Some(record) if at + RECORD_HEADER_BYTES + record.len() <= end => {
                    at += RECORD_HEADER_BYTES + record.len();
                }
                _ => return false,
            }
        }
        at == end
    }
}

/// The record whose length stands at byte `at` of a frame.
pub(crate) fn record(frame: &[u8], at: usize) -> Option<&[u8]> {
    let length = u32_at(frame, at)? as usize;
    let from = at + RECORD_HEADER_BYTES;
    frame.get(from..from.checked_add(length)?)
}

/// Bytes on disk of a frame with so many bytes of records: whole blocks.
pub(crate) fn extent(payload: usize) -> usize {
    (FRAME_HEADER_BYTES + payload).next_multiple_of(BLOCK_BYTES)
}

/// Writes the header over the first bytes of `frame`, which already holds records and padding.
pub(crate) fn finish(frame: &mut [u8], head: Head) {
    frame[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    frame[8..16].copy_from_slice(&head.log_id.to_le_bytes());
    frame[16..24].copy_from_slice(&head.sequence.to_le_bytes());
    frame[24..32].copy_from_slice(&head.offset.to_le_bytes());
    frame[32..36].copy_from_slice(&head.records.to_le_bytes());
    frame[36..40].copy_from_slice(&head.payload.to_le_bytes());
    let crc = crc32c::crc32c(&frame[CHECKED_FROM..]);
    frame[4..8].copy_from_slice(&crc.to_le_bytes());
}

/// The little-endian number at byte `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    field.try_into().ok().map(u32::from_le_bytes)
}

/// The little-endian number at byte `at`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(8)?)?;
    field.try_into().ok().map(u64::from_le_bytes)
}
