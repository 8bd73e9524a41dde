//! `beckon demo`: the main job end to end, in a minute. A market of simulated shoppers lives through an evening
//! of three shows in virtual time; a server in this process takes in what they do, calls them in over a signed
//! webhook, and measures what that added. The market knows what the pushes really did, and what as many pushes
//! at other times would have done: both stand beside the report.
//!
//! - `evening` plays the market against a server over HTTP, as a shop's systems would.
//! - `sink` is the shop's end of the webhook.
//! - `otherwise` plays the same evening with other pushes, without a server.
//! - `terminal` is the only part that prints.

mod api;
mod error;
mod evening;
mod examples;
mod limits;
mod otherwise;
pub mod rehearse;
mod report;
mod sink;
mod sketch;
mod terminal;

pub use api::Api;
pub use error::Error;
pub use evening::{Evening, Heard};
pub use examples::{Example, Numbers};
pub use limits::{SHOPPERS_DEFAULT, SHOPPERS_MAX, SHOPPERS_MIN};
pub use otherwise::{Truth, When};
pub use report::{Decided, Funnel, Report};
pub use sink::{Log, Message, Received, Shared, Sink};
pub use terminal::Terminal;

use crate::config::Config;
use crate::serve::Server;
use examples::Chooser;
use limits::FUNNEL_EVERY_MS;
use report::Caps;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The zone that the market's shoppers live in.
const ZONE: &str = beckon_market::instant::ZONE;

/// The flags of `beckon demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Shoppers in the market.
    #[arg(long, default_value_t = SHOPPERS_DEFAULT, value_parser = shoppers)]
    pub shoppers: usize,
    /// Seed of the market: another seed is another town.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Address that the server listens on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// A new directory to keep everything in; a temporary one if left out.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// End after the run instead of leaving the server up.
    #[arg(long)]
    pub once: bool,
    /// Plain lines instead of a progress bar.
    #[arg(long)]
    pub plain: bool,
}

fn shoppers(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(it) if (SHOPPERS_MIN..=SHOPPERS_MAX).contains(&it) => Ok(it),
        _ => Err(format!("a number from {SHOPPERS_MIN} to {SHOPPERS_MAX}")),
    }
}

