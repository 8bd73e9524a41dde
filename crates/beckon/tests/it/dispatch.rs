//! Calls to vendors against a small server of every temper: what it answers is read, what it does not answer
//! is told from what never reached it, and nothing is called that the guard does not admit.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use beckon::clock::Clock;
use beckon::dispatch::limits::ANSWER_BYTES_MAX;
use beckon::dispatch::{Options, Roots, Sender};
use beckon_channels::guard::Policy;
use beckon_channels::signature::{ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER, verify};
use beckon_channels::webhook::{self, Webhook};
use beckon_channels::{Answer, Class, Message};
use beckon_core::time::Timestamp;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: Timestamp = Timestamp(1_795_348_800_000);
const INSIDE: Policy = Policy { allow_http: true, allow_private: true };

fn secret() -> Secret {
    Secret::parse(SECRET).unwrap()
}

fn message(id: &str) -> Message {
    let none = String::new;
    Message {
        id: id.to_owned(),
        app: "shop".to_owned(),
        device: none(),
        token: none(),
        user_id: "u-1".to_owned(),
        anonymous_id: none(),
        show_id: none(),
        room_id: none(),
        product_id: none(),
        title: "Now".to_owned(),
        body: none(),
        image: none(),
        link: none(),
        class: Class::Marketing,
        trigger: none(),
        arm: none(),
        language: none(),
        expires_at_ms: NOW.0 + 60_000,
    }
}

