//! The room page as browsers meet it: painted when it comes, followed live, and heard.

use crate::peers::{browser, peers};
use crate::server::{Answer, SERVER_KEY, Server, bearer, request};
use crate::shows::{get, offer, put, server, show, to};
use crate::sink::Sink;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// 2026-11-11T12:00:00Z, the start of the show.
const START_MS: i64 = 1_794_398_400_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn page(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = headers.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
    request(server.address, "GET", path, &headers, None)
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    String::from_utf8(answer.body.clone()).unwrap()
}

/// What the page's script is told.
fn config(page: &str) -> Value {
    let json = page.split(r#"id="config">"#).nth(1).and_then(|it| it.split("</script>").next()).unwrap();
    serde_json::from_str(json).unwrap()
}

fn cue(server: &Server, body: Value) {
    let answer = server.control("POST", "/api/v1/shows/show-1/cues", Some(&body));
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn the_page_comes_painted_in_the_browsers_language_and_names_what_may_run_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let mut planned = show();
    planned["title"] = json!("A <b>night</b> {{price}} </script>");
    put(&server, "shows/show-1", &planned);
    put(&server, "offers/o-1", &offer());
    to(&server, START_MS);
    cue(&server, json!({ "cue": "start" }));
    cue(&server, json!({ "cue": "pin", "product_id": "p-1" }));
    let chinese = page(&server, "/r/show-1", &[("accept-language", "zh-CN,zh;q=0.9,en;q=0.5")]);
    let markup = text(&chinese);
    assert!(markup.starts_with("<!doctype html>\n<html lang=\"zh\""));
    for said in ["直播中", "关注", "Mei", "¥199", "¥299", "Repair serum", "仅剩 50 件"] {
        assert!(markup.contains(said), "{said}");
    }
    assert!(
        markup.contains("A &lt;b&gt;night&lt;/b&gt; {{price}} &lt;/script&gt;"),
        "shown as text, not as markup"
    );
    let told = config(&markup);
    assert_eq!(told["live"]["title"], planned["title"]);
    assert_eq!(
        (&told["live"]["state"], &told["live"]["shown"], &told["source"]["whep"]),
        (&json!("on_air"), &json!("p-1"), &json!("/whep/room-1"))
    );
    assert!(told["message"].is_null(), "it speaks for nobody");
    let policy = chinese.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("frame-ancestors *"), "where events may come from: {policy}");
    assert!(!markup.contains(" style=") && !markup.contains("{{w."), "nothing is left to fill");
    let english =
        page(&server, "/r/show-1?lang=en", &[("accept-language", "zh"), ("accept-encoding", "gzip, br")]);
    assert_eq!(english.header("content-encoding").as_deref(), Some("gzip"));
    assert!(english.body.len() < 30 << 10, "{} bytes", english.body.len());
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&english.body[..]).read_to_string(&mut unpacked).unwrap();
    assert!(unpacked.contains("lang=\"en\"") && unpacked.contains("On show now"));
    assert_eq!(page(&server, "/r/show-9", &[]).status, 404);
    assert_eq!(page(&server, "/t/forged", &[]).status, 404);
    let now: Value = serde_json::from_str(&text(&page(&server, "/r/show-1/now", &[]))).unwrap();
    assert_eq!((&now["live"], &now["goods"]), (&told["live"], &told["goods"]));
}

/// One who follows a live feed.
struct Follower {
    stream: TcpStream,
    head: String,
    read: String,
}

impl Follower {
    fn of(server: &Server, show: &str) -> Follower {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET /r/{show}/live HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut it = Follower { stream, head: String::new(), read: String::new() };
        it.until("\r\n\r\n");
        let (head, rest) = it.read.split_once("\r\n\r\n").unwrap();
        (it.head, it.read) = (head.to_owned(), rest.to_owned());
        it
    }

    /// Reads on until this was told; what was told up to there.
    fn until(&mut self, said: &str) -> String {
        let mut bytes = [0; 4096];
        while !self.read.contains(said) {
            let count =
                self.stream.read(&mut bytes).unwrap_or_else(|error| panic!("{said}: {error}: {}", self.read));
            assert!(count > 0, "it ended before {said}: {}", self.read);
            self.read += &String::from_utf8_lossy(&bytes[..count]);
        }
        self.read.clone()
    }

    /// Reads on until the next state; goods that came with it, and the state.
    fn next(&mut self) -> (Value, Value) {
        let data = |frame: &str, name: &str| {
            let of = frame.split(&format!("event: {name}\ndata: ")).nth(1)?;
            serde_json::from_str(of.split("\n\n").next()?).ok()
        };
        loop {
            if let Some(at) = self.read.find("event: state\n")
                && let Some(end) = self.read[at..].find("\n\n")
            {
                let frame: String = self.read.drain(..at + end + 2).collect();
                return (data(&frame, "goods").unwrap_or(Value::Null), data(&frame, "state").unwrap());
            }
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).unwrap();
            assert!(count > 0, "it ended: {}", self.read);
            self.read += &String::from_utf8_lossy(&bytes[..count]);
        }
    }
}

