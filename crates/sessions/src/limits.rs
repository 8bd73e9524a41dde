//! Every bound of the sessions, by name.

/// Messages that wait for one device's acknowledgement. Who lets more pile up reads too slowly and is dropped.
pub const PENDING_MAX: usize = 32;

/// Messages that wait for acknowledgements in one machine.
pub const MESSAGES_MAX: usize = 1 << 16;

/// Sessions without a connection in one machine; beyond it the one that waits longest ends.
pub const LOST_MAX: usize = 1 << 13;

/// Sessions of one device, each of another shopper or app.
pub const DEVICE_SESSIONS_MAX: usize = 8;

/// Frames that one look at a connection gives: what is written to a socket together.
pub const POLL_MAX: usize = 16;

/// Frames that a client may send at once after a quiet time.
pub const FRAMES_BURST: u32 = 64;

/// Frames a second that a client may send on the long run.
pub const FRAMES_PER_S: u32 = 10;

/// Ids that one acknowledgement may name.
pub const ACK_IDS_MAX: usize = 64;

/// Least time between two presence events of one session, in milliseconds: what changes in between is told as
/// one change.
pub const PRESENCE_EVERY_MS: u64 = 1_000;

const _: () = assert!(ACK_IDS_MAX >= PENDING_MAX, "one frame can acknowledge all that waits");
const _: () = assert!(PENDING_MAX >= POLL_MAX, "one look takes no more than may wait");
