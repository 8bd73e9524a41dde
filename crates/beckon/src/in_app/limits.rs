//! Every bound of in-app connections, by name. Those of a session's messages are `beckon_sessions::limits`.

use std::time::Duration;

/// Machines that share the devices, each under a lock of its own.
pub const SHARDS: usize = 16;

/// Most bytes of a client's frame.
pub const FRAME_BYTES_MAX: usize = 8 << 10;

/// Bytes that a connection's buffer has for reading: an acknowledgement or a state fits, a longer frame takes more
/// for as long as it lasts.
pub const READ_BYTES: usize = 1 << 10;

/// Bytes gathered before they are written to the socket.
pub const WRITE_BYTES: usize = 16 << 10;

/// Most bytes that may be gathered: what one look at a connection gives, of the longest messages.
pub const WRITE_BYTES_MAX: usize = 256 << 10;

/// How long a client may take for its first frame.
pub const HELLO_WAIT: Duration = Duration::from_secs(10);

/// How long a client is waited for after it was told why its connection is closed.
pub const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// Connections above the bound that are taken only to be told so; beyond them a connection is refused before it is one.
pub const TURNED_AWAY_MAX: usize = 1_000;

/// How long a lost connection may stay away before its app counts as closed, in milliseconds.
pub const GRACE_MS: i64 = 10_000;

/// How often the deadlines are looked at.
pub const TICK: Duration = Duration::from_millis(100);

/// Most frames of one post.
pub const FRAMES_OF_A_POST_MAX: usize = 64;

/// Longest id of an app or a device, in bytes: as long as an event's.
pub const ID_BYTES_MAX: usize = beckon_core::limits::ID_BYTES_MAX;

/// How long a stop waits for connections to close.
pub const STOP_WAIT: Duration = Duration::from_secs(2);

const _: () = assert!(SHARDS <= 256, "a session's name has a byte for its shard");
