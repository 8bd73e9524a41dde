//! The node's promises: what survives, what is refused, what can be taken back.

use crate::server::{SERVER_KEY, Server, WRITE_KEY, bearer, beckon, request};
use serde_json::{Value, json};

fn view(user: &str, id: &str, at: &str) -> Value {
    json!({ "type": "track", "event": "Product Viewed", "userId": user, "messageId": id, "timestamp": at,
            "properties": { "product_id": format!("p-{id}"), "category": "beauty" } })
}

/// The parts of a profile that do not depend on when it is looked at.
fn lasting(profile: &Value) -> Value {
    let mut profile = profile.clone();
    for volatile in ["as_of", "derived", "live_state"] {
        profile.as_object_mut().unwrap().remove(volatile);
    }
    profile
}

#[test]
fn a_second_process_on_the_same_directory_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let _server = Server::start(dir.path(), &[]);
    let second =
        beckon().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.path()).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success());
    assert!(said.contains("in use by another process") && said.contains("--data"), "{said}");
}

#[test]
fn keys_are_made_at_the_first_start_shown_once_and_kept_hashed() {
    let dir = tempfile::tempdir().unwrap();
    let bare = || {
        let mut command = beckon();
        command.env_remove("BECKON_WRITE_KEY").env_remove("BECKON_SERVER_KEY");
        command
    };
    let server = Server::start_with(bare(), dir.path(), &[]);
    let word = |label: &str| {
        let line = server.banner.lines().find(|it| it.starts_with(label));
        line.and_then(|it| it[label.len()..].split_whitespace().next().map(str::to_owned))
    };
    let (write, control) = (word("write key").unwrap(), word("server key").unwrap());
    let body = view("u-1", "m-1", "2026-01-01T00:00:00Z").to_string();
    let taken = request(server.address, "POST", "/v1/track", &[bearer(&write)], Some(body.as_bytes()));
    assert_eq!(taken.status, 200);
    assert_eq!(request(server.address, "GET", "/api/v1/stats", &[bearer(&control)], None).status, 200);
    let kept = std::fs::read_to_string(dir.path().join("keys.toml")).unwrap();
    assert!(!kept.contains(&write) && !kept.contains(&control));
    assert!(server.terminate());
    let again = Server::start_with(bare(), dir.path(), &[]);
    assert!(!again.banner.contains("shown once"), "{}", again.banner);
    assert_eq!(request(again.address, "GET", "/api/v1/stats", &[bearer(&control)], None).status, 200);
}

#[test]
fn what_was_acknowledged_is_there_after_kill_and_after_an_orderly_stop() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = None;
    for round in 0..3 {
        let server = Server::start(dir.path(), &[]);
        if let Some(expected) = expected.take() {
            assert_eq!(lasting(&server.profile("u-1").json()), expected);
        }
        for number in 0..30 {
            let at = format!("2026-0{}-01T10:{number:02}:00Z", round + 1);
            assert_eq!(
                server.track("/v1/track", &view("u-1", &format!("{round}-{number}"), &at)).status,
                200
            );
        }
        expected = Some(lasting(&server.profile("u-1").json()));
        if round % 2 == 0 { server.kill() } else { assert!(server.terminate()) }
    }
    let server = Server::start(dir.path(), &[]);
    assert_eq!(lasting(&server.profile("u-1").json()), expected.unwrap());
}

#[test]
fn a_visitor_who_identifies_brings_his_history_to_the_user_wherever_both_live() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    for pair in 0..40 {
        let (visitor, user) = (format!("a-{pair}"), format!("u-{pair}"));
        let mut before = view("", &format!("{pair}-before"), "2026-01-01T10:00:00Z");
        before["anonymousId"] = json!(visitor);
        before["userId"] = Value::Null;
        assert_eq!(server.track("/v1/track", &before).status, 200);
        let who = json!({ "type": "identify", "anonymousId": visitor, "userId": user, "traits": { "gender": "female" } });
        assert_eq!(server.track("/v1/identify", &who).status, 200);
        let mut after = before.clone();
        after["messageId"] = json!(format!("{pair}-after"));
        assert_eq!(server.track("/v1/track", &after).status, 200);
    }
    // Messages between shards are a hop behind: a second call orders itself after them.
    let check = |server: &Server| {
        for pair in 0..40 {
            let profile = server.profile(&format!("u-{pair}")).json();
            assert_eq!(
                (&profile["events"], &profile["attributes"]["sex"]),
                (&json!(3), &json!("female")),
                "{pair}"
            );
            assert_eq!(server.profile(&format!("a-{pair}")).json()["id"], format!("u-{pair}"));
        }
        assert_eq!(server.stats()["shoppers"], 40);
    };
    settle(&server);
    check(&server);
    server.kill();
    check(&Server::start(dir.path(), &[]));
}

