//! The webhook: what goes out, in which pieces, and what every answer means.

use beckon_channels::signature::{ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER, verify};
use beckon_channels::webhook::{Error, Options, Webhook};
use beckon_channels::{Answer, Channel, Class, Message, Outcome, Request, TransportError};
use expect_test::{Expect, expect};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, StatusCode};

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// 2026-11-22T12:00:00.250Z
pub const NOW_MS: i64 = 1_795_348_800_250;

pub fn message(id: &str) -> Message {
    Message {
        id: id.to_owned(),
        app: "shop".to_owned(),
        device: "d-1".to_owned(),
        token: "vendor token".to_owned(),
        user_id: "u-1".to_owned(),
        anonymous_id: String::new(),
        show_id: "show-7".to_owned(),
        room_id: "room-3".to_owned(),
        product_id: "sku-1".to_owned(),
        title: "口红 ¥89 \"now\"".to_owned(),
        body: "Ends in 10 min".to_owned(),
        image: String::new(),
        link: "https://beckon.example/t/abc".to_owned(),
        class: Class::Marketing,
        trigger: "offer_ending".to_owned(),
        arm: "price".to_owned(),
        language: "zh-CN".to_owned(),
        expires_at_ms: 1_795_349_100_000,
    }
}

fn options() -> Options {
    Options::new("https://shop.example/hooks".parse().unwrap(), vec![Secret::parse(SECRET).unwrap()])
}

pub fn webhook() -> Webhook {
    Webhook::new(options()).unwrap()
}

fn messages(count: usize) -> Vec<Message> {
    (0..count).map(|it| message(&format!("m-{it}"))).collect()
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers[name].to_str().unwrap()
}

