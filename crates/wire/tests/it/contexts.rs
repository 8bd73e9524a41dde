//! What surrounded an event.

use crate::edge::{context, receipt, run};
use beckon_wire::collect::Route;
use expect_test::expect;

fn check(json: &str, expected: expect_test::Expect) {
    expected.assert_eq(&context(json));
}

#[test]
fn zone_language_app_and_network_come_from_the_context() {
    check(
        r#"{"timezone":"Asia/Shanghai","locale":"zh-CN","app":{"name":"Shop","namespace":"cn.shop"},"network":{"wifi":true,"cellular":false}}"#,
        expect!["zone=Asia/Shanghai+480 language=zh-CN app=cn.shop network=Wifi"],
    );
    check(
        r#"{"timezone":"Mars/Olympus","locale":"not a language","app":{"name":"Shop"}}"#,
        expect!["app=Shop"],
    );
    check(r#"{"network":{"cellular":true}}"#, expect!["network=Cellular"]);
    check(r#"{"network":{"cellular":true,"type":"5g"}}"#, expect!["network=Fastest"]);
    check(r#"{"network":{"cellular":false,"wifi":false}}"#, expect!["network=Offline"]);
    check(r#"{"network":{"carrier":"x"}}"#, expect![""]);
}

#[test]
fn a_context_of_any_shape_is_borne() {
    for json in
        ["null", "[]", "3", "\"x\"", "true", r#"{"app":3,"device":[],"network":"wifi","timezone":{}}"#]
    {
        assert_eq!(context(json), "", "{json}");
    }
}

#[test]
fn a_device_is_known_by_its_id_or_by_its_token() {
    check(
        r#"{"device":{"id":"d1","type":"ios","token":"t1"}}"#,
        expect![[r#"device=ios:d1 At(Address { channel: Apns, token: "t1" })"#]],
    );
    check(r#"{"device":{"advertisingId":"ad","type":"android"}}"#, expect!["device=android:ad Silent"]);
    check(
        r#"{"device":{"token":"t1"}}"#,
        expect![[r#"device=:a At(Address { channel: Webhook, token: "t1" })"#]],
    );
    check(r#"{"device":{"type":"ios"}}"#, expect![""]);
    let long = "t".repeat(4097);
    check(&format!(r#"{{"device":{{"id":"d","token":"{long}"}}}}"#), expect!["device=:d Silent"]);
}

#[test]
fn a_subscription_is_a_device_with_a_token() {
    let of = |properties: &str| {
        let body =
            format!(r#"{{"anonymousId":"a","event":"Push Subscription Changed","properties":{properties}}}"#);
        let (lines, _) = run(&body, Route::of("t").unwrap(), &receipt()).unwrap();
        lines[0].clone()
    };
    let check = |properties: &str, expected: expect_test::Expect| expected.assert_eq(&of(properties));
    check(
        r#"{"subscription":{"endpoint":"https://push/1","keys":{"auth":"x"}}}"#,
        expect![[
            r#"-/a +0ms Push Subscription Changed device=web:a At(Address { channel: WebPush, token: "{\"endpoint\":\"https://push/1\",\"keys\":{\"auth\":\"x\"}}" }) | Other { raw: "" }"#
        ]],
    );
    check(
        r#"{"token":"t9","device_id":"d9","platform":"android"}"#,
        expect![[
            r#"-/a +0ms Push Subscription Changed device=android:d9 At(Address { channel: Fcm, token: "t9" }) | Other { raw: "" }"#
        ]],
    );
    check(
        r#"{"token":null,"device_id":"d9"}"#,
        expect![[r#"-/a +0ms Push Subscription Changed device=:d9 TakenBack | Other { raw: "" }"#]],
    );
    check(
        r#"{"subscribed":false}"#,
        expect![[r#"-/a +0ms Push Subscription Changed device=:a TakenBack | Other { raw: "" }"#]],
    );
}

#[test]
fn a_batch_may_say_once_what_surrounds_all() {
    let body = r#"{"batch":[{"type":"page","userId":"u"},{"type":"page","userId":"u","context":{"locale":"en"}}],
        "context":{"locale":"zh-CN","app":{"name":"Shop"}}}"#;
    let (lines, _) = run(body, Route::Batch, &receipt()).unwrap();
    expect![[r#"
        u/- +0ms page language=zh-CN app=Shop | Other { raw: "" }
        u/- +0ms page language=en app=Shop | Other { raw: "" }"#]]
    .assert_eq(&lines.join("\n"));
}