/// Waits until messages between shards have arrived.
fn settle(server: &Server) {
    let mut last = Value::Null;
    for _ in 0..200 {
        let stats = server.stats();
        let now = json!([stats["shoppers"], stats["lag"]["fold_backlog_bytes"], stats["lag"]["next_offset"]]);
        if now == last && stats["lag"]["fold_backlog_bytes"] == 0 {
            return;
        }
        last = now;
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("messages between shards never came to rest: {last}");
}

#[test]
fn an_erased_shopper_is_unreadable_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let who =
        json!({ "type": "identify", "anonymousId": "a-1", "userId": "u-1", "traits": { "email": "x@y.z" } });
    server.track("/v1/identify", &who);
    settle(&server);
    let export = server.control("GET", "/api/v1/profiles/u-1/export", None).json();
    assert!(export.to_string().contains("x@y.z"));
    assert_eq!(server.control("DELETE", "/api/v1/profiles/a-1", None).status, 204);
    let gone = |server: &Server| ["u-1", "a-1"].map(|id| server.profile(id).status) == [404, 404];
    assert!(gone(&server));
    server.kill();
    let server = Server::start(dir.path(), &[]);
    assert!(gone(&server));
    assert!(server.terminate());
    assert!(gone(&Server::start(dir.path(), &[])));
}

#[test]
fn the_catalogue_fills_in_what_an_event_leaves_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let product =
        json!({ "title": "丝绒唇釉", "category": "beauty", "brand": "Lumi", "tags": ["new"], "price": 89.9 });
    assert_eq!(server.control("PUT", "/api/v1/products/p-9", Some(&product)).status, 200);
    let bare = json!({ "type": "track", "event": "Product Viewed", "userId": "u-1", "properties": { "product_id": "p-9" } });
    server.track("/v1/track", &bare);
    let interests = &server.profile("u-1").json()["behaviour"]["interests"];
    assert_eq!(
        (&interests["categories"][0]["name"], &interests["brands"][0]["name"]),
        (&json!("beauty"), &json!("Lumi"))
    );
    // A product first seen in an event is created from it, and entering it replaces that.
    let seen = json!({ "type": "track", "event": "Product Viewed", "userId": "u-1",
                       "properties": { "product_id": "p-10", "category": "food" } });
    server.track("/v1/track", &seen);
    settle(&server);
    let shown = server.control("GET", "/api/v1/products/p-10", None).json();
    assert_eq!((&shown["seen_only"], &shown["category"]), (&json!(true), &json!("food")));
    let bad = server.control("PUT", "/api/v1/products/p-10", Some(&json!({ "titel": "x" })));
    assert_eq!((bad.status, bad.code().as_str()), (422, "field-unknown"));
    let import: Vec<Value> =
        (0..250).map(|it| json!({ "id": format!("i-{it}"), "category": "toys" })).collect();
    assert_eq!(
        server.control("POST", "/api/v1/products/batch", Some(&json!({ "items": import }))).json()["imported"],
        250
    );
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = server.control("GET", &format!("/api/v1/products?limit=100{cursor}"), None).json();
        count += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(count, 252);
    assert_eq!(server.control("DELETE", "/api/v1/products/p-10", None).status, 204);
    assert_eq!(server.control("GET", "/api/v1/products/p-10", None).status, 404);
}

#[test]
fn an_id_that_is_too_long_never_names_what_goes_by_its_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let (longest, longer) = ("x".repeat(256), "x".repeat(257));
    let call = |method, kind: &str, id: &str| {
        let body = (method == "PUT").then(|| json!({ "title": "Tea" }));
        server.control(method, &format!("/api/v1/{kind}/{id}"), body.as_ref()).status
    };
    for kind in ["products", "rooms"] {
        assert_eq!((call("PUT", kind, &longest), call("PUT", kind, &longer)), (200, 422));
        assert_eq!((call("GET", kind, &longer), call("DELETE", kind, &longer)), (404, 404));
        assert_eq!(call("GET", kind, &longest), 200);
    }
    assert_eq!((call("GET", "bulk", &longest), call("GET", "bulk", &longer)), (200, 400));
}

#[test]
fn virtual_time_moves_forward_only_when_told_and_continues_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--clock", "virtual"]);
    let to = |server: &Server, at: i64| server.control("POST", "/api/v1/clock", Some(&json!({ "to": at })));
    assert_eq!(to(&server, 1_511_658_000_000).status, 200);
    let backwards = to(&server, 1_511_657_000_000);
    assert_eq!((backwards.status, backwards.code().as_str()), (409, "clock-backwards"));
    let never = to(&server, 4_102_444_800_001);
    assert_eq!(
        (never.status, never.json()["field"].as_str()),
        (422, Some("/to")),
        "columns could not hold it"
    );
    // Two days ahead of the server's time is a broken clock: clamped to now, and counted.
    server.track("/v1/track", &view("u-1", "m-1", "2017-11-28T01:00:00Z"));
    assert_eq!(server.profile("u-1").json()["last_active"], "2017-11-26T01:00:00Z");
    assert_eq!(server.stats()["clamped"], 1);
    server.kill();
    let server = Server::start(dir.path(), &["--clock", "virtual"]);
    assert_eq!(
        server.control("GET", "/api/v1/clock", None).json(),
        json!({ "now": 1_511_658_000_000i64, "virtual": true })
    );
    server.kill();
    let server = Server::start(dir.path(), &[]);
    assert_eq!(to(&server, 4_000_000_000_000).code(), "clock-not-virtual");
}