async fn take(headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let [id, at, signature] = [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map(text);
    if verify(&secret(), &id, &at, &signature, &body, NOW.0 / 1000).is_err() {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    (StatusCode::OK, r#"{"results":[{"id":"b","status":"refused","reason":"asleep"}]}"#.to_owned())
}

fn endpoint() -> Router {
    let long = || async { "x".repeat(ANSWER_BYTES_MAX + 1) };
    // A body whose length is promised and that never comes.
    let stuck = || async { Body::new(Never) };
    Router::new()
        .route("/ok", post(take))
        .route("/busy", post(|| async { (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]) }))
        .route("/down", post(|| async { StatusCode::BAD_GATEWAY }))
        .route("/hang", post(std::future::pending::<StatusCode>))
        .route("/long", post(long))
        .route("/stuck", post(stuck))
        .route("/busy-and-stuck", post(|| async { (StatusCode::TOO_MANY_REQUESTS, Body::new(Never)) }))
}

struct Never;

impl hyper::body::Body for Never {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Sends messages `a` and `b` to the URL and tells their answers.
async fn send(url: &str, options: Options) -> Vec<Answer> {
    let url: Uri = url.parse().unwrap();
    let channel = Webhook::new(webhook::Options::new(url, vec![secret()])).unwrap();
    let sender = Sender::new(&options).unwrap();
    let clock = Clock::virtual_at(NOW);
    let answers = sender.send(&channel, &clock, &[message("a"), message("b")]).await;
    let ids: Vec<&str> = answers.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    answers.into_iter().map(|it| it.1).collect()
}

fn inside() -> Options {
    Options { policy: INSIDE, ..Options::default() }
}

/// As [`inside`], for endpoints that do not answer.
fn hasty() -> Options {
    let soon = Duration::from_millis(200);
    Options { answer_timeout: soon, body_timeout: soon, ..inside() }
}

fn is_ambiguous(answers: &[Answer]) -> bool {
    answers.iter().all(|it| matches!(it, Answer::Ambiguous { .. }))
}

#[tokio::test]
async fn messages_arrive_signed_and_each_has_its_answer() {
    let address = serve(endpoint()).await;
    let answers = send(&format!("http://{address}/ok"), inside()).await;
    assert_eq!(answers, [Answer::Accepted { vendor_id: None }, Answer::refused("asleep")]);
}

#[tokio::test]
async fn a_refusal_is_definite_and_a_bare_failure_is_not() {
    let address = serve(endpoint()).await;
    let answers = send(&format!("http://{address}/busy"), inside()).await;
    assert_eq!(answers, vec![Answer::Later { after_ms: Some(7_000) }; 2]);
    assert!(is_ambiguous(&send(&format!("http://{address}/down"), inside()).await));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let followed = Arc::new(AtomicUsize::new(0));
    let count = followed.clone();
    let there = move || async move { count.fetch_add(1, Ordering::SeqCst).to_string() };
    let moved = || async { (StatusCode::TEMPORARY_REDIRECT, [("location", "/there")]) };
    let address = serve(Router::new().route("/", post(moved)).route("/there", post(there))).await;
    let answers = send(&format!("http://{address}/"), inside()).await;
    assert!(matches!(&answers[0], Answer::Refused { why } if why.contains("redirects")), "{answers:?}");
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_may_have_arrived_and_was_not_answered_is_ambiguous() {
    let address = serve(endpoint()).await;
    for path in ["hang", "stuck"] {
        assert!(is_ambiguous(&send(&format!("http://{address}/{path}"), hasty()).await), "{path}");
    }
    assert!(is_ambiguous(&send(&format!("http://{address}/long"), inside()).await), "too long to be read");
    // It reads the request, and closes.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 64]).await;
        let _ = socket.shutdown().await;
    });
    assert!(is_ambiguous(&send(&format!("http://{address}/"), inside()).await));
}

#[tokio::test]
async fn a_status_that_refuses_counts_even_if_its_body_does_not_come() {
    let address = serve(endpoint()).await;
    let answers = send(&format!("http://{address}/busy-and-stuck"), hasty()).await;
    assert_eq!(answers, vec![Answer::Later { after_ms: None }; 2]);
}

#[tokio::test]
async fn what_never_left_may_go_again() {
    let later = vec![Answer::Later { after_ms: None }; 2];
    // Nobody listens there any more.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(send(&format!("http://{address}/"), inside()).await, later);
    // It takes connections and speaks no TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let short = Options { connect_timeout: Duration::from_millis(200), ..inside() };
    assert_eq!(send(&format!("https://{address}/"), short.clone()).await, later);
    // Whether its name is unknown or the resolver does not answer.
    assert_eq!(send("http://nowhere.invalid/", short).await, later);
}

#[tokio::test]
async fn the_own_network_is_not_called_by_address_or_by_name() {
    let address = serve(endpoint()).await;
    let plain = Policy { allow_http: true, allow_private: false };
    let urls = [
        (format!("http://{address}/ok"), plain, "this machine itself"),
        (format!("http://localhost:{}/ok", address.port()), plain, "this machine itself"),
        (format!("http://[::ffff:127.0.0.1]:{}/ok", address.port()), plain, "this machine itself"),
        ("http://169.254.169.254/latest".to_owned(), INSIDE, "credentials"),
        (format!("http://{address}/ok"), Policy::default(), "not https"),
    ];
    for (url, policy, expected) in urls {
        let answers = send(&url, Options { policy, ..Options::default() }).await;
        assert!(
            matches!(&answers[0], Answer::Refused { why } if why.contains(expected)),
            "{url}: {answers:?}"
        );
    }
}

#[tokio::test]
async fn tls_is_spoken_with_those_whose_authority_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let (certificate, key) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = beckon::gateway::tls::server_config(&certificate, &key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/ok", listener.local_addr().unwrap().port());
    let version = Arc::new(AtomicUsize::new(0));
    let seen = version.clone();
    let note = move |request: axum::extract::Request| {
        seen.store(usize::from(request.version() == axum::http::Version::HTTP_2), Ordering::SeqCst);
        async { StatusCode::OK }
    };
    let router = Router::new().route("/ok", post(note));
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let (tls, router) = (TlsAcceptor::from(tls.clone()), router.clone());
            tokio::spawn(async move {
                let Ok(stream) = tls.accept(socket).await else { return };
                let service = TowerToHyperService::new(router);
                let _ =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });

    let stranger = send(&url, Options { policy: INSIDE, ..Options::default() }).await;
    assert_eq!(stranger, vec![Answer::Later { after_ms: None }; 2], "nothing was said to a stranger");
    let roots = Roots { public: false, own: Vec::new() }.with_file(&certificate).unwrap();
    let known = send(&url, Options { policy: INSIDE, roots, ..Options::default() }).await;
    assert_eq!(known, vec![Answer::Accepted { vendor_id: None }; 2]);
    assert_eq!(version.load(Ordering::SeqCst), 1, "HTTP/2 where the server speaks it");
}
