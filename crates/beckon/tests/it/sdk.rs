//! Our own SDK for the browser: its tests, its types, and what only a browser can show.
//!
//! What it is checked with is installed by `tests/peers/install`. Where that is absent a test says that it is
//! skipped; with `BECKON_FORBID_SKIP` set, as in the gate, it fails instead.

use crate::peers::{is_here, peers};
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
    let needed = [checker(), peers().join("node/node_modules"), PathBuf::from("/usr/bin/chromium")];
    if is_here("Chromium with what checks the SDK", &needed) {
        passes(Command::new("node").arg("../../tests/peers/browser/sdk.mjs"));
    }
}
