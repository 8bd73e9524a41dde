//! `beckon rehearse`: a planned show before it airs. A market is peopled with the server's own shoppers, a server
//! in this process takes over the plan, the words and the policy, and the show is played in virtual time. Nothing
//! is sent to anyone, and the server that was asked is only read.
//!
//! What is not known of a shopper is drawn from the seed, so a rehearsal tells how large the evening will be and
//! where it will be tight, not who will come.

use super::api::Api;
use super::error::Error;
use super::evening::{Evening, Heard};
use super::limits::REHEARSED_BEFORE_MS;
use super::report::{Counted, Report};
use super::sink::{Shared, Sink};
use super::sketch::{self, Plan, escaped};
use super::terminal::clock;
use super::{directory, read};
use crate::config::Config;
use crate::serve::Server;
use beckon_market::show::Show;
use beckon_market::{Market, Tally};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The flags of `beckon rehearse`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The show's id.
    pub show: String,
    /// The server that knows the show and the shoppers: http://HOST:PORT.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub to: String,
    /// Its server key.
    #[arg(long, env = "BECKON_SERVER_KEY", hide_env_values = true)]
    pub key: String,
    /// Seed of what is not known: another seed is another evening.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

/// What is tight that stands in the way of pushes, by its code in a report.
const CAPS: [&str; 8] =
    ["room_full", "stock_spoken", "budget_spent", "day_cap", "show_cap", "channel_cap", "gap", "quiet_hours"];

/// A minute, in milliseconds.
const MINUTE: u64 = 60_000;

/// What came of a rehearsal.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The show.
    pub show: Show,
    /// Shoppers who took part, and those whom the server knows.
    pub shoppers: (u64, u64),
    /// Entries by minute of the show, from its planned start on; what came before is in the first.
    pub arrivals: Vec<u64>,
    /// Offers that were sold out, and when (Unix ms).
    pub sold_out: Vec<(String, u64)>,
    /// The report of its pushes.
    pub report: Report,
    /// What the market counted.
    pub tally: Tally,
}

