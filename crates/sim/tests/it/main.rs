//! What the gate relies on: seeds pass, one seed is one run, and the oracle catches what is planted.

mod pushes;

use beckon_sim::plant::Plant;
use beckon_sim::world::{Failure, Play, STEPS, run};

fn play(seed: u64, plant: Option<Plant>) -> Play {
    Play { seed, steps: STEPS, trace: false, plant }
}

/// Seeds until a planted bug must have been caught.
const SEEDS: u64 = 60;

fn first_catch(plant: Plant) -> Option<(u64, Failure)> {
    (0..SEEDS).find_map(|seed| run(play(seed, Some(plant))).err().map(|failure| (seed, failure)))
}

#[test]
fn sixty_seeds_pass() {
    for seed in 0..SEEDS {
        if let Err(failure) = run(play(seed, None)) {
            panic!(
                "seed {seed} failed at step {}: {}\n  cargo run -p beckon-sim --release -- run --seed {seed} --trace",
                failure.step, failure.what
            );
        }
    }
}

#[test]
fn two_runs_of_one_seed_are_one_run() {
    for seed in 200..212 {
        assert_eq!(run(play(seed, None)), run(play(seed, None)), "seed {seed}");
    }
}

#[test]
fn seeds_differ() {
    assert_ne!(run(play(1, None)), run(play(2, None)));
}

#[test]
fn every_planted_bug_is_caught() {
    for plant in Plant::EVENTS {
        let (seed, failure) = first_catch(plant)
            .unwrap_or_else(|| panic!("{plant:?} passed {SEEDS} seeds: the oracle is blind to it"));
        println!(
            "{plant:?} was caught by seed {seed}: {}",
            failure.what.chars().take(160).collect::<String>()
        );
    }
}

#[test]
fn a_few_fuzz_cases_pass() {
    assert!(beckon_sim::fuzz::run(1, 20_000).is_ok());
}
