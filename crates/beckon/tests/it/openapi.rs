//! The description that a server gives of itself, held against what it does: by a linter, and by a client that
//! makes its requests from the description alone.
//!
//! Both are peers, installed by `tests/peers/install` and skipped where they are absent, see `peers`.

use crate::peers::{alone, is_here, peers};
use crate::server::{SERVER_KEY, Server, WRITE_KEY, request};
use serde_json::{Value, json};
use std::process::Command;

fn described(server: &Server) -> Value {
    request(server.address, "GET", "/openapi.json", &[], None).json()
}

/// Runs a peer that is content, or says why it is not.
fn is_content(command: &mut Command) {
    let run = command.output().expect("the peer runs");
    let said = [run.stdout, run.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    assert!(run.status.success(), "{}\n{}", said[0], said[1]);
}

#[test]
fn the_description_passes_a_linter() {
    let linter = peers().join("node/node_modules/@redocly/cli/bin/cli.js");
    if !is_here("the linter of OpenAPI", std::slice::from_ref(&linter)) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let file = dir.path().join("openapi.json");
    std::fs::write(&file, described(&server).to_string()).unwrap();
    let mut command = Command::new("node");
    command.arg(linter.canonicalize().unwrap()).args(["lint", "--extends", "recommended-strict"]).arg(file);
    // It takes a configuration from where it is run, and reports home unless told not to.
    command.current_dir(dir.path()).env("REDOCLY_TELEMETRY", "off");
    is_content(command.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"));
}

/// Something of each kind, so that what is made up can refer to it: the description's own examples, under these ids.
fn plan(server: &Server) {
    let described = described(server);
    let put = |path: &str, body: &Value| {
        let answer = server.control("PUT", path, Some(body));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    };
    put("/api/v1/hosts/host-1", &json!({ "name": "Mei" }));
    put("/api/v1/rooms/room-1", &json!({ "title": "Skincare", "host_id": "host-1" }));
    put("/api/v1/products/p-1", &json!({ "title": "Repair serum", "category": "beauty", "price": 299 }));
    for (path, id) in [
        ("/api/v1/audiences/{id}", "audience-1"),
        ("/api/v1/campaigns/{id}", "campaign-1"),
        ("/api/v1/templates/{id}", "template-1"),
        ("/api/v1/shows/{id}", "show-1"),
        ("/api/v1/offers/{id}", "offer-1"),
    ] {
        let example =
            &described["paths"][path]["put"]["requestBody"]["content"]["application/json"]["example"];
        put(&path.replace("{id}", id), example);
    }
    let track = json!({ "event": "Product Viewed", "userId": "u-1", "anonymousId": "a-1",
                        "properties": { "product_id": "p-1", "category": "beauty", "price": 299 } });
    assert_eq!(server.track("/v1/track", &track).status, 200);
}

/// Requests as the description allows them and as it forbids them, alone and one after the other. No answer may be
/// a server's error, or one that the description does not know: by status, type, headers and shape. What it forbids is
/// refused, what it allows is taken, what was deleted is gone, and nothing opens without a key.
///
/// The server keeps the real time, so that a made-up move of the clock is refused: one could last for minutes.
#[test]
fn a_client_made_from_the_description_is_never_surprised() {
    // The client is run where it may leave files.
    let folder = std::path::absolute(peers().join("python")).unwrap();
    let client = folder.join(".venv/bin/st");
    if !is_here("the client made from OpenAPI", std::slice::from_ref(&client)) {
        return;
    }
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    plan(&server);
    let mut command = Command::new(client);
    command.arg("--config-file").arg(folder.join("schemathesis.toml"));
    command.args(["run", &format!("http://{}/openapi.json", server.address), "--no-color"]);
    command.args(["--phases", "examples,coverage,fuzzing,stateful"]);
    // The same requests in every run; a failure is told as it came, for shrinking takes minutes.
    command.args(["--seed", "1", "--max-examples", "5", "--no-shrink", "--generation-database", "none"]);
    command.current_dir(dir.path()).env("BECKON_WRITE_KEY", WRITE_KEY).env("BECKON_SERVER_KEY", SERVER_KEY);
    is_content(&mut command);
    assert_eq!(request(server.address, "GET", "/readyz", &[], None).status, 200);
}
