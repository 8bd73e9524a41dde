//! `Retry-After` in all the forms that servers send.

use beckon_channels::{RETRY_AFTER_MS_MAX, retry_after_ms};
use http::HeaderMap;
use http::header::RETRY_AFTER;

/// 1994-11-06T08:49:37Z, the instant of RFC 9110's examples.
const NOW_MS: i64 = 784_111_777_000;

fn check(value: &str, expected: Option<i64>) {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, value.parse().unwrap());
    assert_eq!(retry_after_ms(&headers, NOW_MS), expected, "{value}");
}

#[test]
fn seconds_and_dates_are_read_within_reason() {
    check("120", Some(120_000));
    check(" 0 ", Some(0));
    check("Sun, 06 Nov 1994 08:50:37 GMT", Some(60_000));
    check("Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
    check("Fri, 31 Dec 1999 23:59:59 GMT", Some(RETRY_AFTER_MS_MAX));
    check("99999999999999999999999", Some(RETRY_AFTER_MS_MAX));
    for nonsense in ["", "-5", "soon", "1.5", "Sun, 06 Nov"] {
        check(nonsense, None);
    }
    assert_eq!(retry_after_ms(&HeaderMap::new(), NOW_MS), None);
}
