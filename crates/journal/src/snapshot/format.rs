//! The bytes and names of a snapshot file; nothing else knows them.

use crate::Offset;
use crate::frame::{u32_at, u64_at};
use crate::limits::{SNAPSHOT_BLOCK_HEADER_BYTES, SNAPSHOT_HEADER_BYTES, SNAPSHOT_TRAILER_BYTES};

use super::SnapshotFault;

/// Ending of a snapshot that is being written.
pub(super) const UNFINISHED: &str = ".tmp";
/// Ending of a whole one.
pub(super) const FINISHED: &str = ".snap";

const HEADER_MAGIC: &[u8; 8] = b"BkSnapsh";
const TRAILER_MAGIC: &[u8; 8] = b"BkSnpEnd";
const VERSION: u32 = 1;

/// Name of the snapshot of a machine at an offset.
pub(super) fn name(machine: u16, offset: Offset, ending: &str) -> String {
    format!("snap-{machine:05}-{:020}{ending}", offset.0)
}

/// Machine and offset in the name of a snapshot; `None` for any other file.
pub(super) fn parse_name(file: &str, ending: &str) -> Option<(u16, Offset)> {
    let (machine, offset) = file.strip_prefix("snap-")?.strip_suffix(ending)?.split_once('-')?;
    let machine = digits(machine, 5)?.parse().ok()?;
    let offset = digits(offset, 20)?.parse().ok()?;
    Some((machine, Offset(offset)))
}

fn digits(text: &str, count: usize) -> Option<&str> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// The header of a file.
pub(super) fn header(machine: u16, offset: Offset) -> [u8; SNAPSHOT_HEADER_BYTES] {
    let mut header = [0; SNAPSHOT_HEADER_BYTES];
    header[0..8].copy_from_slice(HEADER_MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..14].copy_from_slice(&machine.to_le_bytes());
    header[16..24].copy_from_slice(&offset.0.to_le_bytes());
    let crc = crc32c::crc32c(&header[..60]);
    header[60..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// Checks a header against the name of its file.
pub(super) fn check_header(bytes: &[u8], machine: u16, offset: Offset) -> Result<(), SnapshotFault> {
    if bytes == header(machine, offset) {
        return Ok(());
    }
    let sound = bytes.len() == SNAPSHOT_HEADER_BYTES
        && bytes.starts_with(HEADER_MAGIC)
        && u32_at(bytes, 60) == Some(crc32c::crc32c(&bytes[..60]));
    let newer = sound && u32_at(bytes, 8).is_some_and(|version| version > VERSION);
    Err(if newer { SnapshotFault::Version } else { SnapshotFault::Header })
}

/// What the trailer says of all blocks together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub blocks: u64,
    /// Bytes of all blocks, without their lengths and checksums.
    pub bytes: u64,
    /// CRC32C of the header, then of the block headers in order.
    pub order: u32,
}

impl Summary {
    /// No blocks yet, under this header.
    pub fn of(header: &[u8]) -> Self {
        Self { blocks: 0, bytes: 0, order: crc32c::crc32c(header) }
    }

    /// Counts a block in.
    pub fn add(&mut self, block_header: &[u8], bytes: usize) {
        self.blocks = self.blocks.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes as u64);
        self.order = crc32c::crc32c_append(self.order, block_header);
    }

    /// The trailer.
    pub fn trailer(&self) -> [u8; SNAPSHOT_TRAILER_BYTES] {
        let mut trailer = [0; SNAPSHOT_TRAILER_BYTES];
        trailer[0..8].copy_from_slice(TRAILER_MAGIC);
        trailer[8..16].copy_from_slice(&self.blocks.to_le_bytes());
        trailer[16..24].copy_from_slice(&self.bytes.to_le_bytes());
        trailer[24..28].copy_from_slice(&self.order.to_le_bytes());
        let crc = crc32c::crc32c(&trailer[..28]);
        trailer[28..].copy_from_slice(&crc.to_le_bytes());
        trailer
    }

    /// Reads a trailer.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let summary =
            Self { blocks: u64_at(bytes, 8)?, bytes: u64_at(bytes, 16)?, order: u32_at(bytes, 24)? };
        (bytes == summary.trailer()).then_some(summary)
    }

    /// Length of a file with these blocks.
    pub fn file_bytes(&self) -> Option<u64> {
        self.blocks
            .checked_mul(SNAPSHOT_BLOCK_HEADER_BYTES as u64)?
            .checked_add(self.bytes)?
            .checked_add((SNAPSHOT_HEADER_BYTES + SNAPSHOT_TRAILER_BYTES) as u64)
    }
}

/// The length and checksum in front of a block. The checksum covers the length too.
pub(super) fn block_header(block: &[u8]) -> [u8; SNAPSHOT_BLOCK_HEADER_BYTES] {
    let length = (block.len() as u32).to_le_bytes();
    let crc = crc32c::crc32c_append(crc32c::crc32c(&length), block);
    let mut header = [0; SNAPSHOT_BLOCK_HEADER_BYTES];
    header[..4].copy_from_slice(&length);
    header[4..].copy_from_slice(&crc.to_le_bytes());
    header
}
