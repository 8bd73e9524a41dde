//! Bounds of the live room's IO.

/// Most inputs that wait for a floor. Beyond, datagrams are dropped as a network would.
pub const QUEUE_MAX: usize = 4_096;

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
