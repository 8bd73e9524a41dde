//! Templates, policy and channels over HTTP.

use crate::server::Server;
use crate::shows::{get, put};
use serde_json::{Value, json};

fn template(title: &str, body: &str) -> Value {
    json!({ "language": "en", "triggers": ["offer_ending", "moment"], "title": title, "body": body })
}

#[test]
fn a_server_begins_with_templates_for_every_trigger_and_does_not_bring_them_back() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let all = get(&server, "templates?limit=1000")["items"].as_array().unwrap().clone();
    assert!(all.len() >= 40, "{}", all.len());
    assert!(all.iter().all(|it| it["findings"] == json!([])));
    let ending = get(&server, "templates/offer_ending.time.zh");
    assert_eq!((&ending["language"], &ending["needs_offer"]), (&json!("zh"), &json!(true)));
    assert_eq!(get(&server, "templates/reminder.soon.en")["needs_offer"], false);
    assert_eq!(get(&server, "templates/moment.product.en")["needs_offer"], false);
    assert_eq!(server.control("DELETE", "/api/v1/templates/reminder.soon.en", None).status, 204);
    server.kill();
    let server = Server::start(dir.path(), &[]);
    assert_eq!(get(&server, "templates?limit=1000")["items"].as_array().unwrap().len(), all.len() - 1);
}

#[test]
fn a_template_is_entered_past_the_lint_and_refused_with_all_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let good = template("{{ offer.price }} for {{ product.short_title }}", "With {{ show.host }}.");
    let shown = put(&server, "templates/t-1", &good);
    assert_eq!((&shown["needs_offer"], &shown["findings"]), (&json!(true), &json!([])));
    assert_eq!(shown["triggers"], json!(["moment", "offer_ending"]));
    assert_eq!(shown["facts"], json!(["offer.price", "product.short_title", "show.host"]));
    assert_eq!(get(&server, "templates/t-1"), shown);
    let warned = put(&server, "templates/t-2", &template("{{ show.host }} is live", "Come in."));
    assert_eq!(
        (&warned["findings"][0]["code"], &warned["findings"][0]["severity"]),
        (&json!("no_value"), &json!("warning"))
    );
    let refused = |body: &Value| server.control("PUT", "/api/v1/templates/t-3", Some(body));
    let bad = refused(&template("{{ offer.price }} the best", "Only 99 left."));
    let problem = bad.json();
    assert_eq!((bad.status, &problem["code"]), (422, &json!("template-invalid")));
    let found: Vec<_> = problem["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["part"].clone(), it["code"].clone(), it["offset"].clone()))
        .collect();
    assert_eq!(
        found,
        [
            (json!("title"), json!("absolute_claim"), json!(22)),
            (json!("body"), json!("unbound_number"), json!(5))
        ]
    );
    assert_eq!((&problem["field"], &problem["position"]), (&json!("/title"), &json!(22)));
    let misspelt = refused(&template("{{ offer.prize }}", "Now.")).json();
    assert_eq!((&misspelt["field"], &misspelt["code"]), (&json!("/title"), &json!("template-invalid")));
    assert!(misspelt["detail"].as_str().unwrap().contains("offer.price"), "{misspelt}");
    let mut body = good.clone();
    body["language"] = json!("tlh");
    assert_eq!(refused(&body).json()["field"], "/language");
    body = good.clone();
    body["triggers"] = json!([]);
    assert_eq!(refused(&body).json()["field"], "/triggers");
    body["triggers"] = json!(["full_moon"]);
    assert_eq!(refused(&body).code(), "field-invalid");
    body = good.clone();
    body["product_id"] = json!("p-9");
    assert_eq!(refused(&body).code(), "reference-unknown");
    assert_eq!(server.control("GET", "/api/v1/templates/t-3", None).status, 404);
}

#[test]
fn a_preview_says_a_template_with_given_facts_or_why_it_cannot() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let preview = |title: &str, facts: Value| {
        let body =
            json!({ "language": "zh-CN", "title": title, "body": "{{ show.host }} 在播。", "facts": facts });
        server.control("POST", "/api/v1/templates/preview", Some(&body))
    };
    let said = preview("{{ offer.price }} 还剩 {{ offer.ends_in }}", json!({})).json();
    assert_eq!((&said["title"], &said["body"]), (&json!("¥199 还剩 12 分钟"), &json!("林夕 在播。")));
    assert_eq!((&said["columns"], &said["findings"]), (&json!(17), &json!([])));
    let facts = json!({
        "now": "2026-11-11T20:00:00+08:00", "currency": "USD",
        "offer": { "price": 9.9, "ends_at": "2026-11-11T20:05:30+08:00" }
    });
    assert_eq!(
        preview("{{ offer.price }} 还剩 {{ offer.ends_in }}", facts).json()["title"],
        "$9.90 还剩 5 分钟"
    );
    let unknown = preview("{{ offer.stock }} 件", json!({ "offer": { "stock": null } }));
    assert_eq!((unknown.status, unknown.code().as_str()), (422, "template-invalid"));
    assert!(unknown.json()["detail"].as_str().unwrap().contains("offer.stock"));
    let hidden = preview(
        "{% if offer.stock %}{{ offer.stock }} 件{% else %}{{ offer.price }}{% endif %}",
        json!({ "offer": { "stock": null } }),
    );
    assert_eq!(hidden.json()["title"], "¥199");
    assert_eq!(preview("{{ offer.price }}", json!({ "offer": { "prize": 1 } })).code(), "field-unknown");
    let linted = preview("仅 99 {{ offer.price }}", json!({})).json();
    assert_eq!(linted["findings"][0]["code"], "unbound_number", "a preview says what is wrong, too");
}

