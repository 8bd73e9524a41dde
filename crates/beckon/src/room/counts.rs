//! What the live room's threads have done since the start, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that the threads share.
#[derive(Debug, Default)]
pub struct Counts {
    /// Datagrams sent.
    pub sent: AtomicU64,
    /// Datagrams that came in.
    pub received: AtomicU64,
    /// Datagrams that came in faster than they could be taken, and are lost.
    pub dropped: AtomicU64,
    /// Messages for other floors, packets and what else there is to say of a room, that found these too far behind.
    pub unlinked: AtomicU64,
    /// Nanoseconds that floors were at work.
    pub busy_ns: AtomicU64,
    /// Sessions that are there, of publishers and viewers.
    pub sessions: AtomicU64,
    /// Bytes of pictures that are kept for viewers to come.
    pub kept_bytes: AtomicU64,
}

impl Counts {
    /// Counts on.
    pub fn add(count: &AtomicU64, more: u64) {
        count.fetch_add(more, Ordering::Relaxed);
    }
}
