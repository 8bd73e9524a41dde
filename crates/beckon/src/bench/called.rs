//! From an event to the message that it led to, handed over to the webhook or read by a client in the app, while a
//! paced load goes on behind.
//!
//! A show is on air for a category that the load knows nothing of. Each probe is a shopper who has agreed to be
//! called and now looks at the show's product for the first time: his event alone brings him into the audience. What
//! is timed is all of collect, journal, fold, decision, attempt, last look, words, signature and request, up to
//! the instant at which the customer's server has read the message, or the shopper's client its frame. The load's shoppers have not agreed; each of
//! their events is asked for a decision too, which ends at consent.

use super::error::Error;
use super::figure::{Figure, Limit, Unit, count, doing, line, percentile};
use super::fresh::Probes;
use super::limits::{BATCH_EVENTS, PACED_CONNECTIONS, WARM_UP};
use super::load::{self, Plan};
use super::scratch::Scratch;
use super::target::Target;
use super::waits::Waits;
use super::way::Way;
use super::{Args, goals, machine};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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
    let (loaded, quiet) = (probes(1, args.time()), probes(2, args.time()));
    doing("a show goes on air, up to its first push");
    let mut sent = probes(0, Duration::ZERO).go_on_air()?;
    doing(&format!(
        "{} shoppers agree to be called, and are where they can be",
        count(2 * loaded.shoppers())
    ));
    sent += loaded.get_ready()? + quiet.get_ready()?;
    let (times, ends) = (machine::times(), Arc::new(AtomicBool::new(false)));
    // The load starts first and ends last: no probe goes without it.
    let paced = Plan { time: Duration::MAX, phase: 1, ends: Some(ends.clone()), ..plan.clone() };
    let (outcome, under_load) = std::thread::scope(|scope| {
        let loading = scope.spawn(|| load::run(&paced));
        doing(&format!("{} s of load to warm up", WARM_UP.as_secs()));
        std::thread::sleep(WARM_UP);
        doing(&format!("{} s of probes under load", args.seconds));
        target.begin_turns();
        let waits = Waits::watch();
        let under_load = loaded.run();
        waits.print();
        ends.store(true, Ordering::Relaxed);
        let outcome = loading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (outcome, under_load)
    });
    let (mut outcome, mut under_load) = (outcome?, under_load?);
    machine::print_times(&times, outcome.cpu, outcome.seconds);
    target.print_turns();
    target.settle()?;
    doing(&format!("{} s of probes without load", args.seconds));
    let mut alone = quiet.run()?;
    doing("the way alone");
    let mut limit = way.alone()?;
    sent += (under_load.len() + alone.len()) as u64;
    let stats = target.check(outcome.events + sent)?;

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
