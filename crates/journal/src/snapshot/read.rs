//! Reading a snapshot in one stream, each block checked before it is handed out, and the whole
//! checked at the end.

use super::format::{self, FINISHED, Summary};
use super::{SnapshotError, SnapshotFault};
use crate::Offset;
use crate::disk::Disk;
use crate::error::DiskError;
use crate::frame::u32_at;
use crate::limits::{
    READ_BYTES, SNAPSHOT_BLOCK_BYTES_MAX, SNAPSHOT_BLOCK_HEADER_BYTES, SNAPSHOT_HEADER_BYTES,
    SNAPSHOT_TRAILER_BYTES,
};

/// A snapshot being read.
#[derive(Debug)]
pub struct SnapshotReader<'a, D> {
    disk: &'a D,
    machine: u16,
    offset: Offset,
    file: String,
    /// What the trailer says, and what was seen so far.
    expected: Summary,
    seen: Summary,
    /// The byte of the file at which the next block begins.
    at: u64,
    /// Where the trailer begins.
    end: u64,
    buffer: Vec<u8>,
    /// The part of `buffer` that is read from the file and not yet handed out.
    from: usize,
    filled: usize,
}

impl<'a, D: Disk> SnapshotReader<'a, D> {
    pub(super) fn open(disk: &'a D, machine: u16, offset: Offset) -> Result<Self, SnapshotError> {
        let file = format::name(machine, offset, FINISHED);
        let fail = |error| DiskError::new("read", &file, error);
        let damaged = |at, fault| SnapshotError::Damaged { file: file.clone(), at, fault };
        let length = disk.len(&file).map_err(fail)?;
        let mut header = [0; SNAPSHOT_HEADER_BYTES];
        let count = read_full(disk, &file, 0, &mut header).map_err(fail)?;
        format::check_header(&header[..count], machine, offset).map_err(|fault| damaged(0, fault))?;
        let end = length.saturating_sub(SNAPSHOT_TRAILER_BYTES as u64);
        let mut trailer = [0; SNAPSHOT_TRAILER_BYTES];
        let count = read_full(disk, &file, end, &mut trailer).map_err(fail)?;
        let expected = Summary::parse(&trailer[..count])
            .filter(|summary| summary.file_bytes() == Some(length))
            .ok_or_else(|| damaged(end, SnapshotFault::Trailer))?;
        Ok(Self {
            disk,
            machine,
            offset,
            expected,
            seen: Summary::of(&header),
            at: SNAPSHOT_HEADER_BYTES as u64,
            end,
            buffer: Vec::new(),
            from: 0,
            filled: 0,
            file,
        })
    }

    /// The machine it is of.
    pub fn machine(&self) -> u16 {
        self.machine
    }

    /// The records before this offset are folded into it.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// Number of blocks.
    pub fn blocks(&self) -> u64 {
        self.expected.blocks
    }

    /// Bytes of all blocks.
    pub fn bytes(&self) -> u64 {
        self.expected.bytes
    }

    /// The next block; `None` when all were read and all is as it was written. What was built from
    /// the blocks counts only then.
    pub fn block(&mut self) -> Result<Option<&[u8]>, SnapshotError> {
        if self.at >= self.end {
            return if self.seen == self.expected {
                Ok(None)
            } else {
                Err(self.damaged(self.at, SnapshotFault::Order))
            };
        }
        let head = self.view(SNAPSHOT_BLOCK_HEADER_BYTES)?;
        let length = u32_at(head, 0).unwrap_or(u32::MAX) as usize;
        let total = SNAPSHOT_BLOCK_HEADER_BYTES.saturating_add(length);
        if length > SNAPSHOT_BLOCK_BYTES_MAX || total as u64 > self.end - self.at {
            return Err(self.damaged(self.at, SnapshotFault::Block));
        }
        let whole = self.view(total)?;
        let sound = whole.len() == total && {
            let (header, block) = whole.split_at(SNAPSHOT_BLOCK_HEADER_BYTES);
            header == format::block_header(block)
        };
        if !sound {
            return Err(self.damaged(self.at, SnapshotFault::Block));
        }
        let start = self.from;
        let block_at = start + SNAPSHOT_BLOCK_HEADER_BYTES;
        self.seen.add(&self.buffer[start..block_at], length);
        self.from += total;
        self.at += total as u64;
        Ok(Some(&self.buffer[block_at..start + total]))
    }

    /// Reads all that is left and says whether all is as it was written.
    pub fn verify(mut self) -> Result<(), SnapshotError> {
        while self.block()?.is_some() {}
        Ok(())
    }

    /// The next `need` bytes; fewer only where the blocks end.
    fn view(&mut self, need: usize) -> Result<&[u8], SnapshotError> {
        if self.filled - self.from < need {
            self.buffer.copy_within(self.from..self.filled, 0);
            self.filled -= self.from;
            self.from = 0;
            let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            let want = need.max(READ_BYTES).min(left);
            if self.buffer.len() < want {
                self.buffer.resize(want, 0);
            }
            let at = self.at + self.filled as u64;
            let into = &mut self.buffer[self.filled.min(want)..want];
            self.filled += read_full(self.disk, &self.file, at, into)
                .map_err(|error| DiskError::new("read", &self.file, error))?;
        }
        let end = self.filled.min(self.from + need);
        Ok(&self.buffer[self.from..end])
    }

    fn damaged(&self, at: u64, fault: SnapshotFault) -> SnapshotError {
        SnapshotError::Damaged { file: self.file.clone(), at, fault }
    }
}

/// Reads until `into` is full or the file ends; returns the bytes read.
fn read_full<D: Disk>(disk: &D, file: &str, at: u64, into: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match disk.read_at(file, at + filled as u64, &mut into[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
