//! Who a shopper is, in all the ways to say it.

use crate::edge::{receipt, run};
use beckon_wire::collect::{Collected, Route};
use expect_test::expect;

fn identify(fields: &str) -> (String, Collected) {
    let body = format!(r#"{{"userId":"u","messageId":"m",{fields}}}"#);
    let (lines, done) = run(&body, Route::of("identify").unwrap(), &receipt()).unwrap();
    (lines[0].split_once("identify").unwrap().1.trim().to_owned(), done)
}

fn check(traits: &str, expected: expect_test::Expect) {
    expected.assert_eq(&identify(&format!(r#""traits":{traits}"#)).0);
}

#[test]
fn known_traits_become_typed_ones() {
    check(
        r#"{"birthday":"1990-05-04","gender":"Female","address":{"city":"Hangzhou","state":"Zhejiang"},"city_tier":"2","spending_power":4,"language":"zh-CN","timezone":"Asia/Shanghai"}"#,
        expect![[
            r#"zone=Asia/Shanghai+480 | BirthYear(1990); Sex(Female); Region("Zhejiang"); CityTier(2); Language("zh-CN"); SpendingPower(4); Custom { name: "address", json: "{\"city\":\"Hangzhou\",\"state\":\"Zhejiang\"}" }"#
        ]],
    );
    check(r#"{"sex":"男","region":330000}"#, expect![[r#"| Sex(Male); Region("330000")"#]]);
    check(
        r#"{"region":"East","address":{"state":"Zhejiang"}}"#,
        expect![[r#"| Region("East"); Custom { name: "address", json: "{\"state\":\"Zhejiang\"}" }"#]],
    );
}

#[test]
fn the_year_of_birth_is_taken_from_what_tells_it_best() {
    check(r#"{"age":30}"#, expect!["| BirthYear(1996)"]);
    check(r#"{"birth_year":1991,"birthday":"1990年5月4日","age":30}"#, expect!["| BirthYear(1991)"]);
    check(r#"{"age":30,"birthday":"19900504"}"#, expect!["| BirthYear(1990)"]);
    // The event's own year counts, not the year it arrived in.
    let old = identify(r#""traits":{"age":30},"timestamp":"2016-06-01T00:00:00Z""#).0;
    expect!["| BirthYear(1986)"].assert_eq(&old);
}

#[test]
fn traits_that_cannot_be_read_are_kept_as_they_came() {
    check(
        r#"{"birth_year":2999,"age":-1,"birthday":"spring","gender":7,"city_tier":7,"spending_power":2.5,"consent":"yes please"}"#,
        expect![[
            r#"| Custom { name: "birth_year", json: "2999" }; Custom { name: "age", json: "-1" }; Custom { name: "birthday", json: "\"spring\"" }; Custom { name: "gender", json: "7" }; Custom { name: "city_tier", json: "7" }; Custom { name: "spending_power", json: "2.5" }; Custom { name: "consent", json: "\"yes please\"" }"#
        ]],
    );
    check(
        r#"{"loyalty":"gold","kids":[1,2],"nick\u540d":"\ud83d","gone":null}"#,
        expect![[
            r#"| Custom { name: "loyalty", json: "\"gold\"" }; Custom { name: "kids", json: "[1,2]" }; Custom { name: "nick名", json: "\"\\ufffd\"" }; Custom { name: "gone", json: "null" }"#
        ]],
    );
    for traits in ["null", "[]", "3", "\"x\"", "{}"] {
        assert_eq!(identify(&format!(r#""traits":{traits}"#)).0, "|", "{traits}");
    }
}

#[test]
fn rudderstack_sends_traits_in_the_context() {
    let both = r#""context":{"traits":{"gender":"f","loyalty":"gold"}},"traits":{"gender":"m"}"#;
    expect![[r#"| Sex(Male); Custom { name: "loyalty", json: "\"gold\"" }"#]].assert_eq(&identify(both).0);
}

#[test]
fn consent_is_read_in_our_form_and_in_segments() {
    check(
        r#"{"consent":{"marketing":true,"web_push":{"marketing":false,"service":true},"fcm":false,"email":true,"apns.marketing":"granted"}}"#,
        expect![
            "| Consent { channel: None, class: Marketing, granted: true }; Consent { channel: Some(WebPush), class: Marketing, granted: false }; Consent { channel: Some(WebPush), class: Service, granted: true }; Consent { channel: Some(Fcm), class: Service, granted: false }; Consent { channel: Some(Fcm), class: Marketing, granted: false }; Consent { channel: Some(Apns), class: Marketing, granted: true }"
        ],
    );
    let segment = r#""context":{"consent":{"categoryPreferences":{"Marketing":false,"web_push.service":true,"Advertising":true}}}"#;
    expect!["| Consent { channel: None, class: Marketing, granted: false }; Consent { channel: Some(WebPush), class: Service, granted: true }"]
        .assert_eq(&identify(segment).0);
    let track = r#"{"userId":"u","event":"Segment Consent Preference Updated","context":{"consent":{"categoryPreferences":{"marketing":true}}}}"#;
    let (lines, _) = run(track, Route::of("track").unwrap(), &receipt()).unwrap();
    expect!["u/- +0ms Segment Consent Preference Updated | Consent { channel: None, class: Marketing, granted: true }"]
        .assert_eq(&lines[0]);
}

#[test]
fn traits_beyond_their_bounds_are_left_out_and_counted() {
    let fits = format!(r#""traits":{{"a":"{}"}}"#, "x".repeat(1022));
    assert_eq!(identify(&fits).1.traits_left_out, 0);
    let long = format!(r#""traits":{{"a":"{}"}}"#, "x".repeat(1023));
    let (line, done) = identify(&long);
    assert_eq!((line.as_str(), done.traits_left_out), ("|", 1));
    let many: Vec<_> = (0..70).map(|it| format!(r#""t{it}":{it}"#)).collect();
    assert_eq!(identify(&format!(r#""traits":{{{}}}"#, many.join(","))).1.traits_left_out, 6);
}
