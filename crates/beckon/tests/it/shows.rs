//! Planning shows over HTTP: what is put can be read, what cannot be is refused with its place, and cues move
//! a show along.

use crate::server::{Answer, Server};
use serde_json::{Value, json};

/// 2026-11-11T11:00:00Z, an hour before the show of these tests.
const BEFORE_MS: i64 = 1_794_394_800_000;

/// A server at [`BEFORE_MS`] whose catalogue has a room, a host and two products.
pub fn server(dir: &std::path::Path) -> Server {
    let server = Server::start(dir, &["--clock", "virtual"]);
    to(&server, BEFORE_MS);
    put(&server, "hosts/h-1", &json!({ "name": "Mei", "style": "calm" }));
    put(&server, "rooms/room-1", &json!({ "title": "Beauty room", "host_id": "h-1" }));
    for (id, title) in [("p-1", "Repair serum 修护精华"), ("p-2", "Night cream")] {
        put(
            &server,
            &format!("products/{id}"),
            &json!({
                "title": title, "category": "beauty", "brand": "Orient", "tags": ["new"], "price": 299, "currency": "CNY"
            }),
        );
    }
    server
}

pub fn to(server: &Server, at_ms: i64) {
    let moved = server.control("POST", "/api/v1/clock", Some(&json!({ "to": at_ms })));
    assert_eq!(moved.status, 200, "{moved:?}");
}

fn call(server: &Server, method: &str, path: &str, body: Option<&Value>) -> Answer {
    server.control(method, &format!("/api/v1/{path}"), body)
}

