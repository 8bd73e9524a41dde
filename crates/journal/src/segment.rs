//! The segment: a file of fixed length that holds frames one behind the other, and says in its first
//! block which ones. This file is the only one that knows the header's bytes and the file names.

use crate::damage::Damage;
use crate::disk::Disk;
use crate::frame::{u32_at, u64_at};
use crate::limits::{BLOCK_BYTES, COUNT_MAX, SEGMENT_BYTES_MAX, SEGMENT_HEADER_BYTES};
use std::io;

const MAGIC: &[u8; 8] = b"BkLogSeg";
const CRC_AT: usize = SEGMENT_HEADER_BYTES - 4;
const FLAG_RECYCLED: u32 = 1;

/// Version of the format that is written, and the newest that is read.
pub const FORMAT_VERSION: u32 = 1;

/// Where the first frame of a segment stands.
pub(crate) const FIRST_FRAME_AT: u64 = SEGMENT_HEADER_BYTES as u64;

/// The header and a block of zeros behind it, which is the end mark of a segment without frames.
pub(crate) const SEGMENT_HEADER_ZEROS: usize = SEGMENT_HEADER_BYTES + BLOCK_BYTES;

/// A segment as its header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub file: String,
    pub log_id: u64,
    /// Sequence of its first frame; frames of that sequence or a higher one in older segments are
    /// void.
    pub sequence: u64,
    /// Offset of its first record.
    pub offset: u64,
    pub bytes: u64,
    /// Held other frames before: what lies behind its tail is not zeros.
    pub recycled: bool,
}

impl Segment {
    /// The header block.
    pub fn header(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut header = [0; SEGMENT_HEADER_BYTES];
        let flags = if self.recycled { FLAG_RECYCLED } else { 0 };
        header[0..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&flags.to_le_bytes());
        header[16..24].copy_from_slice(&self.log_id.to_le_bytes());
        header[24..32].copy_from_slice(&self.sequence.to_le_bytes());
        header[32..40].copy_from_slice(&self.offset.to_le_bytes());
        header[40..48].copy_from_slice(&self.bytes.to_le_bytes());
        let crc = crc32c::crc32c(&header[..CRC_AT]);
        header[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        header
    }

    /// Reads the header of a file and checks it against the file's name and length.
    pub fn load<D: Disk>(disk: &D, file: &str) -> io::Result<Result<Self, Damage>> {
        let mut header = [0; SEGMENT_HEADER_BYTES];
        let mut filled = 0;
        while filled < header.len() {
            match disk.read_at(file, filled as u64, &mut header[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        let length = disk.len(file)?;
        Ok(Self::parse(&header[..filled], file, length))
    }

    fn parse(header: &[u8], file: &str, length: u64) -> Result<Self, Damage> {
        if header.len() < SEGMENT_HEADER_BYTES {
            return Err(Damage::Short { expected: SEGMENT_HEADER_BYTES as u64, found: length });
        }
        let sound = u32_at(header, CRC_AT) == Some(crc32c::crc32c(&header[..CRC_AT]));
        if !sound {
            return Err(Damage::HeaderChecksum);
        }
        if &header[0..8] != MAGIC {
            return Err(Damage::NotASegment);
        }
        let version = u32_at(header, 8).unwrap_or(0);
        if version == 0 || version > FORMAT_VERSION {
            return Err(Damage::Version { found: version });
        }
        let number = |at| u64_at(header, at).unwrap_or(u64::MAX);
        let segment = Self {
            file: file.to_owned(),
            log_id: number(16),
            sequence: number(24),
            offset: number(32),
            bytes: number(40),
            recycled: u32_at(header, 12).unwrap_or(0) & FLAG_RECYCLED != 0,
        };
        segment.is_possible(length).map(|()| segment)
    }

    fn is_possible(&self, length: u64) -> Result<(), Damage> {
        if parse_name(&self.file) != Some(self.sequence) {
            return Err(Damage::Name { sequence: self.sequence });
        }
        let whole_blocks = self.bytes.is_multiple_of(BLOCK_BYTES as u64);
        if self.sequence >= COUNT_MAX
            || self.offset >= COUNT_MAX
            || self.bytes > SEGMENT_BYTES_MAX
            || !whole_blocks
        {
            return Err(Damage::NotASegment);
        }
        if length < self.bytes {
            return Err(Damage::Short { expected: self.bytes, found: length });
        }
        Ok(())
    }
}

/// The name of the segment whose first frame has this sequence.
pub(crate) fn name(sequence: u64) -> String {
    format!("log-{sequence:020}.seg")
}

/// The sequence in the name of a segment; `None` for any other file.
pub(crate) fn parse_name(file: &str) -> Option<u64> {
    number(file.strip_prefix("log-")?.strip_suffix(".seg")?)
}

/// The name of a file that is no segment yet, or no more.
pub(crate) fn spare_name(number: u64) -> String {
    format!("spare-{number:020}.tmp")
}

/// The number in the name of a spare file; `None` for any other file.
pub(crate) fn parse_spare_name(file: &str) -> Option<u64> {
    number(file.strip_prefix("spare-")?.strip_suffix(".tmp")?)
}

fn number(digits: &str) -> Option<u64> {
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}