/// What a demo tells while it runs.
pub enum Told<'a> {
    /// The server is up.
    Up {
        /// Its URL.
        url: &'a str,
        /// Its server key.
        key: &'a str,
        /// The market.
        market: &'a Shared,
    },
    /// So many events of so many of the days before are in.
    Past(u64, u64),
    /// The evening is planned; it is now, and will be over then (Unix ms).
    Planned(u64, u64),
    /// It is now.
    Now(u64),
    /// A decision.
    Example(&'a Example),
    /// How far the pushes of each show have come.
    Funnels(u64, &'a [Report]),
    /// The evening is over and is played again with other pushes.
    Again,
    /// All is done.
    Done(&'a Results),
}

/// What an evening came to.
#[derive(Debug, Clone)]
pub struct Results {
    /// The server's report of each show, in their order.
    pub reports: Vec<Report>,
    /// What the server's pushes really did.
    pub ours: Truth,
    /// The same number at random times.
    pub random: Truth,
    /// The same number at a fixed hour.
    pub fixed_hour: Truth,
    /// What came in at the sink.
    pub log: Log,
    /// Events that were sent.
    pub events: u64,
    /// Shoppers of the market.
    pub shoppers: usize,
}

/// A demo that was played; its server is still up.
pub struct Demo {
    /// The server.
    pub server: Server,
    /// Calls it.
    pub api: Api,
    /// Its URL.
    pub url: String,
    /// Its server key.
    pub key: String,
    /// What the evening came to.
    pub results: Results,
    /// Kept until the end, then removed.
    temporary: Option<TempDir>,
}

impl Demo {
    /// Plays a demo; `tell` hears of it as it goes.
    pub async fn play(args: &Args, tell: &mut dyn FnMut(Told<'_>)) -> Result<Demo, Error> {
        let (data, temporary) = directory(args.data.as_deref())?;
        let config =
            Config { listen: args.listen, data, default_timezone: ZONE.to_owned(), ..Config::default() };
        let server = Server::start(&config, true).await?;
        let (url, key) = (format!("http://{}", server.address), server.printed.server.clone());
        let (write, key) = (server.printed.write.clone().unwrap_or_default(), key.unwrap_or_default());
        let api = Api::new(&url, &write, &key)?;

        let before = evening::tonight(args.seed, args.shoppers);
        let market = Shared::new(before.clone());
        tell(Told::Up { url: &url, key: &key, market: &market });
        let sink = Sink::start(market.clone()).await?;
        let mut evening = Evening::new(&api, &sink, market.clone(), before.cues_of_evening());
        evening.open_shop().await?;
        evening.remember(&mut |sent, all| tell(Told::Past(sent, all))).await?;
        evening.plan().await?;
        tell(Told::Planned(evening.now(), evening.end()));
        let shows: Vec<String> = before.setting().shows.iter().map(|it| it.id.clone()).collect();
        let reports = watch(&mut evening, &api, &sink, &shows, tell).await?;

        tell(Told::Again);
        let log = sink.log();
        let until = evening.end();
        let ours = Truth::of(&market.lock(), log.accepted);
        let caps: Caps = read(&api, "/api/v1/policy").await?;
        let again = move |when| {
            let (market, counts, caps) = (before.clone(), counts(&log), caps.clone());
            let seed = args.seed;
            tokio::task::spawn_blocking(move || otherwise::play(market, &counts, when, &caps, seed, until))
        };
        let (random, fixed_hour) = (again(When::Random), again(When::FixedHour));
        let lost = |error: tokio::task::JoinError| Error::Silent {
            call: "the evening with other pushes".into(),
            why: error.to_string(),
        };
        let results = Results {
            reports,
            ours,
            random: random.await.map_err(lost)?,
            fixed_hour: fixed_hour.await.map_err(lost)?,
            log: sink.log(),
            events: evening.events,
            shoppers: args.shoppers,
        };
        tell(Told::Done(&results));
        Ok(Demo { server, api, url, key, results, temporary })
    }

    /// How to look around in the server while it stays up, a line each.
    pub fn invite(&self) -> Vec<String> {
        let (url, key) = (&self.url, &self.key);
        let last = self.results.log.received.last();
        let (show, user) = last.map_or(("show-beauty", "u-000001"), |it| {
            (it.message.show_id.as_str(), it.message.user_id.as_str())
        });
        let curl = |path: String| format!("  curl -H 'Authorization: Bearer {key}' {url}{path}");
        vec![
            "\nThe server stays up. Ask it for a report, for why a shopper was or was not called in, for what it \
             knows of him:"
                .to_owned(),
            curl(format!("/api/v1/shows/{show}/report")),
            curl(format!("/api/v1/shows/{show}/shoppers/{user}/why")),
            curl(format!("/api/v1/profiles/{user}")),
            format!("Beckon listens on {url} until Ctrl-C."),
        ]
    }

    /// Stops the server, and removes what was only there for the demo.
    pub async fn stop(self) {
        self.server.stop().await;
        drop(self.temporary);
    }
}

/// Plays the evening to its end, and tells of it; gives the reports.
async fn watch(
    evening: &mut Evening<'_>,
    api: &Api,
    sink: &Sink,
    shows: &[String],
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<Vec<Report>, Error> {
    let (mut chooser, mut known) = (Chooser::default(), 0);
    let mut funnel_at = 0;
    while evening.step(&mut |_| {}).await? {
        let now = evening.now();
        tell(Told::Now(now));
        let new = sink.since(known);
        known += new.len();
        if let Some(example) = chooser.next(api, &new).await? {
            tell(Told::Example(&example));
        }
        if known > 0 && now >= funnel_at {
            funnel_at = (now / FUNNEL_EVERY_MS + 1) * FUNNEL_EVERY_MS;
            tell(Told::Funnels(now, &reports(api, shows).await?));
        }
    }
    reports(api, shows).await
}

async fn reports(api: &Api, shows: &[String]) -> Result<Vec<Report>, Error> {
    let mut all = Vec::with_capacity(shows.len());
    for show in shows {
        all.push(read(api, &format!("/api/v1/shows/{show}/report")).await?);
    }
    Ok(all)
}

async fn read<T: DeserializeOwned>(api: &Api, path: &str) -> Result<T, Error> {
    let value = api.get(path).await?;
    let answer =
        |error: serde_json::Error| Error::Answer { call: format!("GET {path}"), why: error.to_string() };
    serde_json::from_value(value).map_err(answer)
}

/// Pushes by show, as they came in and could be shown.
fn counts(log: &Log) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for it in log.received.iter().filter(|it| it.was_taken) {
        *counts.entry(it.message.show_id.clone()).or_default() += 1;
    }
    counts
}

/// A directory that is new or empty, or a temporary one.
fn directory(wanted: Option<&Path>) -> Result<(PathBuf, Option<TempDir>), Error> {
    let failed = |path: &Path, error| Error::Directory { path: path.to_owned(), error };
    let Some(path) = wanted else {
        let made = tempfile::Builder::new().prefix("beckon-demo-").tempdir();
        let made = made.map_err(|error| failed(&std::env::temp_dir(), error))?;
        return Ok((made.path().to_owned(), Some(made)));
    };
    std::fs::create_dir_all(path).map_err(|error| failed(path, error))?;
    let mut inside = std::fs::read_dir(path).map_err(|error| failed(path, error))?;
    if inside.next().is_some() { Err(Error::NotEmpty(path.to_owned())) } else { Ok((path.to_owned(), None)) }
}