/// Puts something that is taken; what is shown of it.
pub fn put(server: &Server, path: &str, body: &Value) -> Value {
    let answer = call(server, "PUT", path, Some(body));
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

pub fn get(server: &Server, path: &str) -> Value {
    let answer = call(server, "GET", path, None);
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

/// What a request is refused with: status, code, field.
fn refused(server: &Server, method: &str, path: &str, body: &Value) -> (u16, String, String) {
    let answer = call(server, method, path, Some(body));
    let problem = answer.json();
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(problem["status"], answer.status);
    (answer.status, text("code"), text("field"))
}

fn is(status: u16, code: &str, field: &str) -> (u16, String, String) {
    (status, code.to_owned(), field.to_owned())
}

pub fn show() -> Value {
    json!({
        "room_id": "room-1",
        "title": "Winter skincare night",
        "starts_at": "2026-11-11T20:00:00+08:00",
        "ends_at": "2026-11-11T22:00:00+08:00",
        "phases": [
            { "phase": "closing", "starts_at": "2026-11-11T13:40:00Z" },
            { "phase": "climax", "starts_at": "2026-11-11T12:30:00Z" },
        ],
        "slots": [
            { "product_id": "p-2", "starts_at": "2026-11-11T13:00:00Z", "ends_at": "2026-11-11T14:00:00Z" },
            { "product_id": "p-1", "starts_at": "2026-11-11T12:00:00Z", "ends_at": "2026-11-11T13:00:00Z" },
        ],
    })
}

pub fn offer() -> Value {
    json!({ "show_id": "show-1", "product_id": "p-1", "price": 199, "original_price": 299, "stock": 50 })
}

fn cue(server: &Server, body: &Value) -> Value {
    let answer = call(server, "POST", "shows/show-1/cues", Some(body));
    assert_eq!(answer.status, 200, "{body}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

#[test]
fn a_show_is_planned_read_listed_planned_anew_and_called_off() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let shown = put(&server, "shows/show-1", &show());
    assert_eq!((&shown["host_id"], &shown["style"]), (&json!("h-1"), &json!("calm")), "as the room has it");
    assert_eq!(
        (&shown["starts_at"], &shown["opens_before_s"]),
        (&json!("2026-11-11T12:00:00Z"), &json!(900))
    );
    assert_eq!(shown["phases"][0]["phase"], "climax", "by time");
    assert_eq!(shown["slots"][0]["product_id"], "p-1", "by time");
    assert_eq!(shown["value"], json!({ "enter": 0.5, "margin_pct": 20 }));
    let status = &shown["status"];
    assert_eq!((&status["state"], &status["is_open"]), (&json!("planned"), &json!(false)));
    assert_eq!(status["opens_at"], "2026-11-11T11:45:00Z");
    assert_eq!(get(&server, "shows/show-1"), shown);
    // What is shown can be put again, without what only describes it.
    let mut again = shown.clone();
    again.as_object_mut().unwrap().retain(|key, _| !["id", "status"].contains(&key.as_str()));
    again["capacity"] = json!(100);
    again["audience"] = json!("profile.city_tier <= 2");
    again["style"] = json!("comedy");
    let second = put(&server, "shows/show-1", &again);
    assert_eq!((&second["capacity"], &second["style"]), (&json!(100), &json!("comedy")));
    put(&server, "shows/show-2", &show());
    let page = get(&server, "shows?limit=1");
    let next = page["next"].as_str().unwrap();
    let last = get(&server, &format!("shows?limit=1&cursor={next}"));
    let mut ids = [page["items"][0]["id"].clone(), last["items"][0]["id"].clone()];
    ids.sort_by_key(Value::to_string);
    assert_eq!(ids, [json!("show-1"), json!("show-2")]);
    assert!(last["next"].is_null());
    put(&server, "offers/o-1", &offer());
    assert_eq!(call(&server, "DELETE", "shows/show-1", None).status, 204);
    for gone in ["shows/show-1", "offers/o-1", "shows/show-1/report"] {
        assert_eq!(call(&server, "GET", gone, None).code(), "not-found", "{gone}");
    }
    assert_eq!(call(&server, "DELETE", "shows/show-1", None).status, 404);
    server.kill();
    let server = Server::start(dir.path(), &["--clock", "virtual"]);
    assert_eq!(get(&server, "shows/show-2")["title"], "Winter skincare night");
    assert_eq!(call(&server, "GET", "shows/show-1", None).status, 404);
}

#[test]
fn a_show_that_cannot_be_is_refused_with_the_field_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let wrong = |change: Value| {
        let mut body = show();
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        refused(&server, "PUT", "shows/show-1", &body)
    };
    let invalid = |field: &str| is(422, "field-invalid", field);
    let unknown = |field: &str| is(422, "reference-unknown", field);
    assert_eq!(wrong(json!({ "ends_at": "2026-11-11T20:00:00+08:00" })), invalid("/ends_at"));
    assert_eq!(wrong(json!({ "ends_at": "2026-11-19T20:00:00+08:00" })), invalid("/ends_at"));
    assert_eq!(wrong(json!({ "ends_at": "later" })), invalid("/ends_at"));
    assert_eq!(wrong(json!({ "title": " " })), invalid("/title"));
    assert_eq!(wrong(json!({ "capacity": 0 })), invalid("/capacity"));
    assert_eq!(wrong(json!({ "room_id": "room-9" })), unknown("/room_id"));
    assert_eq!(wrong(json!({ "host_id": "h-9" })), unknown("/host_id"));
    assert_eq!(wrong(json!({ "audience_id": "a-9" })), unknown("/audience_id"));
    assert_eq!(wrong(json!({ "audience": "live.online", "audience_id": "a-9" })), invalid("/audience_id"));
    assert_eq!(wrong(json!({ "colour": "red" })), is(422, "field-unknown", "/colour"));
    assert_eq!(wrong(json!({ "value": { "enter": 1, "margin_pct": 101 } })), invalid("/value/margin_pct"));
    let slot = |product: &str, from: &str, until: &str| {
        wrong(json!({ "slots": [{ "product_id": product, "starts_at": from, "ends_at": until }] }))
    };
    let (start, end) = ("2026-11-11T12:00:00Z", "2026-11-11T14:00:00Z");
    assert_eq!(slot("p-9", start, end), unknown("/slots/0/product_id"));
    assert_eq!(slot("p-1", end, start), invalid("/slots/0/ends_at"));
    assert_eq!(slot("p-1", "2026-11-11T11:00:00Z", end), invalid("/slots/0/starts_at"));
    let phase = |at: &str| wrong(json!({ "phases": [{ "phase": "climax", "starts_at": at }] }));
    assert_eq!(phase("2026-11-11T15:00:00Z"), invalid("/phases/0/starts_at"));
    assert_eq!(call(&server, "GET", "shows/show-1", None).status, 404, "nothing of it was entered");
    let bad = wrong(json!({ "audience": "profile.city_teir <= 2" }));
    assert_eq!(bad, is(422, "audience-invalid", "/audience"));
}

#[test]
fn a_show_whose_planned_time_is_over_begins_only_once_it_is_planned_anew() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    put(&server, "shows/show-1", &show());
    to(&server, BEFORE_MS + 3 * 3_600_000);
    let start = json!({ "cue": "start" });
    let answer = call(&server, "POST", "shows/show-1/cues", Some(&start));
    assert_eq!((answer.status, answer.code()), (409, "show-ended".to_owned()));
    assert_eq!(get(&server, "shows/show-1")["status"]["is_open"], false);
    let mut later = show();
    later["ends_at"] = json!("2026-11-11T23:30:00+08:00");
    put(&server, "shows/show-1", &later);
    assert_eq!(cue(&server, &start)["status"]["state"], "on_air");
    // A cue that is sent again is no second beginning.
    assert_eq!(cue(&server, &start)["status"]["started_at"], "2026-11-11T14:00:00Z");
}

#[test]
fn cues_move_a_show_from_planned_to_over() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    put(&server, "shows/show-1", &show());
    put(&server, "offers/o-1", &offer());
    let state = |server: &Server| get(server, "shows/show-1")["status"].clone();
    to(&server, BEFORE_MS + 50 * 60_000);
    assert_eq!(
        (state(&server)["state"].clone(), state(&server)["is_open"].clone()),
        (json!("planned"), json!(true))
    );
    to(&server, BEFORE_MS + 70 * 60_000);
    assert_eq!(
        (state(&server)["state"].clone(), state(&server)["is_open"].clone()),
        (json!("late"), json!(false))
    );
    let started = cue(&server, &json!({ "cue": "start" }))["status"].clone();
    assert_eq!((&started["state"], &started["delay_s"]), (&json!("on_air"), &json!(600)));
    assert_eq!(
        (&started["phase"], &started["started_at"]),
        (&json!("warm_up"), &json!("2026-11-11T12:10:00Z"))
    );
    assert_eq!(cue(&server, &json!({ "cue": "phase", "phase": "climax" }))["status"]["phase"], "climax");
    let pinned = cue(&server, &json!({ "cue": "pin", "product_id": "p-2" }));
    assert_eq!(pinned["status"]["pinned_product_id"], "p-2");
    cue(&server, &json!({ "cue": "offer_low", "offer_id": "o-1" }));
    cue(&server, &json!({ "cue": "offer_changed", "offer_id": "o-1", "price": 179.5 }));
    let changed = get(&server, "offers/o-1");
    assert_eq!((&changed["price"], &changed["former_price"]), (&json!(179.5), &json!(199.0)));
    assert_eq!(
        (&changed["is_low"], &changed["stock"], &changed["state"]),
        (&json!(true), &json!(50), &json!("open"))
    );
    assert!(changed["version"].as_u64() > Some(1));
    cue(&server, &json!({ "cue": "stock", "offer_id": "o-1", "stock": 0 }));
    assert_eq!(get(&server, "offers/o-1")["state"], "sold_out");
    cue(&server, &json!({ "cue": "offer_ended", "offer_id": "o-1" }));
    assert_eq!(get(&server, "offers/o-1")["state"], "ended");
    let post = |body: Value| refused(&server, "POST", "shows/show-1/cues", &body);
    assert_eq!(post(json!({ "cue": "offer_low", "offer_id": "o-9" })), is(404, "not-found", "/offer_id"));
    assert_eq!(
        post(json!({ "cue": "pin", "product_id": "p-9" })),
        is(422, "reference-unknown", "/product_id")
    );
    assert_eq!(post(json!({ "cue": "applause" })).1, "field-invalid");
    assert_eq!(post(json!({ "cue": "start", "price": 1 })), is(422, "field-unknown", "/price"));
    assert_eq!(post(json!({ "cue": "stock", "offer_id": "o-1" })).1, "field-invalid");
    let elsewhere = call(&server, "POST", "shows/show-9/cues", Some(&json!({ "cue": "start" })));
    assert_eq!(elsewhere.code(), "not-found");
    assert_eq!(cue(&server, &json!({ "cue": "end" }))["status"]["state"], "over");
    assert_eq!(post(json!({ "cue": "start" })), is(409, "show-ended", ""));
    assert_eq!(refused(&server, "PUT", "shows/show-1", &show()), is(409, "show-ended", ""));
    assert_eq!(refused(&server, "PUT", "offers/o-1", &offer()), is(409, "show-ended", ""));
}

