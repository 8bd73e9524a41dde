//! Requests as a whole: which calls are taken, which are left out, and by which keys they count.

use crate::edge::{TestEdge, receipt, run};
use beckon_core::id::message_key;
use beckon_wire::collect::{Body, Reason, Route, collect};
use beckon_wire::shape::Answer;
use expect_test::expect;

#[test]
fn a_bad_item_is_left_out_named_and_counted_and_the_others_stay() {
    let body = r#"{"batch":[
        {"type":"track","event":"x","userId":"u"},
        {"type":"track","event":"x"},
        {"type":"track","userId":"u"},
        {"type":"track","event":"","userId":"u"},
        {"type":"jump","userId":"u"},
        {"userId":"u","event":"x"},
        {"type":"alias","userId":"u"},
        {"type":"alias","previousId":"v"},
        {"type":"page","userId":"","anonymousId":null},
        7, null, [],
        {"type":"PAGE","userId":42}
    ]}"#;
    let (lines, done) = run(body, Route::Batch, &receipt()).unwrap();
    expect![[r#"
        u/- +0ms x | Other { raw: "" }
        42/- +0ms page | Other { raw: "" }"#]]
    .assert_eq(&lines.join("\n"));
    let why: Vec<_> = done.rejected.iter().map(|it| (it.item, it.reason)).collect();
    assert_eq!(
        why,
        [
            (1, Reason::NoIdentity),
            (2, Reason::NoEventName),
            (3, Reason::NoEventName),
            (4, Reason::UnknownType),
            (5, Reason::UnknownType),
            (6, Reason::NoPreviousId),
            (7, Reason::NoUserId),
            (8, Reason::NoIdentity),
            (9, Reason::NotAnObject),
            (10, Reason::NotAnObject),
            (11, Reason::NotAnObject),
        ]
    );
}

#[test]
fn the_answer_says_success_and_what_was_left_out() {
    let (_, done) = run(r#"{"batch":[{"type":"page","userId":"u"},{}]}"#, Route::Batch, &receipt()).unwrap();
    let json = serde_json::to_string(&Answer::from(&done)).unwrap();
    expect![[r#"{"success":true,"accepted":1,"rejected_count":1,"rejected":[{"item":1,"code":"unknown-type","detail":"type must be identify, track, page, screen, group or alias"}]}"#]]
        .assert_eq(&json);
    let (_, done) = run(r#"{"userId":"u"}"#, Route::of("p").unwrap(), &receipt()).unwrap();
    assert_eq!(serde_json::to_string(&Answer::from(&done)).unwrap(), r#"{"success":true,"accepted":1}"#);
}

#[test]
fn only_so_many_left_out_calls_are_described_and_all_are_counted() {
    let items = vec!["{}"; 80].join(",");
    let (_, done) = run(&format!(r#"{{"batch":[{items}]}}"#), Route::Batch, &receipt()).unwrap();
    assert_eq!((done.rejected.len(), done.rejected_count), (50, 80));
}

#[test]
fn ids_may_be_numbers() {
    let of = |id: &str| {
        let body = format!(r#"{{"userId":{id}}}"#);
        run(&body, Route::of("page").unwrap(), &receipt()).unwrap().0.first().cloned().unwrap_or_default()
    };
    for (id, expected) in [
        ("123", "123/-"),
        ("-5", "-5/-"),
        ("18446744073709551615", "18446744073709551615/-"),
        ("1e3", "1000/-"),
        ("\"小红\\n\"", "小红\n/-"),
        ("\"\\u5c0f\"", "小/-"),
        ("true", ""),
        ("{}", ""),
    ] {
        assert_eq!(of(id).split(' ').next(), Some(expected), "{id}");
    }
}

#[test]
fn half_an_emoji_does_not_cost_the_event() {
    let one = r#"{"userId":"u\ud83d","event":"Liked \ud83d\ude00"}"#;
    let (lines, _) = run(one, Route::of("track").unwrap(), &receipt()).unwrap();
    let (batch, _) = run(
        &format!(r#"{{"batch":[{}]}}"#, one.replace('{', r#"{"type":"track","#)),
        Route::Batch,
        &receipt(),
    )
    .unwrap();
    assert_eq!(lines, ["u\u{fffd}/- +0ms Liked 😀 | Other { raw: \"\" }"]);
    assert_eq!(lines, batch);
}

#[test]
fn of_repeated_fields_the_last_counts() {
    let (lines, _) = run(r#"{"userId":"a","userId":"b"}"#, Route::of("page").unwrap(), &receipt()).unwrap();
    assert!(lines[0].starts_with("b/-"));
}

#[test]
fn a_message_id_is_the_key_and_without_one_every_event_is_its_own() {
    let body = r#"{"batch":[{"type":"page","userId":"u","messageId":"m"},{"type":"page","userId":"u"},
        {"type":"page","userId":"u","messageId":7},{"type":"page","userId":"u","messageId":""}]}"#;
    let (receipt, edge, mut keys) = (receipt(), TestEdge::default(), Vec::new());
    collect(body.as_bytes(), Route::Batch, &receipt, &edge, &mut |_, event| keys.push(event.key)).unwrap();
    let of = |id| message_key(receipt.source, id);
    assert_eq!(keys, [of("m"), receipt.fresh + 1, of("7"), receipt.fresh + 3]);
}

#[test]
fn the_path_says_the_kind_and_the_body_only_where_the_path_does_not() {
    let of = |segment: &str| {
        let body = r#"{"type":"screen","userId":"u","event":"x","previousId":"v"}"#;
        let (lines, _) = run(body, Route::of(segment).unwrap(), &receipt()).unwrap();
        lines[0].split(' ').nth(2).unwrap().to_owned()
    };
    for (segment, name) in [
        ("identify", "identify"),
        ("i", "identify"),
        ("track", "x"),
        ("t", "x"),
        ("p", "page"),
        ("s", "screen"),
        ("g", "group"),
        ("a", "alias"),
        ("event", "screen"),
    ] {
        assert_eq!(of(segment), name, "{segment}");
    }
    assert_eq!(Route::of("b"), Some(Route::Batch));
    assert_eq!(Route::of("Track"), None);
}

#[test]
fn aliases_and_groups_are_kept() {
    let alias = r#"{"userId":"u","previousId":12}"#;
    let (lines, _) = run(alias, Route::of("alias").unwrap(), &receipt()).unwrap();
    expect![[r#"u/- +0ms alias | Alias { previous: "12" }"#]].assert_eq(&lines[0]);
    let group = r#"{"userId":"u","groupId":"g","traits":{"name":"Gold"}}"#;
    let (lines, _) = run(group, Route::of("group").unwrap(), &receipt()).unwrap();
    expect![[r#"u/- +0ms group | Other { raw: "{\"name\":\"Gold\"}" }"#]].assert_eq(&lines[0]);
}

#[test]
fn the_write_key_is_found_in_the_body() {
    let of = |body: &str, route| Body::read(body.as_bytes(), route).unwrap().write_key().map(String::from);
    assert_eq!(of(r#"{"writeKey":"wk","batch":[]}"#, Route::Batch).as_deref(), Some("wk"));
    assert_eq!(of(r#"{"userId":"u","writeKey":"wk"}"#, Route::Unnamed).as_deref(), Some("wk"));
    assert_eq!(of(r#"{"userId":"\ud83d","writeKey":"wk"}"#, Route::Unnamed).as_deref(), Some("wk"));
    for none in [r#"{}"#, r#"{"writeKey":""}"#, r#"{"writeKey":null}"#, r#"{"writeKey":"***"}"#] {
        assert_eq!(of(none, Route::Unnamed), None, "{none}");
    }
}
