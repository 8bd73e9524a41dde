//! `beckon room load`: viewers that join, decode nothing, and say how it went. They run on the machine that it is
//! started on, and cost there about as much as the server; put them on another to measure a server's own limit.

use crate::clock::{Stopwatch, monotonic};
use beckon_room::{Arrival, DATAGRAM_BYTES_MAX, Seen, Spectator, Via};
use clap::Args as ClapArgs;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;
use tokio::net::UdpSocket;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Most viewers of one load.
const VIEWERS_MAX: usize = 20_000;

/// What to load with.
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// The WHEP address of the room: http://127.0.0.1:8080/whep/room-3.
    pub url: String,
    /// How many viewers join.
    #[arg(long, default_value_t = 10)]
    pub viewers: usize,
    /// For how many seconds each watches once all have joined.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Milliseconds between two joins.
    #[arg(long, default_value_t = 10)]
    pub every_ms: u64,
    /// The ticket: `token` of `GET /api/v1/rooms/{id}/watch`.
    #[arg(long, env = "BECKON_WATCH_TOKEN", default_value = "")]
    pub token: String,
}

/// Why a load cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bounds.
    #[error("--viewers is 1 to {VIEWERS_MAX}")]
    Viewers,
    /// The address cannot be read.
    #[error("`{0}` is no web address; write it as http://127.0.0.1:8080/whep/room-3")]
    Url(String),
    /// Nobody got in.
    #[error("no viewer got in; the first was told: {0}")]
    Nobody(String),
}

/// How one viewer fared.
struct Fared {
    answered_ms: f64,
    began: std::time::Instant,
    seen: Seen,
}

/// How all fared.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Outcome {
    /// Viewers who got in.
    pub joined: usize,
    /// Viewers who did not.
    pub refused: usize,
    /// From the request to the answer, milliseconds: median and 95th percentile.
    pub answer_ms: [f64; 2],
    /// From the request to the first packet of a picture.
    pub first_picture_ms: [f64; 2],
    /// Who got in and saw nothing.
    pub dark: usize,
    /// Packets that came to all viewers each second.
    pub packets_per_second: u64,
    /// Megabits that came to all viewers each second.
    pub mbit_per_second: f64,
    /// Packets of pictures that never came, of a million.
    pub missing_ppm: u64,
}

/// Joins, watches, and says how it went.
pub async fn run(args: &Args) -> Result<Outcome, Error> {
    if !(1..=VIEWERS_MAX).contains(&args.viewers) {
        return Err(Error::Viewers);
    }
    let url: hyper::Uri = args.url.parse().map_err(|_| Error::Url(args.url.clone()))?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let join_span = Duration::from_millis(args.every_ms * args.viewers as u64);
    let until = monotonic() + join_span + Duration::from_secs(args.seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..args.viewers {
        let (client, url, token) = (client.clone(), url.clone(), args.token.clone());
        tasks.spawn(async move { watch(client, url, token, until).await });
        tokio::time::sleep(Duration::from_millis(args.every_ms)).await;
    }
    let (mut fared, mut why) = (Vec::new(), None);
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(Ok(one)) => fared.push(one),
            Ok(Err(failure)) => why = why.or(Some(failure)),
            Err(failure) => why = why.or(Some(failure.to_string())),
        }
    }
    match why {
        Some(why) if fared.is_empty() => Err(Error::Nobody(why)),
        _ => Ok(sum(args, &fared)),
    }
}