#[test]
fn a_message_goes_out_whole_and_signed() {
    let composed = webhook().requests(NOW_MS, &[message("m-1")]);
    let [request] = &composed.requests[..] else { panic!("{composed:?}") };
    assert_eq!(
        (&request.method, request.url.to_string().as_str()),
        (&Method::POST, "https://shop.example/hooks")
    );
    assert_eq!(header(request, "content-type"), "application/json");
    expect![[r#"
        {"type":"beckon.messages","timestamp":"2026-11-22T12:00:00.25Z","data":{"messages":[{"id":"m-1","show_id":"show-7","room_id":"room-3","product_id":"sku-1","title":"口红 ¥89 \"now\"","body":"Ends in 10 min","link":"https://beckon.example/t/abc","class":"marketing","trigger":"offer_ending","arm":"price","language":"zh-CN","expires_at":"2026-11-22T12:05:00Z","app":"shop","device":"d-1","user_id":"u-1"}]}}"#]]
    .assert_eq(std::str::from_utf8(&request.body).unwrap());
    let [id, at, signature] = [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map(|it| header(request, it));
    assert_eq!(at, "1795348800");
    verify(&Secret::parse(SECRET).unwrap(), id, at, signature, &request.body, NOW_MS / 1000).unwrap();
}

#[test]
fn the_same_messages_go_under_the_same_id_and_others_under_another() {
    let id = |count: usize, now| {
        let composed = webhook().requests(now, &messages(count));
        header(&composed.requests[0], ID_HEADER).to_owned()
    };
    assert_eq!(id(3, NOW_MS), id(3, NOW_MS + 60_000), "a repeated request is known by its id");
    assert_ne!(id(3, NOW_MS), id(2, NOW_MS));
}

#[test]
fn every_message_is_in_one_request_within_both_bounds_and_what_cannot_be_is_refused() {
    for (batch_max, payload_bytes_max) in [(1, 100_000), (7, 100_000), (100, 2_000), (100, 1_001), (3, 1_300)]
    {
        let webhook = Webhook::new(Options { batch_max, payload_bytes_max, ..options() }).unwrap();
        let mut all = messages(40);
        all[5].body = "x".repeat(payload_bytes_max);
        let composed = webhook.requests(NOW_MS, &all);
        let mut seen: Vec<String> = Vec::new();
        for request in &composed.requests {
            assert!(request.body.len() <= payload_bytes_max && request.ids.len() <= batch_max);
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let ids =
                body["data"]["messages"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap());
            assert!(ids.eq(request.ids.iter()), "ids in the order of the body");
            seen.extend(request.ids.iter().cloned());
        }
        let [(refused, Answer::Refused { .. })] = &composed.answered[..] else { panic!("{composed:?}") };
        assert_eq!(refused, "m-5");
        all.remove(5);
        assert!(seen.iter().eq(all.iter().map(|it| &it.id)), "in order, each once");
    }
    assert_eq!(webhook().requests(NOW_MS, &[]).requests, []);
}

#[test]
fn an_unsigned_webhook_cannot_be_set_up() {
    let with = |count: usize| Options { secrets: vec![Secret::parse(SECRET).unwrap(); count], ..options() };
    assert_eq!(Webhook::new(with(0)).unwrap_err(), Error::NoSecret);
    assert_eq!(Webhook::new(with(5)).unwrap_err(), Error::TooManySecrets(5));
}

/// The answers for `a`, `b`, `c` and `d`.
fn read(outcome: Result<Outcome, TransportError>) -> Vec<(String, Answer)> {
    let webhook = Webhook::new(Options { day_offset_min: 480, ..options() }).unwrap();
    let composed = webhook.requests(NOW_MS, &["a", "b", "c", "d"].map(message));
    webhook.read(NOW_MS, &composed.requests[0], outcome)
}

fn answered(status: u16, retry_after: Option<&str>, body: &str) -> Result<Outcome, TransportError> {
    let mut headers = HeaderMap::new();
    if let Some(value) = retry_after {
        headers.insert(RETRY_AFTER, value.parse().unwrap());
    }
    Ok(Outcome { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() })
}

fn check(outcome: Result<Outcome, TransportError>, expected: Expect) {
    let lines: Vec<String> = read(outcome).into_iter().map(|(id, it)| format!("{id}: {it:?}\n")).collect();
    expected.assert_eq(&lines.concat());
}

/// All four messages have this one answer.
fn check_all(outcome: Result<Outcome, TransportError>, expected: Expect) {
    let answers = read(outcome);
    assert_eq!(answers.len(), 4);
    assert!(answers.iter().all(|it| it.1 == answers[0].1), "{answers:?}");
    expected.assert_eq(&format!("{:?}", answers[0].1));
}

#[test]
fn an_answer_may_speak_of_each_message() {
    let body = r#"{"results":[{"id":"a","status":"delivered"},{"id":"b","status":"later","retry_after_s":2.5},
        {"id":"c","status":"stop_today"},{"id":"a","status":"gone"},{"id":"stranger","status":"gone"}]}"#;
    check(
        answered(200, None, body),
        expect![[r#"
        a: Delivered
        b: Later { after_ms: Some(2500) }
        c: StopToday { until_ms: 1795363200000 }
        d: Accepted { vendor_id: None }
    "#]],
    );
    let body = r#"{"results":[{"id":"a","status":"gone"},{"id":"b","status":"refused","reason":"no\nconsent"},
        {"id":"c","status":"stop_today","retry_after_s":60},{"id":"d","status":"perhaps"}]}"#;
    check(
        answered(207, None, body),
        expect![[r#"
            a: Gone { why: "no reason given" }
            b: Refused { why: "no consent" }
            c: StopToday { until_ms: 1795348860250 }
            d: Ambiguous { why: "the answer's status \"perhaps\" is none that is known" }
        "#]],
    );
    let body = r#"{"results":[{"id":"a","status":"refused"},{"id":"b","status":"accepted"}]}"#;
    check(
        answered(500, None, body),
        expect![[r#"
            a: Refused { why: "no reason given" }
            b: Accepted { vendor_id: None }
            c: Ambiguous { why: "the endpoint answered 500 Internal Server Error, which leaves open what it took" }
            d: Ambiguous { why: "the endpoint answered 500 Internal Server Error, which leaves open what it took" }
        "#]],
    );
}

#[test]
fn a_status_speaks_for_all_that_the_answer_does_not_name() {
    for body in ["", "ok", "{}", "[]", r#"{"results":[]}"#, r#"{"results":[{"id":7}]}"#] {
        check_all(answered(200, None, body), expect!["Accepted { vendor_id: None }"]);
    }
    check_all(answered(204, None, ""), expect!["Accepted { vendor_id: None }"]);
    check_all(answered(429, None, ""), expect!["Later { after_ms: None }"]);
    check_all(answered(429, Some("7"), ""), expect!["Later { after_ms: Some(7000) }"]);
    check_all(answered(503, Some("7"), ""), expect!["Later { after_ms: Some(7000) }"]);
    check_all(answered(408, None, ""), expect!["Later { after_ms: None }"]);
    check_all(
        answered(410, None, ""),
        expect![[r#"ChannelGone { why: "the endpoint answered 410: it takes no more messages" }"#]],
    );
    check_all(
        answered(404, None, ""),
        expect![[r#"Refused { why: "the endpoint answered 404 Not Found" }"#]],
    );
    check_all(
        answered(302, None, ""),
        expect![[
            r#"Refused { why: "302 Found: redirects are not followed; configure the URL it leads to" }"#
        ]],
    );
}

#[test]
fn what_leaves_it_open_whether_it_was_taken_is_ambiguous() {
    for status in [500, 502, 503, 504, 599] {
        for (_, answer) in read(answered(status, None, "")) {
            assert!(matches!(answer, Answer::Ambiguous { .. }), "{status}: {answer:?}");
            assert!(!answer.is_definite_refusal_to_accept() && !answer.may_try_again());
        }
    }
    check_all(
        Err(TransportError::Lost("closed early".to_owned())),
        expect![[r#"Ambiguous { why: "answer lost: closed early" }"#]],
    );
}

#[test]
fn what_never_left_may_be_tried_again_and_what_must_not_leave_is_refused() {
    check_all(
        Err(TransportError::NeverSent("connection refused".to_owned())),
        expect!["Later { after_ms: None }"],
    );
    check_all(
        Err(TransportError::Forbidden("10.0.0.1 is a private network".to_owned())),
        expect![[r#"Refused { why: "not allowed: 10.0.0.1 is a private network" }"#]],
    );
}

#[test]
fn whatever_an_endpoint_answers_every_message_has_one_short_answer() {
    let long =
        format!(r#"{{"results":[{{"id":"a","status":"refused","reason":"{}"}}]}}"#, "很".repeat(5_000));
    let huge = r#"{"results":[{"id":"a","status":"later","retry_after_s":1e300}]}"#;
    let negative = r#"{"results":[{"id":"a","status":"later","retry_after_s":-1e300}]}"#;
    for status in 100..=999 {
        for body in [&long, huge, negative, "\u{0}", "{\"results\":"] {
            let answers = read(answered(status, Some("nonsense"), body));
            let ids: Vec<&str> = answers.iter().map(|it| it.0.as_str()).collect();
            assert_eq!(ids, ["a", "b", "c", "d"]);
            for (_, answer) in answers {
                if let Answer::Refused { why } | Answer::Ambiguous { why } = answer {
                    assert!(why.chars().count() <= beckon_channels::WHY_CHARS_MAX);
                }
            }
        }
    }
}

#[test]
fn neither_words_nor_shoppers_nor_paths_are_printed() {
    let composed = webhook().requests(NOW_MS, &[message("m-1")]);
    let text = format!("{:?} {:?} {:?}", message("m-1"), composed, options());
    for word in ["口红", "u-1", "vendor token", "MfKQ9r8G"] {
        assert!(!text.contains(word), "{text}");
    }
    assert!(!format!("{composed:?}").contains("/hooks"));
}
