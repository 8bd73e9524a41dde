//! Single posts: one event a request, over many connections, each answered when it is durable.

use super::error::Error;
use super::figure::{Figure, Limit, Unit, count, line, percentile};
use super::limits::{LIMIT_TIME, SINGLE_CONNECTIONS, WARM_UP};
use super::load::{self, Plan};
use super::scratch::Scratch;
use super::target::{Target, Written};
use super::{Args, goals, limit, machine};
use crate::clock::Stopwatch;

/// Measures single posts.
pub fn measure(args: &Args, scratch: &Scratch) -> Result<Vec<Figure>, Error> {
    let mut figure = Figure::of(goals::SINGLE);
    for run in 1..=args.runs {
        let dir = scratch.part(&format!("single-{run}"));
        let target = Target::start(&dir)?;
        let connections = args.connections.map_or(SINGLE_CONNECTIONS, usize::from);
        let plan = target.plan("/v1/track", 1, connections);
        let seen = loaded(args, &target, &plan)?;
        target.stop();
        scratch.clear(&dir)?;

        let raw = scratch.part(&format!("raw-{run}"));
        let syncs = limit::append::commits_a_second(&raw, Written { commits: 1, records: 1, bytes: 300 })?;
        scratch.clear(&raw)?;
        let http = limit::http::alone(&Plan { time: LIMIT_TIME, ..plan })?;
        figure.add(
            seen,
            vec![
                Limit::at_best("HTTP alone, the same requests", Unit::PerSecond, http.rate()),
                Limit::beside("write and fdatasync of one block", Unit::PerSecond, syncs),
            ],
        );
    }
    Ok(vec![figure])
}

fn loaded(args: &Args, target: &Target, plan: &Plan) -> Result<f64, Error> {
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
    line("checked: folded = acknowledged", format!("{} with the warm-up", count(stats.events.total)));
    line(
        "turned away (429), broken, repeated",
        format!("{}, {}, {}", outcome.refused, outcome.broken, stats.events.repeated),
    );
    let [p50, p99, most] = [50.0, 99.0, 100.0].map(|it| percentile(&mut outcome.waits_ms, it));
    line("a post's answer, p50, p99, longest", format!("{p50:.2} ms, {p99:.2} ms, {most:.1} ms"));
    let (posts, commits) = (outcome.events as f64, written.commits.max(1) as f64);
    line("commits a second, posts a commit", format!("{:.0}, {:.1}", commits / seconds, posts / commits));
    Ok(posts / seconds)
}
