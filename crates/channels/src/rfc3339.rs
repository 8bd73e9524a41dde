//! Instants as every payload writes them: RFC 3339 in UTC.

/// RFC 3339 in UTC of milliseconds since the epoch; what lies outside the years that it can write is brought
/// within.
pub(crate) fn rfc3339(ms: i64) -> String {
    let last = jiff::Timestamp::MAX.as_second() * 1000;
    let at = jiff::Timestamp::from_millisecond(ms.clamp(0, last));
    at.expect("0 to the last second are instants").to_string()
}
