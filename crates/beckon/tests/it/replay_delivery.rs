//! How a replay gets through to a target that is away, loses answers, starts anew, or has another clock.

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use beckon::replay::{self, Clock, Error, Event, Failure, Format, HttpTarget, Options, Summary, Target};
use beckon_core::time::Timestamp;
use beckon_wire::shape::Answer;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tempfile::TempDir;

const ROWS: u64 = 20;
const FIRST_MS: i64 = 1_511_658_000_000;

fn options(dir: &TempDir) -> Options {
    let rows: String =
        (0..ROWS).map(|at| format!("{at},10,100,pv,{}\n", FIRST_MS / 1000 + at as i64)).collect();
    let file = dir.path().join("log");
    std::fs::write(&file, rows).unwrap();
    Options { source: "a b/茶".into(), batch: 3, ..Options::new(file, Format::Taobao).unwrap() }
}

/// What goes wrong with a batch.
enum Mishap {
    /// It is not taken.
    Busy,
    /// It is taken and the answer lost.
    Lost,
    /// The server starts anew with so many events.
    Back(u64),
}

/// A server that takes what is next, and has mishaps.
struct Fake {
    users: Vec<String>,
    clock: Clock,
    advances: usize,
    mishaps: VecDeque<Option<Mishap>>,
}

impl Fake {
    fn new(clock: Clock) -> Self {
        Fake { users: Vec::new(), clock, advances: 0, mishaps: VecDeque::new() }
    }

    fn later() -> Failure {
        Failure::Later { after: None, why: "busy".into() }
    }
}

impl Target for Fake {
    async fn next(&mut self, source: &str) -> Result<u64, Failure> {
        assert_eq!(source, "a b/茶");
        Ok(self.users.len() as u64)
    }

    async fn batch(&mut self, body: Bytes) -> Result<Answer, Failure> {
        let mishap = self.mishaps.pop_front().flatten();
        match mishap {
            Some(Mishap::Busy) => return Err(Self::later()),
            Some(Mishap::Back(to)) => {
                self.users.truncate(to as usize);
                return Err(Self::later());
            }
            _ => {}
        }
        let body: Value = serde_json::from_slice(&body).unwrap();
        let first = body["bulk"]["sequence"].as_u64().unwrap();
        if first > self.users.len() as u64 {
            return Err(Failure::Moved { why: "gap".into() });
        }
        let calls = body["batch"].as_array().unwrap();
        let repeated = self.users.len() - first as usize;
        for call in calls.iter().skip(repeated) {
            if let Clock::Virtual(now) = self.clock {
                let at: jiff::Timestamp = call["timestamp"].as_str().unwrap().parse().unwrap();
                assert!(at.as_millisecond() <= now.0, "an event lies ahead of the clock");
            }
            self.users.push(call["userId"].as_str().unwrap().to_owned());
        }
        if matches!(mishap, Some(Mishap::Lost)) {
            return Err(Self::later());
        }
        let accepted = json!({"success": true, "accepted": calls.len() - repeated, "repeated": repeated});
        Ok(serde_json::from_value(accepted).unwrap())
    }

    async fn clock(&mut self) -> Result<Clock, Failure> {
        Ok(self.clock)
    }

    async fn advance(&mut self, to: Timestamp) -> Result<(), Failure> {
        let Clock::Virtual(now) = self.clock else { panic!("nobody moves the system's clock") };
        assert!(to > now, "only forward");
        self.clock = Clock::Virtual(to);
        self.advances += 1;
        Ok(())
    }
}

async fn replayed(fake: &mut Fake, options: &Options) -> Summary {
    let summary = replay::replay(fake, options, &mut |_| {}).await.unwrap();
    let all: Vec<_> = (0..ROWS).map(|it| it.to_string()).collect();
    assert_eq!(fake.users, all, "every event once, in order");
    summary
}

#[tokio::test]
async fn a_log_arrives_once_and_in_order_and_a_second_replay_sends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut fake = Fake::new(Clock::System);
    let summary = replayed(&mut fake, &options(&dir)).await;
    assert_eq!((summary.known, summary.sent, summary.accepted), (0, ROWS, ROWS));
    let summary = replayed(&mut fake, &options(&dir)).await;
    assert_eq!((summary.known, summary.sent, summary.accepted), (ROWS, 0, 0));
}