impl Rehearsal {
    /// Plays a rehearsal; `tell` hears what it is doing now.
    pub async fn play(args: &Args, tell: &mut dyn FnMut(&str)) -> Result<Rehearsal, Error> {
        let there = Api::new(&args.to, "", &args.key)?;
        tell("reading the plan and the shoppers");
        let plan = Plan::read(&there, &escaped(&args.show)).await?;
        let (sketches, all) = sketch::shoppers(&there).await?;
        if sketches.is_empty() {
            return Err(Error::Nobody);
        }
        let share = sketches.len() as f64 / all as f64;
        let mut setting = plan.setting.clone();
        let show = setting.shows[0].clone();
        setting.shows.iter_mut().for_each(|it| scale(it, share));
        let start = show.starts_at.saturating_sub(REHEARSED_BEFORE_MS);
        let market = Market::rehearsal(args.seed, start, setting, &sketches);
        let cues = market.cues_as_planned();

        let (data, temporary) = directory(None)?;
        let policy: Value = read(&there, "/api/v1/policy").await?;
        let zone = policy["default_timezone"].as_str().unwrap_or("UTC").to_owned();
        let listen = ([127, 0, 0, 1], 0).into();
        let config = Config { listen, data, default_timezone: zone, ..Config::default() };
        let server = Server::start(&config, true).await?;
        let keys = (server.printed.write.clone(), server.printed.server.clone());
        let (write, key) = (keys.0.unwrap_or_default(), keys.1.unwrap_or_default());
        let api = Api::new(&format!("http://{}", server.address), &write, &key)?;
        let market = Shared::new(market);
        let sink = Sink::start(market.clone()).await?;
        let mut evening = Evening::new(&api, &sink, market.clone(), cues);
        tell("living through the days before");
        evening.open_shop().await?;
        take_over(&there, &api, policy).await?;
        evening.remember(&mut |_, _| {}).await?;
        evening.plan().await?;
        api.put(&format!("/api/v1/shows/{}", escaped(&args.show)), &scaled(&plan.body, share)).await?;

        tell("playing the show");
        let mut arrivals = vec![0; (show.ends_at.saturating_sub(show.starts_at) / MINUTE + 1) as usize];
        let mut sold_out = Vec::new();
        let mut hear = |heard: Heard<'_>| match heard {
            Heard::Event(it) if it.name == "Live Room Entered" => {
                let minute = it.at_ms.saturating_sub(show.starts_at) / MINUTE;
                let last = arrivals.len() - 1;
                arrivals[(minute as usize).min(last)] += 1;
            }
            Heard::Event(_) => {}
            Heard::SoldOut(at, offer) => sold_out.push((offer.to_owned(), at)),
        };
        while evening.step(&mut hear).await? {}
        let report = read(&api, &format!("/api/v1/shows/{}/report", escaped(&args.show))).await?;
        let tally = market.lock().tallies()[0];
        server.stop().await;
        drop(temporary);
        Ok(Rehearsal { show, shoppers: (sketches.len() as u64, all), arrivals, sold_out, report, tally })
    }

    /// What an operator reads.
    pub fn lines(&self) -> Vec<String> {
        let (took_part, all) = self.shoppers;
        let times = all as f64 / took_part.max(1) as f64;
        let up = |count: u64| (count as f64 * times).round() as u64;
        let show = &self.show;
        let mut lines = vec![
            format!("{}  {}  {}–{}", show.id, show.title, clock(show.starts_at), clock(show.ends_at)),
            format!(
                "rehearsed with {took_part} of {all} shoppers, counts scaled to all; what is not known of them is drawn \
                 by lot"
            ),
            format!(
                "\n  {:10}{:>7}{:>10}{:>22}{:>16}",
                "phase", "from", "arrivals", "a minute, on average", "at its busiest"
            ),
        ];
        for (name, from, to) in self.phases() {
            let of_phase = &self.arrivals[from.min(self.arrivals.len())..to.min(self.arrivals.len())];
            let sum: u64 = of_phase.iter().sum();
            let busiest = of_phase.iter().max().copied().unwrap_or(0);
            lines.push(format!(
                "  {name:10}{:>7}{:>10}{:>22.1}{:>16}",
                clock(show.starts_at + from as u64 * MINUTE),
                up(sum),
                sum as f64 * times / of_phase.len().max(1) as f64,
                up(busiest)
            ));
        }
        let funnel = &self.report.funnel;
        lines.push(format!(
            "\n  pushes: {} decided, {} accepted, {} tapped, {} entered; {} orders in all",
            up(funnel.decided),
            up(funnel.accepted),
            up(funnel.tapped),
            up(funnel.entered),
            up(self.tally.orders)
        ));
        lines.push(format!("  most in the room at once: {}", up(self.tally.inside_max)));
        let mut sold: BTreeMap<&str, u64> = BTreeMap::new();
        for (offer, at) in &self.sold_out {
            sold.entry(offer).or_insert(*at);
        }
        let sold: Vec<String> = sold.iter().map(|(offer, at)| format!("{offer} at {}", clock(*at))).collect();
        lines.push(format!(
            "  sold out: {}",
            if sold.is_empty() { "nothing".into() } else { sold.join(", ") }
        ));
        let caps = |it: &&Counted| CAPS.contains(&it.reason.as_str());
        let told = |it: &Counted| format!("{} ({})", it.reason.replace('_', " "), up(it.count));
        let hit: Vec<String> = self.report.withheld.last_look.iter().filter(caps).map(told).collect();
        lines.push(format!(
            "  shoppers whom a cap kept from a push, at the last look: {}",
            if hit.is_empty() { "nobody".into() } else { hit.join(", ") }
        ));
        lines
    }

    /// Each phase with its first minute and the one after its last.
    fn phases(&self) -> Vec<(&'static str, usize, usize)> {
        let minute = |at: u64| (at.saturating_sub(self.show.starts_at) / MINUTE) as usize;
        let end = self.arrivals.len();
        let mut begins: Vec<(&'static str, usize)> =
            self.show.phases.iter().map(|it| (it.0.name(), minute(it.1))).collect();
        begins.sort_by_key(|it| it.1);
        if begins.first().is_none_or(|it| it.1 > 0) {
            begins.insert(0, ("warm_up", 0));
        }
        let ends = begins.iter().skip(1).map(|it| it.1).chain([end]).collect::<Vec<_>>();
        begins.into_iter().zip(ends).map(|((name, from), to)| (name, from, to)).collect()
    }
}

/// What is bounded is bounded for a share of the shoppers as for all.
fn scale(show: &mut Show, share: f64) {
    let part = |it: u32| ((f64::from(it) * share).round() as u32).max(1);
    show.capacity = part(show.capacity);
    show.push_budget = part(show.push_budget);
    show.slots.iter_mut().for_each(|it| it.stock = part(it.stock));
}

fn scaled(body: &Value, share: f64) -> Value {
    let mut body = body.clone();
    for field in ["capacity", "push_budget"] {
        if let Some(bound) = body[field].as_u64() {
            body[field] = json!(((bound as f64 * share).round() as u64).max(1));
        }
    }
    body
}

/// The same policy and the same words.
async fn take_over(there: &Api, here: &Api, mut policy: Value) -> Result<(), Error> {
    if let Some(object) = policy.as_object_mut() {
        object.remove("default_timezone");
        object.remove("default_offset_min");
    }
    here.put("/api/v1/policy", &policy).await?;
    let wanted = sketch::templates(there).await?;
    for (id, _) in sketch::templates(here).await? {
        if !wanted.iter().any(|it| it.0 == id) {
            here.delete(&format!("/api/v1/templates/{}", escaped(&id))).await?;
        }
    }
    for (id, body) in wanted {
        here.put(&format!("/api/v1/templates/{}", escaped(&id)), &body).await?;
    }
    Ok(())
}
