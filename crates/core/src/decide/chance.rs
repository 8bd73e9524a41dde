//! Draws that a hash decides: the same ids give the same draw on every machine and in every replay, and
//! draws with different purposes have nothing to do with each other.

use crate::decay::log2;
use std::f64::consts::LN_2;

/// One 64-bit number out of several, well mixed (the finaliser of splitmix64; Steele, Lea, Flood,
/// OOPSLA 2014). The order of the parts matters.
pub fn mix(parts: &[u64]) -> u64 {
    let mut all = 0x6265_636b_6f6e_0001;
    for part in parts {
        all = finish(all ^ finish(part.wrapping_add(0x9E37_79B9_7F4A_7C15)));
    }
    all
}

fn finish(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number from 0 up to but not 1, uniform for a well-mixed `bits`.
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// A standard normal number for a well-mixed `bits`: the inverse of the normal distribution function by
/// Acklam's rational approximation (2003), relative error below 1.2 · 10⁻⁹.
pub fn normal(bits: u64) -> f64 {
    // The middle of one of 2⁵³ cells: never 0, never 1.
    quantile((bits >> 11) as f64 / (1u64 << 53) as f64 + 0.5 / (1u64 << 53) as f64)
}

/// The standard normal quantile of `p`, 0 < `p` < 1.
#[expect(clippy::excessive_precision, reason = "the coefficients as published")]
pub fn quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e+01,
        2.209460984245205e+02,
        -2.759285104469687e+02,
        1.383577518672690e+02,
        -3.066479806614716e+01,
        2.506628277459239e+00,
    ];
    const B: [f64; 6] = [
        -5.447609879822406e+01,
        1.615858368580409e+02,
        -1.556989798598866e+02,
        6.680131188771972e+01,
        -1.328068155288572e+01,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-03,
        -3.223964580411365e-01,
        -2.400758277161838e+00,
        -2.549732539343734e+00,
        4.374664141464968e+00,
        2.938163982698783e+00,
    ];
    const D: [f64; 5] =
        [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1.0];
    const LOW: f64 = 0.02425;
    let polynomial = |of: &[f64], x: f64| of.iter().fold(0.0, |sum, coefficient| sum * x + coefficient);
    let tail = |p: f64| {
        let q = (-2.0 * log2(p) * LN_2).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    };
    if p < LOW {
        tail(p)
    } else if p > 1.0 - LOW {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        polynomial(&A, q * q) * q / polynomial(&B, q * q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_of_neighbouring_ids_are_uniform_and_normal() {
        let n = 20_000u64;
        let mean = |f: &dyn Fn(f64) -> f64, draw: fn(u64) -> f64| {
            (0..n).map(|id| f(draw(mix(&[7, id])))).sum::<f64>() / n as f64
        };
        assert!((mean(&|x| x, unit) - 0.5).abs() < 0.01);
        assert!((mean(&|x| x * x, unit) - 1.0 / 3.0).abs() < 0.01);
        assert!(mean(&|x| x, normal).abs() < 0.02);
        assert!((mean(&|x| x * x, normal) - 1.0).abs() < 0.03);
        assert!((mean(&|x| f64::from(x > 1.959964), normal) - 0.025).abs() < 0.004);
    }

    #[test]
    fn the_normal_quantile_is_that_of_the_tables() {
        for (p, x) in [(0.5, 0.0), (0.975, 1.959_963_985), (0.01, -2.326_347_874), (0.999, 3.090_232_306)] {
            assert!((quantile(p) - x).abs() < 1e-7, "{p}");
        }
        assert!(normal(0).is_finite() && normal(u64::MAX).is_finite());
    }

    #[test]
    fn the_order_of_the_parts_matters() {
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert_ne!(mix(&[1]), mix(&[1, 0]));
    }
}