#[test]
fn an_offer_has_the_times_of_its_show_unless_it_says_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    assert_eq!(refused(&server, "PUT", "offers/o-1", &offer()), is(422, "reference-unknown", "/show_id"));
    put(&server, "shows/show-1", &show());
    let shown = put(&server, "offers/o-1", &offer());
    assert_eq!(
        (&shown["opens_at"], &shown["ends_at"]),
        (&json!("2026-11-11T12:00:00Z"), &json!("2026-11-11T14:00:00Z"))
    );
    assert_eq!((&shown["version"], &shown["state"]), (&json!(1), &json!("planned")));
    let mut own = offer();
    own["opens_at"] = json!("2026-11-11T11:00:00Z");
    own["price"] = json!(99.9);
    let second = put(&server, "offers/o-1", &own);
    assert_eq!(
        (&second["state"], &second["price"], &second["version"]),
        (&json!("open"), &json!(99.9), &json!(2))
    );
    put(&server, "shows/show-2", &show());
    let mut other = offer();
    other["show_id"] = json!("show-2");
    put(&server, "offers/o-2", &other);
    assert_eq!(get(&server, "offers")["items"].as_array().unwrap().len(), 2);
    assert_eq!(get(&server, "offers?show_id=show-2")["items"][0]["id"], "o-2");
    for (change, field) in [
        (json!({ "price": 0 }), "/price"),
        (json!({ "original_price": 100 }), "/original_price"),
        (json!({ "ends_at": "2026-11-11T12:00:00Z" }), "/ends_at"),
    ] {
        let mut body = offer();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(refused(&server, "PUT", "offers/o-3", &body), is(422, "field-invalid", field));
    }
    assert_eq!(call(&server, "DELETE", "offers/o-1", None).status, 204);
    assert_eq!(call(&server, "GET", "offers/o-1", None).status, 404);
}