#[tokio::test]
async fn busy_servers_lost_answers_and_lost_events_leave_no_trace() {
    use Mishap::*;
    let dir = tempfile::tempdir().unwrap();
    let mut fake = Fake::new(Clock::Virtual(Timestamp(0)));
    fake.mishaps =
        [None, Some(Busy), Some(Busy), Some(Lost), None, Some(Back(1)), Some(Lost), Some(Back(0))].into();
    let mut waits = 0;
    let mut tell = |event: Event<'_>| waits += usize::from(matches!(event, Event::Waits { .. }));
    replay::replay(&mut fake, &options(&dir), &mut tell).await.unwrap();
    assert_eq!(fake.users.len() as u64, ROWS);
    assert_eq!(waits, 6);
    assert!(fake.users.iter().enumerate().all(|(at, user)| *user == at.to_string()));
}

#[tokio::test]
async fn a_virtual_clock_is_moved_to_each_batchs_last_event_and_never_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut fake = Fake::new(Clock::Virtual(Timestamp(FIRST_MS + 10_000)));
    replayed(&mut fake, &options(&dir)).await;
    assert_eq!(fake.clock, Clock::Virtual(Timestamp(FIRST_MS + (ROWS as i64 - 1) * 1000)));
    assert_eq!(fake.advances, 4, "the batches of the first eleven seconds need no move");
}

#[tokio::test]
async fn a_rate_bounds_how_fast_a_log_goes() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { rate: Some(100.0), ..options(&dir) };
    let summary = replayed(&mut Fake::new(Clock::System), &options).await;
    assert!(summary.seconds > 0.15, "{summary}");
}

#[tokio::test]
async fn over_http_keys_paths_clock_and_retries_are_as_the_server_wants_them() {
    let keyed = |headers: &HeaderMap, key: &str| assert_eq!(headers["authorization"], key);
    let app = Router::new()
        .route(
            "/api/v1/bulk/{source}",
            get(move |Path(source): Path<String>, headers: HeaderMap| async move {
                keyed(&headers, "Bearer sk");
                json!({"source": source, "next_sequence": 17}).to_string()
            }),
        )
        .route(
            "/api/v1/clock",
            get(|| async { r#"{"now":5,"virtual":true}"# }).post(|body: String| async move {
                assert_eq!(body, r#"{"to":1511658019000}"#);
                r#"{"now":1511658019000,"virtual":true}"#
            }),
        )
        .route(
            "/v1/batch",
            post(move |headers: HeaderMap, body: String| async move {
                keyed(&headers, "Basic d2s6");
                assert!(body.ends_with(r#""bulk":{"source":"a b/茶","sequence":17}}"#), "{body}");
                r#"{"success":true,"accepted":2,"rejected_count":1,"rejected":[{"item":1,"code":"c","detail":"why"}]}"#
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let dir = tempfile::tempdir().unwrap();
    let mut target = HttpTarget::new(&url, "wk", "sk").unwrap();
    let summary = replay::replay(&mut target, &options(&dir), &mut |_| {}).await.unwrap();
    assert_eq!((summary.known, summary.sent, summary.accepted, summary.rejected), (17, 3, 2, 1));
    assert_eq!(summary.first_rejected.as_deref(), Some("event 18 why"));
    server.abort();
}

#[tokio::test]
async fn statuses_say_whether_to_wait_to_ask_again_or_to_stop() {
    let app = Router::new().route(
        "/v1/batch",
        post(|body: String| async move {
            let status = axum::http::StatusCode::from_u16(body.parse().unwrap()).unwrap();
            (status, [("retry-after", "7")], "not JSON")
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let mut target = HttpTarget::new(&url, "wk", "sk").unwrap();
    for status in ["429", "500", "503"] {
        let failure = target.batch(status.into()).await.unwrap_err();
        assert!(matches!(failure, Failure::Later { after: Some(Duration { .. }), .. }), "{failure:?}");
    }
    assert!(matches!(target.batch("409".into()).await, Err(Failure::Moved { .. })));
    for status in ["200", "400", "401", "403", "404"] {
        assert!(matches!(target.batch(status.into()).await, Err(Failure::Refused { .. })), "{status}");
    }
    server.abort();
    let _ = server.await;
    assert!(matches!(target.batch("200".into()).await, Err(Failure::Later { .. })));
}

#[test]
fn addresses_that_cannot_be_used_are_refused_with_what_to_do() {
    for url in ["", "localhost:8080", "ftp://a", "https://a", "http://a?b"] {
        assert!(matches!(HttpTarget::new(url, "wk", "sk"), Err(Error::Url { .. })), "{url}");
    }
}
