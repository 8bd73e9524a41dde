//! The figure `webpush`: messages encrypted by one core, and encrypted and sent by one core.
//!
//! What one core does is counted in its own time: so many messages in a second that a thread was really given. The
//! push service is a thread of its own on loopback and speaks HTTP/2 without TLS, whose cost (sealing a kilobyte) is
//! small beside the agreement on a key. Beside the figures: the agreement alone, and the same requests composed once and
//! sent again and again.

use super::error::Error;
use super::figure::{Figure, Limit, Unit, line};
use super::limits::{LIMIT_TIME, PUSH_BATCH};
use super::load::on_own_thread;
use super::scratch::Scratch;
use super::{Args, goals, machine};
use crate::clock::{Clock, Stopwatch};
use crate::dispatch::limits::REQUESTS_AT_ONCE;
use crate::dispatch::{Options, Sender};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon_channels::guard::Policy;
use beckon_channels::webpush::encryption::{encrypt, padded};
use beckon_channels::webpush::subscription::{AUTH_BYTES, Keys};
use beckon_channels::webpush::vapid::Key;
use beckon_channels::webpush::{self, WebPush};
use beckon_channels::{Answer, Channel as _, Class, Message, Request};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

/// A message as long as most are.
const BODY: &str =
    "Repair serum is down to ¥199 until the show ends at 22:00: Mei is showing it now, 37 are left.";

const INSIDE: Policy = Policy { allow_http: true, allow_private: true };

/// Measures both figures.
pub fn measure(args: &Args, _: &Scratch) -> Result<Vec<Figure>, Error> {
    let (mut alone, mut sent) = (Figure::of(goals::ENCRYPT), Figure::of(goals::WEBPUSH));
    let browser = browser()?;
    let address = serve()?;
    for _ in 0..args.runs {
        let agreed = on_own_thread(|| Ok(a_second(LIMIT_TIME, || agree(&browser))))?;
        let encrypted = on_own_thread(|| Ok(a_second(args.time(), || seal(&browser))))?;
        alone.add(
            encrypted,
            vec![Limit::at_best("a key made and agreed on (ECDH P-256) alone", Unit::PerSecond, agreed)],
        );
        let bare = on_own_thread(|| runtime()?.block_on(send_bare(address, &browser)))?;
        let all = on_own_thread(|| runtime()?.block_on(send(address, &browser, args.time())))?;
        sent.add(
            all,
            vec![
                Limit::at_best(
                    "the same, requests made ahead: not encrypted, only sent",
                    Unit::PerSecond,
                    bare,
                ),
                Limit::at_best("encrypted alone", Unit::PerSecond, encrypted),
                Limit::at_best(
                    "both, one after the other",
                    Unit::PerSecond,
                    1.0 / (1.0 / bare + 1.0 / encrypted),
                ),
            ],
        );
    }
    Ok(vec![alone, sent])
}

/// How often something is done in a second of the calling thread's own time, over `time`.
fn a_second(time: Duration, mut work: impl FnMut()) -> f64 {
    let (watch, before, mut count) = (Stopwatch::start(), machine::own_time(), 0);
    while watch.elapsed() < time {
        for _ in 0..100 {
            work();
        }
        count += 100;
    }
    f64::from(count) / (machine::own_time() - before).as_secs_f64()
}

fn unlucky<T>(_: T) -> Error {
    Error::io("make a key")(std::io::Error::other("the system has no randomness"))
}

fn browser() -> Result<Keys, Error> {
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).map_err(unlucky)?;
    let public = private.compute_public_key().map_err(unlucky)?;
    let point = public.as_ref().try_into().map_err(unlucky)?;
    Ok(Keys { point, auth: [7; AUTH_BYTES] })
}

/// What no encryption by RFC 8291 can do without.
fn agree(browser: &Keys) {
    let agreed = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).and_then(|private| {
        black_box(private.compute_public_key()?);
        let point = UnparsedPublicKey::new(&ECDH_P256, &browser.point);
        agree_ephemeral(private, &point, |shared| black_box(shared[0]))
    });
    let _ = black_box(agreed);
}

/// A text as long as a message's.
fn seal(browser: &Keys) {
    const TEXT: [u8; 450] = [b'x'; 450];
    let _ = black_box(encrypt(&SystemRandom::new(), browser, &TEXT, padded(TEXT.len())));
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(Error::io("start a runtime"))
}