#[test]
fn the_feed_tells_all_at_once_and_then_only_what_changes() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    put(&server, "shows/show-1", &show());
    put(&server, "offers/o-1", &offer());
    let mut follower = Follower::of(&server, "show-1");
    assert!(
        follower.head.starts_with("HTTP/1.1 200") && follower.head.contains("text/event-stream"),
        "{}",
        follower.head
    );
    let (goods, state) = follower.next();
    assert_eq!(goods.as_array().map(Vec::len), Some(2));
    assert_eq!((&state["state"], &state["viewers"]), (&json!("planned"), &json!(1)));
    // The clock alone: the start has come, and no cue.
    to(&server, START_MS);
    assert_eq!(follower.next().1["state"], "late");
    cue(&server, json!({ "cue": "start" }));
    let (goods, state) = follower.next();
    assert_eq!(
        (&state["state"], &state["shown"], &state["pinned"]),
        (&json!("on_air"), &json!("p-1"), &json!(false))
    );
    assert_eq!((&state["phase"], &state["next"]["id"]), (&json!("warm_up"), &json!("p-2")));
    assert_eq!(goods[0]["offer"], "o-1", "the offer opens when the host really begins: {goods}");
    cue(&server, json!({ "cue": "stock", "offer_id": "o-1", "stock": 7 }));
    let (goods, _) = follower.next();
    assert_eq!(goods.as_array().map(Vec::len), Some(1), "{goods}");
    assert_eq!(
        (&goods[0]["id"], &goods[0]["stock"], &goods[0]["price"]),
        (&json!("p-1"), &json!(7), &json!("¥199"))
    );
    cue(&server, json!({ "cue": "pin", "product_id": "p-2" }));
    let (goods, state) = follower.next();
    assert_eq!((&goods, &state["shown"], &state["pinned"]), (&Value::Null, &json!("p-2"), &json!(true)));
    // Another comes: he is told how it stands now, and both are counted.
    let mut second = Follower::of(&server, "show-1");
    let (goods, state) = second.next();
    assert_eq!((goods.as_array().map(Vec::len), &state["shown"]), (Some(2), &json!("p-2")));
    assert_eq!(follower.next().1["viewers"], 2);
    cue(&server, json!({ "cue": "end" }));
    let (_, state) = follower.next();
    assert_eq!((&state["state"], &state["shown"]), (&json!("over"), &Value::Null));
    assert_eq!(page(&server, "/r/show-9/live", &[]).status, 404);
    // A server that stops does not wait for those who would stay for ever.
    assert!(server.terminate());
    let mut rest = Vec::new();
    follower.stream.read_to_end(&mut rest).unwrap();
}

/// A show on air and a shopper who was called in; the path of his tap link.
fn called(dir: &std::path::Path, sink: &Sink) -> (Server, String, String) {
    let server = server(dir);
    let none = json!({ "never_pct": 0, "ghost_pct": 0, "random_pct": 0 });
    put(&server, "policy", &json!({ "holdouts": none, "fatigue": 0 }));
    put(
        &server,
        "channels/webhook",
        &json!({ "url": sink.url(), "secret": SECRET, "private_network": true }),
    );
    put(&server, "shows/show-1", &show());
    put(&server, "offers/o-1", &offer());
    let traits = json!({ "gender": "female", "locale": "zh-CN", "consent": { "marketing": true } });
    let body = json!({ "type": "identify", "userId": "u-yes", "traits": traits });
    assert_eq!(server.track("/v1/identify", &body).status, 200);
    to(&server, START_MS);
    cue(&server, json!({ "cue": "start" }));
    for (minute, at) in [(0, "12:00"), (96, "13:36"), (98, "13:38")] {
        to(&server, START_MS + minute * 60_000);
        let body = json!({ "type": "track", "event": "Product Viewed", "userId": "u-yes", "messageId": at,
            "timestamp": format!("2026-11-11T{at}:00Z"), "properties": { "product_id": "p-1" } });
        assert_eq!(server.track("/v1/track", &body).status, 200);
    }
    to(&server, START_MS + 99 * 60_000);
    let messages = sink.take();
    let message = messages.iter().find(|it| it["show_id"] == "show-1").expect("he was called in");
    let link = message["link"].as_str().unwrap();
    let path = format!("/{}", link.splitn(4, '/').nth(3).unwrap());
    (server, path, message["id"].as_str().unwrap().to_owned())
}

