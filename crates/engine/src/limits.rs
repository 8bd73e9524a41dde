//! Every bound of the engine, by name.

use beckon_core::limits::SHARDS;

/// Snapshots kept of each machine: the newest, and one to fall back on.
pub const SNAPSHOTS_KEPT: usize = 2;

/// Memory of the dedup window over all shards, in bytes, unless configured otherwise: about 27 million ids.
pub const DEDUP_BYTES: usize = 512 << 20;

/// The longest time an id is remembered, in milliseconds: a day.
pub const DEDUP_SPAN_MS: i64 = 24 * 3600 * 1000;

/// Bytes of records that wait for the disk before the gateway sends new ones away.
pub const PENDING_BYTES_MAX: usize = 64 << 20;

/// Largest record: a whole request of the gateway, with room for names.
pub const RECORD_BYTES_MAX: usize = 8 << 20;

const _: () = assert!(RECORD_BYTES_MAX < beckon_journal::limits::FRAME_BYTES_MAX, "a record fits a commit");
const _: () = assert!(DEDUP_BYTES / SHARDS > 1 << 20, "every shard gets a useful window");
