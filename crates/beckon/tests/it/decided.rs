//! From a plan to decisions: who is called in, why, and why others are not, as an operator reads it.

use crate::server::Server;
use crate::shows::{get, offer, put, server, show, to};
use crate::sink::Sink;
use serde_json::{Value, json};

/// 2026-11-11T12:00:00Z, the start of the show.
const START_MS: i64 = 1_794_398_400_000;

fn track(server: &Server, user: &str, event: &str, at: &str, properties: Value) {
    let body = json!({ "type": "track", "event": event, "userId": user, "timestamp": at, "properties": properties,
        "messageId": format!("{user}-{event}-{at}") });
    assert_eq!(server.track("/v1/track", &body).status, 200);
}

fn identify(server: &Server, user: &str, traits: Value) {
    let body = json!({ "type": "identify", "userId": user, "traits": traits });
    assert_eq!(server.track("/v1/identify", &body).status, 200);
}

/// Shoppers look at a product of the show as it begins, and again late in its main part, when a better moment is
/// no longer likely.
fn look_around(server: &Server, users: &[&str]) {
    for (minute, at) in [(0, "12:00"), (96, "13:36"), (98, "13:38")] {
        to(server, START_MS + minute * 60_000);
        let at = format!("2026-11-11T{at}:00Z");
        for user in users {
            track(server, user, "Product Viewed", &at, json!({ "product_id": "p-1" }));
        }
    }
    to(server, START_MS + 99 * 60_000);
}

/// A show on air with an offer, and three shoppers: one willing, one who said no, one who is in the room.
fn on_air(dir: &std::path::Path) -> Server {
    let server = server(dir);
    let none = json!({ "never_pct": 0, "ghost_pct": 0, "random_pct": 0 });
    put(&server, "policy", &json!({ "holdouts": none, "fatigue": 0 }));
    put(&server, "channels/webhook", &json!({ "url": "http://127.0.0.1:9/", "private_network": true }));
    let mut planned = show();
    planned["audience"] = json!("profile.sex != \"male\"");
    put(&server, "shows/show-1", &planned);
    put(&server, "offers/o-1", &offer());
    for (user, marketing) in [("u-yes", true), ("u-no", false), ("u-in", true)] {
        identify(&server, user, json!({ "gender": "female", "consent": { "marketing": marketing } }));
    }
    identify(&server, "u-man", json!({ "gender": "male", "consent": { "marketing": true } }));
    to(&server, START_MS);
    let started = server.control("POST", "/api/v1/shows/show-1/cues", Some(&json!({ "cue": "start" })));
    assert_eq!(started.status, 200);
    track(
        &server,
        "u-in",
        "Live Room Entered",
        "2026-11-11T12:00:00Z",
        json!({ "room_id": "room-1", "show_id": "show-1" }),
    );
    look_around(&server, &["u-yes", "u-no", "u-in", "u-man"]);
    server
}

fn why(server: &Server, user: &str) -> Value {
    get(server, &format!("shows/show-1/shoppers/{user}/why"))
}

fn code(why: &Value) -> &str {
    why["reason"]["code"].as_str().unwrap_or_default()
}

