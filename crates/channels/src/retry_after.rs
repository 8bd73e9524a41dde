//! `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::fmt::rfc2822::DateTimeParser;

/// The longest wait that is believed, in milliseconds: a day.
pub const RETRY_AFTER_MS_MAX: i64 = 86_400_000;

/// Milliseconds from `now_ms` that the header asks for, 0 to [`RETRY_AFTER_MS_MAX`]; `None` if there is none
/// that can be read.
pub fn retry_after_ms(headers: &HeaderMap, now_ms: i64) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let ms = if text.bytes().all(|it| it.is_ascii_digit()) && !text.is_empty() {
        // Too many digits are a long wait, not none.
        text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1000)
    } else {
        DateTimeParser::new().parse_timestamp(text).ok()?.as_millisecond().saturating_sub(now_ms)
    };
    Some(ms.clamp(0, RETRY_AFTER_MS_MAX))
}
