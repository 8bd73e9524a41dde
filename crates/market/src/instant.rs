//! Instants as texts, and the clock on the wall of the market: all its shoppers live in China, which has one
//! zone without summer time.

/// A second, in milliseconds.
pub const SECOND: u64 = 1_000;
/// A minute, in milliseconds.
pub const MINUTE: u64 = 60 * SECOND;
/// An hour, in milliseconds.
pub const HOUR: u64 = 60 * MINUTE;
/// A day, in milliseconds.
pub const DAY: u64 = 24 * HOUR;

/// The zone that events name.
pub const ZONE: &str = "Asia/Shanghai";
/// What its clocks are ahead of UTC.
const ZONE_AHEAD: u64 = 8 * HOUR;

/// A local day, by its number since 1970-01-01.
pub fn day_of(at_ms: u64) -> u64 {
    (at_ms + ZONE_AHEAD) / DAY
}

/// The instant at which the wall clock shows `minute` on a local day.
pub fn on_day(day: u64, minute: u64) -> u64 {
    (day * DAY + minute * MINUTE).saturating_sub(ZONE_AHEAD)
}

/// Minutes since local midnight, with their fraction.
pub fn minute_of(at_ms: u64) -> f64 {
    ((at_ms + ZONE_AHEAD) % DAY) as f64 / MINUTE as f64
}

/// Saturday or Sunday?
pub fn is_weekend(day: u64) -> bool {
    // 1970-01-01 was a Thursday.
    matches!((day + 4) % 7, 0 | 6)
}

/// RFC 3339 in UTC, to the millisecond.
pub fn rfc3339(at_ms: u64) -> String {
    let (days, left) = (at_ms / DAY, at_ms % DAY);
    let (year, month, day) = civil(days);
    let (hour, minute) = (left / HOUR, left / MINUTE % 60);
    let (second, milli) = (left / SECOND % 60, left % SECOND);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of a number of days since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let of_era = z % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_as_the_calendar_has_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_827_696_789), "2000-02-29T12:34:56.789Z");
        assert_eq!(rfc3339(1_767_225_599_999), "2025-12-31T23:59:59.999Z");
    }

    #[test]
    fn the_wall_clock_is_that_of_shanghai() {
        let evening = on_day(20_000, 19 * 60);
        assert_eq!(minute_of(evening), 19.0 * 60.0);
        assert_eq!(day_of(evening), 20_000);
        assert_eq!(rfc3339(evening), "2024-10-04T11:00:00.000Z");
        assert!(is_weekend(20_001) && is_weekend(20_002) && !is_weekend(20_000));
    }
}
