//! What a viewer may be sent of the burst now. A network takes a key frame at once, but not two seconds of
//! picture: packets that pile up in it are lost, and sound behind them comes late.

use crate::limits::{BURST_BYTES_A_MS, BURST_BYTES_AT_ONCE, BURST_EVERY};
use std::time::Instant;

/// Bytes that may be sent.
#[derive(Clone, Copy, Debug)]
pub struct Purse {
    /// Below zero where something is owed.
    bytes: isize,
    filled: Instant,
}

impl Purse {
    /// Full.
    pub fn new(now: Instant) -> Self {
        Purse { bytes: BURST_BYTES_AT_ONCE as isize, filled: now }
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
            let earned = isize::try_from(earned).unwrap_or(isize::MAX);
            self.bytes = self.bytes.saturating_add(earned).min(BURST_BYTES_AT_ONCE as isize);
            self.filled = now;
        }
    }

    /// Takes out, if there is enough.
    pub fn pay(&mut self, bytes: usize) -> bool {
        let enough = usize::try_from(self.bytes).is_ok_and(|held| held >= bytes);
        self.bytes -= if enough { bytes as isize } else { 0 };
        enough
    }

    /// What was sent beside; the burst waits until it is made up for.
    pub fn owe(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub_unsigned(bytes);
    }

    /// When it is worth looking again.
    pub fn filled_at(&self) -> Instant {
        self.filled + BURST_EVERY
    }
}
