//! When an event happened.

use crate::edge::{NOW, receipt, run};
use beckon_wire::collect::{Receipt, Route};

/// Milliseconds after the receipt, and how many events were clamped.
fn at(fields: &str) -> (i64, u32) {
    let body = format!(r#"{{"userId":"u","type":"page",{fields}}}"#);
    batch_at(&format!(r#"{{"batch":[{body}]}}"#))
}

fn batch_at(body: &str) -> (i64, u32) {
    let (lines, done) = run(body, Route::Batch, &receipt()).unwrap();
    let at = lines[0].split(' ').nth(1).unwrap().trim_end_matches("ms").parse().unwrap();
    (at, done.clamped)
}

#[test]
fn a_wrong_clock_is_corrected_by_what_it_said_when_it_sent() {
    // An hour ahead; sent ten seconds after it happened.
    assert_eq!(at(r#""timestamp":"2026-03-01T13:00:00Z","sentAt":"2026-03-01T13:00:10Z""#), (-10_000, 0));
    // Forty years behind.
    assert_eq!(
        at(r#""originalTimestamp":"1986-01-01T00:00:00Z","sentAt":"1986-01-01T00:00:01Z""#),
        (-1000, 0)
    );
    let both = r#""originalTimestamp":"2026-03-01T11:59:59Z","timestamp":"2020-01-01","sentAt":"2026-03-01T12:00:00Z""#;
    assert_eq!(at(both), (-1000, 0));
}

#[test]
fn the_batch_says_when_it_was_sent() {
    let body = r#"{"batch":[{"userId":"u","type":"page","timestamp":"2026-03-01T13:00:00Z","sentAt":"2026-03-01T20:00:00Z"}],
        "sentAt":"2026-03-01T13:00:10Z"}"#;
    assert_eq!(batch_at(body), (-10_000, 0));
}

#[test]
fn an_old_event_that_a_server_imports_keeps_its_time() {
    let (at, _) = at(r#""timestamp":"2017-11-26T01:00:00Z","sentAt":"2026-03-01T12:00:00Z""#);
    assert_eq!(NOW + at, 1_511_658_000_000);
}

#[test]
fn without_sent_the_device_is_believed_and_without_anything_it_is_now() {
    assert_eq!(at(r#""timestamp":"2026-03-01T19:59:00+08:00""#), (-60_000, 0));
    assert_eq!(at(r#""timestamp":1772366399"#), (-1000, 0));
    assert_eq!(at(r#""timestamp":1772366399500"#), (-500, 0));
    for broken in ["\"soon\"", "null", "{}", "\"\"", "7", "-1e300", "1e300", "\"2026-02-30T00:00:00Z\""] {
        assert_eq!(at(&format!(r#""timestamp":{broken}"#)), (0, 0), "{broken}");
    }
}

#[test]
fn the_future_is_clamped_beyond_five_minutes() {
    assert_eq!(at(r#""timestamp":"2026-03-01T12:05:00.000Z""#), (300_000, 0));
    assert_eq!(at(r#""timestamp":"2026-03-01T12:05:00.001Z""#), (0, 1));
    assert_eq!(at(r#""timestamp":"9999-12-31T23:59:59Z","sentAt":"0000-01-01""#), (0, 1));
    assert_eq!(at(r#""timestamp":"0000-01-01","sentAt":"9999-12-31T23:59:59Z""#).1, 0);
}

#[test]
fn a_bulk_source_keeps_its_times_and_needs_no_keys() {
    let body = r#"{"batch":[{"userId":"u","type":"page","messageId":"m","timestamp":"2017-11-26T01:00:00Z"}],
        "sentAt":"2018-01-01T00:00:00Z","bulk":{"source":"taobao","sequence":123}}"#;
    let (at, _) = batch_at(body);
    assert_eq!(NOW + at, 1_511_658_000_000);
    let receipt: Receipt<'_> = receipt();
    let mut keys = Vec::new();
    let edge = crate::edge::TestEdge::default();
    let sink = &mut |item: usize, event: beckon_core::event::Event<'_>| keys.push((item, event.key));
    let done = beckon_wire::collect::collect(body.as_bytes(), Route::Batch, &receipt, &edge, sink).unwrap();
    let bulk = done.bulk.unwrap();
    assert_eq!((&*bulk.source, bulk.sequence, keys), ("taobao", 123, vec![(0, 0)]));
}
