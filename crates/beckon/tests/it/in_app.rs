//! The in-app connection as clients see it: who may open one, what is written and acknowledged, what each close code
//! comes from; and a push that goes over it from the event to the report.

use crate::keys::signed;
use crate::server::{WRITE_KEY, request};
use crate::sink::Sink;
use crate::socket::{NOON, Shop, hello, message, resumed};
use beckon::config::Config;
use beckon::keys::Keys;
use beckon_sessions::limits::PENDING_MAX;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

fn as_it_is(_: &mut Config) {}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_written_acknowledged_and_not_written_again() {
    let shop = Shop::open(as_it_is).await;
    let (mut client, session, resumes) = shop.enter(&hello("d", "a")).await;
    assert!(!resumes);
    shop.send("m-1", "d", "a").await;
    let frame = client.frame().await;
    let expected = json!({ "type": "message", "message": {
        "id": "m-1", "title": "Now", "class": "marketing", "expires_at": "2026-11-28T13:00:00Z" } });
    assert_eq!(frame, expected);
    client.ack(&["m-1"]).await;
    client.say(&json!({ "type": "ping" })).await;
    assert_eq!(client.frame().await, json!({ "type": "pong" }));
    assert_eq!(shop.server.hub().tallies().all_carried()[0], ("delivered", 1));

    // Written, and lost with its connection: it comes again, to the same session.
    shop.send("m-2", "d", "a").await;
    assert_eq!(client.message().await, "m-2");
    drop(client);
    let (mut client, again, resumes) = shop.enter(&resumed(hello("d", "a"), &session)).await;
    assert!(resumes && again == session);
    assert_eq!(client.message().await, "m-2");
    client.ack(&["m-2"]).await;
    shop.until(|it| (it.server.hub().tallies().all_carried()[0].1 == 2).then_some(())).await;
    assert_eq!(shop.server.hub().counts().messages, 0);
    shop.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_shown_twice_over_connections_that_break() {
    for seed in 1..=5_u64 {
        let shop = Shop::open(as_it_is).await;
        let (mut random, mut shown, mut session) = (seed, BTreeSet::new(), None::<String>);
        let mut draw = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let mut open = None;
        for number in 0..60 {
            if open.is_none() {
                let first =
                    session.as_deref().map_or_else(|| hello("d", "a"), |it| resumed(hello("d", "a"), it));
                let (client, named, _) = shop.enter(&first).await;
                session = Some(named);
                open = Some(client);
            }
            shop.send(&format!("m-{number}"), "d", "a").await;
            let client = open.as_mut().unwrap();
            match draw(4) {
                0 => open = None,
                1 => {
                    shown.insert(client.message().await);
                    open = None;
                }
                _ => loop {
                    let id = client.message().await;
                    client.ack(&[&id]).await;
                    let is_last = id == format!("m-{number}");
                    shown.insert(id);
                    if is_last {
                        break;
                    }
                },
            }
        }
        let (mut client, ..) = shop.enter(&resumed(hello("d", "a"), &session.unwrap())).await;
        shop.send("last", "d", "a").await;
        loop {
            let id = client.message().await;
            client.ack(&[&id]).await;
            if id == "last" {
                break;
            }
            shown.insert(id);
        }
        assert_eq!(shown.len(), 60, "seed {seed}: {shown:?}");
        shop.until(|it| (it.server.hub().tallies().all_carried()[0].1 == 61).then_some(())).await;
        shop.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_close_code_says_what_was_wrong() {
    let shop = Shop::open(as_it_is).await;
    let code_of = async |first: String| {
        let mut client = shop.connect().await;
        client.say_text(first).await;
        client.closed().await
    };
    let with = |field: &str, value: Value| {
        let mut hello = hello("d", "a");
        hello[field] = value;
        hello.to_string()
    };
    assert_eq!(code_of("no JSON".into()).await, 4400);
    assert_eq!(code_of(json!({ "type": "ping" }).to_string()).await, 4400, "a hello comes first");
    assert_eq!(code_of(with("anonymous_id", Value::Null)).await, 4400);
    assert_eq!(code_of(with("device", json!({ "id": "" }))).await, 4400);
    assert_eq!(code_of(with("write_key", "wrong".into())).await, 4401);
    assert_eq!(code_of(with("write_key", crate::server::SERVER_KEY.into())).await, 4403);
    assert_eq!(code_of(with("anonymous_id", "x".repeat(9_000).into())).await, 4413);

    let (mut client, ..) = shop.enter(&hello("d", "a")).await;
    client.say_text("x".repeat(9_000)).await;
    assert_eq!(client.closed().await, 4413);
    let (mut client, ..) = shop.enter(&hello("d", "a")).await;
    client.say(&hello("d", "a")).await;
    assert_eq!(client.closed().await, 4400, "a second hello");
    let (mut client, ..) = shop.enter(&hello("d", "a")).await;
    for _ in 0..100 {
        client.say(&json!({ "type": "state", "battery_level": 5 })).await;
    }
    assert_eq!(client.closed().await, 4429, "a flood");
    let (mut client, ..) = shop.enter(&hello("d", "a")).await;
    let (_newer, ..) = shop.enter(&hello("d", "a")).await;
    assert_eq!(client.closed().await, 4409);

    let closed = shop.server.hub().tallies().all_closed();
    let count = |word: &str| closed.iter().find(|it| it.0 == word).unwrap().1;
    assert_eq!((count("malformed"), count("refused"), count("not_allowed")), (5, 1, 1), "{closed:?}");
    assert_eq!((count("too_large"), count("flood"), count("replaced")), (2, 1, 1), "{closed:?}");
    shop.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_says_hello_is_closed() {
    let shop = Shop::open(as_it_is).await;
    let mut client = shop.connect().await;
    assert_eq!(client.closed().await, 4400);
    shop.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_too_slowly_is_dropped_and_nobody_else_waits() {
    let shop = Shop::open(as_it_is).await;
    let (mut slow, ..) = shop.enter(&hello("slow", "a")).await;
    let (mut quick, ..) = shop.enter(&hello("quick", "b")).await;
    for number in 0..=PENDING_MAX {
        shop.send(&format!("s-{number}"), "slow", "a").await;
        let id = format!("q-{number}");
        shop.send(&id, "quick", "b").await;
        assert_eq!(quick.message().await, id);
        quick.ack(&[&id]).await;
    }
    assert_eq!(slow.closed().await, 4429);
    let [_, unreached, _] = shop.server.hub().tallies().all_carried();
    assert_eq!(unreached, ("unreached", 1), "the one for which there was no room");
    shop.send("more", "quick", "b").await;
    assert_eq!(quick.message().await, "more");
    shop.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_bound_connections_are_told_to_come_later() {
    let shop = Shop::open(|it| it.in_app.connections_max = 2).await;
    let (first, ..) = shop.enter(&hello("d-1", "a")).await;
    let (_second, ..) = shop.enter(&hello("d-2", "b")).await;
    let mut third = shop.connect().await;
    assert_eq!(third.closed().await, 4503);
    drop((first, third));
    shop.until(|it| (it.server.hub().open_connections() == 1).then_some(())).await;
    shop.enter(&hello("d-3", "c")).await;
    shop.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_is_closed_and_one_that_pings_is_not() {
    let shop = Shop::open(|it| it.in_app.ping_s = 1).await;
    let mut silent = TcpStream::connect(shop.server.address).unwrap();
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    let head = format!(
        "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n{key}\r\n\r\n"
    );
    silent.write_all(head.as_bytes()).unwrap();
    // A masked text frame with the mask 0.
    let text = hello("silent", "a").to_string();
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    silent.write_all(&[&[0x81, 0xfe, length[0], length[1], 0, 0, 0, 0], text.as_bytes()].concat()).unwrap();
    let (mut lively, ..) = shop.enter(&hello("lively", "b")).await;
    let closed =
        |it: &Shop| it.server.hub().tallies().all_closed().iter().find(|it| it.0 == "silent").unwrap().1;
    for _ in 0..2 {
        // Reading answers the server's pings.
        lively.say(&json!({ "type": "ping" })).await;
        assert_eq!(lively.frame().await, json!({ "type": "pong" }));
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    }
    shop.until(|it| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        (closed(it) >= 1).then_some(())
    })
    .await;
    assert_eq!(shop.server.hub().counts().connections, 1);
    lively.say(&json!({ "type": "ping" })).await;
    assert_eq!(lively.frame().await, json!({ "type": "pong" }));
    shop.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_tells_every_client_to_come_back() {
    let shop = Shop::open(as_it_is).await;
    let (mut client, ..) = shop.enter(&hello("d", "a")).await;
    let Shop { server, .. } = shop;
    let (code, report) = tokio::join!(client.closed(), server.stop());
    assert_eq!(code, 1012);
    assert!(report.snapshots);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_shopper_is_proven_where_that_is_asked_for() {
    let mut secret = String::new();
    let asks = |it: &mut Config| {
        let (mut keys, _) = Keys::open_or_create(&it.data, &it.first_keys).unwrap();
        keys.set_verify_identity("default", true).unwrap();
        secret = keys.make_shopper_secret("default").unwrap();
    };
    let shop = Shop::open(asks).await;
    let mut named = hello("d", "a");
    named["user_id"] = "u-1".into();
    let token = |user: &str| {
        let claims = json!({ "sub": user, "exp": NOON / 1000 + 600 }).to_string();
        Value::from(signed(r#"{"alg":"HS256"}"#, &claims, &secret))
    };
    let mut client = shop.connect().await;
    client.say(&named).await;
    assert_eq!(client.closed().await, 4401);
    named["token"] = token("u-2");
    let mut client = shop.connect().await;
    client.say(&named).await;
    assert_eq!(client.closed().await, 4401, "a token of somebody else");
    named["token"] = token("u-1");
    shop.enter(&named).await;
    // A visitor proves nothing.
    shop.enter(&hello("d", "a")).await;
    shop.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_may_not_connect() {
    let shop = Shop::open(|it| it.cors.origins = vec!["https://shop.example".into()]).await;
    let code_of = async |origin: &str| match shop.upgrade(&[("origin", origin)]).await {
        Ok(_) => 101,
        Err(status) => status,
    };
    assert_eq!(code_of("https://elsewhere.example").await, 403);
    assert_eq!(code_of("https://shop.example").await, 101);
    let path = "/sse?write_key=x&device=d&anonymous_id=a";
    let headers = [("origin".to_owned(), "https://elsewhere.example".to_owned())];
    let answer = request(shop.server.address, "GET", path, &headers, None);
    assert_eq!((answer.status, answer.code().as_str()), (403, "origin-not-allowed"));
    shop.server.stop().await;
}

/// The events of a stream until `wanted` have come.
fn events(reader: &mut BufReader<TcpStream>, wanted: usize) -> Vec<Value> {
    let mut found = Vec::new();
    let mut line = String::new();
    while found.len() < wanted {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the stream ended after {found:?}");
        if let Some(data) = line.strip_prefix("data: ") {
            found.push(serde_json::from_str(data).unwrap());
        }
    }
    found
}

fn stream(shop: &Shop, query: &str) -> BufReader<TcpStream> {
    let mut socket = TcpStream::connect(shop.server.address).unwrap();
    write!(socket, "GET /sse?{query} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    BufReader::new(socket)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_carries_the_same_frames() {
    let shop = Shop::open(as_it_is).await;
    let query = format!("write_key={WRITE_KEY}&app=shop&device=d&anonymous_id=a");
    let mut reader = stream(&shop, &query);
    let [welcome] = &events(&mut reader, 1)[..] else { panic!() };
    assert_eq!((&welcome["type"], &welcome["resumed"]), (&json!("welcome"), &json!(false)));
    let session = welcome["session"].as_str().unwrap();
    shop.send("m-1", "d", "a").await;
    assert_eq!(events(&mut reader, 1)[0]["message"]["id"], "m-1");
    let post = |session: &str, body: &Value| {
        let headers = [("content-type".to_owned(), "text/plain;charset=UTF-8".to_owned())];
        let path = format!("/sse/{session}");
        let answer = request(shop.server.address, "POST", &path, &headers, Some(body.to_string().as_bytes()));
        answer.status
    };
    let frames = json!({ "frames": [{ "type": "state", "app_state": "foreground" },
        { "type": "ack", "ids": ["m-1"] }, { "type": "ping" }] });
    assert_eq!(post(session, &frames), 204);
    assert_eq!(events(&mut reader, 1)[0], json!({ "type": "pong" }));
    assert_eq!(shop.server.hub().tallies().all_carried()[0], ("delivered", 1));
    assert_eq!(post(session, &json!({ "frames": [{ "type": "hello" }] })), 400);
    assert_eq!(post(&"0".repeat(32), &frames), 404);
    assert_eq!(post("elsewhere", &frames), 404);

    // The same device over a WebSocket: the stream ends and says why.
    shop.enter(&resumed(hello("d", "a"), session)).await;
    let last = &events(&mut reader, 1)[0];
    assert_eq!((&last["type"], &last["code"]), (&json!("close"), &json!(4409)));
    let refused = &events(&mut stream(&shop, "write_key=wrong&device=d&anonymous_id=a"), 1)[0];
    assert_eq!((&refused["type"], &refused["code"]), (&json!("close"), &json!(4401)));
    let mut open = stream(&shop, &query);
    events(&mut open, 1);
    shop.server.stop().await;
    assert_eq!(events(&mut open, 1)[0]["code"], 1012);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_the_connections_do() {
    let shop = Shop::open(as_it_is).await;
    let (mut client, ..) = shop.enter(&hello("d", "a")).await;
    shop.server.hub().send(&message("m-1", "d", "a")).await;
    client.message().await;
    let answer = request(shop.server.address, "GET", "/metrics", &[], None);
    let text = String::from_utf8(answer.body).unwrap();
    for line in [
        "beckon_in_app_connections 1",
        "beckon_in_app_messages_waiting 1",
        "beckon_in_app_opened_total 1",
        "beckon_in_app_written_total 1",
        r#"beckon_in_app_carried_total{outcome="delivered"} 0"#,
        r#"beckon_in_app_closed_total{reason="slow"} 0"#,
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
    }
    shop.server.stop().await;
}

/// A show on air, whose product is cheaper now, and the in-app channel.
fn go_on_air(shop: &Shop) {
    let at = |minutes: i64| jiff::Timestamp::from_millisecond(NOON + minutes * 60_000).unwrap().to_string();
    let none = json!({ "never_pct": 0, "ghost_pct": 0, "random_pct": 0 });
    shop.put("policy", &json!({ "quiet_hours": null, "gap_minutes": 0, "fatigue": 0, "holdouts": none }));
    shop.put("hosts/mei", &json!({ "name": "Mei" }));
    shop.put("rooms/beauty", &json!({ "title": "Serum night", "host_id": "mei" }));
    let serum = json!({ "title": "Repair serum", "category": "beauty", "price": 299, "currency": "CNY" });
    shop.put("products/serum", &serum);
    shop.put("channels/in_app", &json!({}));
    let show = json!({
        "room_id": "beauty", "title": "Serum night", "audience": "interest(\"beauty\") > 0.0",
        "starts_at": at(-120), "ends_at": at(60), "phases": [{ "phase": "closing", "starts_at": at(-20) }],
        "slots": [{ "product_id": "serum", "starts_at": at(-120), "ends_at": at(60) }],
    });
    shop.put("shows/tonight", &show);
    let offer = json!({ "show_id": "tonight", "product_id": "serum", "price": 199, "original_price": 299 });
    shop.put("offers/now", &offer);
    shop.control("POST", "shows/tonight/cues", Some(&json!({ "cue": "start" })));
    // Its price is set once every shard has told how its shoppers are spread.
    for _ in 0..3 {
        shop.wait(60_000);
    }
}

fn of_shopper(user: &str) -> Value {
    let mut hello = hello(&format!("d-{user}"), &format!("a-{user}"));
    hello["user_id"] = user.into();
    hello
}

/// The shopper agrees to be called, and looks at the product: now he is called.
fn looks(shop: &Shop, user: &str) {
    let agrees = json!({ "userId": user, "traits": { "consent": { "marketing": true } } });
    shop.track("/v1/identify", &agrees);
    let views = json!({ "userId": user, "event": "Product Viewed", "properties": { "product_id": "serum" } });
    shop.track("/v1/track", &views);
    shop.wait(1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_goes_over_the_connection_and_the_report_says_what_became_of_it() {
    let shop = Shop::open(as_it_is).await;
    go_on_air(&shop);
    let life_of = |id: &str| shop.get(&format!("messages/{id}"));

    // Acknowledged.
    let (mut client, ..) = shop.enter(&of_shopper("u-1")).await;
    looks(&shop, "u-1");
    let frame = client.frame().await;
    let message = &frame["message"];
    assert_eq!((&message["show_id"], &message["product_id"]), (&json!("tonight"), &json!("serum")));
    assert!(message["link"].as_str().unwrap().contains("/t/"), "{message}");
    let id = message["id"].as_str().unwrap();
    client.ack(&[id]).await;
    let delivered = |shop: &Shop| {
        let report = shop.get("shows/tonight/report");
        (report["funnel"]["delivered"] == 1).then_some(report)
    };
    let report = shop.until(delivered).await;
    assert_eq!(report["by_channel"]["in_app"]["delivered"], 1, "{report:#}");

    // Read, and never acknowledged: nobody knows, and nobody sends it again.
    let (mut client, ..) = shop.enter(&of_shopper("u-2")).await;
    looks(&shop, "u-2");
    let id = client.message().await;
    shop.wait(18_000);
    assert_eq!(life_of(&id)["life"]["is_over"], false, "{:#}", life_of(&id));
    shop.wait(2_000);
    assert_eq!(life_of(&id)["life"]["state"], "ambiguous", "{:#}", life_of(&id));

    // Lost before anything was written, and not back in time: it was not carried.
    let (client, ..) = shop.enter(&of_shopper("u-3")).await;
    shop.wait(0);
    drop(client);
    shop.until(|it| (it.server.hub().counts().connections == 2).then_some(())).await;
    looks(&shop, "u-3");
    assert_eq!(shop.server.hub().counts().messages, 1, "it waits for the connection");
    shop.wait(10_000);
    let report = shop.get("shows/tonight/report");
    let ended = report["ended"].as_array().unwrap().iter().find(|it| it["state"] == "unreached");
    assert_eq!(ended.unwrap()["count"], 1, "{report:#}");
    let profile = shop.get("profiles/u-3");
    assert_eq!(profile["attributes"]["devices"][0]["connection"]["state"], "closed", "{profile:#}");
    shop.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_connection_did_not_carry_goes_over_the_next_channel() {
    const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let shop = Shop::open(as_it_is).await;
    let sink = Sink::start(SECRET);
    go_on_air(&shop);
    shop.put("channels/webhook", &json!({ "url": sink.url(), "secret": SECRET, "private_network": true }));
    let (client, ..) = shop.enter(&of_shopper("u-1")).await;
    shop.wait(0);
    drop(client);
    shop.until(|it| (it.server.hub().counts().connections == 0).then_some(())).await;
    looks(&shop, "u-1");
    assert!(sink.take().is_empty(), "the connection may come back");
    shop.wait(10_000);
    let messages = sink.take();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0]["user_id"], "u-1");
    shop.server.stop().await;
}
