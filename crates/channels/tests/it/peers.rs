//! Implementations that are not ours: of Standard Webhooks, which verifies what we sign and signs what we verify;
//! and of RFC 8291, which decrypts what we encrypt.
//!
//! They are installed by `tests/peers/install`. Where they are absent a test says that it is skipped; with
//! `BECKON_FORBID_SKIP` set, as in the gate, it fails instead.

use crate::webhook::{NOW_MS, SECRET, message, webhook};
use crate::webpush::key;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon_channels::Channel as _;
use beckon_channels::Message;
use beckon_channels::signature::{Secret, verify};
use beckon_channels::webpush::{Options, WebPush};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

struct Peer {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(script: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/python");
        let python = folder.join(".venv/bin/python");
        if !python.exists() {
            skip(&python);
            return None;
        }
        let mut command = Command::new(python);
        command.arg(folder.join(script)).stdin(Stdio::piped()).stdout(Stdio::piped());
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
    let Some(mut peer) = Peer::start("webhook.py") else { return };
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

#[test]
fn another_implementation_decrypts_what_we_send_with_the_right_keys_alone() {
    let Some(mut peer) = Peer::start("webpush.py") else { return };
    let p256dh = peer.hear()["p256dh"].as_str().unwrap().to_owned();
    let [auth, other] = [[7; 16], [8; 16]].map(|it| URL_SAFE_NO_PAD.encode(it));
    let subscription =
        json!({ "endpoint": "https://push.example/x", "keys": { "p256dh": p256dh, "auth": auth } });
    let channel = WebPush::new(Options::new(key()));
    for body in ["", "Ends in 10 min", &"很".repeat(5_000)] {
        let message = Message { token: subscription.to_string(), body: body.to_owned(), ..message("m-1") };
        let composed = channel.requests(NOW_MS, &[message]);
        let sealed = URL_SAFE_NO_PAD.encode(&composed.requests[0].body);
        let said = peer.ask(&json!({ "auth": auth, "body": sealed }));
        let said: Value = serde_json::from_str(said["text"].as_str().unwrap()).unwrap();
        assert_eq!((&said["id"], &said["title"]), (&json!("m-1"), &json!("口红 ¥89 \"now\"")));
        for wrong in [
            json!({ "auth": auth, "body": sealed, "wrong": true }),
            json!({ "auth": other, "body": sealed }),
            json!({ "auth": auth, "body": &sealed[..sealed.len() - 8] }),
        ] {
            assert!(peer.ask(&wrong)["error"].is_string());
        }
    }
}
