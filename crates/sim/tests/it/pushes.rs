//! Shows on air: seeds pass, one seed is one run, and the judge catches what is planted.

use beckon_sim::air::{STEPS, run};
use beckon_sim::plant::Plant;
use beckon_sim::world::{Failure, Play};

fn play(seed: u64, plant: Option<Plant>) -> Play {
    Play { seed, steps: STEPS, trace: false, plant }
}

/// Seeds until a planted bug must have been caught.
const SEEDS: u64 = 40;

#[test]
fn twelve_evenings_pass_and_messages_leave() {
    let mut left = 0;
    for seed in 0..12 {
        match run(play(seed, None)) {
            Ok(summary) => left += summary.pushes.left,
            Err(failure) => panic!(
                "seed {seed} failed at step {}: {}\n  cargo run -p beckon-sim --release -- run --pushes --seed {seed} --trace",
                failure.step, failure.what
            ),
        }
    }
    assert!(left > 1_000, "only {left} pushes left: the evenings prove nothing");
}

#[test]
fn two_runs_of_one_evening_are_one_run() {
    for seed in 100..102 {
        assert_eq!(run(play(seed, None)), run(play(seed, None)), "seed {seed}");
    }
}

#[test]
fn every_bug_that_is_planted_in_pushes_is_caught() {
    let catch = |plant: Plant| -> Option<(u64, Failure)> {
        (0..SEEDS).find_map(|seed| run(play(seed, Some(plant))).err().map(|failure| (seed, failure)))
    };
    for plant in Plant::PUSHES {
        let (seed, failure) = catch(plant)
            .unwrap_or_else(|| panic!("{plant:?} passed {SEEDS} seeds: the judge is blind to it"));
        println!(
            "{plant:?} was caught by seed {seed}: {}",
            failure.what.chars().take(160).collect::<String>()
        );
    }
}
