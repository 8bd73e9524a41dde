//! An evening with real shoppers: nine days of a shop's log under the virtual clock, a show on its most viewed
//! category, and a webhook whose taps follow what the log says. Everything must agree to the last count.

use crate::server::{Server, data_set, request};
use crate::sink::Sink;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

/// 2017-12-01 20:00 in Shanghai (Unix seconds).
const STARTS: i64 = 1_512_129_600;
const ENDS: i64 = STARTS + 2 * 3600;
const OPENS: i64 = STARTS - 1800;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

struct Row {
    user: String,
    item: String,
    category: String,
    behaviour: String,
    at: i64,
}

fn rows(file: &std::path::Path) -> Vec<Row> {
    let lines = BufReader::new(GzDecoder::new(std::fs::File::open(file).unwrap())).lines();
    let mut rows: Vec<Row> = lines
        .map_while(Result::ok)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [user, item, category, behaviour, at] = fields[..] else { return None };
            let own = str::to_owned;
            let at = at.trim().parse().ok()?;
            Some(Row {
                user: own(user),
                item: own(item),
                category: own(category),
                behaviour: own(behaviour),
                at,
            })
        })
        .collect();
    rows.sort_by(|a, b| (a.at, &a.user, &a.item).cmp(&(b.at, &b.user, &b.item)));
    rows
}

fn time(secs: i64) -> String {
    jiff::Timestamp::from_second(secs).unwrap().to_string()
}

fn call(number: usize, row: &Row) -> Value {
    let product = json!({ "product_id": row.item, "category": row.category, "quantity": 1 });
    let (event, properties) = match &*row.behaviour {
        "pv" => ("Product Viewed", product),
        "cart" => ("Product Added", product),
        "fav" => ("Product Added to Wishlist", product),
        _ => ("Order Completed", json!({ "order_id": number, "products": [product] })),
    };
    json!({ "type": "track", "event": event, "userId": format!("u{}", row.user), "properties": properties,
            "messageId": format!("row-{number}"), "timestamp": time(row.at),
            "context": { "timezone": "Asia/Shanghai", "locale": "zh-CN" } })
}

fn post(server: &Server, calls: &[Value]) {
    for batch in calls.chunks(500) {
        assert_eq!(server.track("/v1/batch", &json!({ "batch": batch })).status, 200);
    }
}

