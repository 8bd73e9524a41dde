//! Runs of the simulated world: some seeds whole, and the situations that must never fail one by one.

use crate::world::fault::Fault;
use crate::world::script::play;
use beckon_room::Identity;
use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "virtual time begins somewhere; nothing depends on where")]
pub fn start() -> Instant {
    Instant::now()
}

#[test]
fn whatever_the_network_did_the_picture_goes_on_when_it_has_healed() {
    let identity = Identity::generate().expect("randomness");
    for seed in 0..24 {
        if let Err(why) = play(start(), seed, &identity, None) {
            panic!(
                "{why}\nplay it again: cargo run --release -p beckon-room --example seeds -- {seed}..{}",
                seed + 1
            );
        }
    }
}

#[test]
fn faults_that_are_planted_are_found_for_what_they_are() {
    let identity = Identity::generate().expect("randomness");
    for (fault, found) in Fault::ALL {
        let mut said = Vec::new();
        let is_found = (0..8).any(|seed| {
            said.extend(play(start(), seed, &identity, Some(fault)).err());
            said.last().is_some_and(|why| why.contains(found))
        });
        assert!(is_found, "{fault:?} was not found: {said:?}");
    }
}