fn sum(args: &Args, fared: &[Fared]) -> Outcome {
    let pictures = fared.iter().filter_map(|one| {
        let first = one.seen.first_picture?;
        Some((first.saturating_duration_since(one.began).as_secs_f64() * 1_000.0, first))
    });
    let watched: f64 = fared.iter().filter_map(|one| Some((one.seen.first_picture?, one))).count() as f64;
    let (packets, missing) = fared
        .iter()
        .fold((0, 0), |(packets, missing), one| (packets + one.seen.pictures, missing + one.seen.missing()));
    let sounds: u64 = fared.iter().map(|one| one.seen.sounds).sum();
    let bytes: u64 = fared.iter().map(|one| one.seen.bytes).sum();
    // Viewers joined one after the other: on average they watched half of that span, too.
    let span = args.seconds as f64 + args.every_ms as f64 * args.viewers as f64 / 2_000.0;
    Outcome {
        joined: fared.len(),
        refused: args.viewers - fared.len(),
        answer_ms: quantiles(fared.iter().map(|one| one.answered_ms)),
        first_picture_ms: quantiles(pictures.map(|(took, _)| took)),
        dark: fared.len() - watched as usize,
        packets_per_second: ((packets + sounds) as f64 / span) as u64,
        mbit_per_second: (bytes as f64 * 8.0 / span / 1e5).round() / 10.0,
        missing_ppm: missing * 1_000_000 / (packets + missing).max(1),
    }
}

/// Median and 95th percentile.
fn quantiles(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((values.len() as f64 * share) as usize).or(values.last()).copied();
    [at(0.5).unwrap_or(0.0), at(0.95).unwrap_or(0.0)].map(|value| (value * 10.0).round() / 10.0)
}

async fn watch(
    client: Client<HttpConnector, Full<bytes::Bytes>>,
    url: hyper::Uri,
    token: String,
    until: std::time::Instant,
) -> Result<Fared, String> {
    let told = |error: &dyn std::error::Error| error.to_string();
    let host = url.host().unwrap_or("127.0.0.1").to_owned();
    let any = if host.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
    let towards = (host.trim_matches(['[', ']']), url.port_u16().unwrap_or(80));
    let socket = std::net::UdpSocket::bind(any).map_err(|error| told(&error))?;
    socket.connect(towards).map_err(|error| told(&error))?;
    let own = socket.local_addr().map_err(|error| told(&error))?;
    drop(socket);
    let socket = std::net::UdpSocket::bind((own.ip(), 0)).map_err(|error| told(&error))?;
    socket.set_nonblocking(true).map_err(|error| told(&error))?;
    let socket = UdpSocket::from_std(socket).map_err(|error| told(&error))?;
    let own = socket.local_addr().map_err(|error| told(&error))?;
    let (began, took) = (monotonic(), Stopwatch::start());
    let (mut spectator, offer) = Spectator::new(began, own).ok_or("no address for a viewer")?;
    let request = Request::post(url)
        .header("content-type", "application/sdp")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(bytes::Bytes::from(offer)))
        .map_err(|error| told(&error))?;
    let response = client.request(request).await.map_err(|error| told(&error))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let text = String::from_utf8_lossy(&body.map_err(|error| error.to_string())?.to_bytes()).into_owned();
    if status != StatusCode::CREATED {
        return Err(format!("{status}: {text}"));
    }
    let answered_ms = took.elapsed_secs() * 1_000.0;
    spectator.answered(monotonic(), &text).map_err(|error| told(&error))?;
    let (mut sends, mut buffer) = (Vec::new(), vec![0; DATAGRAM_BYTES_MAX]);
    loop {
        let now = monotonic();
        let Some(wait) = spectator.poll(now, &mut sends).filter(|_| now < until) else { break };
        for datagram in sends.drain(..) {
            let _ = socket.send_to(&datagram.bytes, datagram.to).await;
        }
        let wait = wait.min(until.saturating_duration_since(now));
        match tokio::time::timeout(wait, socket.recv_from(&mut buffer)).await {
            Ok(Ok((length, from))) => {
                let arrival = Arrival { from, to: own, via: Via::Udp, bytes: &buffer[..length] };
                spectator.receive(monotonic(), arrival);
            }
            Ok(Err(_)) => {}
            Err(_) => spectator.advance(monotonic()),
        }
    }
    spectator.close();
    spectator.poll(monotonic(), &mut sends);
    for datagram in sends {
        let _ = socket.send_to(&datagram.bytes, datagram.to).await;
    }
    Ok(Fared { answered_ms, began, seen: spectator.seen() })
}
