//! Collect as its clients see it: what is taken, what is refused and how, what is counted.

use crate::server::{SERVER_KEY, Server, WRITE_KEY, bearer, request};
use base64::Engine;
use serde_json::{Value, json};
use std::io::Write;

fn view(user: &str, id: &str) -> Value {
    json!({ "type": "track", "event": "Product Viewed", "userId": user, "messageId": id,
            "properties": { "product_id": "p-1", "category": "beauty", "price": 12.5 } })
}

#[test]
fn an_event_that_got_its_200_is_in_the_profile_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    for number in 1..=20 {
        let answer = server.track("/v1/track", &view("u-1", &format!("m-{number}")));
        assert_eq!((answer.status, &answer.json()["success"]), (200, &json!(true)));
        assert_eq!(server.profile("u-1").json()["events"], number);
    }
}

#[test]
fn a_key_is_taken_from_each_place_where_an_sdk_puts_it_and_the_header_wins() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let basic = |key: &str| {
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
        ("authorization".to_owned(), format!("Basic {text}"))
    };
    let post = |headers: &[(String, String)], path: &str, body: Value| {
        request(server.address, "POST", path, headers, Some(body.to_string().as_bytes()))
    };
    let with_key = |key: &str| {
        let mut body = view("u-1", "m");
        body["writeKey"] = json!(key);
        body
    };
    let good = [
        post(&[basic(WRITE_KEY)], "/v1/track", view("u-1", "m")),
        post(&[bearer(WRITE_KEY)], "/v1/track", view("u-1", "m")),
        post(&[("x-write-key".into(), WRITE_KEY.into())], "/api/s/track", view("u-1", "m")),
        post(&[], &format!("/v1/t?writeKey={WRITE_KEY}"), view("u-1", "m")),
        post(&[], "/v1/t", with_key(WRITE_KEY)),
        post(&[bearer(WRITE_KEY)], "/v1/t", with_key("***")),
    ];
    assert_eq!(good.map(|it| it.status), [200; 6]);
    let missing = post(&[], "/v1/track", view("u-1", "m"));
    assert_eq!((missing.status, missing.code().as_str()), (401, "key-missing"));
    let unknown = post(&[bearer("nobody")], "/v1/track", view("u-1", "m"));
    assert_eq!((unknown.status, unknown.code().as_str()), (401, "key-unknown"));
    // A write key opens nothing of the control API, and a server key collects nothing.
    let control = request(server.address, "GET", "/api/v1/stats", &[bearer(WRITE_KEY)], None);
    assert_eq!((control.status, control.code().as_str()), (403, "key-not-allowed"));
    assert_eq!(post(&[bearer(SERVER_KEY)], "/v1/track", view("u-1", "m")).status, 403);
}

#[test]
fn what_is_too_large_or_not_json_is_refused_whole_and_says_which_item() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let mut large = view("u-1", "m-2");
    large["properties"]["text"] = json!("x".repeat(33 << 10));
    let answer = server.track("/v1/batch", &json!({ "batch": [view("u-1", "m-1"), large] }));
    assert_eq!((answer.status, answer.code().as_str()), (400, "event-too-large"));
    assert_eq!(answer.json()["item"], 1);
    let many: Vec<Value> =
        (0..2501).map(|it| json!({ "type": "page", "userId": "u", "messageId": it })).collect();
    let answer = server.track("/v1/batch", &json!({ "batch": many }));
    assert_eq!((answer.status, answer.code().as_str()), (400, "too-many-events"));
    let huge = format!("{{\"batch\":[{}]}}", " ".repeat(501 << 10));
    let answer = request(server.address, "POST", "/v1/batch", &[bearer(WRITE_KEY)], Some(huge.as_bytes()));
    assert_eq!((answer.status, answer.code().as_str()), (400, "batch-too-large"));
    let answer = request(server.address, "POST", "/v1/track", &[bearer(WRITE_KEY)], Some(b"{\"a\":"));
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad-json"));
    assert_eq!(server.stats()["events"]["total"], 0, "nothing of a refused request is taken");
}

#[test]
fn a_bad_item_is_left_out_and_named_while_the_others_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let batch =
        json!({ "batch": [view("u-1", "m-1"), { "type": "track", "event": "X" }, view("u-1", "m-2")] });
    let answer = server.track("/v1/batch", &batch).json();
    assert_eq!((&answer["accepted"], &answer["rejected_count"]), (&json!(2), &json!(1)));
    assert_eq!(
        (&answer["rejected"][0]["item"], &answer["rejected"][0]["code"]),
        (&json!(1), &json!("no-identity"))
    );
    assert_eq!(server.profile("u-1").json()["events"], 2);
}