/// A push service that takes everything, until the process ends.
fn serve() -> Result<SocketAddr, Error> {
    let runtime = runtime()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind(super::target::ANY_PORT));
    let listener = listener.map_err(Error::io("listen for pushes"))?;
    let address = listener.local_addr().map_err(Error::io("listen for pushes"))?;
    let take = |body: Bytes| async move {
        drop(body);
        StatusCode::CREATED
    };
    let router = Router::new().route("/push/{id}", post(take));
    std::thread::spawn(move || runtime.block_on(async { axum::serve(listener, router).await }));
    Ok(address)
}

fn channel() -> Result<WebPush, Error> {
    let random = SystemRandom::new();
    let key = Key::make(&random).and_then(|it| Key::parse(&random, &it)).map_err(unlucky)?;
    Ok(WebPush::new(webpush::Options { policy: INSIDE, ..webpush::Options::new(key) }))
}

fn sender() -> Result<Sender, Error> {
    let options = Options { policy: INSIDE, http2_without_tls: true, ..Options::default() };
    Sender::new(&options).map_err(|error| Error::io("set up the sender")(std::io::Error::other(error)))
}

fn messages(address: SocketAddr, browser: &Keys) -> Vec<Message> {
    let [p256dh, auth] = [&browser.point[..], &browser.auth].map(|it| URL_SAFE_NO_PAD.encode(it));
    let none = String::new;
    let message = |number: usize| Message {
        id: format!("p-07-{number}"),
        app: "shop".into(),
        device: none(),
        token: serde_json::json!({ "endpoint": format!("http://{address}/push/{number}"),
            "keys": { "p256dh": p256dh, "auth": auth } })
        .to_string(),
        user_id: format!("u-{number}"),
        anonymous_id: none(),
        show_id: "show-1".into(),
        room_id: "room-1".into(),
        product_id: "serum".into(),
        title: "¥199 Repair serum".into(),
        body: BODY.into(),
        image: none(),
        link: format!("http://{address}/t/AT8AAAAAAAJpD7mA3q2-7wECAwQFBgcI"),
        class: Class::Marketing,
        trigger: "price_drop".into(),
        arm: "price_drop.discount.en".into(),
        language: "en".into(),
        expires_at_ms: Clock::System.now().0 + 3_600_000,
    };
    (0..PUSH_BATCH).map(message).collect()
}

/// Messages a second of own time that are encrypted and sent.
async fn send(address: SocketAddr, browser: &Keys, time: Duration) -> Result<f64, Error> {
    let (channel, sender, messages) = (channel()?, sender()?, messages(address, browser));
    let (watch, before, mut taken) = (Stopwatch::start(), machine::own_time(), 0);
    while watch.elapsed() < time {
        let answers = sender.send(&channel, &Clock::System, &messages).await;
        let of_batch = answers.iter().filter(|it| matches!(it.1, Answer::Accepted { .. })).count();
        if of_batch < messages.len() {
            return Err(Error::NotPushed { taken: of_batch, sent: messages.len() });
        }
        taken += of_batch;
    }
    let seconds = watch.elapsed_secs();
    line(
        "sent by the clock, one thread beside the push service's",
        format!("{:.0}/s", taken as f64 / seconds),
    );
    Ok(taken as f64 / (machine::own_time() - before).as_secs_f64())
}

/// Requests a second of own time that are sent, made ahead.
async fn send_bare(address: SocketAddr, browser: &Keys) -> Result<f64, Error> {
    let (channel, sender) = (channel()?, sender()?);
    let requests: Vec<Request> =
        channel.requests(Clock::System.now().0, &messages(address, browser)).requests;
    let (watch, before, mut taken) = (Stopwatch::start(), machine::own_time(), 0);
    while watch.elapsed() < LIMIT_TIME {
        let (mut sending, mut left) = (FuturesUnordered::new(), requests.iter());
        loop {
            while sending.len() < REQUESTS_AT_ONCE
                && let Some(request) = left.next()
            {
                sending.push(sender.exchange(request));
            }
            match sending.next().await {
                Some(Ok(_)) => taken += 1,
                Some(Err(error)) => {
                    return Err(Error::io("send without encryption")(std::io::Error::other(error)));
                }
                None => break,
            }
        }
    }
    Ok(f64::from(taken) / (machine::own_time() - before).as_secs_f64())
}

const _: () = assert!(PUSH_BATCH <= 1_024, "so many may wait for the answer of one push service");
