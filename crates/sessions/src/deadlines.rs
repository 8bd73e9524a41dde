//! When each session is next to be looked at: at most one entry a session, moved rather than added to.

use std::collections::BTreeSet;

/// Deadlines on one of the two times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deadlines {
    order: BTreeSet<(i64, u32)>,
}

impl Deadlines {
    /// Moves the deadline of `slot` from `old` to `new`, and says what it is now.
    pub fn set(&mut self, slot: u32, old: Option<i64>, new: Option<i64>) -> Option<i64> {
        if old != new {
            if let Some(old) = old {
                self.order.remove(&(old, slot));
            }
            if let Some(new) = new {
                self.order.insert((new, slot));
            }
        }
        new
    }

    /// The earliest.
    pub fn first(&self) -> Option<(i64, u32)> {
        self.order.first().copied()
    }
}
