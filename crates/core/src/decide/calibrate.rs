//! Calibration after the fact: what a model says, corrected by what came true, per group.
//!
//! A model trained on yesterday's shows is a little off in tonight's climax. Each group (a show and its
//! phase) keeps two numbers, `logit p' = a + b · logit p` (Platt 1999), as a normal belief that starts at
//! "the model is right" and moves with the outcomes (a two-dimensional extended Kalman filter). With no
//! outcomes it changes nothing; with few it moves the offset long before it dares to move the slope.

use super::logistic::{logit, sigmoid};
use crate::bytes::{Get, Malformed};

/// Variance of the offset before any outcome: a show may be off by some half of the log odds.
const OFFSET_VARIANCE: f64 = 0.25;

/// Variance of the slope before any outcome.
const SLOPE_VARIANCE: f64 = 0.02;

/// Growth of the variances at each outcome, so that the second half of a show counts more.
const FORGETTING: f64 = 1e-3;

/// The correction of one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    offset: f64,
    slope: f64,
    /// Variances of offset and slope, and their covariance.
    covariance: [f64; 3],
    learned: u64,
}

impl Default for Calibration {
    fn default() -> Self {
        Calibration {
            offset: 0.0,
            slope: 1.0,
            covariance: [OFFSET_VARIANCE, SLOPE_VARIANCE, 0.0],
            learned: 0,
        }
    }
}

impl Calibration {
    /// The corrected probability.
    pub fn correct(&self, p: f64) -> f64 {
        if self.learned == 0 { p } else { sigmoid(self.offset + self.slope * logit(p)) }
    }

    /// Learns from what the model said, uncorrected, and what came true.
    pub fn learn(&mut self, said: f64, came_true: bool) {
        let x = logit(said);
        let p = sigmoid(self.offset + self.slope * x);
        let [mut offset, mut slope, mut both] = self.covariance;
        offset = (offset * (1.0 + FORGETTING)).min(OFFSET_VARIANCE);
        slope = (slope * (1.0 + FORGETTING)).min(SLOPE_VARIANCE);
        // The covariance must not outgrow the variances it lies between.
        both = both.clamp(-(offset * slope).sqrt(), (offset * slope).sqrt());
        // The direction (1, x) through the covariance, and the curvature of the logistic loss.
        let along = [offset + both * x, both + slope * x];
        let curvature = p * (1.0 - p);
        let shrink = 1.0 / (1.0 + curvature * (along[0] + along[1] * x));
        let error = f64::from(u8::from(came_true)) - p;
        self.offset += along[0] * shrink * error;
        self.slope = (self.slope + along[1] * shrink * error).max(SLOPE_MIN);
        let gain = curvature * shrink;
        self.covariance = [
            offset - gain * along[0] * along[0],
            slope - gain * along[1] * along[1],
            both - gain * along[0] * along[1],
        ];
        self.learned += 1;
    }

    /// Outcomes it has learned from.
    pub fn learned(&self) -> u64 {
        self.learned
    }

    /// Appends the belief.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let [a, b, c] = self.covariance;
        for x in [self.offset, self.slope, a, b, c] {
            out.extend_from_slice(&x.to_le_bytes());
        }
        out.extend_from_slice(&self.learned.to_le_bytes());
    }

    /// Takes back what [`Calibration::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut numbers = [0.0; 5];
        for number in &mut numbers {
            *number = f64::from_le_bytes(get.array("calibration")?);
            if !number.is_finite() {
                return Err(get.malformed("calibration"));
            }
        }
        let [offset, slope, a, b, c] = numbers;
        let learned = u64::from_le_bytes(get.array("outcomes")?);
        Ok(Calibration { offset, slope, covariance: [a, b, c], learned })
    }
}

/// The slope stays above this: a correction may flatten a model, never turn it round.
const SLOPE_MIN: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::super::chance::{mix, unit};
    use super::*;

    /// A model that says `p` where the truth is half the odds.
    fn world(id: u64) -> (f64, bool) {
        let said = 0.02 + 0.3 * unit(mix(&[1, id]));
        let truth = sigmoid(logit(said) - std::f64::consts::LN_2);
        (said, unit(mix(&[2, id])) < truth)
    }

    #[test]
    fn a_model_that_says_twice_the_odds_is_put_right() {
        let mut calibration = Calibration::default();
        for (said, label) in (0..20_000).map(world) {
            calibration.learn(said, label);
        }
        for said in [0.03, 0.1, 0.3] {
            let right = sigmoid(logit(said) - std::f64::consts::LN_2);
            let corrected = calibration.correct(said);
            assert!((corrected / right - 1.0).abs() < 0.15, "{said}: {corrected} {right}");
        }
    }

    #[test]
    fn a_good_model_is_left_alone_and_few_outcomes_move_little() {
        let mut calibration = Calibration::default();
        assert_eq!(calibration.correct(0.2), 0.2);
        for id in 0..20 {
            calibration.learn(0.2, id % 5 == 0);
        }
        assert!((calibration.correct(0.2) - 0.2).abs() < 0.05);
    }

    #[test]
    fn a_correction_never_turns_a_model_round() {
        let mut calibration = Calibration::default();
        for id in 0..50_000u64 {
            let said = 0.05 + 0.9 * unit(mix(&[5, id]));
            calibration.learn(said, unit(mix(&[6, id])) > said);
        }
        assert!(calibration.correct(0.9) > calibration.correct(0.1));
    }

    #[test]
    fn what_was_encoded_comes_back() {
        let mut calibration = Calibration::default();
        (0..100).map(world).for_each(|(said, label)| calibration.learn(said, label));
        let mut out = Vec::new();
        calibration.encode(&mut out);
        assert_eq!(Calibration::decode(&mut Get::new(&out)), Ok(calibration));
    }
}
