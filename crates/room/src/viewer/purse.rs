//! What a viewer may be sent of the burst now. A network takes a key frame at once, but not two seconds of
//! picture: packets that pile up in it are lost, and sound behind them comes late.

use crate::limits::{BURST_BYTES_A_MS, BURST_BYTES_AT_ONCE, BURST_EVERY};
use std::time::Instant;

/// Bytes that may be sent.
#[derive(Clone, Copy, Debug)]
pub struct Purse {
    bytes: usize,
    filled: Instant,
}

impl Purse {
    /// Full.
    pub fn new(now: Instant) -> Self {
        Purse { bytes: BURST_BYTES_AT_ONCE, filled: now }
    }

    /// A burst begins.
    pub fn begin(&mut self, now: Instant) {
        *self = Purse::new(now);
    }

    /// Puts in what time has brought.
    pub fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_micros() as usize;
        let earned = passed.saturating_mul(BURST_BYTES_A_MS) / 1_000;
        if earned > 0 {
            self.bytes = self.bytes.saturating_add(earned).min(BURST_BYTES_AT_ONCE);
            self.filled = now;
        }
    }

    /// Takes out, if there is enough.
    pub fn pay(&mut self, bytes: usize) -> bool {
        match self.bytes.checked_sub(bytes) {
            Some(rest) => {
                self.bytes = rest;
                true
            }
            None => false,
        }
    }

    /// When it is worth looking again.
    pub fn filled_at(&self) -> Instant {
        self.filled + BURST_EVERY
    }
}
