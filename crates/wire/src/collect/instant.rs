//! Reading points in time as SDKs write them, and correcting a device's wrong clock.

use super::json::Value;
use beckon_core::time::Timestamp;

/// Unix times below this many seconds (1973) are taken for something else, e.g. a year.
const UNIX_S_MIN: f64 = 1e8;
/// From here on a Unix time is in milliseconds; as seconds it would be the year 5138.
const UNIX_MS_FROM: f64 = 1e11;
/// No Unix time reaches this many milliseconds.
const UNIX_MS_MAX: f64 = 1e14;

/// A point in time: RFC 3339 or ISO 8601 text, or a Unix time in seconds or milliseconds (also as text).
pub(crate) fn instant(value: &Value<'_>) -> Option<Timestamp> {
    match value {
        Value::Text(text) => parse(text.as_bytes()).or_else(|| unix(value.number()?)),
        _ => unix(value.number()?),
    }
}

fn unix(number: f64) -> Option<Timestamp> {
    match number {
        _ if !(UNIX_S_MIN..UNIX_MS_MAX).contains(&number) => None,
        _ if number < UNIX_MS_FROM => Some(Timestamp((number * 1000.0).round() as i64)),
        _ => Some(Timestamp(number.round() as i64)),
    }
}

/// `YYYY-MM-DD`, then optionally `T` or a space, `HH:MM`, `:SS`, a fraction, and `Z` or `±HH[[:]MM]`.
/// Without an offset it is UTC, without a time of day it is midnight.
pub(crate) fn parse(text: &[u8]) -> Option<Timestamp> {
    let mut rest = Rest(text);
    let year = rest.digits(4)?;
    rest.expect(b"-")?;
    let month = rest.digits(2)?;
    rest.expect(b"-")?;
    let day = rest.digits(2)?;
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * DAY_MS;
    if rest.0.is_empty() {
        return Some(Timestamp(midnight));
    }
    rest.expect(b"Tt ")?;
    let time = rest.time_of_day()?;
    let offset_min = rest.offset()?;
    rest.0.is_empty().then_some(Timestamp(midnight + time - offset_min * 60_000))
}

const DAY_MS: i64 = 86_400_000;

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut number = 0;
        for digit in digits {
            number = number * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.0 = rest;
        Some(number)
    }

    /// Takes the next byte if it is one of `any`.
    fn eat(&mut self, any: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        any.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn expect(&mut self, any: &[u8]) -> Option<u8> {
        self.eat(any)
    }

    /// Milliseconds since midnight. A leap second (60) is the first instant of the next minute.
    fn time_of_day(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        self.expect(b":")?;
        let minute = self.digits(2)?;
        let mut time = (hour * 60 + minute) * 60_000;
        let mut second = 0;
        if self.eat(b":").is_some() {
            second = self.digits(2)?;
            time += second * 1000;
            if self.eat(b".,").is_some() {
                time += self.fraction()?;
            }
        }
        (hour < 24 && minute < 60 && second <= 60).then_some(time)
    }

    /// Any number of digits; milliseconds are kept, the rest is cut.
    fn fraction(&mut self) -> Option<i64> {
        let len = self.0.iter().take_while(|it| it.is_ascii_digit()).count();
        let kept = self.0.get(..len.min(3)).filter(|it| !it.is_empty())?;
        let mut milliseconds = kept.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        for _ in kept.len()..3 {
            milliseconds *= 10;
        }
        self.0 = &self.0[len..];
        Some(milliseconds)
    }

    /// Minutes east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.eat(b"Zz+-") {
            None | Some(b'Z' | b'z') => return Some(0),
            Some(b'-') => -1,
            Some(_) => 1,
        };
        let hours = self.digits(2)?;
        let minutes = match self.eat(b":") {
            Some(_) => self.digits(2)?,
            None if self.0.is_empty() => 0,
            None => self.digits(2)?,
        };
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The UTC year of an instant. Source: as above, `civil_from_days`.
pub(crate) fn year_of(at: Timestamp) -> i64 {
    let days = at.0.div_euclid(DAY_MS) + 719_468;
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let january_or_february = (5 * day_of_year + 2) / 153 >= 10;
    days.div_euclid(146_097) * 400 + year_of_era + i64::from(january_or_february)
}

