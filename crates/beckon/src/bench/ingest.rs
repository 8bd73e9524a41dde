//! Durable ingest in batches: from the first request until the last acknowledged event is folded, so that
//! nothing is counted that still waits in a queue.

use super::error::Error;
use super::figure::{Figure, Limit, Unit, bytes, count, line, percentile};
use super::limits::{BATCH_CONNECTIONS, BATCH_EVENTS, LIMIT_TIME, WARM_UP};
use super::load::{self, Plan};
use super::scratch::Scratch;
use super::target::Target;
use super::{Args, goals, limit, machine};
use crate::clock::Stopwatch;

/// Measures ingest.
pub fn measure(args: &Args, scratch: &Scratch) -> Result<Vec<Figure>, Error> {
    let mut figure = Figure::of(goals::INGEST);
    for run in 1..=args.runs {
        let dir = scratch.part(&format!("ingest-{run}"));
        let target = Target::start(&dir)?;
        let connections = args.connections.map_or(BATCH_CONNECTIONS, usize::from);
        let plan = target.plan("/v1/batch", BATCH_EVENTS, connections);
        let (seen, written, events) = loaded(args, &target, &plan)?;
        target.stop();
        scratch.clear(&dir)?;

        let raw = scratch.part(&format!("raw-{run}"));
        let a_commit = (events as f64 / written.commits.max(1) as f64).max(1.0);
        let commits = limit::append::commits_a_second(&raw, written)?;
        scratch.clear(&raw)?;
        let bodies = limit::parse::bodies(&plan);
        let http = limit::http::alone(&Plan { time: LIMIT_TIME, ..plan })?;
        figure.add(
            seen,
            vec![
                Limit::at_best("the same commits to the journal alone", Unit::PerSecond, commits * a_commit),
                Limit::at_best(
                    "JSON parsed and dropped, one core",
                    Unit::PerSecond,
                    limit::parse::json(&bodies),
                ),
                Limit::at_best(
                    "read into events, one core",
                    Unit::PerSecond,
                    limit::parse::collected(&bodies),
                ),
                Limit::at_best("HTTP alone, the same requests", Unit::PerSecond, http.rate()),
            ],
        );
    }
    Ok(vec![figure])
}

/// Events a second until all are folded, what the journal wrote meanwhile, and how many events there were.
fn loaded(args: &Args, target: &Target, plan: &Plan) -> Result<(f64, super::target::Written, u64), Error> {
    let warm = load::run(&Plan { time: WARM_UP, phase: 1, ..plan.clone() })?;
    target.settle()?;
    let (before, times, watch) = (target.written(), machine::times(), Stopwatch::start());
    let mut outcome = load::run(&Plan { time: args.time(), phase: 2, ..plan.clone() })?;
    target.settle()?;
    let seconds = watch.elapsed_secs();
    machine::print_times(&times, outcome.cpu, seconds);
    let written = target.written().since(before);
    let stats = target.check(warm.events + outcome.events)?;
    line("acknowledged", format!("{} in {:.2} s", count(outcome.events), outcome.seconds));
    line("folded, all of them", format!("{:.2} s after the first request", seconds));
    line("checked: folded = acknowledged", format!("{} with the warm-up", count(stats.events.total)));
    line(
        "turned away (429), broken, repeated",
        format!("{}, {}, {}", outcome.refused, outcome.broken, stats.events.repeated),
    );
    let [p50, p99] = [50.0, 99.0].map(|it| percentile(&mut outcome.waits_ms, it));
    line("a batch's answer, p50 and p99", format!("{p50:.2} ms, {p99:.2} ms"));
    let a_commit = written.bytes / written.commits.max(1);
    let a_second = (written.bytes as f64 / seconds) as u64;
    line("a commit, journal a second", format!("{}, {}", bytes(a_commit), bytes(a_second)));
    line(
        "bytes of JSON an event, of journal an event",
        format!(
            "{}, {}",
            plan.requests(0, &mut super::dice::Dice::new(0))[0].body().len() / plan.events,
            written.bytes / outcome.events.max(1)
        ),
    );
    Ok((outcome.events as f64 / seconds, written, outcome.events))
}
