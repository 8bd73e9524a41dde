//! Web Push over real sockets: what every answer ends as, requests side by side over one connection, vendors that
//! fare each by themselves; and how the channel is set up.

use crate::server::{SERVER_KEY, Server, WRITE_KEY, bearer, request};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, Version};
use axum::routing::post;
use beckon::clock::Clock;
use beckon::dispatch::limits::{LANES, REQUESTS_A_LANE, REQUESTS_AT_ONCE};
use beckon::dispatch::{Options, Roots, Sender};
use beckon_channels::guard::Policy;
use beckon_channels::webpush::{self, WebPush, vapid::Key};
use beckon_channels::{Answer, Class, Message};
use beckon_core::time::Timestamp;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

const NOW: Timestamp = Timestamp(1_795_348_800_000);
pub const INSIDE: Policy = Policy { allow_http: true, allow_private: true };

/// The subscription of RFC 8291's example, at this endpoint.
fn subscription(endpoint: &str) -> String {
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    json!({ "endpoint": endpoint, "keys": { "p256dh": p256dh, "auth": "BTBZMqHH6r4Tts7J_aSIgg" } })
        .to_string()
}

pub fn message(id: &str, token: &str, expires_at_ms: i64) -> Message {
    let none = String::new;
    Message {
        id: id.to_owned(),
        app: "shop".to_owned(),
        device: "d-1".to_owned(),
        token: token.to_owned(),
        user_id: "u-1".to_owned(),
        anonymous_id: none(),
        show_id: "show-1".to_owned(),
        room_id: none(),
        product_id: none(),
        title: "口红 ¥89 now".to_owned(),
        body: none(),
        image: none(),
        link: "https://beckon.example/t/abc".to_owned(),
        class: Class::Marketing,
        trigger: none(),
        arm: none(),
        language: none(),
        expires_at_ms,
    }
}

fn to(id: &str, endpoint: &str) -> Message {
    message(id, &subscription(endpoint), NOW.0 + 60_000)
}

pub fn key() -> Key {
    let random = SystemRandom::new();
    Key::parse(&random, &Key::make(&random).unwrap()).unwrap()
}

fn channel() -> WebPush {
    WebPush::new(webpush::Options { policy: INSIDE, ..webpush::Options::new(key()) })
}

/// Sends and gives the answers in the order of the messages.
async fn send(sender: &Sender, channel: &WebPush, messages: &[Message]) -> Vec<Answer> {
    let answers = sender.send(channel, &Clock::virtual_at(NOW), messages).await;
    assert_eq!(answers.len(), messages.len());
    let of = |it: &Message| answers.iter().find(|answer| answer.0 == it.id).expect("each has one").1.clone();
    messages.iter().map(of).collect()
}

