//! Bounds of the live room's IO.

use std::time::Duration;

/// Most inputs that wait for a floor. Beyond, datagrams are dropped as a network would.
pub const QUEUE_MAX: usize = 4_096;

/// How long an offer is known after it came: the same one within this is the same client's other request.
pub const OFFERS_KNOWN_FOR: Duration = Duration::from_secs(5);

/// Most offers that are known, with their answers of some 2 KB.
pub const OFFERS_KNOWN_MAX: usize = 4_096;

/// Most inputs that a floor takes before it sends.
pub const BATCH_MAX: usize = 64;

/// Bytes of the kernel's buffers, if it lets us have them.
pub const SOCKET_BYTES: usize = 4 << 20;

/// Most addresses that are known to belong to a floor. Beyond, they are learned anew.
pub const ADDRESSES_MAX: usize = 1 << 16;

/// Most bytes that are given to the kernel at once, to be cut into datagrams by it.
pub const SEND_BYTES_MAX: usize = 60_000;

/// How long one datagram may wait for the kernel before it is dropped, in milliseconds.
pub const SEND_WAITS_MS: u64 = 5;

/// How often the system is asked for a number that is free for UDP and for TCP.
pub const PORT_TRIES: usize = 16;

/// Most TCP connections for media at a time.
pub const TCP_CONNECTIONS_MAX: usize = 4_096;

/// Most of them that have not yet shown that a session is theirs: they cannot crowd out those that have.
pub const TCP_STRANGERS_MAX: usize = 512;

/// How long a TCP connection may take to show that a session is its own, in milliseconds.
pub const TCP_PROVE_WITHIN_MS: u64 = 10_000;

/// A TCP connection that is sent nothing for this long belongs to no session any more, in milliseconds. Clients ask
/// whether the way is open every few seconds, and are answered.
pub const TCP_IDLE_MS: u64 = 60_000;

/// A TCP connection that takes nothing for this long, though something waits for it, is closed, in milliseconds.
pub const TCP_STALLED_MS: u64 = 5_000;

/// Most bytes that wait to be written to a TCP connection: a second of a good picture. What comes beyond is lost.
pub const TCP_OUTBOX_BYTES: usize = 384 << 10;

/// Bytes of the kernel's buffer to a TCP connection. It is part of the delay that a slow reader sees.
pub const TCP_SEND_BYTES: u32 = 128 << 10;

/// Bytes that are read from a TCP connection at once.
pub const TCP_READ_BYTES: usize = 4 << 10;

/// TCP connections that wait to be accepted.
pub const TCP_BACKLOG: u32 = 1_024;

/// How long accepting pauses when the system has no descriptor left, in milliseconds.
pub const TCP_ACCEPT_AGAIN_MS: u64 = 100;

const _: () = assert!(TCP_STRANGERS_MAX < TCP_CONNECTIONS_MAX);
// The pictures that a new viewer is given at once fit.
const _: () = assert!(TCP_OUTBOX_BYTES > beckon_room::GROUP_BYTES_MAX);
// An answer to a check comes before its connection is called idle.
const _: () = assert!(TCP_IDLE_MS > beckon_room::UNHEARD_FOR.as_millis() as u64);