#[test]
fn the_same_message_counts_once_however_often_it_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    for _ in 0..5 {
        assert_eq!(server.track("/v1/track", &view("u-1", "m-1")).status, 200);
    }
    assert_eq!(server.profile("u-1").json()["events"], 1);
    let events = &server.stats()["events"];
    assert_eq!((&events["total"], &events["repeated"]), (&json!(1), &json!(4)));
    // Nor after a crash: the window is rebuilt from the journal.
    server.kill();
    let server = Server::start(dir.path(), &[]);
    assert_eq!(server.track("/v1/track", &view("u-1", "m-1")).status, 200);
    assert_eq!(server.profile("u-1").json()["events"], 1);
}

#[test]
fn gzip_is_unpacked_whatever_the_content_type_says() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(json!({ "batch": [view("u-1", "m-1")] }).to_string().as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let headers = [
        bearer(WRITE_KEY),
        ("content-encoding".into(), "gzip".into()),
        ("content-type".into(), "application/x-www-form-urlencoded".into()),
    ];
    let answer = request(server.address, "POST", "/v1/batch", &headers, Some(&packed));
    assert_eq!((answer.status, &answer.json()["accepted"]), (200, &json!(1)));
    // A bomb is refused once it is larger than a batch may be.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 64 << 20]).unwrap();
    let answer = request(server.address, "POST", "/v1/batch", &headers, Some(&packer.finish().unwrap()));
    assert_eq!((answer.status, answer.code().as_str()), (400, "batch-too-large"));
    let answer = request(server.address, "POST", "/v1/batch", &headers, Some(b"not gzip"));
    assert_eq!(answer.status, 400);
}

#[test]
fn a_page_may_post_from_elsewhere_and_read_every_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let origin = ("origin".to_owned(), "https://shop.example".to_owned());
    let preflight = request(server.address, "OPTIONS", "/v1/t", std::slice::from_ref(&origin), None);
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin").as_deref(), Some("*"));
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("authorization"));
    let refused = request(server.address, "POST", "/v1/t", &[origin], Some(b"{}"));
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin").as_deref(), Some("*"));
    assert!(refused.header("access-control-expose-headers").unwrap().contains("retry-after"));
}

#[test]
fn a_bulk_source_is_recognised_by_its_numbers_and_a_gap_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let part = |from: u64, count: u64| {
        let events: Vec<Value> = (0..count).map(|_| json!({ "type": "page", "userId": "u-1" })).collect();
        server.track("/v1/batch", &json!({ "batch": events, "bulk": { "source": "log", "sequence": from } }))
    };
    assert_eq!(part(0, 10).json()["accepted"], 10);
    let again = part(0, 10).json();
    assert_eq!((&again["accepted"], &again["repeated"]), (&json!(0), &json!(10)));
    let overlapping = part(5, 10).json();
    assert_eq!((&overlapping["accepted"], &overlapping["repeated"]), (&json!(5), &json!(5)));
    let gap = part(20, 5);
    assert_eq!((gap.status, gap.code().as_str(), &gap.json()["expected"]), (409, "bulk-gap", &json!(15)));
    assert_eq!(server.control("GET", "/api/v1/bulk/log", None).json()["next_sequence"], 15);
    assert_eq!(server.profile("u-1").json()["events"], 15);
}

#[test]
fn an_untrusted_source_cannot_speak_for_a_known_shopper_where_it_matters() {
    let dir = tempfile::tempdir().unwrap();
    drop(Server::start(dir.path(), &[]));
    let keys = |args: &[&str]| {
        let out =
            crate::server::beckon().args(["keys", "--data"]).arg(dir.path()).args(args).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let text = String::from_utf8(out.stdout).unwrap();
        text.split_whitespace().nth(2).unwrap_or_default().to_owned()
    };
    let key = keys(&["add-source", "shop-web", "--kind", "web", "--verify-identity"]);
    let secret = keys(&["shopper-secret", "shop-web"]);
    let server = Server::start(dir.path(), &[]);
    let order = |id: &str, token: Option<&str>| {
        let body = json!({ "type": "track", "event": "Order Completed", "userId": "u-1", "messageId": id,
                           "properties": { "total": 100, "products": [{ "product_id": "p-1" }] } });
        let mut headers = vec![bearer(&key)];
        headers.extend(token.map(|it| ("x-shopper-token".to_owned(), it.to_owned())));
        request(server.address, "POST", "/v1/track", &headers, Some(body.to_string().as_bytes())).json()
    };
    assert_eq!(order("m-1", None)["unverified"], 1);
    let base = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = json!({ "sub": "u-1", "exp": 4_000_000_000u64 }).to_string();
    let signed = format!("{}.{}", base.encode(r#"{"alg":"HS256","typ":"JWT"}"#), base.encode(claims));
    let mac_key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let token = format!("{signed}.{}", base.encode(ring::hmac::sign(&mac_key, signed.as_bytes())));
    assert_eq!(order("m-2", Some(&token)).get("unverified"), None);
    let profile = server.profile("u-1").json();
    assert_eq!((&profile["behaviour"]["funnel"]["purchases"], &profile["events"]), (&json!(1), &json!(2)));
}