/// A push service that answers what its path says.
async fn by_path(Path(what): Path<String>, headers: HeaderMap) -> (StatusCode, HeaderMap) {
    assert!(headers["authorization"].to_str().unwrap().starts_with("vapid t="));
    let (status, wait) = what.split_once('-').unwrap_or((&what, ""));
    let mut answer = HeaderMap::new();
    if !wait.is_empty() {
        answer.insert("retry-after", wait.parse().unwrap());
    }
    answer.insert("location", "/201".parse().unwrap());
    match status {
        "hang" => std::future::pending().await,
        status => (StatusCode::from_bytes(status.as_bytes()).unwrap(), answer),
    }
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn every_answer_ends_a_message_as_the_contract_says() {
    let address = serve(Router::new().route("/{what}", post(by_path))).await;
    let soon = Duration::from_millis(300);
    let sender =
        Sender::new(&Options { policy: INSIDE, answer_timeout: soon, ..Options::default() }).unwrap();
    let cases = [
        ("201", "accepted"),
        ("200", "accepted"),
        ("202", "accepted"),
        ("404", "gone"),
        ("410", "gone"),
        ("413", "refused"),
        ("400", "refused"),
        ("401", "refused"),
        ("403", "refused"),
        ("307", "refused"),
        ("429-7", "later"),
        ("503-7", "later"),
        ("503", "ambiguous"),
        ("500", "ambiguous"),
        ("hang", "ambiguous"),
    ];
    let messages: Vec<Message> =
        cases.iter().map(|it| to(it.0, &format!("http://{address}/{}", it.0))).collect();
    let answers = send(&sender, &channel(), &messages).await;
    for ((path, expected), answer) in cases.iter().zip(&answers) {
        assert_eq!(answer.word(), *expected, "{path}: {answer:?}");
    }
    assert_eq!(answers[10], Answer::Later { after_ms: Some(7_000) });

    let outside = Sender::new(&Options { policy: Policy::default(), ..Options::default() }).unwrap();
    let inward = [to("a", &format!("https://{address}/201")), to("b", "https://169.254.169.254/latest")];
    for answer in send(&outside, &channel(), &inward).await {
        assert!(matches!(&answer, Answer::Refused { why } if why.contains("not allowed")), "{answer:?}");
    }
}

/// A push service that speaks TLS and counts connections; `alpn` is what it offers. With the URL and the file of
/// its authority.
async fn serve_tls(router: Router, alpn: &[u8], connections: Arc<AtomicUsize>) -> (String, Roots) {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let (certificate, key) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut tls = (*beckon::gateway::tls::server_config(&certificate, &key).unwrap()).clone();
    tls.alpn_protocols = vec![alpn.to_vec()];
    let tls = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            connections.fetch_add(1, Ordering::SeqCst);
            let (tls, router) = (tls.clone(), router.clone());
            tokio::spawn(async move {
                let Ok(stream) = tls.accept(socket).await else { return };
                let service = TowerToHyperService::new(router);
                let _ =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (url, Roots { public: false, own: Vec::new() }.with_file(&certificate).unwrap())
}

#[tokio::test]
async fn a_batch_goes_side_by_side_over_one_connection() {
    // Nobody is answered until as many as may be under way at once have come.
    let (all_here, connections) = (Arc::new(Barrier::new(REQUESTS_AT_ONCE)), Arc::new(AtomicUsize::new(0)));
    let take = move |version: Version| async move {
        assert_eq!(version, Version::HTTP_2);
        all_here.wait().await;
        StatusCode::CREATED
    };
    let (url, roots) = serve_tls(Router::new().route("/", post(take)), b"h2", connections.clone()).await;
    let sender = Sender::new(&Options { policy: INSIDE, roots, ..Options::default() }).unwrap();
    let messages: Vec<Message> =
        (0..2 * REQUESTS_AT_ONCE).map(|it| to(&it.to_string(), &format!("{url}/"))).collect();
    let answers = send(&sender, &channel(), &messages).await;
    assert!(answers.iter().all(|it| it.word() == "accepted"), "{answers:?}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn more_connections_are_opened_only_under_more_load() {
    let many = LANES * REQUESTS_A_LANE / 2;
    let (all_here, connections) = (Arc::new(Barrier::new(many)), Arc::new(AtomicUsize::new(0)));
    let take = move || async move {
        all_here.wait().await;
        StatusCode::CREATED
    };
    let (url, roots) = serve_tls(Router::new().route("/", post(take)), b"h2", connections.clone()).await;
    let sender = Arc::new(Sender::new(&Options { policy: INSIDE, roots, ..Options::default() }).unwrap());
    let channel = Arc::new(channel());
    let sending: Vec<_> = (0..many)
        .map(|it| {
            let (sender, channel, one) =
                (sender.clone(), channel.clone(), to(&it.to_string(), &format!("{url}/")));
            tokio::spawn(async move { send(&sender, &channel, &[one]).await })
        })
        .collect();
    for sent in sending {
        assert_eq!(sent.await.unwrap()[0].word(), "accepted");
    }
    assert!((2..=LANES).contains(&connections.load(Ordering::SeqCst)));
}

#[tokio::test]
async fn a_push_service_without_http2_is_spoken_to_and_remembered() {
    let connections = Arc::new(AtomicUsize::new(0));
    let take = |version: Version| async move {
        if version == Version::HTTP_11 { StatusCode::CREATED } else { StatusCode::BAD_REQUEST }
    };
    let (url, roots) =
        serve_tls(Router::new().route("/", post(take)), b"http/1.1", connections.clone()).await;
    let sender = Sender::new(&Options { policy: INSIDE, roots, ..Options::default() }).unwrap();
    let channel = channel();
    let burst: Vec<Message> = (0..32).map(|it| to(&it.to_string(), &format!("{url}/"))).collect();
    let answers = send(&sender, &channel, &burst).await;
    assert_eq!(answers, vec![Answer::Accepted { vendor_id: None }; 32]);
    let opened = connections.load(Ordering::SeqCst);
    assert!(opened <= 32 + 4, "{opened}: one request finds out, and not each for itself");
    let answers = send(&sender, &channel, &[to("later", &format!("{url}/"))]).await;
    assert_eq!(answers, [Answer::Accepted { vendor_id: None }]);
    assert_eq!(connections.load(Ordering::SeqCst), opened, "it is remembered, and a connection is left");
}

#[tokio::test]
async fn a_push_service_that_hangs_holds_up_none_of_another() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let hang = move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<StatusCode>()
    };
    let hanging = serve(Router::new().route("/", post(hang))).await;
    let working = serve(Router::new().route("/", post(|| async { StatusCode::CREATED }))).await;
    let soon = Duration::from_millis(300);
    let sender =
        Sender::new(&Options { policy: INSIDE, answer_timeout: soon, ..Options::default() }).unwrap();
    let channel = channel();
    let messages: Vec<Message> = (0..40)
        .map(|it| {
            let address = if it % 2 == 0 { hanging } else { working };
            to(&it.to_string(), &format!("http://{address}/"))
        })
        .collect();
    let answers = send(&sender, &channel, &messages).await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.word(), if number % 2 == 0 { "ambiguous" } else { "accepted" });
    }
    let before = asked.load(Ordering::SeqCst);
    let answers = send(&sender, &channel, &messages).await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.word(), if number % 2 == 0 { "later" } else { "accepted" });
    }
    assert_eq!(asked.load(Ordering::SeqCst), before, "it rests");
}

