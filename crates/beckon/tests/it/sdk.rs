//! Our own SDK for the browser: its tests, its types, and what only a browser can show.
//!
//! What it is checked with is installed by `tests/peers/install`. Where that is absent a test says that it is
//! skipped; with `BECKON_FORBID_SKIP` set, as in the gate, it fails instead.

use crate::peers::{browser, is_here, peers};
use crate::server::{Server, request};
use flate2::read::GzDecoder;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Command;

fn sdk() -> PathBuf {
    peers().join("../../sdk/web")
}

/// Runs a command in the SDK's folder; what it says is shown if it fails.
fn passes(command: &mut Command) {
    let run = command.current_dir(sdk()).output().expect("it runs");
    let (out, errors) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{command:?}\n{out}{errors}");
}

fn checker() -> PathBuf {
    sdk().join("node_modules")
}

#[test]
fn the_sdk_keeps_its_promises() {
    if is_here("what checks the SDK", &[checker()]) {
        let mut tests: Vec<PathBuf> = std::fs::read_dir(sdk().join("test"))
            .expect("the SDK has tests")
            .map(|it| it.expect("it can be read").path())
            .filter(|it| it.to_string_lossy().ends_with(".test.mjs"))
            .collect();
        tests.sort();
        assert!(!tests.is_empty());
        passes(Command::new("node").arg("--test").args(tests));
    }
}

#[test]
fn the_types_of_the_sdk_hold() {
    if is_here("what checks the SDK", &[checker()]) {
        for project in ["tsconfig.json", "tsconfig.worker.json"] {
            passes(Command::new("node").args(["node_modules/typescript/bin/tsc", "--project", project]));
        }
    }
}

#[test]
fn the_sdk_does_in_a_browser_what_only_a_browser_can_show() {
    if is_here("what checks the SDK", &[checker()])
        && let Some(_alone) = browser()
    {
        passes(Command::new("node").arg("../../tests/peers/browser/sdk.mjs"));
    }
}

#[test]
fn the_sdk_is_served_to_any_page_and_kept_in_caches() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("data"), &[]);
    let ask = |path: &str, headers: &[(&str, &str)]| {
        let headers: Vec<_> = headers.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
        request(server.address, "GET", path, &headers, None)
    };
    let mut found = 0;
    for file in std::fs::read_dir(sdk().join("src")).expect("it has sources") {
        let path = file.expect("it can be read").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.ends_with(".js") {
            continue;
        }
        found += 1;
        let plain = ask(&format!("/sdk/{name}"), &[("origin", "https://shop.example")]);
        assert_eq!(plain.status, 200, "{name} is not served: name it in gateway/sdk.rs");
        assert_eq!(plain.body, std::fs::read(&path).expect("it can be read"), "{name}");
        for (header, value) in [
            ("content-type", "text/javascript; charset=utf-8"),
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(plain.header(header).as_deref(), Some(value), "{name}");
        }
        let packed = ask(&format!("/sdk/{name}"), &[("accept-encoding", "br, gzip;q=0.8")]);
        assert_eq!(packed.header("content-encoding").as_deref(), Some("gzip"), "{name}");
        let mut unpacked = Vec::new();
        GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).expect("it is packed");
        assert!(unpacked == plain.body && packed.body.len() < plain.body.len(), "{name}");
        let tag = plain.header("etag").expect("it has a tag");
        assert_eq!(ask(&format!("/sdk/{name}"), &[("if-none-match", &tag)]).status, 304, "{name}");
    }
    assert!(found > 10);
    let worker = ask("/sdk/worker.js", &[]);
    assert_eq!(worker.header("service-worker-allowed").as_deref(), Some("/"));
    assert_eq!(worker.header("cache-control").as_deref(), Some("no-cache"));
    let example = ask("/sdk/example", &[]);
    assert_eq!(example.header("content-type").as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(ask("/sdk/no-such.js", &[]).status, 404);
    assert_eq!(ask("/sdk/..%2fpackage.json", &[]).status, 404);
}
