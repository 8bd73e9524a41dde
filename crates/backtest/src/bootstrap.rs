//! Intervals by the bootstrap: whole shoppers are drawn again, for the days of one shopper are alike.

use beckon_core::decide::chance::mix;

/// Resamples.
pub const ROUNDS: u64 = 2_000;

/// The middle 95 % of what a statistic is over resampled shoppers. `of` gets how often each shopper was
/// drawn. Seeded: the same log gives the same interval.
pub fn interval(shoppers: usize, of: impl Fn(&[u32]) -> f64) -> (f64, f64) {
    let mut values: Vec<f64> = Vec::with_capacity(ROUNDS as usize);
    let mut drawn = vec![0u32; shoppers];
    for round in 0..ROUNDS {
        drawn.fill(0);
        for draw in 0..shoppers as u64 {
            let at = (u128::from(mix(&[round, draw])) * shoppers as u128) >> 64;
            drawn[at as usize] += 1;
        }
        let value = of(&drawn);
        if value.is_finite() {
            values.push(value);
        }
    }
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((share * values.len() as f64) as usize).copied().unwrap_or(f64::NAN);
    (at(0.025), at(0.975))
}

/// A ratio of sums over shoppers (hits to pushes) with its interval.
pub fn ratio(parts: &[(f64, f64)]) -> (f64, (f64, f64)) {
    let of = |weight: &dyn Fn(usize) -> f64| {
        let (mut top, mut bottom) = (0.0, 0.0);
        for (at, part) in parts.iter().enumerate() {
            top += weight(at) * part.0;
            bottom += weight(at) * part.1;
        }
        if bottom > 0.0 { top / bottom } else { f64::NAN }
    };
    (of(&|_| 1.0), interval(parts.len(), |drawn| of(&|at| f64::from(drawn[at]))))
}

/// The difference of two ratios over the same shoppers, with its interval.
pub fn difference(a: &[(f64, f64)], b: &[(f64, f64)]) -> (f64, (f64, f64)) {
    let of = |weight: &dyn Fn(usize) -> f64| {
        let sums = |parts: &[(f64, f64)]| {
            let (mut top, mut bottom) = (0.0, 0.0);
            for (at, part) in parts.iter().enumerate() {
                top += weight(at) * part.0;
                bottom += weight(at) * part.1;
            }
            top / bottom
        };
        sums(a) - sums(b)
    };
    (of(&|_| 1.0), interval(a.len(), |drawn| of(&|at| f64::from(drawn[at]))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_share_is_about_two_standard_errors_wide() {
        let parts: Vec<(f64, f64)> = (0..400).map(|i| (f64::from(u8::from(i % 4 == 0)), 1.0)).collect();
        let (share, (low, high)) = ratio(&parts);
        assert_eq!(share, 0.25);
        let standard = (0.25f64 * 0.75 / 400.0).sqrt();
        assert!(((high - low) / (2.0 * 1.96 * standard) - 1.0).abs() < 0.1, "{low} {high}");
    }

    #[test]
    fn what_differs_for_every_shopper_alike_differs_surely() {
        let a: Vec<(f64, f64)> = (0..50).map(|i| (f64::from(i) + 1.0, 1.0)).collect();
        let b: Vec<(f64, f64)> = (0..50).map(|i| (f64::from(i), 1.0)).collect();
        let (by, (low, high)) = difference(&a, &b);
        assert!((by - 1.0).abs() < 1e-9 && (low - 1.0).abs() < 1e-9 && (high - 1.0).abs() < 1e-9);
    }
}