#[test]
fn health_readiness_metrics_and_the_interface_description_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    server.track("/v1/track", &view("u-1", "m-1", "2026-01-01T00:00:00Z"));
    let get = |path: &str| request(server.address, "GET", path, &[], None);
    assert_eq!((get("/healthz").status, get("/readyz").status), (200, 200));
    let metrics = String::from_utf8(get("/metrics").body).unwrap();
    assert!(metrics.contains("beckon_events_folded_total 1") && metrics.ends_with("# EOF\n"), "{metrics}");
    let openapi = get("/openapi.json").json();
    assert_eq!(openapi["openapi"], "3.1.0");
    let nowhere = get("/nowhere");
    assert_eq!((nowhere.status, nowhere.code().as_str()), (404, "path-unknown"));
    assert_eq!(get("/v1/track").status, 405);
    // Every schema that is named exists.
    let text = openapi.to_string();
    for name in text.split("#/components/schemas/").skip(1).filter_map(|it| it.split('"').next()) {
        assert!(openapi["components"]["schemas"].get(name).is_some(), "{name} is named and not described");
    }
}

#[test]
fn tls_is_spoken_from_certificate_files_and_plain_http_beyond_loopback_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let (certificate, key) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let config = dir.path().join("beckon.toml");
    let text = format!("[tls]\ncertificate = {certificate:?}\nprivate_key = {key:?}\n");
    std::fs::write(&config, text).unwrap();
    let server = Server::start(&dir.path().join("data"), &["--config", config.to_str().unwrap()]);
    assert!(server.banner.contains("https://"), "{}", server.banner);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let mut connection = rustls::ClientConnection::new(client.into(), name).unwrap();
    let mut socket = std::net::TcpStream::connect(server.address).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    std::io::Write::write_all(
        &mut stream,
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    )
    .unwrap();
    let mut answer = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stream, &mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    let open = beckon()
        .args(["serve", "--listen", "0.0.0.0:0", "--data"])
        .arg(dir.path().join("other"))
        .output()
        .unwrap();
    assert!(!open.status.success());
    assert!(String::from_utf8_lossy(&open.stderr).contains("behind_proxy"), "{open:?}");
}

#[test]
fn a_full_disk_is_answered_503_while_reads_go_on_and_passes_when_space_returns() {
    let dir = tempfile::tempdir().unwrap();
    let mount = dir.path().join("small");
    std::fs::create_dir(&mount).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
        .arg(&mount)
        .status();
    if !mounted.is_ok_and(|it| it.success()) {
        assert!(
            crate::server::environment("BECKON_FORBID_SKIP").is_none(),
            "a small file system is needed (mount as root)"
        );
        crate::server::skipped("a full disk: a small file system needs the right to mount");
        return;
    }
    struct Unmount(std::path::PathBuf);
    impl Drop for Unmount {
        fn drop(&mut self) {
            let _ = std::process::Command::new("umount").args(["-l"]).arg(&self.0).status();
        }
    }
    let _unmount = Unmount(mount.clone());
    let config = dir.path().join("beckon.toml");
    std::fs::write(&config, "[journal]\nsegment_bytes = 4194304\n").unwrap();
    let server = Server::start(&mount.join("data"), &["--config", config.to_str().unwrap()]);
    let ballast = mount.join("ballast");
    let text = "x".repeat(20_000);
    let mut acknowledged = 0;
    let mut sent = 0;
    let mut post = || {
        sent += 1;
        let body = json!({ "type": "track", "event": "Big", "userId": "u-1", "messageId": format!("m-{sent}"),
                           "properties": { "text": text } });
        server.track("/v1/track", &body)
    };
    assert_eq!(post().status, 200);
    acknowledged += 1;
    // Whatever fits, fits; then nothing does.
    let mut file = std::fs::File::create(&ballast).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    let refused = loop {
        let answer = post();
        if answer.status != 200 {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 2000, "the disk never filled");
    };
    assert_eq!((refused.status, refused.code().as_str()), (503, "journal-unavailable"));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(server.profile("u-1").status, 200, "reads go on");
    assert_eq!(request(server.address, "GET", "/readyz", &[], None).status, 503);
    drop(file);
    std::fs::remove_file(&ballast).unwrap();
    let mut tries = 0;
    while post().status != 200 {
        tries += 1;
        assert!(tries < 600, "it never recovered");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    acknowledged += 1;
    let before = server.profile("u-1").json()["events"].as_u64().unwrap();
    assert!(before >= acknowledged);
    server.kill();
    let server = Server::start(&mount.join("data"), &["--config", config.to_str().unwrap()]);
    let after = server.profile("u-1").json()["events"].as_u64().unwrap();
    assert!(after >= acknowledged, "{after} events of {acknowledged} acknowledged");
    assert_eq!((WRITE_KEY.len(), SERVER_KEY.len()), (25, 40));
}
