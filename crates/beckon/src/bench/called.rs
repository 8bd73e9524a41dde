//! From an event to the message that it led to, handed over to the webhook or read by a client in the app, while a
//! paced load goes on behind.
//!
//! A show is on air for a category that the load knows nothing of. Each probe is a shopper who has agreed to be
//! called and now looks at the show's product for the first time: his event alone brings him into the audience. What
//! is timed is all of collect, journal, fold, decision, attempt, last look, words, signature and request, up to
//! the instant at which the customer's server has read the message, or the shopper's client its frame. The load's shoppers have not agreed; each of
//! their events is asked for a decision too, which ends at consent.

use super::client::{Connection, post, put};
use super::error::Error;
use super::figure::{Figure, Limit, Unit, count, line, percentile};
use super::limits::{
    BATCH_EVENTS, CALLED_PATIENCE, PACED_CONNECTIONS, PROBE_CONNECTIONS, PROBE_EVERY, WARM_UP,
};
use super::load::{self, Plan, on_own_thread};
use super::request::rfc3339;
use super::scratch::Scratch;
use super::target::Target;
use super::way::Way;
use super::{Args, goals, machine};
use crate::clock::{Clock, Stopwatch};
use beckon_core::time::Timestamp;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;

/// Measures how soon an event's push is handed over to a webhook.
pub fn measure(args: &Args, scratch: &Scratch) -> Result<Vec<Figure>, Error> {
    let limit = "a request to the webhook alone, p99, no load";
    measured(args, scratch, Figure::of(goals::CALLED), limit, |_| Way::webhook())
}

/// Measures how soon an event's push is read by the shopper's client.
pub fn measure_in_app(args: &Args, scratch: &Scratch) -> Result<Vec<Figure>, Error> {
    crate::open_files::raise();
    let limit = "a ping and its pong over a connection, p99, no load";
    measured(args, scratch, Figure::of(goals::IN_APP), limit, Way::in_app)
}

fn measured(
    args: &Args,
    scratch: &Scratch,
    mut figure: Figure,
    limit_name: &'static str,
    way: impl Fn(&Target) -> Result<Way, Error>,
) -> Result<Vec<Figure>, Error> {
    for run in 1..=args.runs {
        let dir = scratch.part(&format!("called-{run}"));
        let target = Target::start(&dir)?;
        let way = way(&target)?;
        let plan =
            target.plan("/v1/batch", BATCH_EVENTS, args.connections.map_or(PACED_CONNECTIONS, usize::from));
        let plan = Plan { rate: Some(args.rate as f64), ..plan };
        let (seen, alone, limit) = probed(args, &target, &way, &plan)?;
        figure.add(
            seen,
            vec![
                Limit::at_best("the same without any load, p99", Unit::Millis, alone),
                Limit::at_best(limit_name, Unit::Millis, limit),
            ],
        );
        target.stop();
        scratch.clear(&dir)?;
    }
    Ok(vec![figure])
}

fn probed(args: &Args, target: &Target, way: &Way, plan: &Plan) -> Result<(f64, f64, f64), Error> {
    let probes = |phase, time| Probes {
        address: target.address(),
        write: target.write.clone(),
        control: target.control.clone(),
        way: way.clone(),
        time,
        phase,
    };
    let mut sent = probes(0, Duration::ZERO).go_on_air()?;
    let warm = load::run(&Plan { time: WARM_UP, phase: 1, ..plan.clone() })?;
    target.settle()?;
    let times = machine::times();
    target.begin_turns();
    let paced = Plan { time: args.time() + WARM_UP, phase: 2, ..plan.clone() };
    let (outcome, under_load) = std::thread::scope(|scope| {
        let loading = scope.spawn(|| load::run(&paced));
        std::thread::sleep(WARM_UP / 2);
        let under_load = probes(1, args.time()).run();
        let outcome = loading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (outcome, under_load)
    });
    let (mut outcome, (mut under_load, more)) = (outcome?, under_load?);
    sent += more;
    machine::print_times(&times, outcome.cpu, outcome.seconds);
    target.print_turns();
    target.settle()?;
    let (mut alone, more) = probes(2, args.time()).run()?;
    sent += more;
    let mut limit = way.alone()?;
    let stats = target.check(warm.events + outcome.events + sent)?;

    let asked = plan.rate.unwrap_or(f64::NAN);
    line(
        "background, asked and achieved",
        format!("{} and {} events/s", count(asked as u64), count(outcome.rate() as u64)),
    );
    line("turned away (429), broken", format!("{}, {}", outcome.refused, outcome.broken));
    let [p50, p99] = [50.0, 99.0].map(|it| percentile(&mut outcome.waits_ms, it));
    line("a background batch's answer, p50 and p99", format!("{p50:.2} ms, {p99:.2} ms"));
    line("checked: folded = acknowledged", format!("{} with warm-up and probes", count(stats.events.total)));
    for (label, probes) in
        [("under load", &mut under_load), ("without", &mut alone), ("of the way alone", &mut limit)]
    {
        let [p50, p99, most] = [50.0, 99.0, 100.0].map(|it| percentile(probes, it));
        let label = format!("{} probes {label}, p50, p99, longest", probes.len());
        line(&label, format!("{p50:.2} ms, {p99:.2} ms, {most:.1} ms"));
    }
    Ok((percentile(&mut under_load, 99.0), percentile(&mut alone, 99.0), percentile(&mut limit, 99.0)))
}

