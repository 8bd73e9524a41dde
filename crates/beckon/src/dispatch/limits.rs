//! Bounds and defaults of calls to vendors.

use std::time::Duration;

/// How long name, connection and TLS may take together.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connected vendor may take until its answer begins.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the answer's body may take once it has begun.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes of an answer that are read: a word on each of a thousand messages, with reasons.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Addresses of a name that are looked at.
pub const ADDRESSES_MAX: usize = 16;

/// How long an idle connection is kept. Shorter than the five seconds after which widespread servers close
/// theirs: a request that meets the closing is lost, and then ambiguous.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Idle connections kept to one vendor.
pub const IDLE_CONNECTIONS_MAX: usize = 64;

/// How often a silent HTTP/2 connection is asked whether it still lives.
pub const PING_INTERVAL: Duration = Duration::from_secs(10);

const _: () = assert!(IDLE_TIMEOUT.as_secs() < 5);
