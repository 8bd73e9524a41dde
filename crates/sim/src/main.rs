//! Runs seeds and fuzz cases from the command line; a failure prints how to see it again.

use beckon_sim::{fuzz, world};
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

const USAGE: &str = "\
usage: beckon-sim run --seeds FIRST..END [--steps N] [--threads N]
       beckon-sim run --seed SEED [--steps N] [--trace]
       beckon-sim fuzz --cases N [--seed SEED] [--threads N]";

/// Failures that are listed; further ones are only counted.
const FAILURES_LISTED: usize = 50;

struct Arguments {
    seeds: Range<u64>,
    steps: u64,
    cases: u64,
    threads: usize,
    trace: bool,
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
    let mut arguments =
        Arguments { seeds: 0..1000, steps: world::STEPS, cases: 1_000_000, threads, trace: false };
    while let Some(word) = words.next() {
        if word == "--trace" {
            arguments.trace = true;
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
            "--steps" => arguments.steps = value.parse().ok()?,
            "--cases" => arguments.cases = value.parse().ok()?,
            "--threads" => arguments.threads = value.parse().ok().filter(|it| *it > 0)?,
            _ => return None,
        }
    }
    Some(arguments)
}

fn run(arguments: &Arguments) -> ExitCode {
    let next = AtomicU64::new(arguments.seeds.start);
    let totals = Mutex::new((Vec::new(), [0u64; 5]));
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= arguments.seeds.end {
                        return;
                    }
                    let play =
                        world::Play { seed, steps: arguments.steps, trace: arguments.trace, plant: None };
                    let outcome = world::run(play);
                    let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
                    match outcome {
                        Ok(it) => {
                            let all = [it.records, it.answered, it.starts, it.snapshots, it.flips];
                            totals.1.iter_mut().zip(all).for_each(|(sum, it)| *sum += it);
                        }
                        Err(failure) => totals.0.push((seed, failure)),
                    }
                }
            });
        }
    });
    let (mut failures, sums) = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by_key(|it| it.0);
    for (seed, failure) in failures.iter().take(FAILURES_LISTED) {
        let steps = arguments.steps;
        println!("seed {seed} failed at step {}: {}", failure.step, failure.what);
        println!("  cargo run -p beckon-sim --release -- run --seed {seed} --steps {steps} --trace");
    }
    let all = arguments.seeds.end.saturating_sub(arguments.seeds.start);
    let [records, answered, starts, snapshots, flips] = sums;
    println!(
        "{records} records, {answered} requests answered, {starts} starts, {snapshots} snapshots, {flips} flips"
    );
    println!("{} passed, {} failed", all - failures.len() as u64, failures.len());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
