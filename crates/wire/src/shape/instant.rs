//! Points in time as a reader sees them: RFC 3339 in UTC, to the second, as columns keep them.

const DAY_S: u32 = 86_400;

/// `secs` (Unix seconds) as RFC 3339, e.g. `2017-11-26T01:00:00Z`. Exact for all that a column holds.
pub fn rfc3339(secs: u32) -> String {
    let (year, month, day) = civil(secs / DAY_S);
    let time = secs % DAY_S;
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The same, of a time that may be "never" (0).
pub(super) fn told(secs: u32) -> Option<String> {
    (secs != 0).then(|| rfc3339(secs))
}

/// A day (since the epoch) as `2017-11-26`.
pub(super) fn date(day: u32) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The UTC year of an instant.
pub(super) fn year_of(secs: u32) -> u32 {
    civil(secs / DAY_S).0
}

/// A span in the largest unit that fits it, e.g. `3 h`; days from two on.
pub(super) fn span(secs: u32) -> String {
    match secs {
        0..120 => format!("{secs} s"),
        120..7200 => format!("{} min", secs / 60),
        7200..172_800 => format!("{} h", secs / 3600),
        _ => format!("{} days", secs / DAY_S),
    }
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar.
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil(days: u32) -> (u32, u32, u32) {
    // A day of all columns' range and the shift to 0000-03-01 stay far below 2³².
    let days = days.min(u32::MAX - 719_468) + 719_468;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (days / 146_097 * 400 + year_of_era + u32::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_that_a_column_holds_has_its_date() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..=u32::MAX / DAY_S {
            assert_eq!(civil(days), (year, month, day), "day {days}");
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (year, month, day) = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (_, it) if it == last => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
        assert_eq!((year, month), (2106, 2), "the walk reached the end of the range");
    }

    #[test]
    fn an_instant_is_written_to_the_second() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_511_658_059), "2017-11-26T01:00:59Z");
        assert_eq!(rfc3339(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(rfc3339(u32::MAX), "2106-02-07T06:28:15Z");
        assert_eq!((told(0), year_of(1_704_067_199), year_of(1_704_067_200)), (None, 2023, 2024));
    }

    #[test]
    fn a_span_is_said_in_the_largest_unit_that_fits() {
        let of = [0, 119, 120, 7199, 7200, 172_799, 172_800].map(span);
        assert_eq!(of, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
    }
}
