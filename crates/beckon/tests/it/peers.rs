//! Unmodified SDKs and a real browser tell one story; the profile shows it.
//!
//! The peers are installed by `tests/peers/install`. Where one is absent its test says that it is skipped;
//! with `BECKON_FORBID_SKIP` set, as in the gate, it fails instead.

use crate::server::{Server, WRITE_KEY};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers")
}

pub fn is_here(what: &str, needed: &[PathBuf]) -> bool {
    let missing = needed.iter().find(|it| !it.exists());
    if let Some(missing) = missing {
        assert!(
            crate::server::environment("BECKON_FORBID_SKIP").is_none(),
            "{what} is not installed ({} is missing): run tests/peers/install",
            missing.display()
        );
        crate::server::skipped(&format!("{what} is not installed; tests/peers/install installs it"));
    }
    missing.is_none()
}

/// Held by whoever keeps a core busy for long, such as a browser that encodes a picture: one at a time, or each would have
/// to be given time for all.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is a browser with its driver; then nobody else keeps a core busy until this is dropped.
pub fn browser() -> Option<MutexGuard<'static, ()>> {
    let needed = [peers().join("node/node_modules/playwright-core"), PathBuf::from("/usr/bin/chromium")];
    is_here("Chromium with its driver", &needed).then(alone)
}

/// Runs a peer against a fresh server and compares what it says it sent with what the server knows.
fn tells_its_story(mut command: Command, arguments: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let user = "u-peer";
    let (before, after) = arguments.split_at(arguments.iter().position(|it| *it == "USER").unwrap_or(0));
    let run = command
        .args(before)
        .arg(user)
        .args(after.get(1..).unwrap_or_default())
        .env("BECKON_URL", format!("http://{}", server.address))
        .env("BECKON_WRITE_KEY", WRITE_KEY)
        .output()
        .expect("the peer runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let story: Value =
        said.lines().rev().find_map(|it| serde_json::from_str(it).ok()).expect("it says what it sent");
    let sum = |of: &Value| of.as_object().unwrap().values().map(|it| it.as_u64().unwrap()).sum::<u64>();
    let total = sum(&story["calls"]);
    // An alias and an identify hand history between shards: it is there after a moment.
    let mut profile = Value::Null;
    for _ in 0..400 {
        profile = server.profile(user).json();
        if profile["events"] == total {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(profile["events"], total, "{profile}");
    let stats = server.stats();
    for (name, count) in story["events"].as_object().unwrap() {
        assert_eq!(&stats["events"]["by_name"][name], count, "{name}");
    }
    assert_eq!((&stats["events"]["total"], &stats["rejected"]), (&json!(total), &json!(0)));
    assert_eq!(stats["shoppers"], 1, "visitor and guest are the user now");
    let attributes = &profile["attributes"];
    assert_eq!(
        (&attributes["birth_year"], &attributes["sex"], &attributes["region"], &attributes["city_tier"]),
        (&json!(1996), &json!("female"), &json!("Zhejiang"), &json!(2))
    );
    assert_eq!(attributes["traits"]["loyalty"], "gold");
    let behaviour = &profile["behaviour"];
    assert_eq!(behaviour["interests"]["categories"][0]["name"], "beauty");
    assert_eq!(
        (&behaviour["funnel"]["views"], &behaviour["funnel"]["purchases"], &behaviour["money"]["spent"]),
        (&story["events"]["Product Viewed"], &json!(1), &json!(179.8))
    );
    assert_eq!(behaviour["recent"]["bought"][0]["product_id"], "sku-lip-01");
    assert_eq!(behaviour["recent"]["in_cart"], json!([]), "what was bought is no longer in the cart");
    for id in story["anonymous"].as_array().unwrap() {
        assert_eq!(server.profile(id.as_str().unwrap()).json()["id"], user, "{id}");
    }
}

fn node(sdk: &str) {
    let folder = peers().join("node");
    if is_here("the SDKs for node", &[folder.join("node_modules")]) {
        let mut command = Command::new("node");
        command.arg(folder.join("send.mjs"));
        tells_its_story(command, &[sdk, "USER"]);
    }
}

#[test]
fn the_segment_sdk_for_node_tells_its_story() {
    node("segment");
}

#[test]
fn the_rudderstack_sdk_for_node_tells_its_story() {
    node("rudderstack");
}

#[test]
fn the_jitsu_sdk_tells_its_story() {
    node("jitsu");
}

#[test]
fn the_jitsu_sdk_on_a_server_tells_its_story() {
    node("jitsu-s2s");
}

fn python(arguments: &[&str]) {
    let python = peers().join("python/.venv/bin/python");
    if is_here("the SDK for Python", std::slice::from_ref(&python)) {
        let mut command = Command::new(python);
        command.arg(peers().join("python/send.py"));
        tells_its_story(command, arguments);
    }
}

#[test]
fn the_segment_sdk_for_python_tells_its_story() {
    python(&["USER"]);
}

#[test]
fn the_segment_sdk_for_python_tells_it_packed() {
    python(&["USER", "--gzip"]);
}

fn page(arguments: &[&str]) {
    if let Some(_alone) = browser() {
        let mut command = Command::new("node");
        command.arg(peers().join("browser/drive.mjs"));
        tells_its_story(command, arguments);
    }
}

#[test]
fn a_browser_page_with_the_segment_sdk_tells_its_story() {
    page(&["USER"]);
}

#[test]
fn a_browser_page_tells_it_in_batches() {
    page(&["USER", "--batch"]);
}
