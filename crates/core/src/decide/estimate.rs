//! What the pushes added: the difference between those who were to be pushed and those withheld by chance.
//!
//! Everyone counts where chance put him, whether the push reached him or not (intention to treat). A
//! shopper is one unit however many shows he was in, so that his habits are not counted as independent
//! evidence. What he did before (a covariate fixed before the split) takes out part of the noise (CUPED;
//! Deng et al., WSDM 2013). The interval is an asymptotic confidence sequence (Waudby-Smith et al., "Time-
//! uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 2024, Theorem
//! 2.2): it holds at every look at once, so an operator may watch the report all evening.

use super::logistic::ln;
use crate::bytes::{Get, Malformed};

/// Sums over the shoppers of one group.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    n: f64,
    y: f64,
    x: f64,
    yy: f64,
    xx: f64,
    xy: f64,
}

impl Sums {
    /// Adds a shopper with outcome `y` (entries, purchases, money) and covariate `x`.
    pub fn add(&mut self, y: f64, x: f64) {
        self.weigh(1.0, y, x);
    }

    /// The outcome of a shopper already added grew from `before` to `after`.
    pub fn replace(&mut self, before: f64, after: f64, x: f64) {
        self.weigh(-1.0, before, x);
        self.weigh(1.0, after, x);
    }

    fn weigh(&mut self, weight: f64, y: f64, x: f64) {
        self.n += weight;
        self.y += weight * y;
        self.x += weight * x;
        self.yy += weight * y * y;
        self.xx += weight * x * x;
        self.xy += weight * x * y;
    }

    /// Adds another's shoppers; nobody may be in both.
    pub fn merge(&mut self, other: &Sums) {
        self.n += other.n;
        self.y += other.y;
        self.x += other.x;
        self.yy += other.yy;
        self.xx += other.xx;
        self.xy += other.xy;
    }

    /// Shoppers.
    pub fn shoppers(&self) -> f64 {
        self.n
    }

    /// Sum of the outcomes.
    pub fn total(&self) -> f64 {
        self.y
    }

    /// Mean outcome.
    pub fn mean(&self) -> f64 {
        if self.n > 0.0 { self.y / self.n } else { 0.0 }
    }

    fn mean_x(&self) -> f64 {
        if self.n > 0.0 { self.x / self.n } else { 0.0 }
    }

    /// Centred sums of products: of y with y, x with x, x with y.
    fn centred(&self) -> [f64; 3] {
        let (y, x) = (self.mean(), self.mean_x());
        [(self.yy - self.n * y * y).max(0.0), (self.xx - self.n * x * x).max(0.0), self.xy - self.n * x * y]
    }

    /// Appends the sums.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.n, self.y, self.x, self.yy, self.xx, self.xy] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Takes back what [`Sums::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut numbers = [0.0; 6];
        for number in &mut numbers {
            *number = f64::from_le_bytes(get.array("sums")?);
            if !number.is_finite() {
                return Err(get.malformed("sums"));
            }
        }
        let [n, y, x, yy, xx, xy] = numbers;
        Ok(Sums { n, y, x, yy, xx, xy })
    }
}

/// The groups of one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Comparison {
    /// Those who were to be pushed.
    pub pushed: Sums,
    /// Those withheld by chance.
    pub withheld: Sums,
}

/// What pushing added for each shopper who was to be pushed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The estimate, in outcomes a shopper.
    pub mean: f64,
    /// The interval around it holds at every look at once, with the confidence asked for.
    pub half_width: f64,
    /// The same, had one looked only once.
    pub half_width_once: f64,
    /// Share of the noise that the covariate took out.
    pub variance_explained: f64,
}

/// Fewest shoppers in each group for an interval to be said.
pub const SHOPPERS_MIN: f64 = 30.0;

/// The number of shoppers at which the sequence is tightest.
const TIGHTEST_AT: f64 = 5_000.0;

