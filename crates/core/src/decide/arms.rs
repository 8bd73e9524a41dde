//! Which words: Thompson sampling over the arms of a message, with a propensity that is exact.
//!
//! An arm's response rate is a Beta belief whose prior is pooled from all arms (empirical Bayes by the
//! method of moments): a new arm starts as what arms usually are, not as a coin. The chances of all
//! arms are computed first, by a fixed number of draws from the beliefs (normal on the log-odds scale), then
//! mixed with a floor, then one arm is drawn from them. So the logged propensity is the probability with
//! which the arm really was drawn, and a report can be re-weighted by it. An arm that the shopper saw
//! lately is thought to be worth less (Yancey and Settles, "A sleeping, recovering bandit algorithm for
//! optimizing recurring notifications", KDD 2020).

use super::chance::{mix, normal, unit};
use super::logistic::ln;
use crate::bytes::{Get, Malformed, Put};
use crate::decay::exp2;

/// Arms that may be eligible for one message.
pub const ARMS_MAX: usize = 32;

/// The least chance of an eligible arm; shared out when there are many of them.
pub const FLOOR: f64 = 0.03;

/// Arms beyond which the floor shrinks, so that floors never take more than half.
const FLOOR_ARMS: usize = 16;

/// Draws from the beliefs by which chances are computed.
const DRAWS: u64 = 128;

/// Log odds that an arm loses when the shopper saw it just now.
const SEEN_PENALTY: f64 = 0.7;

/// Half-life of that loss, in seconds: four days.
const SEEN_HALF_LIFE_S: f64 = 4.0 * 86_400.0;

/// What is known of an arm: matured messages only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arm {
    /// Messages whose outcome is settled.
    pub shown: u64,
    /// Of those, the ones that brought what was hoped for.
    pub worked: u64,
}

impl Arm {
    /// Adds what another counted.
    pub fn merge(&mut self, other: &Arm) {
        self.shown += other.shown;
        self.worked += other.worked;
    }

    /// Appends the counts.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.shown);
        out.put_uint(self.worked);
    }

    /// Takes back what [`Arm::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let arm = Arm { shown: get.uint("shown")?, worked: get.uint("worked")? };
        if arm.worked > arm.shown { Err(get.malformed("arm")) } else { Ok(arm) }
    }
}

/// A Beta prior over response rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pool {
    /// The mean rate.
    pub mean: f64,
    /// How many messages the prior weighs.
    pub weight: f64,
}

/// The pool before any arm has settled messages: 3 %, worth thirty messages.
const FIRST_GUESS: Pool = Pool { mean: 0.03, weight: 30.0 };

/// Bounds of a pool's weight: arms never are all alike, and never wholly unlike.
const WEIGHT_MIN: f64 = 20.0;
const WEIGHT_MAX: f64 = 20_000.0;

impl Pool {
    /// The prior that arms have in common. The spread between arms beyond what chance explains sets how
    /// much it weighs.
    pub fn of(arms: impl Iterator<Item = Arm> + Clone) -> Self {
        let (mut shown, mut worked, mut squares, mut count) = (0.0, 0.0, 0.0, 0.0);
        for arm in arms.clone().filter(|it| it.shown > 0) {
            shown += arm.shown as f64;
            worked += arm.worked as f64;
            squares += (arm.shown as f64) * (arm.shown as f64);
            count += 1.0;
        }
        // The first guess is one more arm, so that a handful of messages does not make a pool.
        let mean = (worked + FIRST_GUESS.mean * FIRST_GUESS.weight) / (shown + FIRST_GUESS.weight);
        if count < 2.0 {
            return Pool { mean, weight: FIRST_GUESS.weight };
        }
        let mut spread = 0.0;
        for arm in arms.filter(|it| it.shown > 0) {
            let rate = arm.worked as f64 / arm.shown as f64;
            spread += arm.shown as f64 * (rate - mean) * (rate - mean);
        }
        // Method of moments for unequal sizes (DerSimonian and Laird's form).
        let chance = mean * (1.0 - mean);
        let between = (spread - (count - 1.0) * chance) / (shown - squares / shown).max(1.0);
        let weight = if between > 0.0 { chance / between - 1.0 } else { WEIGHT_MAX };
        Pool { mean, weight: weight.clamp(WEIGHT_MIN, WEIGHT_MAX) }
    }
}

/// An arm that may be used for this shopper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eligible {
    /// What is known of it.
    pub arm: Arm,
    /// Seconds since this shopper last saw it, if ever.
    pub seen_s: Option<u32>,
}

/// The arm that was drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Its place among the eligible ones.
    pub arm: usize,
    /// The chance with which it was drawn.
    pub propensity: f64,
}

/// Draws an arm for `seed` (a hash of message and purpose). `None` when none is eligible; beyond
/// [`ARMS_MAX`] further ones are left out.
pub fn choose(eligible: &[Eligible], pool: Pool, seed: u64) -> Option<Choice> {
    let eligible = &eligible[..eligible.len().min(ARMS_MAX)];
    let chances = chances(eligible, pool, seed);
    let drawn = unit(mix(&[seed, u64::MAX]));
    let mut below = 0.0;
    let mut last = None;
    for (arm, propensity) in chances.into_iter().take(eligible.len()).enumerate() {
        below += propensity;
        last = Some(Choice { arm, propensity });
        if drawn < below {
            break;
        }
    }
    last
}

