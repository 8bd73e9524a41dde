//! From an event to a message in front of a person, over channels that need nobody else's server: Beckon's own SDK in
//! a real browser, and Web Push to a push service that is not ours.

use crate::peers::{browser, peers};
use crate::server::{SERVER_KEY, Server, WRITE_KEY};
use crate::shows::{get, put};
use crate::sink::Sink;
use crate::webpush_peers::{Service, Subscribed};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

#[test]
fn a_shopper_in_a_real_browser_is_tracked_called_in_taps_and_loses_nothing_offline() {
    let Some(_alone) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let run = Command::new("node")
        .arg(peers().join("browser/reach.mjs"))
        .arg("u-reach")
        .env("BECKON_URL", format!("http://{}", server.address))
        .env("BECKON_WRITE_KEY", WRITE_KEY)
        .env("BECKON_SERVER_KEY", SERVER_KEY)
        .output()
        .expect("the driver runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let seen: Value =
        said.lines().rev().find_map(|it| serde_json::from_str(it).ok()).expect("it says what it saw");
    assert_eq!(
        (&seen["tapped"], &seen["entered"], &seen["viewed_offline"]),
        (&json!(1), &json!(1), &json!(5))
    );
    assert!(seen["landed"].as_str().is_some_and(|it| it.starts_with("/t/")), "{seen}");
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A browser of `user` subscribes, and he books a reminder of the show.
fn booked(server: &Server, user: &str, subscribed: &Subscribed) {
    let token: Value = serde_json::from_str(&subscribed.token).unwrap();
    let context =
        json!({ "timezone": "Asia/Shanghai", "device": { "id": format!("d-{user}"), "type": "web" } });
    let track = |event: &str, properties: Value| {
        let body = json!({ "type": "track", "event": event, "userId": user, "context": context,
            "properties": properties });
        assert_eq!(server.track("/v1/track", &body).status, 200);
    };
    track(
        "Push Subscription Changed",
        json!({ "channel": "web_push", "subscription": token, "permission": "granted" }),
    );
    track("Live Reminder Booked", json!({ "room_id": "room-1", "show_id": "show-1" }));
}

/// Asks for a shopper's pushes until one has ended.
fn ended(server: &Server, user: &str) -> Value {
    for _ in 0..600 {
        let why = get(server, &format!("shows/show-1/shoppers/{user}/why"));
        let push = &why["pushes"][0];
        if push["life"]["state"].as_str().is_some_and(|it| !["decided", "dispatched"].contains(&it)) {
            return push.clone();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no push of {user} ended: {}", get(server, &format!("shows/show-1/shoppers/{user}/why")));
}

#[test]
fn a_browser_gets_web_push_and_one_whose_subscription_is_gone_is_called_over_the_next_channel() {
    let Some(mut service) = Service::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (server, sink) = (Server::start(dir.path(), &[]), Sink::start(SECRET));
    let none = json!({ "never_pct": 0, "ghost_pct": 0, "random_pct": 0 });
    put(&server, "policy", &json!({ "holdouts": none, "quiet_hours": null }));
    let channel = put(&server, "channels/web_push", &json!({ "private_network": true }));
    put(
        &server,
        "channels/webhook",
        &json!({ "url": sink.url(), "secret": SECRET, "private_network": true }),
    );
    put(&server, "hosts/h-1", &json!({ "name": "Mei", "style": "calm" }));
    put(&server, "rooms/room-1", &json!({ "title": "Beauty room", "host_id": "h-1" }));
    let public_key = channel["public_key"].as_str().unwrap();
    let (here, gone) = (service.subscribe_to(public_key), service.subscribe_to(public_key));
    service.expire(&gone);
    let at = |minutes: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let show = json!({ "room_id": "room-1", "title": "Winter night", "starts_at": at(5), "ends_at": at(60) });
    put(&server, "shows/show-1", &show);
    booked(&server, "u-here", &here);
    booked(&server, "u-gone", &gone);
    let started = server.control("POST", "/api/v1/shows/show-1/cues", Some(&json!({ "cue": "start" })));
    assert_eq!(started.status, 200);

    let push = ended(&server, "u-here");
    assert_eq!(
        (&push["channel"], &push["life"]["state"]),
        (&json!("web_push"), &json!("accepted")),
        "{push:#}"
    );
    let arrived = service.read(&here);
    assert_eq!(arrived.len(), 1, "{arrived:?}");
    assert_eq!((&arrived[0]["id"], &arrived[0]["show_id"]), (&push["id"], &json!("show-1")));

    let push = ended(&server, "u-gone");
    assert_eq!(
        (&push["channel"], &push["life"]["state"]),
        (&json!("webhook"), &json!("accepted")),
        "{push:#}"
    );
    let taken = sink.take();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(taken[0]["id"], push["id"], "the same push");
    assert_eq!(push["ways_before"][0]["channel"], "web_push", "{push:#}");
    let device = &get(&server, "profiles/u-gone")["attributes"]["devices"][0];
    assert_eq!(device["has_token"], false, "the address is forgotten: {device:#}");
}
