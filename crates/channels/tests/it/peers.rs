//! An implementation of Standard Webhooks that is not ours verifies what we sign, and we verify what it signs.
//!
//! It is installed by `tests/peers/install`. Where it is absent the test says that it is skipped; with
//! `BECKON_FORBID_SKIP` set, as in the gate, it fails instead.

use crate::webhook::{SECRET, message, webhook};
use beckon_channels::Channel as _;
use beckon_channels::signature::{Secret, verify};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

struct Peer {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/python");
        let python = folder.join(".venv/bin/python");
        if !python.exists() {
            skip(&python);
            return None;
        }
        let mut command = Command::new(python);
        command.arg(folder.join("webhook.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the peer runs");
        let says = BufReader::new(child.stdout.take().expect("piped")).lines();
        Some(Peer { child, says })
    }

    fn hear(&mut self) -> Value {
        serde_json::from_str(&self.says.next().expect("it speaks").expect("text")).expect("JSON")
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{question}").expect("it listens");
        self.hear()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "tests are steered by the environment, the program is not")]
fn skip(missing: &Path) {
    let why = format!("{} is missing: run tests/peers/install python", missing.display());
    assert!(std::env::var_os("BECKON_FORBID_SKIP").is_none(), "{why}");
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

#[test]
fn another_implementation_believes_our_signature_and_we_believe_its() {
    let Some(mut peer) = Peer::start() else { return };
    let now_s = peer.hear()["now"].as_i64().unwrap();
    let composed = webhook().requests(now_s * 1000, &[message("m-1"), message("m-2")]);
    let request = &composed.requests[0];
    let body = std::str::from_utf8(&request.body).unwrap();
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
        .collect();

    let said = peer.ask(&json!({"secret": SECRET, "headers": headers, "body": body}));
    assert_eq!((&said["verified"], &said["type"]), (&json!(true), &json!("beckon.messages")));
    let signature = said["signature"].as_str().unwrap();
    let secret = Secret::parse(SECRET).unwrap();
    let now = now_s.to_string();
    assert_eq!(verify(&secret, "msg_of_python", &now, signature, &request.body, now_s), Ok(()));

    let changed = body.replace("89", "98");
    let said = peer.ask(&json!({"secret": SECRET, "headers": headers, "body": changed}));
    assert_eq!(said["verified"], false);
}
