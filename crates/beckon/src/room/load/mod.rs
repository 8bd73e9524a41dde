//! `beckon room load`: viewers that join, decode nothing, and say how it went. They run on the machine that it is
//! started on, and cost there about as much as the server; put them on another to measure a server's own limit.
//!
//! With a publisher of its own (`--publish`) it also says how long packets are under way through the server.

mod line;
mod machine;
mod people;

use crate::bench::figure::percentile;
use crate::clock::{Stopwatch, monotonic};
use clap::Args as ClapArgs;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use machine::{Spent, sending_limits, spent};
use people::{Fared, Load, publish, watch};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Most viewers of one load.
const VIEWERS_MAX: usize = 20_000;
/// From the publisher's start until viewers come: a group of pictures is there.
const PUBLISHED_FOR: Duration = Duration::from_millis(1_500);
/// From the last join until it is measured.
const SETTLED_FOR: Duration = Duration::from_secs(2);
/// How long viewers have to notice that the load is over.
const LEAVING: Duration = Duration::from_secs(10);

/// What to load with.
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// The WHEP address of the room: http://127.0.0.1:8080/whep/room-3.
    pub url: String,
    /// How many viewers join.
    #[arg(long, default_value_t = 10)]
    pub viewers: usize,
    /// For how many seconds it is measured once all have joined.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Milliseconds between two joins.
    #[arg(long, default_value_t = 10)]
    pub every_ms: u64,
    /// The ticket: `token` of `GET /api/v1/rooms/{id}/watch`.
    #[arg(long, env = "BECKON_WATCH_TOKEN", default_value = "", allow_hyphen_values = true)]
    pub token: String,
    /// Publishes in the room itself, at so many megabits a second: pictures without content, H.264 in name.
    #[arg(long)]
    pub publish: Option<f64>,
    /// For that: `token` of `GET /api/v1/rooms/{id}/publish`.
    #[arg(long, env = "BECKON_PUBLISH_TOKEN", default_value = "", allow_hyphen_values = true)]
    pub publish_token: String,
    /// How many of the viewers decipher what they get; the others count packets. Only these measure hops.
    #[arg(long, default_value_t = 4)]
    pub decipher: usize,
}

/// Why a load cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bounds.
    #[error("--viewers is 1 to {VIEWERS_MAX}")]
    Viewers,
    /// The bounds.
    #[error("--publish is 0.1 to {} Mbit/s", beckon_room::PRESENTER_BITS_MAX / 1_000_000)]
    Publish,
    /// The address cannot be read.
    #[error("`{0}` is no address of a room; write it as http://127.0.0.1:8080/whep/room-3")]
    Url(String),
    /// The publisher did not get in.
    #[error("the publisher did not get in: {0}")]
    Publisher(String),
    /// Nobody saw anything.
    #[error(
        "{0} viewers got in and no picture came: nobody publishes in this room; publish, or give --publish 2.5"
    )]
    Dark(usize),
    /// Nobody got in.
    #[error("no viewer got in; the first was told: {0}")]
    Nobody(String),
}

/// How all fared.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Outcome {
    /// Viewers who got in.
    pub joined: usize,
    /// Viewers who did not.
    pub refused: usize,
    /// Who got in and saw nothing.
    pub dark: usize,
    /// From the request to the answer, milliseconds: median and 95th percentile.
    pub answer_ms: [f64; 2],
    /// From the request to the first packet of a picture.
    pub first_picture_ms: [f64; 2],
    /// Packets that came to all viewers each second, while it was measured.
    pub packets_per_second: u64,
    /// Megabits that came to all viewers each second.
    pub mbit_per_second: f64,
    /// Packets of pictures that did not come at the first time, of a million, while it was measured.
    pub missing_ppm: u64,
    /// The same before that: when all joined and each got its burst.
    pub missing_while_joining_ppm: u64,
    /// From the publisher's socket to a viewer who has deciphered it, milliseconds: median, 99th percentile, longest.
    pub hop_ms: Option<[f64; 3]>,
    /// Pictures that the load's own publisher had no time for.
    pub pictures_left_out: u64,
    /// What the server spent meanwhile, if its metrics can be read.
    pub server: Option<Server>,
    /// Datagrams of 1,200 bytes a second that one thread of this machine can send: one by one, ten with a call.
    pub machine_sends_per_second: [u64; 2],
}

/// What the server spent.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Server {
    /// Cores that it kept busy, all of it.
    pub cores: f64,
    /// Viewers that it would have had on one core.
    pub viewers_a_core: u64,
    /// Packets that it sent each second.
    pub packets_per_second: u64,
    /// Microseconds of processor for each of them.
    pub us_a_packet: f64,
    /// Kibibytes that its memory grew by with each viewer.
    pub kib_a_viewer: f64,
}