#[test]
fn what_a_page_tells_reaches_its_shopper_the_push_and_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::start(SECRET);
    let (server, path, message) = called(dir.path(), &sink);
    put(&server, "shows/show-2", &show());
    let markup = text(&page(&server, &path, &[("accept-language", "en")]));
    let told = config(&markup);
    assert_eq!((&told["message"], &told["about"]), (&json!(message), &json!("p-1")));
    assert_eq!(told["source"]["ticket"], path["/t/".len()..], "the link lets him watch");
    assert!(markup.contains("lang=\"zh\""), "in the language of the push");
    assert_eq!(
        told["share"],
        format!("http://{}/r/show-1", server.address),
        "what is passed on names nobody"
    );
    let of_show = |event: &str, more: Value| {
        let mut properties =
            json!({ "show_id": "show-1", "room_id": "room-1", "host_id": "h-1", "message_id": message });
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "type": "track", "event": event, "anonymousId": "somebody", "messageId": format!("{event} {more}"), "properties": properties })
    };
    let batch = json!({ "batch": [
        of_show("Live Room Entered", json!({})),
        of_show("Live Player Started", json!({ "first_frame_ms": 180, "transport": "whep" })),
        of_show("Live Player Started", json!({ "first_frame_ms": 90_000 })),
        of_show("Live Player Stalled", json!({ "stalled_ms": 700 })),
        of_show("Live Player Stalled", json!({ "stalled_ms": 300 })),
        of_show("Product Added", json!({ "product_id": "p-1", "quantity": 1 })),
        of_show("Live Followed", json!({})),
        of_show("Live Reminder Booked", json!({ "show_id": "show-2" })),
        of_show("Live Room Left", json!({ "dwell_seconds": 61 })),
        // None of these is the page's to tell.
        of_show("Live Liked", json!({ "show_id": "show-2" })),
        of_show("Order Completed", json!({ "total": 199, "products": [{ "product_id": "p-1", "price": 199 }] })),
        of_show("Product Added", json!({ "product_id": "made up" })),
        { "type": "identify", "userId": "u-other", "anonymousId": "somebody", "traits": { "age": 20 } },
    ] });
    for _ in 0..2 {
        let answer = request(
            server.address,
            "POST",
            &format!("{path}/events"),
            &[],
            Some(batch.to_string().as_bytes()),
        );
        assert_eq!((answer.status, &answer.json()["accepted"]), (200, &json!(9)), "{answer:?}");
    }
    let said = get(&server, &format!("messages/{message}"));
    let outcome = &said["outcome"];
    assert_eq!(
        (
            &outcome["entered"],
            &outcome["dwell_s"],
            &outcome["first_frame_ms"],
            &outcome["stalls"],
            &outcome["stalled_ms"]
        ),
        (&json!(true), &json!(61), &json!(180), &json!(2), &json!(1000)),
        "{outcome}"
    );
    assert_eq!(outcome["purchases"], 0);
    let report = get(&server, "shows/show-1/report");
    assert_eq!(
        report["picture"],
        json!({ "seen": 1, "first_frame_p50_ms": 200, "first_frame_p95_ms": 200, "stalls": 2, "stalled_ms": 1000 })
    );
    assert_eq!((&report["funnel"]["entered"], &report["funnel"]["dwell_s"]), (&json!(1), &json!(61)));
    let profile = server.profile("u-yes").json();
    assert_eq!(profile["behaviour"]["recent"]["in_cart"][0]["product_id"], "p-1");
    for nobody in ["somebody", "u-other"] {
        assert_eq!(server.profile(nobody).status, 404, "{nobody}: the page speaks for its shopper alone");
    }
    // The show's own page speaks for a visitor, and never for a known shopper.
    let of_visitor = |event: &str| {
        json!({ "type": "track", "event": event, "anonymousId": "v-1", "userId": "u-yes",
            "properties": { "show_id": "show-1", "room_id": "room-1", "first_frame_ms": 90 } })
    };
    let visitor = json!({ "batch": [of_visitor("Live Liked"), of_visitor("Live Player Started")] });
    let answer =
        request(server.address, "POST", "/r/show-1/events", &[], Some(visitor.to_string().as_bytes()));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(server.profile("v-1").json()["id"], "v-1");
    assert_eq!(server.profile("u-yes").json()["events"], profile["events"]);
    let now = get(&server, "shows/show-1/report");
    assert_eq!(now["picture"], report["picture"], "a visitor was called by no push");
    let many: Vec<&Value> = vec![&visitor["batch"][0]; 51];
    let answer = request(
        server.address,
        "POST",
        "/r/show-1/events",
        &[],
        Some(json!({ "batch": many }).to_string().as_bytes()),
    );
    assert_eq!((answer.status, &*answer.code()), (400, "too-many-events"));
}