#[test]
fn campaigns_and_audiences_are_put_read_listed_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let times = ["2026-11-10T12:00:00Z", "2026-11-12T00:00:00Z"];
    let shown =
        put(&server, "campaigns/d11", &json!({ "name": "双11", "starts_at": times[0], "ends_at": times[1] }));
    assert_eq!(shown, json!({ "id": "d11", "name": "双11", "starts_at": times[0], "ends_at": times[1] }));
    assert_eq!(get(&server, "campaigns")["items"], json!([shown]));
    let backwards = json!({ "name": "双11", "starts_at": times[1], "ends_at": times[0] });
    assert_eq!(refused(&server, "PUT", "campaigns/d11", &backwards), is(422, "field-invalid", "/ends_at"));
    assert_eq!(call(&server, "DELETE", "campaigns/d11", None).status, 204);
    assert_eq!(call(&server, "GET", "campaigns/d11", None).status, 404);
    let rule = json!({ "rule": "profile.sex == \"female\"" });
    put(&server, "audiences/women", &rule);
    let mut planned = show();
    planned["audience_id"] = json!("women");
    assert_eq!(put(&server, "shows/show-1", &planned)["audience"], rule["rule"]);
    assert_eq!(get(&server, "audiences")["items"], json!([{ "id": "women", "rule": rule["rule"] }]));
    assert_eq!(call(&server, "DELETE", "audiences/women", None).status, 204);
    assert_eq!(get(&server, "shows/show-1")["audience"], rule["rule"], "the show keeps its own copy");
}

