//! Devices over HTTP and over the collect API: one shopper's at a time, and what is shown of them.

use crate::server::Server;
use crate::shows::{get, put};
use serde_json::{Value, json};

fn subscription(number: u8) -> Value {
    let endpoint = format!("https://push.example/{number}");
    json!({ "endpoint": endpoint, "keys": { "p256dh": "BPub", "auth": "secret" } })
}

fn devices(server: &Server, id: &str) -> Value {
    get(server, &format!("profiles/{id}"))["attributes"]["devices"].clone()
}

#[test]
fn a_device_is_registered_shown_with_a_fingerprint_and_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let body = json!({
        "user_id": "u-1", "app": "shop", "platform": "web", "subscription": subscription(1), "locale": "zh-CN",
        "permission": "granted"
    });
    let shown = put(&server, "devices/d-1", &body);
    assert_eq!((&shown["user_id"], &shown["channel"]), (&json!("u-1"), &json!("web_push")));
    assert_eq!((&shown["permission"], &shown["locale"]), (&json!("granted"), &json!("zh-CN")));
    assert_eq!((&shown["app"], &shown["has_token"]), (&json!("shop"), &json!(true)));
    assert!(!shown.to_string().contains("secret"), "{shown}");
    assert_eq!(shown["token_fingerprint"].as_str().unwrap().len(), 12);
    assert_eq!(get(&server, "devices/d-1"), shown);
    assert_eq!(devices(&server, "u-1")[0]["token_fingerprint"], shown["token_fingerprint"]);
    let export = get(&server, "profiles/u-1/export");
    assert!(export["held"]["devices"][0]["token"].as_str().unwrap().contains("secret"));
    assert_eq!(server.control("DELETE", "/api/v1/devices/d-1", None).status, 204);
    assert_eq!(server.control("GET", "/api/v1/devices/d-1", None).status, 404);
    assert_eq!(devices(&server, "u-1"), json!([]));
    let refused = server.control("PUT", "/api/v1/devices/d-1", Some(&json!({ "token": "t" })));
    assert_eq!((refused.status, refused.json()["field"].clone()), (422, json!("/user_id")));
}

#[test]
fn a_device_and_a_token_are_with_whom_they_turned_up_last_also_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let of = |user: &str, token: &str| json!({ "user_id": user, "platform": "ios", "token": token });
    put(&server, "devices/d-1", &of("u-1", "t-1"));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    put(&server, "devices/d-2", &of("u-2", "t-1"));
    assert_eq!(get(&server, "devices/d-1")["has_token"], false);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    put(&server, "devices/d-2", &of("u-3", "t-2"));
    assert_eq!(devices(&server, "u-2"), json!([]));
    server.kill();
    let server = Server::start(dir.path(), &[]);
    assert_eq!(get(&server, "devices/d-2")["user_id"], "u-3");
    assert_eq!(devices(&server, "u-2"), json!([]));
    assert_eq!(server.control("DELETE", "/api/v1/profiles/u-3", None).status, 204);
    assert_eq!(server.control("GET", "/api/v1/devices/d-2", None).status, 404);
}

#[test]
fn a_browser_says_for_itself_where_it_is_found_and_that_somebody_signed_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let track = |event: &str, properties: Value| {
        let body = json!({
            "event": event, "anonymousId": "a-1", "properties": properties,
            "context": { "device": { "id": "d-1", "type": "web" }, "app": { "name": "shop" } }
        });
        assert_eq!(server.track("/v1/track", &body).status, 200);
    };
    let found = json!({ "channel": "web_push", "subscription": subscription(1), "permission": "granted" });
    track("Push Subscription Changed", found);
    let shown = devices(&server, "a-1");
    assert_eq!((&shown[0]["channel"], &shown[0]["permission"]), (&json!("web_push"), &json!("granted")));
    track("Push Subscription Changed", json!({ "subscription": null, "permission": "denied" }));
    let shown = devices(&server, "a-1");
    assert_eq!((&shown[0]["has_token"], &shown[0]["permission"]), (&json!(false), &json!("denied")));
    track("Signed Out", json!({}));
    assert_eq!(devices(&server, "a-1"), json!([]));
}