fn advance(server: &Server, secs: i64) {
    let answer = server.control("POST", "/api/v1/clock", Some(&json!({ "to": secs * 1000 })));
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn put(server: &Server, path: &str, body: &Value) -> Value {
    let answer = server.control("PUT", path, Some(body));
    assert!(matches!(answer.status, 200 | 201), "{path}: {answer:?}");
    answer.json()
}

fn cue(server: &Server, body: &Value) {
    let answer = server.control("POST", "/api/v1/shows/evening/cues", Some(body));
    assert_eq!(answer.status / 100, 2, "{answer:?}");
}

/// A draw between 0 and 1 that the id alone decides.
fn draw(id: &str) -> f64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

/// The products of the most viewed category before the show, most viewed first.
fn most_viewed(rows: &[Row]) -> Vec<String> {
    let mut categories: BTreeMap<&str, u32> = BTreeMap::new();
    let before = || rows.iter().filter(|it| it.at < OPENS && it.behaviour == "pv");
    before().for_each(|it| *categories.entry(&it.category).or_default() += 1);
    let best = categories.iter().max_by_key(|it| (it.1, it.0)).map(|it| *it.0).unwrap();
    let mut items: BTreeMap<&str, u32> = BTreeMap::new();
    before().filter(|it| it.category == best).for_each(|it| *items.entry(&it.item).or_default() += 1);
    let mut items: Vec<(&str, u32)> = items.into_iter().collect();
    items.sort_by_key(|it| (std::cmp::Reverse(it.1), it.0));
    items.into_iter().take(6).map(|it| it.0.to_owned()).collect()
}

fn plan(server: &Server, products: &[String]) {
    for (number, id) in products.iter().enumerate() {
        let path = format!("/api/v1/products/{id}");
        let there = server.control("GET", &path, None).json();
        let body = json!({ "title": format!("精选好物 {}", number + 1), "category": there["category"],
                           "price": 59.0 + number as f64, "currency": "CNY" });
        put(server, &path, &body);
    }
    put(server, "/api/v1/hosts/lin", &json!({ "name": "林夕", "style": "calm" }));
    put(server, "/api/v1/rooms/r1", &json!({ "title": "好物间", "host_id": "lin" }));
    let slot = (ENDS - STARTS) / products.len() as i64;
    let slots: Vec<Value> = products
        .iter()
        .enumerate()
        .map(|(number, id)| {
            let at = STARTS + slot * number as i64;
            json!({ "product_id": id, "starts_at": time(at), "ends_at": time(at + slot) })
        })
        .collect();
    let show = json!({
        "room_id": "r1", "host_id": "lin", "title": "周五好物夜", "opens_before_s": 1800,
        "starts_at": time(STARTS), "ends_at": time(ENDS), "slots": slots,
        "phases": [ { "phase": "warm_up", "starts_at": time(STARTS) },
                    { "phase": "climax", "starts_at": time(STARTS + 2400) },
                    { "phase": "closing", "starts_at": time(ENDS - 1200) } ],
    });
    put(server, "/api/v1/shows/evening", &show);
    let offer = json!({ "show_id": "evening", "product_id": products[0], "price": 39.0, "original_price": 59.0,
                        "stock": 40, "opens_at": time(STARTS), "ends_at": time(ENDS) });
    put(server, "/api/v1/offers/first", &offer);
}

#[test]
fn decisions_messages_taps_and_report_agree_to_the_last_count() {
    let Some(file) = data_set("taobao_9d/UserBehavior.csv.gz") else { return };
    let rows = rows(&file);
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--clock", "virtual"]);
    let sink = Sink::start(SECRET);
    put(
        &server,
        "/api/v1/policy",
        &json!({ "consent_assumed": ["webhook"], "holdouts": { "never_pct": 2.0, "ghost_pct": 7.0, "random_pct": 5.0 } }),
    );
    put(
        &server,
        "/api/v1/channels/webhook",
        &json!({ "url": sink.url(), "secret": SECRET, "private_network": true }),
    );

    // The days before, four hours at a time.
    let mut next = 0;
    while next < rows.len() && rows[next].at < OPENS {
        let until = (rows[next].at / 14_400 + 1) * 14_400;
        let first = next;
        while next < rows.len() && rows[next].at < until.min(OPENS) {
            next += 1;
        }
        advance(&server, until.min(OPENS));
        let calls: Vec<Value> = (first..next).map(|it| call(it, &rows[it])).collect();
        post(&server, &calls);
    }
    let products = most_viewed(&rows);
    plan(&server, &products);

    // The evening, minute by minute.
    let mut active: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    rows.iter().for_each(|it| active.entry(format!("u{}", it.user)).or_default().push(it.at));
    let mut messages: BTreeMap<String, Value> = BTreeMap::new();
    let mut taps: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    let (mut tapped, mut entered) = (0, 0);
    for minute in (OPENS..ENDS + 3600).step_by(60) {
        if minute == STARTS {
            cue(&server, &json!({ "cue": "start" }));
        }
        if minute == STARTS + 2400 {
            cue(&server, &json!({ "cue": "phase", "phase": "climax" }));
            cue(&server, &json!({ "cue": "pin", "product_id": products[1] }));
        }
        if minute == ENDS {
            cue(&server, &json!({ "cue": "end" }));
        }
        let end = minute + 60;
        advance(&server, end);
        let first = next;
        while next < rows.len() && rows[next].at < end {
            next += 1;
        }
        let calls: Vec<Value> = (first..next).map(|it| call(it, &rows[it])).collect();
        post(&server, &calls);
        for message in taps.range(minute..end).flat_map(|it| it.1) {
            let link = message["link"].as_str().unwrap();
            let path = link.splitn(4, '/').nth(3).unwrap();
            let page = request(server.address, "GET", &format!("/{path}"), &[], None);
            assert_eq!(page.status, 200, "{page:?}");
            for _ in 0..2 {
                // A page opened twice is one tap.
                let answer = request(server.address, "POST", &format!("/{path}/tapped"), &[], Some(b""));
                assert_eq!(answer.status, 204, "{answer:?}");
            }
            tapped += 1;
            let entry = json!({ "type": "track", "event": "Live Room Entered", "userId": message["user_id"],
                "messageId": format!("enter-{}", message["id"].as_str().unwrap()), "timestamp": time(minute),
                "properties": { "room_id": "r1", "show_id": "evening", "host_id": "lin" } });
            post(&server, &[entry]);
            entered += 1;
        }
        for message in sink.take() {
            let (id, user) = (message["id"].as_str().unwrap(), message["user_id"].as_str().unwrap());
            let decided = server.control("GET", &format!("/api/v1/messages/{id}"), None).json();
            let decided: jiff::Timestamp = decided["decided_at"].as_str().unwrap().parse().unwrap();
            let comes = active[user].iter().find(|at| **at > end && **at < decided.as_second() + 1700);
            if let Some(at) = comes
                && draw(id) < 0.6
            {
                taps.entry(*at).or_default().push(message.clone());
            }
            assert!(messages.insert(id.to_owned(), message.clone()).is_none(), "{id} came twice");
        }
    }

    let report = server.control("GET", "/api/v1/shows/evening/report", None).json();
    let funnel = &report["funnel"];
    let count = |of: &Value| of.as_u64().unwrap();
    assert!(messages.len() > 20, "{report:#}");
    assert_eq!(count(&funnel["accepted"]), messages.len() as u64, "{report:#}");
    assert_eq!(count(&funnel["sent"]), messages.len() as u64, "{report:#}");
    let ended: u64 = report["ended"].as_array().unwrap().iter().map(|it| count(&it["count"])).sum();
    assert_eq!(count(&funnel["decided"]), messages.len() as u64 + ended, "{report:#}");
    assert!(tapped > 0);
    assert_eq!((count(&funnel["tapped"]), count(&funnel["entered"])), (tapped, entered), "{report:#}");
    for cut in ["by_phase", "by_trigger", "by_channel"] {
        let parts = report[cut].as_object().unwrap().values();
        assert_eq!(parts.map(|it| count(&it["accepted"])).sum::<u64>(), messages.len() as u64, "{cut}");
    }
    let users: std::collections::BTreeSet<&str> =
        messages.values().map(|it| it["user_id"].as_str().unwrap()).collect();
    assert_eq!(users.len(), messages.len(), "one push a shopper for one show");
    for message in messages.values() {
        let said =
            server.control("GET", &format!("/api/v1/messages/{}", message["id"].as_str().unwrap()), None);
        let said = said.json();
        let (words, as_sent) = (&said["said"], &said["said"]["is_as_sent"]);
        assert_eq!(as_sent, true);
        for part in ["title", "body", "link"] {
            assert_eq!(words[part], message[part]);
        }
        assert_eq!(said["show_id"], "evening");
        assert_eq!(said["shopper_id"], message["user_id"]);
        let text = format!("{} {}", message["title"].as_str().unwrap(), message["body"].as_str().unwrap());
        assert!(!text.contains("{{") && text.trim().len() > 6, "{text}");
    }

    // Why, and why not, in words.
    let pushed = users.first().unwrap();
    let why = server.control("GET", &format!("/api/v1/shows/evening/shoppers/{pushed}/why"), None).json();
    assert_eq!(why["pushes"].as_array().unwrap().len(), 1, "{why:#}");
    assert!(why["summary"].as_str().unwrap().len() > 20, "{why:#}");
    let spared = active.keys().find(|it| !users.contains(&***it)).unwrap();
    let why = server.control("GET", &format!("/api/v1/shows/evening/shoppers/{spared}/why"), None).json();
    assert_eq!(why["would_push"], false, "{why:#}");
    assert!(why["summary"].as_str().unwrap().len() > 20, "{why:#}");

    // A restart changes nothing and sends nothing again.
    assert!(server.terminate());
    let server = Server::start(dir.path(), &["--clock", "virtual"]);
    let again = server.control("GET", "/api/v1/shows/evening/report", None).json();
    assert_eq!((&again["funnel"], &again["ended"]), (funnel, &report["ended"]));
    assert_eq!(sink.take(), Vec::<Value>::new());
}
