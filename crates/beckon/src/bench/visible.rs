//! From an event to a profile that shows it, while a paced load goes on in the background.

use super::error::Error;
use super::figure::{Figure, Limit, Unit, count, line, percentile};
use super::limits::{BATCH_EVENTS, PACED_CONNECTIONS, WARM_UP};
use super::load::{self, Plan};
use super::scratch::Scratch;
use super::target::Target;
use super::{Args, goals, machine, probe};

/// Measures how soon an event is visible.
pub fn measure(args: &Args, scratch: &Scratch) -> Result<Vec<Figure>, Error> {
    let mut figure = Figure::of(goals::VISIBLE);
    for run in 1..=args.runs {
        let dir = scratch.part(&format!("visible-{run}"));
        let target = Target::start(&dir)?;
        let plan =
            target.plan("/v1/batch", BATCH_EVENTS, args.connections.map_or(PACED_CONNECTIONS, usize::from));
        let plan = Plan { rate: Some(args.rate as f64), ..plan };
        let (seen, alone) = probed(args, &target, &plan)?;
        figure.add(seen, vec![Limit::at_best("the same without any load, p99", Unit::Millis, alone)]);
        target.stop();
        scratch.clear(&dir)?;
    }
    Ok(vec![figure])
}

/// The 99th percentile under load, and without.
fn probed(args: &Args, target: &Target, plan: &Plan) -> Result<(f64, f64), Error> {
    let probes = |phase, time| probe::Plan {
        address: target.address(),
        write: target.write.clone(),
        control: target.control.clone(),
        time,
        phase,
    };
    let warm = load::run(&Plan { time: WARM_UP, phase: 1, ..plan.clone() })?;
    target.settle()?;
    let times = machine::times();
    // The load starts first and ends last: no probe goes without it.
    let paced = Plan { time: args.time() + WARM_UP, phase: 2, ..plan.clone() };
    let (outcome, under_load) = std::thread::scope(|scope| {
        let loading = scope.spawn(|| load::run(&paced));
        std::thread::sleep(WARM_UP / 2);
        let under_load = probe::run(&probes(1, args.time()));
        let outcome = loading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (outcome, under_load)
    });
    let (mut outcome, mut under_load) = (outcome?, under_load?);
    machine::print_times(&times, outcome.cpu, outcome.seconds);
    target.settle()?;
    let mut alone = probe::run(&probes(2, args.time()))?;
    let probes = (under_load.len() + alone.len()) as u64;
    let stats = target.check(warm.events + outcome.events + probes)?;

    let asked = plan.rate.unwrap_or(f64::NAN);
    line(
        "background, asked and achieved",
        format!("{} and {} events/s", count(asked as u64), count(outcome.rate() as u64)),
    );
    line("turned away (429), broken", format!("{}, {}", outcome.refused, outcome.broken));
    let [p50, p99] = [50.0, 99.0].map(|it| percentile(&mut outcome.waits_ms, it));
    line("a background batch's answer, p50 and p99", format!("{p50:.2} ms, {p99:.2} ms"));
    line("checked: folded = acknowledged", format!("{} with warm-up and probes", count(stats.events.total)));
    for (label, probes) in [("under load", &mut under_load), ("without", &mut alone)] {
        let [p50, p99, most] = [50.0, 99.0, 100.0].map(|it| percentile(probes, it));
        let label = format!("{} probes {label}, p50, p99, longest", probes.len());
        line(&label, format!("{p50:.2} ms, {p99:.2} ms, {most:.1} ms"));
    }
    Ok((percentile(&mut under_load, 99.0), percentile(&mut alone, 99.0)))
}
