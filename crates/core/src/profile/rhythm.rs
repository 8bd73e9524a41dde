//! Activity rhythm: in which hours of weekdays and weekends, on the shopper's own clock, he is active.
//!
//! What counts is an hour with activity, not the events in it: a burst of taps is one sign of life. Hours
//! are those of the shopper's own clock, so that one hour is one bin wherever he lives. The last 64 hours are remembered one by one, so that within them it does not matter in which order
//! events come; an event older than that counts as an hour of its own only if no later activity is known
//! in its place, which cannot be told, so it is left out. Each bin halves every 21 days (DESIGN.md §4),
//! in whole weeks; a late event is weighed for its own week, to 1/256 of an hour.

use crate::decay::exp2;
use crate::time::LocalHour;
use bytemuck::{Pod, Zeroable};

/// Bins: 24 hours of a weekday, then 24 of a weekend day.
pub const BINS: usize = 48;

/// Half-life in weeks: 21 days.
pub const HALF_LIFE_WEEKS: f64 = 3.0;

/// One active hour of the current week, in a bin's units.
const HOUR: f64 = 256.0;

const HOUR_S: u32 = 3600;
const WEEK_HOURS: u32 = 7 * 24;

/// Decayed active hours by hour of the day and kind of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Rhythm {
    /// Bit `i`: active in the hour `newest_hour − i`.
    recent: u64,
    bins: [u16; BINS],
    /// The hour of the latest activity, in hours since the epoch on the shopper's clock.
    newest_hour: u32,
    /// Weeks since the epoch up to which the bins are decayed.
    week: u32,
}

impl Default for Rhythm {
    fn default() -> Self {
        Rhythm::zeroed()
    }
}

impl Rhythm {
    /// The shopper was active at `at` (Unix seconds), with his clock `offset_min` minutes east of UTC.
    pub fn active(&mut self, at: u32, offset_min: i16) {
        let local = i64::from(at) + i64::from(offset_min) * 60;
        let hour = local.clamp(0, u32::MAX.into()) as u32 / HOUR_S;
        if hour == self.newest_hour && self.recent & 1 != 0 {
            return; // the common case: still the same hour
        }
        if hour > self.newest_hour {
            let ahead = hour - self.newest_hour;
            self.recent = if ahead < 64 { self.recent << ahead } else { 0 };
            self.newest_hour = hour;
        }
        let back = self.newest_hour - hour;
        if back >= 64 || self.recent & (1 << back) != 0 {
            return;
        }
        self.recent |= 1 << back;
        self.add(bin_of(hour), hour / WEEK_HOURS, HOUR);
    }

    /// Decayed active hours of a bin as of the latest activity's week.
    pub fn hours(&self, bin: usize) -> f64 {
        f64::from(self.bins[bin]) / HOUR
    }

    /// The week, in whole weeks since the epoch on the shopper's clock, up to which [`Rhythm::hours`] is
    /// decayed.
    pub fn week(&self) -> u32 {
        self.week
    }

    /// Decayed active hours in all.
    pub fn total(&self) -> f64 {
        (0..BINS).map(|bin| self.hours(bin)).sum()
    }

    /// The hour of the day (0–23) with the most activity, of a weekday or a weekend day.
    pub fn peak(&self, weekend: bool) -> Option<u8> {
        let bins = if weekend { 24..48 } else { 0..24 };
        let first = bins.start;
        let best = bins.max_by_key(|bin| (self.bins[*bin], std::cmp::Reverse(*bin)))?;
        (self.bins[best] > 0).then_some((best - first) as u8)
    }

    /// Adds another's rhythm. Hours in which both were active count twice beyond the last 64.
    pub fn merge(&mut self, other: &Rhythm) {
        for bin in 0..BINS {
            if other.bins[bin] > 0 {
                self.add(bin, other.week, f64::from(other.bins[bin]));
            }
        }
        let newest = self.newest_hour.max(other.newest_hour);
        let aligned = |recent: u64, hour: u32| recent.checked_shl(newest - hour).unwrap_or(0);
        let mine = aligned(self.recent, self.newest_hour);
        let theirs = aligned(other.recent, other.newest_hour);
        let twice = mine & theirs;
        for back in (0..u64::BITS).filter(|back| twice & (1 << back) != 0) {
            self.take_back(newest.saturating_sub(back));
        }
        self.recent = mine | theirs;
        self.newest_hour = newest;
    }

    /// An hour that was added twice counts once.
    fn take_back(&mut self, hour: u32) {
        let weight = weight_after(self.week.saturating_sub(hour / WEEK_HOURS));
        let bin = &mut self.bins[bin_of(hour)];
        *bin = bin.saturating_sub((HOUR * weight + 0.5) as u16);
    }

    fn add(&mut self, bin: usize, week: u32, units: f64) {
        if week > self.week {
            let factor = weight_after(week - self.week);
            for bin in &mut self.bins {
                *bin = (f64::from(*bin) * factor + 0.5) as u16;
            }
            self.week = week;
        }
        let weight = weight_after(self.week - week);
        self.bins[bin] = self.bins[bin].saturating_add((units * weight + 0.5) as u16);
    }
}

fn bin_of(hour: u32) -> usize {
    LocalHour::at(hour * HOUR_S, 0).bin()
}

/// What is left of an hour's weight after so many weeks.
pub fn weight_after(weeks: u32) -> f64 {
    exp2(-f64::from(weeks) / HALF_LIFE_WEEKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_taps_within_an_hour_are_one_active_hour_in_any_order() {
        let start = 1_511_658_000; // Sunday 09:00 in Shanghai
        let mut forward = Rhythm::default();
        let mut backward = Rhythm::default();
        for i in 0..300 {
            forward.active(start + i * 60, 480);
            backward.active(start + (299 - i) * 60, 480);
        }
        assert_eq!(forward.total(), 5.0);
        assert_eq!(forward, backward);
        assert_eq!(forward.hours(24 + 9), 1.0);
        assert_eq!((forward.peak(true), forward.peak(false)), (Some(9), None));
    }

    #[test]
    fn activity_of_three_weeks_ago_weighs_half() {
        let mut rhythm = Rhythm::default();
        rhythm.active(1_511_658_000, 480);
        rhythm.active(1_511_658_000 + 3 * WEEK_HOURS * HOUR_S + HOUR_S, 480);
        assert_eq!((rhythm.hours(24 + 9), rhythm.hours(24 + 10)), (0.5, 1.0));
    }
}