#[test]
fn a_room_elsewhere_is_played_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    put(&server, "shows/show-1", &show());
    let room = json!({ "title": "Beauty room", "host_id": "h-1", "whep_url": "https://sfu.shop.test:8443/whep/1",
        "hls_url": "https://cdn.shop.test/1.m3u8", "player_url": "https://play.shop.test/?src={url}",
        "poster_url": "https://cdn.shop.test/1.jpg" });
    let shown = put(&server, "rooms/room-1", &room);
    assert_eq!(shown["whep_url"], room["whep_url"]);
    server.kill();
    let server = Server::start(dir.path(), &["--clock", "virtual"]);
    let answer = page(&server, "/r/show-1", &[]);
    let told = config(&text(&answer));
    assert_eq!(
        told["source"],
        json!({ "whep": "https://sfu.shop.test:8443/whep/1", "gather": true, "hls": "https://cdn.shop.test/1.m3u8",
            "page": "https://play.shop.test/?src=https%3A%2F%2Fcdn.shop.test%2F1.m3u8" })
    );
    assert_eq!(told["poster"], room["poster_url"]);
    let policy = answer.header("content-security-policy").unwrap();
    for part in [
        "connect-src 'self' https://sfu.shop.test:8443 https://cdn.shop.test;",
        "frame-src https://play.shop.test;",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    put(&server, "rooms/room-1", &json!({ "host_id": "h-1", "app_link": "shop://rooms/1" }));
    let markup = text(&page(&server, "/r/show-1?lang=en", &[]));
    assert!(markup.contains("href=\"shop://rooms/1\" >Watch in the app"), "the way into the app is there");
    assert!(config(&markup)["source"].is_null());
    let refused = |field: &str, value: &str| {
        let answer = server.control("PUT", "/api/v1/rooms/room-1", Some(&json!({ field: value })));
        (answer.status, answer.json()["field"].clone())
    };
    for wrong in [
        "ftp://x",
        "https://",
        "https://a b/",
        "https://x.test;script-src *",
        "https://x:port/",
        "//x",
        "https://é.test/",
    ] {
        assert_eq!(refused("whep_url", wrong), (422, json!("/whep_url")), "{wrong}");
    }
    for wrong in ["javascript://x", "data://x", "shop:", "Shop://x", "https://a b"] {
        assert_eq!(refused("app_link", wrong), (422, json!("/app_link")), "{wrong}");
    }
}

#[test]
fn a_shopper_in_a_real_browser_sees_the_picture_move_and_the_host_pin_products() {
    let Some(_alone) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let run = std::process::Command::new("node")
        .arg(peers().join("room/drive.mjs"))
        .env("BECKON_URL", format!("http://{}", server.address))
        .env("BECKON_SERVER_KEY", SERVER_KEY)
        .output()
        .expect("the driver runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let seen: Value =
        said.lines().rev().find_map(|it| serde_json::from_str(it).ok()).expect("it says what it saw");
    assert_eq!(seen["pinned"], "Overnight barrier cream");
}

#[test]
fn a_tap_link_and_a_shows_page_let_one_into_its_room_and_into_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::start(SECRET);
    let (server, path, _) = called(dir.path(), &sink);
    let watch = |room: &str, ticket: &str| {
        let headers = [("content-type".to_owned(), "application/sdp".to_owned()), bearer(ticket)];
        let offer = crate::room::offer("recvonly");
        request(server.address, "POST", &format!("/whep/{room}"), &headers, Some(offer.as_bytes()))
    };
    for (path, elsewhere) in [(path.as_str(), 403), ("/r/show-1", 401)] {
        let source = config(&text(&page(&server, path, &[])))["source"].clone();
        let (whep, ticket) = (source["whep"].as_str().unwrap(), source["ticket"].as_str().unwrap());
        assert_eq!(whep, "/whep/room-1");
        let answer = watch("room-1", ticket);
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        assert_eq!(watch("room-2", ticket).status, elsewhere, "{path}");
        let session = answer.header("location").unwrap();
        assert_eq!(
            request(server.address, "DELETE", &session, &[bearer(ticket)], None).status,
            200,
            "{path}"
        );
    }
}

#[test]
fn a_page_waits_for_the_host_plays_him_and_stays_when_he_comes_again() {
    let Some(_alone) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let run = std::process::Command::new("node")
        .arg(peers().join("room/live.mjs"))
        .env("BECKON_URL", format!("http://{}", server.address))
        .env("BECKON_SERVER_KEY", SERVER_KEY)
        .output()
        .expect("the driver runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let seen: Value = serde_json::from_str(&said).expect("it says what it saw");
    assert_eq!(seen["joins"], 1, "the session that waited is the one that plays");
}