/// When an event happened, by our clock: `now − (sent − original)`, Segment's formula. Without `sent`
/// the device's clock is believed; without `original` it happened now.
///
/// A server that imports old events sends them with a `sent` of now, so they keep their times.
pub(crate) fn corrected(now: Timestamp, sent: Option<Timestamp>, original: Option<Timestamp>) -> Timestamp {
    match (original, sent) {
        (None, _) => now,
        (Some(original), None) => original,
        (Some(original), Some(sent)) => Timestamp(now.0 - (sent.0 - original.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, ms: Option<i64>) {
        assert_eq!(parse(text.as_bytes()).map(|it| it.0), ms, "{text}");
    }

    #[test]
    fn times_are_read_in_every_form_that_sdks_send() {
        check("2017-11-26T01:00:00Z", Some(1_511_658_000_000));
        check("2017-11-26T01:00:00.123Z", Some(1_511_658_000_123));
        check("2017-11-26t01:00:00.1z", Some(1_511_658_000_100));
        check("2017-11-26 01:00:00,123456789", Some(1_511_658_000_123));
        check("2017-11-26T09:00:00.5+08:00", Some(1_511_658_000_500));
        check("2017-11-26T09:00:00+0800", Some(1_511_658_000_000));
        check("2017-11-26T09:00+08", Some(1_511_658_000_000));
        check("2017-11-25T17:00:00.000000-08:00", Some(1_511_658_000_000));
        check("2017-11-26", Some(1_511_654_400_000));
        check("2016-12-31T23:59:60Z", Some(1_483_228_800_000));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800_000));
        check("1969-12-31T23:59:59Z", Some(-1000));
        check("0000-01-01", Some(-62_167_219_200_000));
    }

    #[test]
    fn times_out_of_range_are_no_times() {
        for text in [
            "",
            "2017",
            "2017-13-01",
            "2017-00-01",
            "2023-02-29",
            "1900-02-29",
            "2017-11-31",
            "2017-11-26T",
            "2017-11-26T24:00:00Z",
            "2017-11-26T23:60:00Z",
            "2017-11-26T23:00:61Z",
            "2017-11-26T23:00:00.Z",
            "2017-11-26T23:00:00+24:00",
            "2017-11-26T23:00:00+08:",
            "2017-11-26T23:00:00Zx",
            "+017-11-26",
            "２０１７-11-26",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn unix_times_are_seconds_or_milliseconds_by_their_size() {
        let of = |number| instant(&Value::Real(number)).map(|it| it.0);
        assert_eq!(of(1_511_658_000.0), Some(1_511_658_000_000));
        assert_eq!(of(1_511_658_000.25), Some(1_511_658_000_250));
        assert_eq!(of(1_511_658_000_123.0), Some(1_511_658_000_123));
        assert_eq!(instant(&Value::Text("1511658000123".into())), Some(Timestamp(1_511_658_000_123)));
        for number in [0.0, 2017.0, -1e12, 1e14, f64::MAX] {
            assert_eq!(of(number), None);
        }
    }

    #[test]
    fn the_year_of_an_instant_turns_at_new_year() {
        for year in [1600, 1899, 1900, 1970, 1999, 2000, 2024, 2025, 2100] {
            let new_year = days_from_civil(year, 1, 1) * DAY_MS;
            assert_eq!(year_of(Timestamp(new_year)), year);
            assert_eq!(year_of(Timestamp(new_year - 1)), year - 1);
            assert_eq!(year_of(Timestamp(new_year + 59 * DAY_MS)), year);
        }
    }
}