/// Joins, watches, and says how it went.
pub async fn run(args: &Args) -> Result<Outcome, Error> {
    if !(1..=VIEWERS_MAX).contains(&args.viewers) {
        return Err(Error::Viewers);
    }
    let url: hyper::Uri = args.url.parse().map_err(|_| Error::Url(args.url.clone()))?;
    let limits = sending_limits().unwrap_or_default();
    let load = Load {
        http: Client::builder(TokioExecutor::new()).build_http(),
        epoch: monotonic(),
        over: Arc::new(AtomicBool::new(false)),
        measures: Arc::new(AtomicBool::new(false)),
    };
    let publisher = match args.publish {
        Some(mbit) => Some(present(args, &load, mbit).await?),
        None => None,
    };
    let at_first = spent(&load.http, &url).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..args.viewers {
        let deciphers = number < args.decipher;
        tasks.spawn(watch(load.clone(), url.clone(), args.token.clone(), deciphers));
        tokio::time::sleep(Duration::from_millis(args.every_ms)).await;
    }
    tokio::time::sleep(SETTLED_FOR).await;
    let before = spent(&load.http, &url).await;
    let span = Stopwatch::start();
    load.measures.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let after = spent(&load.http, &url).await;
    let seconds = span.elapsed_secs();
    load.over.store(true, Ordering::Relaxed);
    let (mut fared, mut why) = (Vec::new(), None);
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(Ok(one)) => fared.push(one),
            Ok(Err(failure)) => why = why.or(Some(failure)),
            Err(failure) => why = why.or(Some(failure.to_string())),
        }
    }
    let pictures_left_out = match publisher {
        Some(publisher) => {
            let done = tokio::time::timeout(LEAVING, publisher).await;
            let done = done.map_err(|_| Error::Publisher("it did not leave".into()))?;
            done.map_err(|error| Error::Publisher(error.to_string()))?.map_err(Error::Publisher)?
        }
        None => 0,
    };
    if let Some(why) = why.filter(|_| fared.is_empty()) {
        return Err(Error::Nobody(why));
    }
    let server = at_first.zip(before).zip(after);
    let server = server.map(|((at_first, before), after)| serve(at_first, [before, after], seconds, &fared));
    if !fared.is_empty() && fared.iter().all(|one| one.seen[1].first_picture.is_none()) {
        return Err(Error::Dark(fared.len()));
    }
    let outcome = sum(args, fared, seconds);
    Ok(Outcome { pictures_left_out, server, machine_sends_per_second: limits, ..outcome })
}

/// Starts the publisher, and waits until there is a picture.
async fn present(
    args: &Args,
    load: &Load,
    mbit: f64,
) -> Result<tokio::task::JoinHandle<Result<u64, String>>, Error> {
    let bits = (mbit * 1e6) as u64;
    if !(100_000..=beckon_room::PRESENTER_BITS_MAX).contains(&bits) {
        return Err(Error::Publish);
    }
    let whip = args.url.replacen("/whep/", "/whip/", 1);
    let whip: hyper::Uri =
        whip.parse().ok().filter(|_| whip != args.url).ok_or(Error::Url(args.url.clone()))?;
    let mut task = tokio::spawn(publish(load.clone(), whip, args.publish_token.clone(), bits));
    match tokio::time::timeout(PUBLISHED_FOR, &mut task).await {
        Err(_) => Ok(task),
        Ok(Ok(Err(why))) => Err(Error::Publisher(why)),
        Ok(_) => Err(Error::Publisher("its session ended".into())),
    }
}

fn serve(at_first: Spent, [before, after]: [Spent; 2], seconds: f64, fared: &[Fared]) -> Server {
    let (cpu, sent) = (after.cpu_s - before.cpu_s, after.sent - before.sent);
    let cores = cpu / seconds;
    Server {
        cores: rounded(cores, 100.0),
        viewers_a_core: (fared.len() as f64 / cores.max(1e-6)) as u64,
        packets_per_second: (sent / seconds) as u64,
        us_a_packet: rounded(cpu * 1e6 / sent.max(1.0), 100.0),
        kib_a_viewer: rounded(
            (after.resident - at_first.resident) / 1_024.0 / fared.len().max(1) as f64,
            10.0,
        ),
    }
}

fn sum(args: &Args, fared: Vec<Fared>, seconds: f64) -> Outcome {
    let pictures = fared.iter().filter_map(|one| Some((one.began, one.seen[1].first_picture?)));
    let first = pictures.map(|(began, first)| first.saturating_duration_since(began).as_secs_f64() * 1_000.0);
    let first: Vec<f64> = first.collect();
    let during = |get: fn(&beckon_room::Seen) -> u64| -> u64 {
        fared.iter().map(|one| get(&one.seen[1]) - get(&one.seen[0])).sum()
    };
    let (pictures, sounds, bytes) = (during(|it| it.pictures), during(|it| it.sounds), during(|it| it.bytes));
    let missing: u64 = fared.iter().map(|one| one.seen[1].missing_since(&one.seen[0])).sum();
    let at_first: u64 =
        fared.iter().map(|one| one.seen[0].missing_since(&beckon_room::Seen::default())).sum();
    let began: u64 = fared.iter().map(|one| one.seen[0].pictures).sum();
    let mut outcome = Outcome {
        joined: fared.len(),
        refused: args.viewers - fared.len(),
        dark: fared.len() - first.len(),
        answer_ms: percentiles(fared.iter().map(|one| one.answered_ms).collect(), [50.0, 95.0])
            .unwrap_or_default(),
        first_picture_ms: percentiles(first, [50.0, 95.0]).unwrap_or_default(),
        packets_per_second: ((pictures + sounds) as f64 / seconds) as u64,
        mbit_per_second: rounded(bytes as f64 * 8.0 / seconds / 1e6, 10.0),
        missing_ppm: missing * 1_000_000 / (pictures + missing).max(1),
        missing_while_joining_ppm: at_first * 1_000_000 / (began + at_first).max(1),
        ..Outcome::default()
    };
    let hops = fared.into_iter().flat_map(|one| one.hops_us).map(|us| f64::from(us) / 1_000.0);
    outcome.hop_ms = percentiles(hops.collect(), [50.0, 99.0, 100.0]);
    outcome
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

/// The values below which so many of a hundred lie, to the hundredth; `None` of nothing.
fn percentiles<const N: usize>(mut values: Vec<f64>, of_hundred: [f64; N]) -> Option<[f64; N]> {
    (!values.is_empty()).then(|| of_hundred.map(|it| rounded(percentile(&mut values, it), 100.0)))
}
