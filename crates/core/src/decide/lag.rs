//! How much a push is worth by how long the screen has been on.
//!
//! Whoever just unlocked his phone did so for something; a minute later he is open to something else.
//! The prior is from published logs of when notifications are taken up (DESIGN.md §4): 0.84 in the first
//! minute, 1 in the minutes 1 to 6, then less and less. It is learned anew from pushes whose lag was drawn at
//! random: each bin compares the entries it brought with those that were expected of it.

use crate::bytes::{Get, Malformed};

/// Bins of the lag and their prior multipliers: upper border in seconds, multiplier.
const PRIOR: [(u32, f64); 7] =
    [(60, 0.84), (420, 1.0), (900, 0.95), (1800, 0.9), (3600, 0.85), (7200, 0.8), (u32::MAX, 0.75)];

/// Expected entries that the prior of a bin weighs.
const PRIOR_ENTRIES: f64 = 50.0;

/// The kernel, as learned so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lag {
    /// Entries, and entries expected without regard to the lag.
    seen: [(f64, f64); PRIOR.len()],
}

fn bin(lag_s: u32) -> usize {
    PRIOR.partition_point(|(border, _)| lag_s >= *border).min(PRIOR.len() - 1)
}

impl Lag {
    /// The multiplier `lag_s` seconds after the screen went on, between 0 and 1: the best lag has 1.
    pub fn multiplier(&self, lag_s: u32) -> f64 {
        let best = (0..PRIOR.len()).map(|bin| self.raw(bin)).fold(f64::MIN_POSITIVE, f64::max);
        self.raw(bin(lag_s)) / best
    }

    fn raw(&self, bin: usize) -> f64 {
        let (entries, expected) = self.seen[bin];
        (PRIOR_ENTRIES * PRIOR[bin].1 + entries) / (PRIOR_ENTRIES + expected)
    }

    /// A push at a lag that was drawn at random: `expected` is the chance of entry that everything but
    /// the lag gave it.
    pub fn learn(&mut self, lag_s: u32, expected: f64, entered: bool) {
        let (entries, expectation) = &mut self.seen[bin(lag_s)];
        *entries += f64::from(u8::from(entered));
        *expectation += expected;
    }

    /// Adds what another learned.
    pub fn merge(&mut self, other: &Lag) {
        for (mine, theirs) in self.seen.iter_mut().zip(other.seen) {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
    }

    /// Appends the sums.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for number in self.seen.iter().flat_map(|it| [it.0, it.1]) {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Takes back what [`Lag::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut lag = Lag::default();
        for it in &mut lag.seen {
            *it = (f64::from_le_bytes(get.array("lag")?), f64::from_le_bytes(get.array("lag")?));
            if !(it.0 >= 0.0 && it.1 >= 0.0 && it.0.is_finite() && it.1.is_finite()) {
                return Err(get.malformed("lag"));
            }
        }
        Ok(lag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_after_the_screen_went_on_is_better_than_at_once() {
        let lag = Lag::default();
        assert_eq!(lag.multiplier(0), 0.84);
        assert_eq!((lag.multiplier(60), lag.multiplier(419)), (1.0, 1.0));
        assert!(lag.multiplier(600) > lag.multiplier(10_000));
    }

    #[test]
    fn outcomes_at_random_lags_overrule_the_prior() {
        let mut lag = Lag::default();
        for i in 0..20_000 {
            lag.learn(10, 0.1, i % 5 == 0);
            lag.learn(200, 0.1, i % 10 == 0);
        }
        assert!((lag.multiplier(10) - 1.0).abs() < 1e-9 && lag.multiplier(200) < 0.55);
        let mut out = Vec::new();
        lag.encode(&mut out);
        assert_eq!(Lag::decode(&mut Get::new(&out)), Ok(lag));
    }
}
