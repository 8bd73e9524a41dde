//! What is refused, at the exact borders.

use crate::edge::{receipt, run};
use beckon_wire::collect::{Body, Refusal, Route};
use beckon_wire::limits::*;

fn refusal(body: &str, route: Route) -> Option<Refusal> {
    Body::read(body.as_bytes(), route).err()
}

/// A page call of exactly `bytes`.
fn page(bytes: usize) -> String {
    let (head, tail) = (r#"{"userId":"u","type":"page","pad":""#, r#""}"#);
    format!("{head}{}{tail}", "x".repeat(bytes - head.len() - tail.len()))
}

#[test]
fn a_call_may_have_32_kib_and_no_more() {
    assert_eq!(refusal(&page(EVENT_BYTES_MAX), Route::Unnamed), None);
    let too_large = Refusal::EventTooLarge { item: None, bytes: EVENT_BYTES_MAX + 1 };
    assert_eq!(refusal(&page(EVENT_BYTES_MAX + 1), Route::Unnamed), Some(too_large));
}

#[test]
fn an_item_of_a_batch_may_have_32_kib_and_no_more() {
    let of = |last: usize| refusal(&format!(r#"{{"batch":[{}, {} ]}}"#, page(100), page(last)), Route::Batch);
    assert_eq!(of(EVENT_BYTES_MAX), None);
    assert_eq!(
        of(EVENT_BYTES_MAX + 1),
        Some(Refusal::EventTooLarge { item: Some(1), bytes: EVENT_BYTES_MAX + 1 })
    );
}

#[test]
fn a_batch_may_have_500_kib_and_no_more() {
    let of = |bytes: usize| {
        let items = format!(r#"{{"batch":[{}]}}"#, [page(30_000); 1].concat());
        refusal(&format!("{items}{}", " ".repeat(bytes - items.len())), Route::Batch)
    };
    assert_eq!(of(BATCH_BYTES_MAX), None);
    assert_eq!(of(BATCH_BYTES_MAX + 1), Some(Refusal::BatchTooLarge { bytes: BATCH_BYTES_MAX + 1 }));
}

#[test]
fn a_batch_may_hold_2500_calls_and_no_more() {
    let of = |count: usize| {
        let items = vec![r#"{"userId":"u","type":"page"}"#; count];
        format!(r#"{{"batch":[{}]}}"#, items.join(","))
    };
    assert_eq!(run(&of(BATCH_EVENTS_MAX), Route::Batch, &receipt()).unwrap().1.accepted, 2500);
    assert_eq!(refusal(&of(BATCH_EVENTS_MAX + 1), Route::Batch), Some(Refusal::TooManyEvents));
}

#[test]
fn an_id_may_have_256_bytes_and_no_more() {
    let of = |bytes: usize| {
        let body = format!(r#"{{"userId":"{}"}}"#, "u".repeat(bytes));
        run(&body, Route::of("page").unwrap(), &receipt()).unwrap().1.accepted
    };
    assert_eq!((of(256), of(257)), (1, 0));
}

#[test]
fn bad_json_is_refused_with_its_item_and_byte() {
    let of = |body: &str, route| match refusal(body, route) {
        Some(Refusal::BadJson { item, position, .. }) => (item, position),
        other => panic!("{body}: {other:?}"),
    };
    assert_eq!(of(r#"{"userId":"u""#, Route::Unnamed).0, None);
    assert_eq!(of(r#"{"userId":x}"#, Route::Unnamed), (None, 10));
    assert_eq!(of("{\"batch\":[\n{},\n{\"a\":x}]}", Route::Batch), (Some(1), 20));
    assert_eq!(of(r#"{"batch":[{},{}"#, Route::Batch).0, Some(2));
    assert_eq!(of(r#"{"batch":[{}]} x"#, Route::Batch).0, None);
    assert_eq!(of("", Route::Batch).0, None);
    assert_eq!(of("", Route::Unnamed).0, None);
    let not_utf8 = Body::read(b"{\"userId\":\"\xff\"}", Route::Unnamed).err();
    assert!(matches!(not_utf8, Some(Refusal::BadJson { position: 11, .. })), "{not_utf8:?}");
}

#[test]
fn json_that_is_no_batch_or_no_call_is_refused() {
    for body in ["{}", "[]", "3", "null", r#"{"batch":null}"#, r#"{"batch":{}}"#, r#"{"batch":"x"}"#] {
        let refusal = refusal(body, Route::Batch);
        assert!(matches!(refusal, Some(Refusal::BadEnvelope { .. })), "{body}: {refusal:?}");
    }
    for bulk in [
        "null",
        "{}",
        r#"{"source":"s"}"#,
        r#"{"source":"","sequence":1}"#,
        r#"{"source":"s","sequence":-1}"#,
    ] {
        let refusal = refusal(&format!(r#"{{"batch":[],"bulk":{bulk}}}"#), Route::Batch);
        assert!(matches!(refusal, Some(Refusal::BadEnvelope { .. })), "{bulk}: {refusal:?}");
    }
    for body in ["[]", "3", "null", "\"x\""] {
        let refusal = refusal(body, Route::Unnamed);
        assert!(matches!(refusal, Some(Refusal::BadEnvelope { .. })), "{body}: {refusal:?}");
    }
}

#[test]
fn depth_alone_refuses_nothing() {
    let deep =
        format!(r#"{{"userId":"u","event":"x","properties":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(run(&deep, Route::of("track").unwrap(), &receipt()).unwrap().1.accepted, 1);
}
