//! The last hour of activity, minute by minute: whether a shopper has just come by or has been at it.
//!
//! Whoever was active in eight of the last thirty minutes will most likely still be there in the next thirty;
//! of those with a single active minute a third are gone. Minutes are remembered one by one, so within
//! them it does not matter in which order events come.

use bytemuck::{Pod, Zeroable};

const MINUTE_S: u32 = 60;

/// Minutes that are remembered.
pub const MINUTES: u32 = u64::BITS;

/// Which of the last 64 minutes had activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Pulse {
    /// Bit `i`: active in the minute `newest − i`.
    recent: u64,
    /// The minute of the latest activity, in minutes since the epoch.
    newest: u32,
    /// Room for what comes; keeps the struct free of padding.
    spare: u32,
}

impl Pulse {
    /// The shopper was active at `at` (Unix seconds).
    pub fn active(&mut self, at: u32) {
        let minute = at / MINUTE_S;
        if minute > self.newest {
            self.recent = self.recent.checked_shl(minute - self.newest).unwrap_or(0);
            self.newest = minute;
        }
        self.recent |= 1u64.checked_shl(self.newest - minute).unwrap_or(0);
    }

    /// Active minutes among the `window` minutes up to and including that of `now`.
    pub fn minutes(&self, now: u32, window: u32) -> u32 {
        let minute = now / MINUTE_S;
        let window = window.min(MINUTES);
        if minute >= self.newest {
            // The oldest of the window lies `window − 1` before now, so so much less before the newest.
            let left = window.saturating_sub(minute - self.newest);
            (self.recent & low_bits(left)).count_ones()
        } else {
            (self.recent.checked_shr(self.newest - minute).unwrap_or(0) & low_bits(window)).count_ones()
        }
    }

    /// Adds another's minutes.
    pub fn merge(&mut self, other: &Pulse) {
        let newest = self.newest.max(other.newest);
        let aligned = |it: &Pulse| it.recent.checked_shl(newest - it.newest).unwrap_or(0);
        self.recent = aligned(self) | aligned(other);
        self.newest = newest;
    }
}

fn low_bits(count: u32) -> u64 {
    if count >= u64::BITS { u64::MAX } else { (1 << count) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u32 = 1_511_658_000;

    fn pulse(minutes_ago: &[u32]) -> Pulse {
        let mut pulse = Pulse::default();
        minutes_ago.iter().for_each(|ago| pulse.active(NOW - ago * 60 + 30));
        pulse
    }

    #[test]
    fn active_minutes_are_counted_once_in_any_order() {
        let forward = pulse(&[40, 29, 10, 10, 0]);
        assert_eq!(forward, pulse(&[0, 10, 29, 40, 10]));
        assert_eq!([1, 11, 30, 41].map(|window| forward.minutes(NOW, window)), [1, 2, 3, 4]);
    }

    #[test]
    fn minutes_leave_the_window_as_time_goes_by() {
        let pulse = pulse(&[5, 0]);
        assert_eq!([0, 24, 25, 29, 30].map(|later| pulse.minutes(NOW + later * 60, 30)), [2, 2, 1, 1, 0]);
        assert_eq!(pulse.minutes(NOW + 1_000_000, 64), 0);
        assert_eq!(pulse.minutes(NOW - 120, 30), 1, "what came later is not counted");
        assert_eq!(Pulse::default().minutes(NOW, 30), 0);
    }

    #[test]
    fn two_of_one_shopper_add_up() {
        let mut a = pulse(&[20, 3]);
        a.merge(&pulse(&[3, 1]));
        assert_eq!(a, pulse(&[20, 3, 1]));
    }
}