impl Comparison {
    /// The effect, with intervals of confidence `1 − alpha`; `None` while either group has fewer than
    /// [`SHOPPERS_MIN`].
    pub fn effect(&self, alpha: f64) -> Option<Effect> {
        let (a, b) = (&self.pushed, &self.withheld);
        if a.n < SHOPPERS_MIN || b.n < SHOPPERS_MIN {
            return None;
        }
        let ([a_yy, a_xx, a_xy], [b_yy, b_xx, b_xy]) = (a.centred(), b.centred());
        let xx = a_xx + b_xx;
        let theta = if xx > 0.0 { (a_xy + b_xy) / xx } else { 0.0 };
        let mean = (a.mean() - b.mean()) - theta * (a.mean_x() - b.mean_x());
        let left = |yy: f64, xx: f64, xy: f64| (yy - 2.0 * theta * xy + theta * theta * xx).max(0.0);
        let variance = |n: f64, left: f64| left / (n - 1.0) / n;
        let of_mean = variance(a.n, left(a_yy, a_xx, a_xy)) + variance(b.n, left(b_yy, b_xx, b_xy));
        let before = variance(a.n, a_yy) + variance(b.n, b_yy);
        // The harmonic size is the number of shoppers that such a difference is worth.
        let n = 4.0 / (1.0 / a.n + 1.0 / b.n);
        Some(Effect {
            mean,
            half_width: of_mean.sqrt() * width(n, alpha),
            half_width_once: of_mean.sqrt() * super::chance::quantile(1.0 - alpha / 2.0),
            variance_explained: if before > 0.0 { 1.0 - of_mean / before } else { 0.0 },
        })
    }

    /// Adds another's shoppers.
    pub fn merge(&mut self, other: &Comparison) {
        self.pushed.merge(&other.pushed);
        self.withheld.merge(&other.withheld);
    }
}

/// Standard errors to either side that a confidence sequence takes at `n` units.
fn width(n: f64, alpha: f64) -> f64 {
    let log = -2.0 * ln(alpha);
    let rho2 = (log + ln(log + 1.0)) / TIGHTEST_AT;
    let grown = n * rho2 + 1.0;
    (2.0 * grown / (n * rho2) * ln(grown.sqrt() / alpha)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::chance::{mix, normal, unit};
    use super::*;

    /// A shopper's outcome: his habit `x`, some noise, and 0.1 more when pushed.
    fn shopper(seed: u64, id: u64, effect: f64) -> (bool, f64, f64) {
        let x = normal(mix(&[seed, id, 1]));
        let pushed = unit(mix(&[seed, id, 2])) < 0.9;
        let y = x + 0.5 * normal(mix(&[seed, id, 3])) + if pushed { effect } else { 0.0 };
        (pushed, y, x)
    }

    fn compare(seed: u64, shoppers: u64, effect: f64) -> Comparison {
        let mut comparison = Comparison::default();
        for id in 0..shoppers {
            let (pushed, y, x) = shopper(seed, id, effect);
            if pushed { &mut comparison.pushed } else { &mut comparison.withheld }.add(y, x);
        }
        comparison
    }

    #[test]
    fn the_effect_is_found_and_the_covariate_takes_out_most_of_the_noise() {
        let effect = compare(1, 40_000, 0.1).effect(0.05).unwrap();
        assert!((effect.mean - 0.1).abs() < effect.half_width && effect.half_width < 0.04, "{effect:?}");
        assert!((effect.variance_explained - 0.8).abs() < 0.03);
        assert!(effect.half_width > effect.half_width_once);
    }

    #[test]
    fn without_an_effect_the_sequence_rarely_excludes_zero_however_often_one_looks() {
        let worlds = 200;
        let mut wrong = 0;
        for seed in 0..worlds {
            let mut comparison = Comparison::default();
            let excluded = (0..4_000).any(|id| {
                let (pushed, y, x) = shopper(seed, id, 0.0);
                if pushed { &mut comparison.pushed } else { &mut comparison.withheld }.add(y, x);
                id % 50 == 0 && comparison.effect(0.05).is_some_and(|it| it.mean.abs() > it.half_width)
            });
            wrong += u32::from(excluded);
        }
        assert!(wrong <= worlds as u32 / 20 + 5, "{wrong} of {worlds} worlds");
    }

    #[test]
    fn a_shopper_who_comes_twice_is_one_shopper() {
        let mut once = Sums::default();
        once.add(2.0, 1.0);
        let mut grown = Sums::default();
        grown.add(0.0, 1.0);
        grown.replace(0.0, 1.0, 1.0);
        grown.replace(1.0, 2.0, 1.0);
        assert_eq!(once, grown);
    }

    #[test]
    fn too_few_shoppers_make_no_statement_and_shards_add_up() {
        assert_eq!(compare(1, 100, 0.1).effect(0.05), None);
        let (mut all, half) = (compare(1, 1_000, 0.1), compare(2, 1_000, 0.1));
        all.merge(&half);
        assert_eq!(all.pushed.shoppers() + all.withheld.shoppers(), 2_000.0);
        let mut out = Vec::new();
        all.pushed.encode(&mut out);
        assert_eq!(Sums::decode(&mut Get::new(&out)), Ok(all.pushed));
    }
}
