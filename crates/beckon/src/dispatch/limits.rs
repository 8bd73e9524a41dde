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

/// How long an idle HTTP/2 connection is kept. Whoever closes one says so first, and load balancers wait a minute.
pub const MULTIPLEXED_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// HTTP/2 connections to one vendor.
pub const LANES: usize = 8;

/// Requests under way by which one more of these connections is used: what servers take at least on one
/// (RFC 9113, section 6.5.2).
pub const REQUESTS_A_LANE: usize = 100;

/// Requests of one batch that are under way at once.
pub const REQUESTS_AT_ONCE: usize = 64;

/// Vendors that are remembered to speak HTTP/1.1 only.
pub const HTTP1_VENDORS_MAX: usize = 1_024;

/// How often a silent HTTP/2 connection is asked whether it still lives.
pub const PING_INTERVAL: Duration = Duration::from_secs(10);

const _: () = assert!(IDLE_TIMEOUT.as_secs() < 5 && MULTIPLEXED_IDLE_TIMEOUT.as_secs() < 60);
const _: () = assert!(LANES > 0 && REQUESTS_A_LANE > 0 && REQUESTS_AT_ONCE > 0);