#[test]
fn a_rule_is_counted_at_once_and_a_bad_one_says_where_it_stops_making_sense() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    for number in 0..10 {
        let traits = json!({ "gender": if number < 3 { "female" } else { "male" } });
        let body = json!({ "type": "identify", "userId": format!("u-{number}"), "traits": traits });
        assert_eq!(server.track("/v1/identify", &body).status, 200);
    }
    let preview = |rule: &str| call(&server, "POST", "audiences/preview", Some(&json!({ "rule": rule })));
    let counted = preview("profile.sex == \"female\"").json();
    assert_eq!(
        (&counted["shoppers"], &counted["of"], &counted["share"]),
        (&json!(3), &json!(10), &json!(0.3))
    );
    assert_eq!(preview("").json()["shoppers"], 10, "an empty rule is for everyone");
    let bad = preview("profile.sex == \"female\"\n && profile.city_teir <= 2");
    let problem = bad.json();
    assert_eq!(
        (bad.status, &problem["code"], &problem["field"]),
        (422, &json!("audience-invalid"), &json!("/rule"))
    );
    assert_eq!(
        (&problem["position"], &problem["line"], &problem["column"]),
        (&json!(28), &json!(2), &json!(5))
    );
    assert!(problem["detail"].as_str().unwrap().contains("profile.city_tier"), "{problem}");
    let mut planned = show();
    planned["audience"] = json!("profile.sex == \"male\"");
    put(&server, "shows/show-1", &planned);
    assert_eq!(get(&server, "shows/show-1/audience")["shoppers"], 7);
    put(&server, "shows/show-1", &show());
    assert_eq!(get(&server, "shows/show-1/audience")["share"], 1.0);
}

#[test]
fn the_examples_of_the_interface_description_are_one_plan_that_works() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let openapi = crate::server::request(server.address, "GET", "/openapi.json", &[], None).json();
    let mut tried = 0;
    for (path, id) in [
        ("/policy", ""),
        ("/channels/{channel}", "webhook"),
        ("/templates/{id}", "t-1"),
        ("/templates/preview", ""),
        ("/audiences/{id}", "a-1"),
        ("/audiences/preview", ""),
        ("/campaigns/{id}", "c-1"),
        ("/shows/{id}", "show-1"),
        ("/offers/{id}", "offer-1"),
        ("/shows/{id}/cues", "show-1"),
    ] {
        let full = format!("/api/v1{path}");
        for method in ["put", "post"] {
            let body =
                &openapi["paths"][&full][method]["requestBody"]["content"]["application/json"]["example"];
            if body.is_null() {
                continue;
            }
            let target = full.replace("{id}", id).replace("{channel}", id);
            let answer = server.control(&method.to_uppercase(), &target, Some(body));
            assert_eq!(answer.status, 200, "{target}: {}", String::from_utf8_lossy(&answer.body));
            let shown = &openapi["paths"][&full][method]["responses"]["200"]["content"]["application/json"]["example"];
            if path == "/templates/preview" {
                assert_eq!(&answer.json(), shown);
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 10);
}
