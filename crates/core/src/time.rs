//! Points in time and time zones as data.
//!
//! The core knows no zone rules: the edge resolves a zone name against the real rules and hands over
//! the offset that holds now, the instant it ends, and the offset after it. That covers a shopper for
//! months after his last event, without the core ever reading a rule file.

use crate::event::Text;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since the epoch, clamped to what a column holds (1970 to 2106); 0 means "never".
    pub fn secs(self) -> u32 {
        self.0.div_euclid(1000).clamp(1, u32::MAX as i64) as u32
    }

    /// The instant `secs` whole seconds after the epoch.
    pub fn from_secs(secs: u32) -> Self {
        Timestamp(i64::from(secs) * 1000)
    }
}

/// A time zone as the edge resolved it at an event's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone<'a> {
    /// The zone's name, e.g. `Asia/Shanghai`.
    pub name: Text<'a>,
    /// Minutes east of UTC at the event's time.
    pub offset_min: i16,
    /// Seconds since the epoch at which `offset_min` ends; `u32::MAX` when it never does.
    pub until: u32,
    /// Minutes east of UTC after `until`.
    pub next_offset_min: i16,
}

/// Hour of the day and kind of day on a shopper's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalHour {
    /// 0 to 23.
    pub hour: u8,
    /// Saturday or Sunday.
    pub weekend: bool,
}

impl LocalHour {
    /// The local hour at `secs` (Unix seconds) with the clock `offset_min` minutes east of UTC.
    pub fn at(secs: u32, offset_min: i16) -> Self {
        let local = i64::from(secs) + i64::from(offset_min) * 60;
        let day = local.div_euclid(86_400);
        // 1970-01-01 was a Thursday: day 2 was the first Saturday.
        let weekday = (day + 3).rem_euclid(7);
        LocalHour { hour: (local.rem_euclid(86_400) / 3600) as u8, weekend: weekday >= 5 }
    }

    /// Index into 48 bins: 24 weekday hours, then 24 weekend hours.
    pub fn bin(self) -> usize {
        usize::from(self.hour) + if self.weekend { 24 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_hour_follows_the_offset_across_midnight_and_the_weekend() {
        // 2017-11-26 was a Sunday; 01:00Z is 09:00 in Shanghai.
        let at = LocalHour::at(1_511_658_000, 480);
        assert_eq!(at, LocalHour { hour: 9, weekend: true });
        // Nine hours west of it, it is still Saturday evening.
        assert_eq!(LocalHour::at(1_511_658_000, -480), LocalHour { hour: 17, weekend: true });
        assert_eq!(LocalHour::at(1_511_658_000 + 86_400, 480), LocalHour { hour: 9, weekend: false });
    }
}
