//! Every bound of the journal, named once, so that memory and time are known before the first byte
//! is written. A reader trusts no length found on disk beyond what stands here.

/// The unit of everything on disk, in bytes: segment headers, and the start and end of every frame.
/// One page of the page cache and one physical sector of current disks, so that writing a frame
/// never rewrites a sector that was acknowledged before.
pub const BLOCK_BYTES: usize = 4096;

/// Bytes of the header that opens a segment file.
pub const SEGMENT_HEADER_BYTES: usize = BLOCK_BYTES;

/// Bytes of a segment file unless [`Options`](crate::Options) says otherwise.
pub const SEGMENT_BYTES_DEFAULT: u64 = 64 << 20;

/// Fewest bytes of a segment file: its header, one frame and an end mark, and a little.
pub const SEGMENT_BYTES_MIN: u64 = 4 * BLOCK_BYTES as u64;

/// Most bytes of a segment file.
pub const SEGMENT_BYTES_MAX: u64 = 4 << 30;

/// Most bytes of one frame on disk: header, records with their lengths, padding. It is also the
/// most memory a reader takes for one frame.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

/// Bytes of the header of a frame.
pub const FRAME_HEADER_BYTES: usize = 40;

/// Bytes that a record costs beside its own: its length.
pub const RECORD_HEADER_BYTES: usize = 4;

/// Most bytes of one record: a frame that holds nothing else.
pub const RECORD_BYTES_MAX: usize = FRAME_BYTES_MAX - FRAME_HEADER_BYTES - RECORD_HEADER_BYTES;

/// Frame sequences and record offsets stay below this, so that adding to one cannot overflow.
pub const COUNT_MAX: u64 = 1 << 62;

/// Bytes asked of the disk at once when reading in sequence.
pub const READ_BYTES: usize = 1 << 20;

/// Bytes of zeros written at once when a segment is made.
pub const ZERO_BYTES: usize = 1 << 20;

/// Segments kept ready for use. One is in use soon, one is being made.
pub const SPARES_MAX: usize = 2;

/// Where no segment is ready, a commit makes one of this part of the usual length by itself: it waits for
/// a few megabytes instead of for all, and who works ahead has time to catch up.
pub const HURRIED_SHARE: u64 = 16;

/// Open files that a [`RealDisk`](crate::RealDisk) keeps for the next use.
pub const HANDLES_MAX: usize = 64;

/// Problems that one [`Report`](crate::Report) lists; further ones are only counted.
pub const PROBLEMS_MAX: usize = 1000;

/// Bytes of the header of a snapshot.
pub const SNAPSHOT_HEADER_BYTES: usize = 64;

/// Bytes of the trailer of a snapshot.
pub const SNAPSHOT_TRAILER_BYTES: usize = 32;

/// Bytes that a block of a snapshot costs beside its own: length and checksum.
pub const SNAPSHOT_BLOCK_HEADER_BYTES: usize = 8;

/// Most bytes of one block of a snapshot.
pub const SNAPSHOT_BLOCK_BYTES_MAX: usize = 64 << 20;

/// Bytes of a snapshot gathered before they are written.
pub const SNAPSHOT_WRITE_BYTES: usize = 1 << 20;

/// Bytes of a snapshot written before they are synced, so that the end of a large snapshot is not
/// one long flush that the log's own commits have to wait behind.
pub const SNAPSHOT_SYNC_BYTES: u64 = 32 << 20;

const _: () = {
    assert!(FRAME_BYTES_MAX.is_multiple_of(BLOCK_BYTES));
    assert!(SEGMENT_BYTES_DEFAULT.is_multiple_of(BLOCK_BYTES as u64));
    assert!(SEGMENT_BYTES_DEFAULT > SEGMENT_HEADER_BYTES as u64 + FRAME_BYTES_MAX as u64);
    assert!(SEGMENT_BYTES_MIN < SEGMENT_BYTES_MAX);
    assert!(SEGMENT_BYTES_MAX > (SEGMENT_HEADER_BYTES + FRAME_BYTES_MAX) as u64);
    assert!(FRAME_BYTES_MAX < u32::MAX as usize);
    assert!(SNAPSHOT_BLOCK_BYTES_MAX < u32::MAX as usize);
    assert!(READ_BYTES >= BLOCK_BYTES && ZERO_BYTES >= BLOCK_BYTES);
};
