//! The logistic curve and its inverse, built on the pinned exponential and logarithm of
//! [`crate::decay`], so that a model that learned on one machine has the same bits on every other.

use crate::decay::{exp2, log2};
use std::f64::consts::{LN_2, LOG2_E};

/// Probabilities are kept this far from 0 and 1: nothing that learns from some millions of outcomes knows
/// more than that.
pub const P_MIN: f64 = 1e-7;

/// `e^x`.
pub fn exp(x: f64) -> f64 {
    exp2(x * LOG2_E)
}

/// Natural logarithm of `x > 0`.
pub fn ln(x: f64) -> f64 {
    log2(x) * LN_2
}

/// `1 / (1 + e^−x)`.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

/// `ln(p / (1 − p))`, with `p` kept within [`P_MIN`] and `1 − P_MIN`.
pub fn logit(p: f64) -> f64 {
    let p = p.clamp(P_MIN, 1.0 - P_MIN);
    ln(p / (1.0 - p))
}

/// The mean of `sigmoid(x)` for a normal `x`: what a model predicts that is unsure of its weights
/// (MacKay 1992, "The evidence framework applied to classification networks", eq. 10).
pub fn sigmoid_of_normal(mean: f64, variance: f64) -> f64 {
    sigmoid(mean / (1.0 + std::f64::consts::FRAC_PI_8 * variance).sqrt())
}

/// Bernoulli log loss of a prediction, in nats.
pub fn log_loss(p: f64, label: bool) -> f64 {
    let p = p.clamp(P_MIN, 1.0 - P_MIN);
    -ln(if label { p } else { 1.0 - p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logit_undoes_the_logistic_curve() {
        for i in -60..=60 {
            let x = f64::from(i) * 0.25;
            assert!((logit(sigmoid(x)) - x).abs() < 1e-4, "{x}");
        }
        assert!((sigmoid(0.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_is_unsure_is_predicted_nearer_to_one_half() {
        assert!(sigmoid_of_normal(2.0, 4.0) < sigmoid(2.0));
        assert!(sigmoid_of_normal(-2.0, 4.0) > sigmoid(-2.0));
    }
}
