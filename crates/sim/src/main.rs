//! Runs seeds and fuzz cases from the command line; a failure prints how to see it again.

use beckon_sim::oracle::pushes::Tally;
use beckon_sim::world::{Failure, Play};
use beckon_sim::{air, fuzz, world};
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

const USAGE: &str = "\
usage: beckon-sim run [--events | --pushes] --seeds FIRST..END [--steps N] [--threads N]
       beckon-sim run [--events | --pushes] --seed SEED [--steps N] [--trace]
       beckon-sim fuzz --cases N [--seed SEED] [--threads N]

Without --events or --pushes, each seed is played both ways: --events is what shoppers send, kept over crashes,
damage and a failing disk; --pushes are shows on air, with what leaves for the shoppers.";

/// Failures that are listed; further ones are only counted.
const FAILURES_LISTED: usize = 50;

struct Arguments {
    seeds: Range<u64>,
    steps: Option<u64>,
    cases: u64,
    threads: usize,
    trace: bool,
    events: bool,
    pushes: bool,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let Some(arguments) = parse(words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match command.as_str() {
        "run" => run(&arguments),
        "fuzz" => fuzz(&arguments),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<Arguments> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut arguments = Arguments {
        seeds: 0..1000,
        steps: None,
        cases: 1_000_000,
        threads,
        trace: false,
        events: true,
        pushes: true,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--trace" => arguments.trace = true,
            "--events" => arguments.pushes = false,
            "--pushes" => arguments.events = false,
            _ => {}
        }
        if matches!(word.as_str(), "--trace" | "--events" | "--pushes") {
            continue;
        }
        let value = words.next()?;
        match word.as_str() {
            "--seeds" => {
                let (first, end) = value.split_once("..")?;
                arguments.seeds = first.parse().ok()?..end.parse().ok()?;
            }
            "--seed" => {
                let seed = value.parse().ok()?;
                arguments.seeds = seed..seed + 1;
            }
            "--steps" => arguments.steps = Some(value.parse().ok()?),
            "--cases" => arguments.cases = value.parse().ok()?,
            "--threads" => arguments.threads = value.parse().ok().filter(|it| *it > 0)?,
            _ => return None,
        }
    }
    Some(arguments)
}

/// Sums over all seeds, and who failed: which kind, seed and how.
#[derive(Default)]
struct Totals {
    failures: Vec<(&'static str, u64, Failure)>,
    /// Records, answered, starts, snapshots, flips.
    events: [u64; 5],
    /// Records, starts, arrived.
    air: [u64; 3],
    pushes: Tally,
}

impl Totals {
    fn play(&mut self, kind: &'static str, play: Play, outcome: Result<(), Failure>) {
        if let Err(failure) = outcome {
            self.failures.push((kind, play.seed, failure));
        }
    }
}

fn run(arguments: &Arguments) -> ExitCode {
    let next = AtomicU64::new(arguments.seeds.start);
    let totals = Mutex::new(Totals::default());
    let lock = || totals.lock().unwrap_or_else(PoisonError::into_inner);
    let play = |seed: u64, steps: u64| {
        let steps = arguments.steps.unwrap_or(steps);
        Play { seed, steps, trace: arguments.trace, plant: None }
    };
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= arguments.seeds.end {
                        return;
                    }
                    if arguments.events {
                        let play = play(seed, world::STEPS);
                        let outcome = world::run(play);
                        let mut totals = lock();
                        let summed = outcome.map(|it| {
                            let all = [it.records, it.answered, it.starts, it.snapshots, it.flips];
                            totals.events.iter_mut().zip(all).for_each(|(sum, it)| *sum += it);
                        });
                        totals.play("--events", play, summed);
                    }
                    if arguments.pushes {
                        let play = play(seed, air::STEPS);
                        let outcome = air::run(play);
                        let mut totals = lock();
                        let summed = outcome.map(|it| {
                            let all = [it.records, it.starts, it.arrived];
                            totals.air.iter_mut().zip(all).for_each(|(sum, it)| *sum += it);
                            totals.pushes.add(&it.pushes);
                        });
                        totals.play("--pushes", play, summed);
                    }
                }
            });
        }
    });
    let mut totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    totals.failures.sort_by_key(|it| (it.1, it.0));
    for (kind, seed, failure) in totals.failures.iter().take(FAILURES_LISTED) {
        println!("seed {seed} {kind} failed at step {}: {}", failure.step, failure.what);
        let steps = arguments.steps.map_or(String::new(), |it| format!(" --steps {it}"));
        println!("  cargo run -p beckon-sim --release -- run {kind} --seed {seed}{steps} --trace");
    }
    if arguments.events {
        let [records, answered, starts, snapshots, flips] = totals.events;
        println!(
            "events: {records} records, {answered} requests answered, {starts} starts, {snapshots} snapshots, {flips} flips"
        );
    }
    if arguments.pushes {
        let [records, starts, arrived] = totals.air;
        println!("pushes: {}; {arrived} arrivals, {records} records, {starts} starts", totals.pushes);
    }
    let kinds = u64::from(arguments.events) + u64::from(arguments.pushes);
    let all = arguments.seeds.end.saturating_sub(arguments.seeds.start) * kinds;
    let failed = totals.failures.len() as u64;
    println!("{} passed, {failed} failed", all - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fuzz(arguments: &Arguments) -> ExitCode {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let (seed, case) = fuzz::case();
        eprintln!(
            "case {case} of seed {seed} panics; cargo run -p beckon-sim --release -- fuzz --seed {seed} --cases {} --threads 1",
            case + 1
        );
        hook(panic);
    }));
    let share = arguments.cases.div_ceil(arguments.threads as u64);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let spawn = |thread: usize| {
            let seed = arguments.seeds.start + thread as u64;
            scope.spawn(move || fuzz::run(seed, share))
        };
        let threads: Vec<_> = (0..arguments.threads).map(spawn).collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let mut code = ExitCode::SUCCESS;
    let mut tally = fuzz::Tally::default();
    for outcome in outcomes {
        match outcome {
            Ok(Ok(it)) => tally.add(&it),
            Ok(Err(failure)) => {
                println!("{failure}");
                code = ExitCode::FAILURE;
            }
            Err(_) => code = ExitCode::FAILURE,
        }
    }
    println!("{tally}");
    code
}