#[test]
fn a_shopper_is_called_in_once_and_everyone_else_is_told_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let server = on_air(dir.path());
    let called = why(&server, "u-yes");
    let pushes = called["pushes"].as_array().unwrap();
    assert_eq!(pushes.len(), 1, "{called:#}");
    assert_eq!((called["would_push"].as_bool(), code(&called)), (Some(false), "show_cap"));
    let push = &pushes[0];
    assert_eq!(
        (&push["show_id"], &push["shopper_id"], &push["product_id"]),
        (&json!("show-1"), &json!("u-yes"), &json!("p-1"))
    );
    assert_eq!(
        (&push["channel"], &push["class"], &push["offer_id"]),
        (&json!("webhook"), &json!("marketing"), &json!("o-1"))
    );
    assert_eq!((&push["trigger"], &push["is_ghost"]), (&json!("price_drop"), &json!(false)));
    let summary = called["summary"].as_str().unwrap();
    assert!(summary.contains("because a product he looked at costs less now (product p-1)"), "{summary}");
    assert!(
        summary.ends_with(
            "not called into show-1 again now: called in for this show as often as policy allows."
        ),
        "{summary}"
    );
    let gain = push["terms"].as_array().unwrap().iter().find(|it| it["name"] == "gain").unwrap();
    assert_eq!(gain["unit"], "currency");
    assert!(gain["value"].as_f64() > Some(0.0), "{gain}");
    let id = push["id"].as_str().unwrap();
    let message = |server: &Server| {
        let mut message = get(server, &format!("messages/{id}"));
        let said = message.as_object_mut().unwrap().remove("said").unwrap();
        assert_eq!(&message, push);
        assert!(said["title"].as_str().unwrap().len() > 6, "{said}");
        assert!(said["link"].as_str().unwrap().contains("/t/"), "{said}");
        said
    };
    let said = message(&server);
    for wrong in ["p-7-5c", "p-00-ffff", "nonsense"] {
        assert_eq!(server.control("GET", &format!("/api/v1/messages/{wrong}"), None).status, 404, "{wrong}");
    }

    let refused = why(&server, "u-no");
    assert_eq!((code(&refused), refused["pushes"].as_array().map(Vec::len)), ("no_consent", Some(0)));
    assert_eq!(refused["channels"], json!([{ "channel": "webhook", "reason": refused["reason"] }]));
    let stops = |why: &Value| -> Vec<String> {
        let rules = why["rules"].as_array().unwrap().iter().filter(|it| it["stops"] == true);
        rules.map(|it| it["reason"]["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stops(&refused), ["no_consent"]);
    let quiet =
        refused["rules"].as_array().unwrap().iter().find(|it| it["reason"]["code"] == "quiet_hours").unwrap();
    assert_eq!(quiet["reason"]["meaning"], "it is not quiet hours on the shopper's clock");
    assert_eq!(stops(&why(&server, "u-man")), ["not_in_audience"]);
    let inside = why(&server, "u-in");
    assert_eq!(inside["summary"], "u-in is not called into show-1 now: the shopper is in the room already.");
    let nobody = server.control("GET", "/api/v1/shows/show-1/shoppers/u-9/why", None);
    assert_eq!((nobody.status, nobody.code().as_str()), (404, "not-found"));

    let report = get(&server, "shows/show-1/report");
    assert_eq!(
        (&report["funnel"]["decided"], &report["by_trigger"]["price_drop"]["decided"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["by_channel"]["webhook"]["decided"], 1);
    assert_eq!(report["by_arm"][0]["template_id"], push["template_id"]);
    let last: std::collections::BTreeMap<String, u64> = report["withheld"]["last_look"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["reason"].as_str().unwrap().to_owned(), it["count"].as_u64().unwrap()))
        .collect();
    let one = |reason: &str| (reason.to_owned(), 1);
    assert_eq!(last, [one("in_room"), one("no_consent"), one("not_in_audience"), one("show_cap")].into());
    let entries = &report["incremental"]["entries"];
    assert_eq!(
        entries["summary"],
        "Too few to tell: 1 shoppers to be pushed and 0 withheld, and it takes 30 of each."
    );
    assert!(entries["effect"].is_null());
    assert_eq!(report["moments"]["chosen"]["pushes"], 1);
    assert!(server.terminate());
    let server = Server::start(dir.path(), &["--clock", "virtual"]);
    assert_eq!(get(&server, "shows/show-1/report"), report, "an orderly end and a start change nothing");
    let again = message(&server);
    let token = |said: &Value| said["link"].as_str().unwrap().split_once("/t/").unwrap().1.to_owned();
    assert_eq!((token(&again), again["is_as_sent"].as_bool()), (token(&said), Some(false)));
}

#[test]
fn a_ghost_is_named_as_one_and_counted_beside_the_pushes() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    put(
        &server,
        "policy",
        &json!({ "holdouts": { "never_pct": 0, "ghost_pct": 100, "random_pct": 0 }, "consent_assumed": ["webhook"] }),
    );
    put(&server, "channels/webhook", &json!({ "url": "http://127.0.0.1:9/", "private_network": true }));
    put(&server, "shows/show-1", &show());
    put(&server, "offers/o-1", &offer());
    identify(&server, "u-1", json!({ "gender": "female" }));
    to(&server, START_MS);
    assert_eq!(
        server.control("POST", "/api/v1/shows/show-1/cues", Some(&json!({ "cue": "start" }))).status,
        200
    );
    look_around(&server, &["u-1"]);
    let why = why(&server, "u-1");
    assert_eq!((code(&why), &why["pushes"][0]["is_ghost"]), ("ghost", &json!(true)), "{why:#}");
    assert_eq!(why["pushes"][0]["life"]["state"], "ghost");
    assert!(why["summary"].as_str().unwrap().starts_with("At 2026-11-11T13:3"), "{why:#}");
    track(
        &server,
        "u-1",
        "Live Room Entered",
        "2026-11-11T13:39:00Z",
        json!({ "room_id": "room-1", "show_id": "show-1" }),
    );
    let report = get(&server, "shows/show-1/report");
    assert_eq!(report["funnel"]["decided"], 0);
    assert_eq!(report["incremental"]["ghosts"], json!({ "shoppers": 1, "entered": 1, "bought": 0 }));
}

#[test]
fn a_time_in_the_words_is_that_of_the_shoppers_own_clock() {
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let dir = tempfile::tempdir().unwrap();
    let (server, sink) = (server(dir.path()), Sink::start(SECRET));
    put(
        &server,
        "channels/webhook",
        &json!({ "url": sink.url(), "secret": SECRET, "private_network": true }),
    );
    let words = json!({
        "language": "en", "triggers": ["reminder"], "title": "{{ show.starts_at }}: {{ show.title }}", "body": "Come in."
    });
    put(&server, "templates/clock", &words);
    for own in ["soon.en", "clock.en", "soon.zh", "clock.zh"] {
        let path = format!("/api/v1/templates/reminder.{own}");
        assert_eq!(server.control("DELETE", &path, None).status, 204);
    }
    put(&server, "shows/show-1", &show());
    to(&server, START_MS - 60 * 60_000);
    for (user, zone) in [("u-1", "Asia/Shanghai"), ("u-2", "Europe/London")] {
        let body = json!({ "type": "track", "event": "Live Reminder Booked", "userId": user,
            "timestamp": "2026-11-11T11:00:00Z", "context": { "timezone": zone },
            "properties": { "room_id": "room-1", "show_id": "show-1" } });
        assert_eq!(server.track("/v1/track", &body).status, 200);
    }
    for minute in -10..0 {
        to(&server, START_MS + minute * 60_000);
    }
    let mut said: Vec<_> =
        sink.take().iter().map(|it| (it["user_id"].clone(), it["title"].clone())).collect();
    said.sort_by_key(|it| it.0.to_string());
    assert_eq!(
        said,
        [
            (json!("u-1"), json!("20:00: Winter skincare night")),
            (json!("u-2"), json!("12:00: Winter skincare night"))
        ]
    );
}

#[test]
fn a_reminder_goes_before_the_start_and_never_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    put(&server, "channels/webhook", &json!({ "url": "http://127.0.0.1:9/", "private_network": true }));
    put(&server, "shows/show-1", &show());
    to(&server, START_MS - 60 * 60_000);
    // He wants no marketing; a reminder is what he asked for.
    identify(&server, "u-1", json!({ "consent": { "marketing": false } }));
    let booked = json!({ "room_id": "room-1", "show_id": "show-1" });
    track(&server, "u-1", "Live Reminder Booked", "2026-11-11T11:00:00Z", booked);
    to(&server, START_MS - 6 * 60_000);
    assert_eq!(why(&server, "u-1")["pushes"], json!([]), "not yet");
    to(&server, START_MS);
    let started = server.control("POST", "/api/v1/shows/show-1/cues", Some(&json!({ "cue": "start" })));
    assert_eq!(started.status, 200);
    to(&server, START_MS + 30 * 60_000);
    let told = why(&server, "u-1");
    let triggers: Vec<&str> =
        told["pushes"].as_array().unwrap().iter().map(|it| it["trigger"].as_str().unwrap()).collect();
    assert_eq!(triggers, ["reminder"], "{told:#}");
    assert_eq!(code(&told), "no_consent");
}