#[test]
fn the_policy_is_set_as_a_whole_and_never_shows_its_salt() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("beckon.toml");
    std::fs::write(&config, "default_timezone = \"Asia/Shanghai\"\n").unwrap();
    let start = || Server::start(&dir.path().join("data"), &["--config", config.to_str().unwrap()]);
    let server = start();
    let first = get(&server, "policy");
    assert_eq!(first["quiet_hours"], json!({ "from": "22:30", "until": "08:00" }));
    assert_eq!(
        (&first["default_timezone"], &first["default_offset_min"]),
        (&json!("Asia/Shanghai"), &json!(480))
    );
    assert_eq!(first["holdouts"], json!({ "never_pct": 3.0, "ghost_pct": 7.0, "random_pct": 5.0 }));
    assert!(!first.to_string().contains("salt"));
    let new = json!({ "quiet_hours": null, "gap_minutes": 10, "day_cap": 3, "consent_assumed": ["webhook"],
        "holdouts": { "ghost_pct": 0 }, "slot_price": 0.25 });
    let set = put(&server, "policy", &new);
    assert_eq!(
        (&set["quiet_hours"], &set["gap_minutes"], &set["day_cap"]),
        (&Value::Null, &json!(10), &json!(3))
    );
    assert_eq!((&set["holdouts"]["ghost_pct"], &set["holdouts"]["never_pct"]), (&json!(0.0), &json!(3.0)));
    assert_eq!(
        (&set["slot_price"], &set["show_cap"]),
        (&json!(0.25), &json!(1)),
        "what is left out is usual"
    );
    server.kill();
    let server = start();
    assert_eq!(get(&server, "policy"), set);
    let refused = |body: Value| server.control("PUT", "/api/v1/policy", Some(&body)).json();
    assert_eq!(
        refused(json!({ "quiet_hours": { "from": "22:30", "until": "8:00" } }))["field"],
        "/quiet_hours/until"
    );
    assert_eq!(refused(json!({ "holdouts": { "never_pct": 101 } }))["field"], "/holdouts/never_pct");
    assert_eq!(refused(json!({ "consent_assumed": ["pigeon"] }))["code"], "field-invalid");
    assert_eq!(refused(json!({ "salt": 1 }))["code"], "field-unknown");
}

#[test]
fn a_channels_secret_is_made_and_shown_once_and_its_url_is_judged() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let put_webhook = |body: &Value| server.control("PUT", "/api/v1/channels/webhook", Some(body));
    let made = put_webhook(&json!({ "url": "https://push.shop.example/beckon" })).json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    assert_eq!(
        (&made["enabled"], &made["is_signed"], &made["day_cap"]),
        (&json!(true), &json!(true), &json!(2))
    );
    assert!(get(&server, "channels/webhook")["secret"].is_null(), "it is shown once");
    assert_eq!(get(&server, "channels")["items"][0]["channel"], "webhook");
    let kept = std::fs::read_to_string(dir.path().join("secrets.toml")).unwrap();
    assert!(kept.contains(&secret));
    let again =
        put_webhook(&json!({ "url": "http://127.0.0.1:8080/", "private_network": true, "rate_per_s": 5 }))
            .json();
    assert!(again["secret"].is_null() && again["is_signed"] == true && again["rate_per_s"] == 5, "{again}");
    let own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = json!({ "url": "https://push.shop.example/", "secret": own });
    assert!(put_webhook(&body).json()["secret"].is_null(), "what is known need not be shown");
    assert!(std::fs::read_to_string(dir.path().join("secrets.toml")).unwrap().contains(own));
    for (url, word) in [
        ("http://push.shop.example/", "https"),
        ("https://127.0.0.1/", "private_network"),
        ("https://user:pw@push.shop.example/", "user name"),
        ("push.shop.example", "https"),
    ] {
        let problem = put_webhook(&json!({ "url": url })).json();
        assert_eq!((&problem["code"], &problem["field"]), (&json!("field-invalid"), &json!("/url")), "{url}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{url}: {problem}");
    }
    let metadata = put_webhook(&json!({ "url": "http://169.254.169.254/", "private_network": true }));
    assert_eq!(metadata.status, 422, "credentials of a cloud are never within reach");
    assert_eq!(
        put_webhook(&json!({ "url": "https://a.example/", "secret": "short" })).json()["field"],
        "/secret"
    );
    let other = server.control("PUT", "/api/v1/channels/vivo", Some(&json!({ "url": "https://a.example/" })));
    assert_eq!((other.status, other.json()["field"].as_str().unwrap()), (422, "channel"));
    let unknown =
        server.control("PUT", "/api/v1/channels/pigeon", Some(&json!({ "url": "https://a.example/" })));
    assert_eq!(unknown.status, 404);
    assert_eq!(server.control("DELETE", "/api/v1/channels/webhook", None).status, 204);
    assert_eq!(server.control("GET", "/api/v1/channels/webhook", None).status, 404);
    assert!(!std::fs::read_to_string(dir.path().join("secrets.toml")).unwrap().contains(own));
}
