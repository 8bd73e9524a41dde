//! A push service that is not ours checks who sends and decrypts what it is sent, over a real connection.
//!
//! It is installed by `tests/peers/install`, see `peers`.

use crate::peers::{is_here, peers};
use crate::webpush::{INSIDE, key, message};
use beckon::clock::Clock;
use beckon::dispatch::{Options, Sender};
use beckon_channels::Answer;
use beckon_channels::webpush::vapid::Key;
use beckon_channels::webpush::{self, WebPush};
use beckon_core::time::Timestamp;
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A browser with its push service.
pub struct Service {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
}

impl Service {
    /// Starts it; `None` where it is not installed.
    pub fn start() -> Option<Self> {
        let folder = peers().join("node");
        if !is_here("the push service", &[folder.join("node_modules/web-push-testing")]) {
            return None;
        }
        let mut command = Command::new("node");
        command.arg(folder.join("webpush.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped());
        // It writes down what it refuses, which is what it is asked to do here.
        let mut child = command.stderr(Stdio::null()).spawn().expect("the peer runs");
        let says = BufReader::new(child.stdout.take().expect("piped")).lines();
        Some(Service { child, says })
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{question}").expect("it listens");
        serde_json::from_str(&self.says.next().expect("it speaks").expect("text")).expect("JSON")
    }

    fn subscribe(&mut self, key: &Key) -> Subscribed {
        self.subscribe_to(key.public())
    }

    /// Subscribes with a server's public key.
    pub fn subscribe_to(&mut self, public_key: &str) -> Subscribed {
        let mut it = self.ask(&json!({ "subscribe": public_key }));
        let hash = it.as_object_mut().unwrap().remove("clientHash").unwrap();
        Subscribed { token: it.to_string(), hash }
    }

    /// What has arrived at a subscription, decrypted.
    pub fn read(&mut self, subscribed: &Subscribed) -> Vec<Value> {
        let read = self.ask(&json!({ "read": subscribed.hash }));
        let texts = read["messages"].as_array().unwrap().iter();
        texts.map(|it| serde_json::from_str(it.as_str().unwrap()).unwrap()).collect()
    }
}

impl Service {
    /// From now on the subscription is gone.
    pub fn expire(&mut self, subscribed: &Subscribed) {
        self.ask(&json!({ "expire": subscribed.hash }));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A subscription: as the browser hands it out, and its name at the push service.
pub struct Subscribed {
    pub token: String,
    pub hash: Value,
}

/// Sends one message with `key` at `now`.
async fn send(key: &Key, token: &str, now: Timestamp) -> Answer {
    let channel = WebPush::new(webpush::Options { policy: INSIDE, ..webpush::Options::new(key.clone()) });
    let sender = Sender::new(&Options { policy: INSIDE, ..Options::default() }).unwrap();
    let one = message("m-1", token, now.0 + 60_000);
    let mut answers = sender.send(&channel, &Clock::virtual_at(now), &[one]).await;
    answers.remove(0).1
}

#[tokio::test]
async fn a_push_service_reads_what_is_sent_by_whom_the_browser_subscribed_to() {
    let Some(mut service) = Service::start() else { return };
    let made = service.ask(&json!({ "keys": true }));
    let of = |name: &str| made[name].as_str().unwrap();
    let pair = format!("{}.{}", of("publicKey"), of("privateKey"));
    let theirs = Key::parse(&SystemRandom::new(), &pair).unwrap();
    assert_eq!(theirs.public(), of("publicKey"));
    let now = Clock::System.now();
    for key in [key(), theirs] {
        let subscribed = service.subscribe(&key);
        assert_eq!(send(&key, &subscribed.token, now).await, Answer::Accepted { vendor_id: None });
        let read = service.read(&subscribed);
        assert_eq!(
            (read.len(), &read[0]["id"], &read[0]["title"]),
            (1, &json!("m-1"), &json!("口红 ¥89 now"))
        );
        assert_eq!(read[0]["link"], "https://beckon.example/t/abc");
    }
}

#[tokio::test]
async fn a_push_service_refuses_others_and_tokens_whose_time_is_over() {
    let Some(mut service) = Service::start() else { return };
    let (own, other) = (key(), key());
    let subscribed = service.subscribe(&own);
    let now = Clock::System.now();
    let is_refused = |it: Answer| matches!(it, Answer::Refused { why } if why.contains("400"));
    assert!(
        is_refused(send(&other, &subscribed.token, now).await),
        "a key that the browser did not subscribe to"
    );
    let yesterday = Timestamp(now.0 - 24 * 3_600_000);
    assert!(is_refused(send(&own, &subscribed.token, yesterday).await), "a token that has expired");
    let stranger = service.subscribe(&own);
    let mut mixed: Value = serde_json::from_str(&subscribed.token).unwrap();
    mixed["keys"] = serde_json::from_str::<Value>(&stranger.token).unwrap()["keys"].clone();
    assert!(is_refused(send(&own, &mixed.to_string(), now).await), "encrypted to another browser");
    assert_eq!(service.read(&subscribed), [Value::Null; 0], "none of them was read");

    assert_eq!(send(&own, &subscribed.token, now).await, Answer::Accepted { vendor_id: None });
    service.ask(&json!({ "expire": subscribed.hash }));
    assert!(matches!(send(&own, &subscribed.token, now).await, Answer::Gone { .. }));
    assert_eq!(service.read(&subscribed).len(), 1);
}