/// A series of probes.
#[derive(Clone)]
struct Probes {
    address: SocketAddr,
    write: String,
    control: String,
    way: Way,
    time: Duration,
    phase: u16,
}

impl Probes {
    /// Plans the show, puts it on air and waits until its first push arrives; returns the events that took.
    fn go_on_air(&self) -> Result<u64, Error> {
        on_own_thread(|| alone()?.block_on(self.plan_and_wait()))
    }

    async fn plan_and_wait(&self) -> Result<u64, Error> {
        let mut connection = self.connect().await?;
        for (path, body) in plans(Clock::System.now(), self.way.channel()) {
            let path = format!("/api/v1/{path}");
            let request = put(&path, &self.control, body.to_string().as_bytes());
            ask(&mut connection, &path, &request).await?;
        }
        let path = "/api/v1/shows/show-1/cues";
        ask(&mut connection, path, &post(path, &self.control, br#"{"cue":"start"}"#)).await?;
        // Until every shard has told how its shoppers are spread there is no price, and no push.
        let watch = Stopwatch::start();
        for turn in 0.. {
            let user = format!("first-{turn}");
            self.agree(&mut connection, &user).await?;
            let arrival = self.way.expect(&user);
            self.look(&mut connection, &user).await?;
            if tokio::time::timeout(Duration::from_secs(1), arrival).await.is_ok() {
                return Ok(2 * (turn + 1));
            }
            if watch.elapsed() > CALLED_PATIENCE {
                return Err(Error::NeverCalled {
                    user,
                    why: self.why(&mut connection, &format!("first-{turn}")).await,
                });
            }
        }
        Ok(0)
    }

    /// Probes until the time is over: how long each took in milliseconds, and how many events were sent.
    fn run(&self) -> Result<(Vec<f64>, u64), Error> {
        on_own_thread(|| alone()?.block_on(self.probe_all()))
    }

    async fn probe_all(&self) -> Result<(Vec<f64>, u64), Error> {
        let turns = (self.time.as_nanos() / PROBE_EVERY.as_nanos()) as usize / PROBE_CONNECTIONS + 1;
        let mut ready = Vec::new();
        for number in 0..PROBE_CONNECTIONS {
            let mut connection = self.connect().await?;
            for turn in 0..turns {
                self.agree(&mut connection, &self.user(number, turn)).await?;
            }
            ready.push((number, connection));
        }
        let (mut probing, watch) = (JoinSet::new(), Stopwatch::start());
        for (number, connection) in ready {
            probing.spawn(self.clone().probe_in_turn(number, connection, watch));
        }
        let mut all = Vec::new();
        while let Some(done) = probing.join_next().await {
            all.extend(done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?);
        }
        let sent = (turns * PROBE_CONNECTIONS + all.len()) as u64;
        Ok((all, sent))
    }

    async fn probe_in_turn(
        self,
        number: usize,
        mut connection: Connection,
        watch: Stopwatch,
    ) -> Result<Vec<f64>, Error> {
        let mut took_ms = Vec::new();
        for turn in 0.. {
            let due = PROBE_EVERY * (turn * PROBE_CONNECTIONS + number) as u32;
            if due >= self.time {
                break;
            }
            let early = due.saturating_sub(watch.elapsed());
            let began = if early.is_zero() {
                due
            } else {
                tokio::time::sleep(early).await;
                watch.elapsed()
            };
            let user = self.user(number, turn);
            let arrival = self.way.expect(&user);
            self.look(&mut connection, &user).await?;
            let Ok(Ok(())) = tokio::time::timeout(CALLED_PATIENCE, arrival).await else {
                let why = self.why(&mut connection, &user).await;
                return Err(Error::NeverCalled { user, why });
            };
            took_ms.push((watch.elapsed() - began).as_secs_f64() * 1e3);
        }
        Ok(took_ms)
    }

    fn user(&self, number: usize, turn: usize) -> String {
        format!("fresh-{}-{number}-{turn}", self.phase)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        Connection::open(self.address).await.map_err(Error::io("connect"))
    }

    /// The shopper agrees to be called, and is where he can be.
    async fn agree(&self, connection: &mut Connection, user: &str) -> Result<(), Error> {
        self.way.ready(user).await?;
        let body = json!({ "userId": user, "messageId": format!("{user}-agrees"),
            "traits": { "consent": { "marketing": true } } });
        ask(connection, "/v1/identify", &post("/v1/identify", &self.write, body.to_string().as_bytes())).await
    }

    /// The shopper looks at the product.
    async fn look(&self, connection: &mut Connection, user: &str) -> Result<(), Error> {
        let body = json!({ "event": "Product Viewed", "userId": user, "messageId": format!("{user}-looks"),
            "timestamp": rfc3339(Clock::System.now()),
            "properties": { "product_id": "bench-serum" } });
        ask(connection, "/v1/track", &post("/v1/track", &self.write, body.to_string().as_bytes())).await
    }

    /// What the server says of why a shopper is not called.
    async fn why(&self, connection: &mut Connection, user: &str) -> String {
        let path = format!("/api/v1/shows/show-1/shoppers/{user}/why");
        match connection.exchange(&super::client::get(&path, &self.control)).await {
            Ok(_) => String::from_utf8_lossy(connection.body()).chars().take(600).collect(),
            Err(error) => error.to_string(),
        }
    }
}

fn alone() -> Result<tokio::runtime::Runtime, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(Error::io("start the probes"))
}

async fn ask(connection: &mut Connection, path: &str, request: &[u8]) -> Result<(), Error> {
    let watch = Stopwatch::start();
    loop {
        match connection.exchange(request).await.map_err(Error::io("probe"))? {
            200 => return Ok(()),
            429 if watch.elapsed() < CALLED_PATIENCE => tokio::time::sleep(super::limits::BACK_OFF).await,
            status => return Err(connection.refusal(path, status)),
        }
    }
}

/// A show that began two hours ago and ends in half an hour, with a product that costs less now.
fn plans(now: Timestamp, channel: (&'static str, Value)) -> Vec<(&'static str, Value)> {
    let minutes = |from_now: i64| rfc3339(Timestamp(now.0 + from_now * 60_000));
    let none = json!({ "never_pct": 0, "ghost_pct": 0, "random_pct": 0 });
    vec![
        ("policy", json!({ "quiet_hours": null, "gap_minutes": 0, "holdouts": none, "fatigue": 0 })),
        ("hosts/bench-host", json!({ "name": "Mei" })),
        ("rooms/bench-room", json!({ "title": "Serum night", "host_id": "bench-host" })),
        (
            "products/bench-serum",
            json!({ "title": "Repair serum", "category": "bench-beauty", "price": 299, "currency": "CNY" }),
        ),
        channel,
        (
            "shows/show-1",
            json!({
                "room_id": "bench-room", "title": "Serum night", "audience": "interest(\"bench-beauty\") > 0.0",
                "starts_at": minutes(-120), "ends_at": minutes(30),
                "phases": [{ "phase": "closing", "starts_at": minutes(-20) }],
                "slots": [{ "product_id": "bench-serum", "starts_at": minutes(-120), "ends_at": minutes(30) }],
            }),
        ),
        (
            "offers/bench-offer",
            json!({ "show_id": "show-1", "product_id": "bench-serum", "price": 199, "original_price": 299 }),
        ),
    ]
}
