//! Records gathered for one commit, laid out as the frame they will be, so that committing adds a
//! header and a checksum and copies nothing.

use crate::Offset;
use crate::frame::{self, Head};
use crate::limits::{BLOCK_BYTES, COUNT_MAX, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, RECORD_HEADER_BYTES};

/// Records gathered for one commit.
///
/// Its buffer is kept from one commit to the next by [`Batch::restart`].
#[derive(Clone, Debug)]
pub struct Batch {
    first: Offset,
    records: u32,
    /// Room for the header, then the records; while it is written also padding and end mark.
    buffer: Vec<u8>,
    /// Bytes of `buffer` that are header and records.
    used: usize,
}

impl Batch {
    /// An empty batch whose first record will have the offset `first`.
    pub fn new(first: Offset) -> Self {
        Self { first, records: 0, buffer: vec![0; FRAME_HEADER_BYTES], used: FRAME_HEADER_BYTES }
    }

    /// Empties the batch for records from `first` on, keeping its memory.
    pub fn restart(&mut self, first: Offset) {
        self.first = first;
        self.records = 0;
        self.used = FRAME_HEADER_BYTES;
        self.buffer.truncate(self.used);
    }

    /// Adds a record and returns its offset.
    ///
    /// A batch may be made larger than a commit takes: the commit then refuses it. Ask
    /// [`Batch::fits`] before.
    pub fn push(&mut self, record: &[u8]) -> Offset {
        self.push_with(|out| out.put(record))
    }

    /// Adds a record that `write` puts together in place, and returns its offset.
    pub fn push_with(&mut self, write: impl FnOnce(&mut RecordWriter<'_>)) -> Offset {
        self.buffer.truncate(self.used);
        let start = self.used;
        self.buffer.extend_from_slice(&[0; RECORD_HEADER_BYTES]);
        write(&mut RecordWriter { buffer: &mut self.buffer });
        let length = self.buffer.len() - start - RECORD_HEADER_BYTES;
        // A length that does not fit makes a batch that is far too large to be committed.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.buffer[start..start + RECORD_HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
        self.used = self.buffer.len();
        let offset = self.end();
        self.records = self.records.saturating_add(1);
        offset
    }

    /// Whether a record of so many bytes can be added and the batch still be committed.
    pub fn fits(&self, record_bytes: usize) -> bool {
        self.used.saturating_add(RECORD_HEADER_BYTES).saturating_add(record_bytes) <= FRAME_BYTES_MAX
    }

    /// The offset of the first record.
    pub fn first(&self) -> Offset {
        self.first
    }

    /// The offset after the last record.
    pub fn end(&self) -> Offset {
        Offset(self.first.0.saturating_add(u64::from(self.records)))
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.records as usize
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Bytes that the batch takes in the log, without padding.
    pub fn bytes(&self) -> usize {
        self.used
    }

    /// The records with their offsets.
    pub fn records(&self) -> impl Iterator<Item = (Offset, &[u8])> {
        let mut at = FRAME_HEADER_BYTES;
        (0..u64::from(self.records)).map_while(move |index| {
            let record = frame::record(&self.buffer[..self.used], at)?;
            at += RECORD_HEADER_BYTES + record.len();
            Some((Offset(self.first.0.saturating_add(index)), record))
        })
    }

    pub(crate) fn is_too_large(&self) -> bool {
        self.used > FRAME_BYTES_MAX || self.end().0 >= COUNT_MAX
    }

    /// Bytes of the frame on disk.
    pub(crate) fn extent(&self) -> usize {
        self.used.next_multiple_of(BLOCK_BYTES)
    }

    /// The batch as a frame, with a block of zeros behind it if `end_mark` is asked for.
    pub(crate) fn as_frame(&mut self, log_id: u64, sequence: u64, end_mark: bool) -> &[u8] {
        let extent = self.extent();
        self.buffer.truncate(self.used);
        let mark = if end_mark { BLOCK_BYTES } else { 0 };
        self.buffer.resize(extent + mark, 0);
        let head = Head {
            crc: 0,
            log_id,
            sequence,
            offset: self.first.0,
            records: self.records,
            payload: (self.used - FRAME_HEADER_BYTES) as u32,
        };
        frame::finish(&mut self.buffer[..extent], head);
        &self.buffer
    }
}

/// Puts one record together in the place it is written from.
#[derive(Debug)]
pub struct RecordWriter<'a> {
    buffer: &'a mut Vec<u8>,
}

impl RecordWriter<'_> {
    /// Adds bytes to the record.
    pub fn put(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }
}
