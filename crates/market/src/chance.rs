//! Chance that does not depend on what happened before: every draw hashes who, why and which time, so that
//! two runs that differ in one push share all other luck. That is what makes a counterfactual possible.

use beckon_core::decay::{exp2, log2};
use std::f64::consts::{LN_2, LOG2_E};

/// What a draw is for. Two purposes never share their luck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Why {
    /// Who a shopper is.
    Trait = 1,
    /// Directions of tastes.
    Taste,
    /// Products and prices.
    Goods,
    /// How an evening runs.
    Rundown,
    /// What was done in the days before.
    History,
    /// Where a shopper spends the day.
    Day,
    /// When a phone is taken up, and for what.
    Phone,
    /// What is browsed.
    Browse,
    /// What a shopper thinks of a show, whatever brings it to mind.
    Mood,
    /// Entering without a push.
    Walk,
    /// How long a stay in a room is, and what is done there.
    Stay,
    /// What is bought.
    Buy,
    /// How a push arrives, is noticed and answered.
    Push,
}

/// One draw's identity; more parts make another draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u64);

/// Finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Key {
    /// All luck of `seed`.
    pub fn new(seed: u64) -> Self {
        Key(mix(seed))
    }

    /// The part of it that serves one purpose.
    pub fn why(self, why: Why) -> Self {
        self.and(why as u64)
    }

    /// The part of it that one number names.
    pub fn and(self, part: u64) -> Self {
        Key(mix(self.0 ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93)))
    }

    /// The part of it that a text names.
    pub fn named(self, text: &str) -> Self {
        text.bytes().fold(self.and(text.len() as u64), |key, byte| Key(mix(key.0 ^ u64::from(byte))))
    }

    /// 64 bits.
    pub fn bits(self) -> u64 {
        mix(self.0)
    }

    /// Evenly in (0, 1), without its ends.
    pub fn unit(self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Evenly in [low, high).
    pub fn between(self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub fn happens(self, p: f64) -> bool {
        self.unit() < p
    }

    /// An index below `len`; 0 when `len` is 0.
    pub fn index(self, len: usize) -> usize {
        ((u128::from(self.bits()) * len as u128) >> 64) as usize
    }

    /// An index by weights, which are not negative and not all 0.
    pub fn weighted(self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (at, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return at;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Standard normal, by Acklam's inverse (relative error 10⁻⁹).
    pub fn normal(self) -> f64 {
        let p = self.unit();
        if p < 0.02425 {
            tail(p)
        } else if p > 1.0 - 0.02425 {
            -tail(1.0 - p)
        } else {
            let q = p - 0.5;
            let r = q * q;
            q * poly(r, &A) / (poly(r, &B) * r + 1.0)
        }
    }

    /// Weibull of a scale and a shape: below shape 1 many short and few very long.
    pub fn weibull(self, shape: f64, scale: f64) -> f64 {
        scale * exp2(log2(-log2(self.unit()) / LOG2_E) / shape)
    }
}

const A: [f64; 6] = [
    -3.969683028665376e1,
    2.209460984245205e2,
    -2.759285104469687e2,
    1.38357751867269e2,
    -3.066479806614716e1,
    2.506628277459239,
];
const B: [f64; 5] = [
    -5.447609879822406e1,
    1.615858368580409e2,
    -1.556989798598866e2,
    6.680131188771972e1,
    -1.328068155288572e1,
];
const C: [f64; 6] = [
    -7.784894002430293e-3,
    -3.223964580411365e-1,
    -2.400758277161838,
    -2.549732539343734,
    4.374664141464968,
    2.938163982698783,
];
const D: [f64; 4] = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];

fn poly(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(0.0, |sum, it| sum * x + it)
}

fn tail(p: f64) -> f64 {
    let q = (-2.0 * LN_2 * log2(p)).sqrt();
    poly(q, &C) / (poly(q, &D) * q + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(draw: impl Fn(Key) -> f64) -> f64 {
        let key = Key::new(1);
        (0..40_000).map(|it| draw(key.and(it))).sum::<f64>() / 40_000.0
    }

    #[test]
    fn draws_have_the_moments_of_their_laws() {
        assert!((mean(Key::unit) - 0.5).abs() < 0.01);
        assert!(mean(Key::normal).abs() < 0.02);
        assert!((mean(|it| it.normal() * it.normal()) - 1.0).abs() < 0.03);
        assert!((mean(|it| it.weibull(1.0, 3.0)) - 3.0).abs() < 0.08);
        assert!((mean(|it| it.weibull(2.0, 1.0)) - 0.8862).abs() < 0.02);
    }

    #[test]
    fn a_draw_knows_only_its_key() {
        let key = Key::new(7).why(Why::Push);
        assert_eq!(key.named("m-1").unit(), key.named("m-1").unit());
        assert_ne!(key.named("m-1").bits(), key.named("m-2").bits());
        assert_ne!(key.bits(), Key::new(7).why(Why::Buy).bits());
    }
}