fn push_key(server: &Server, headers: &[(String, String)], query: &str) -> crate::server::Answer {
    request(server.address, "GET", &format!("/v1/push-key{query}"), headers, None)
}

#[test]
fn browsers_get_the_public_key_which_outlives_the_server_and_the_channel() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let asked = |server: &Server| -> String {
        let answer = push_key(server, &[], &format!("?write_key={WRITE_KEY}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["public_key"].as_str().unwrap().to_owned()
    };
    let public_key = asked(&server);
    assert_eq!((public_key.len(), &public_key[..1]), (87, "B"), "65 bytes that begin with 4");
    for (query, status, code) in [
        (String::new(), 401, "key-missing"),
        ("?write_key=nobody".to_owned(), 401, "key-unknown"),
        (format!("?write_key={SERVER_KEY}"), 403, "key-not-allowed"),
    ] {
        let answer = push_key(&server, &[], &query);
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    let origin = ("origin".to_owned(), "https://shop.example".to_owned());
    let from_page = push_key(&server, &[origin, bearer(WRITE_KEY)], "");
    assert_eq!(
        (from_page.status, from_page.header("access-control-allow-origin").as_deref()),
        (200, Some("*"))
    );

    let put = |body: Value| server.control("PUT", "/api/v1/channels/web_push", Some(&body));
    let set_up = put(json!({ "contact": "mailto:push@shop.example" })).json();
    assert_eq!((&set_up["public_key"], &set_up["is_signed"]), (&json!(public_key), &json!(true)), "{set_up}");
    assert_eq!(
        (&set_up["contact"], set_up.get("url"), set_up.get("secret")),
        (&json!("mailto:push@shop.example"), None, None)
    );
    assert_eq!(server.control("DELETE", "/api/v1/channels/web_push", None).status, 204);
    assert_eq!(server.control("GET", "/api/v1/channels/web_push", None).status, 404);
    assert_eq!(asked(&server), public_key, "browsers have subscribed with it");
    server.kill();
    let server = Server::start(dir.path(), &[]);
    assert_eq!(asked(&server), public_key);
}

#[test]
fn the_settings_of_web_push_are_judged_and_an_own_key_takes_the_place_of_the_one_that_was_made() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let put = |body: Value| server.control("PUT", "/api/v1/channels/web_push", Some(&body));
    for (body, field) in [
        (json!({ "url": "https://push.example/" }), "/url"),
        (json!({ "contact": "push@shop.example" }), "/contact"),
        (json!({ "contact": "http://shop.example/" }), "/contact"),
        (json!({ "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }), "/secret"),
    ] {
        let refused = put(body.clone());
        assert_eq!((refused.status, &refused.json()["field"]), (422, &json!(field)), "{body}");
    }
    let webhook = json!({ "url": "https://a.example/", "contact": "mailto:a@a.example" });
    let refused = server.control("PUT", "/api/v1/channels/webhook", Some(&webhook));
    assert_eq!(refused.json()["field"], "/contact");
    let made = put(json!({})).json()["public_key"].clone();
    let public = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let own = format!("{public}.q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94");
    let replaced = put(json!({ "secret": own })).json();
    assert_eq!(replaced["public_key"], public);
    assert_ne!(made, replaced["public_key"]);
    let asked = push_key(&server, &[bearer(WRITE_KEY)], "");
    assert_eq!(asked.json()["public_key"], public);
    assert!(!String::from_utf8_lossy(&asked.body).contains("q1dXpw3U"));
}