/// The chance of each eligible arm; they add up to 1.
fn chances(eligible: &[Eligible], pool: Pool, seed: u64) -> [f64; ARMS_MAX] {
    let mut beliefs = [(0.0, 0.0); ARMS_MAX];
    for (belief, it) in beliefs.iter_mut().zip(eligible) {
        *belief = log_odds(it, pool);
    }
    let mut wins = [0u32; ARMS_MAX];
    for draw in 0..DRAWS {
        let mut best = (f64::NEG_INFINITY, 0);
        for (at, (mean, deviation)) in beliefs.iter().take(eligible.len()).enumerate() {
            let sample = mean + deviation * normal(mix(&[seed, draw, at as u64]));
            if sample > best.0 {
                best = (sample, at);
            }
        }
        wins[best.1] += 1;
    }
    let floor = FLOOR.min(FLOOR * FLOOR_ARMS as f64 / eligible.len().max(1) as f64);
    let free = 1.0 - floor * eligible.len() as f64;
    wins.map(|wins| floor + free * f64::from(wins) / DRAWS as f64)
}

/// Mean and standard deviation of an arm's log odds for this shopper: a Beta's, to second order.
fn log_odds(it: &Eligible, pool: Pool) -> (f64, f64) {
    let worked = pool.weight * pool.mean + it.arm.worked as f64;
    let failed = pool.weight * (1.0 - pool.mean) + (it.arm.shown - it.arm.worked.min(it.arm.shown)) as f64;
    let mean = ln(worked / failed) - 0.5 / worked + 0.5 / failed;
    let seen = it.seen_s.map_or(0.0, |s| SEEN_PENALTY * exp2(-f64::from(s) / SEEN_HALF_LIFE_S));
    (mean - seen, (1.0 / worked + 1.0 / failed).sqrt())
}

const _: () = assert!(FLOOR * FLOOR_ARMS as f64 <= 0.5, "floors leave at least half to what was learned");

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(arms: &[Arm]) -> Vec<Eligible> {
        arms.iter().map(|arm| Eligible { arm: *arm, seen_s: None }).collect()
    }

    /// Plays `rounds` messages over arms with these rates; says how often each was shown.
    fn play(rates: &[f64], rounds: u64, seed: u64) -> Vec<Arm> {
        let mut arms = vec![Arm::default(); rates.len()];
        for round in 0..rounds {
            let pool = Pool::of(arms.iter().copied());
            let choice = choose(&fresh(&arms), pool, mix(&[seed, round])).unwrap();
            let arm = &mut arms[choice.arm];
            arm.shown += 1;
            arm.worked += u64::from(unit(mix(&[seed, round, 7])) < rates[choice.arm]);
        }
        arms
    }

    #[test]
    fn the_best_arm_is_found_and_regret_stays_small() {
        let rates = [0.03, 0.03, 0.05, 0.02];
        let mut regret = 0.0;
        for seed in 0..5 {
            let arms = play(&rates, 8_000, seed);
            regret +=
                arms.iter().zip(rates).map(|(arm, rate)| arm.shown as f64 * (0.05 - rate)).sum::<f64>() / 5.0;
        }
        // Uniform choice loses 140 of the 400 that the best arm would have brought.
        assert!(regret < 60.0, "{regret}");
    }

    #[test]
    fn no_eligible_arm_falls_below_the_floor_and_all_chances_add_up() {
        let arms = [Arm { shown: 100_000, worked: 9_000 }, Arm { shown: 100_000, worked: 100 }];
        let pool = Pool::of(arms.iter().copied());
        let all = chances(&fresh(&arms), pool, 5);
        assert!((all[0] + all[1] - 1.0).abs() < 1e-12 && (all[1] - FLOOR).abs() < 1e-12);
        let many = vec![Arm::default(); ARMS_MAX];
        let all = chances(&fresh(&many), pool, 5);
        assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9 && all.iter().all(|it| *it > 0.01));
    }

    #[test]
    fn the_propensity_is_the_share_with_which_an_arm_is_drawn() {
        let arms = [Arm { shown: 300, worked: 12 }, Arm { shown: 300, worked: 9 }, Arm::default()];
        let pool = Pool::of(arms.iter().copied());
        let (mut drawn, mut said) = ([0.0; 3], [0.0; 3]);
        for seed in 0..4_000 {
            let choice = choose(&fresh(&arms), pool, mix(&[seed])).unwrap();
            drawn[choice.arm] += 1.0;
            let all = chances(&fresh(&arms), pool, mix(&[seed]));
            (0..3).for_each(|at| said[at] += all[at]);
        }
        for at in 0..3 {
            assert!((drawn[at] - said[at]).abs() < 4.0 * 30.0, "{drawn:?} {said:?}");
        }
    }

    #[test]
    fn an_arm_seen_yesterday_gives_way_to_one_as_good() {
        let arm = Arm { shown: 5_000, worked: 200 };
        let pool = Pool::of([arm, arm].into_iter());
        let seen = Eligible { arm, seen_s: Some(86_400) };
        let all = chances(&[seen, Eligible { arm, seen_s: None }], pool, 3);
        assert!(all[0] < 0.1, "{all:?}");
        let long_ago = Eligible { arm, seen_s: Some(90 * 86_400) };
        assert!(chances(&[long_ago, Eligible { arm, seen_s: None }], pool, 3)[0] > 0.3);
    }

    #[test]
    fn arms_that_are_alike_pool_strongly_and_arms_that_differ_hardly() {
        let alike = [30u64, 31, 29, 30].map(|worked| Arm { shown: 1000, worked });
        let unlike = [5u64, 90, 30, 60].map(|worked| Arm { shown: 1000, worked });
        assert!(Pool::of(alike.into_iter()).weight > 5_000.0);
        assert!(Pool::of(unlike.into_iter()).weight < 200.0);
        assert!((Pool::of(std::iter::empty()).mean - FIRST_GUESS.mean).abs() < 1e-9);
        assert_eq!(choose(&[], FIRST_GUESS, 1), None);
    }
}
