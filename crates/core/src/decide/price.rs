//! The price of one more push: scarce capacity as a number, and the token bucket that stands behind it.
//!
//! The price λ starts where the histogram of values says that just the planned number will pass, and then
//! follows what happens: `λ ← max(0, λ − η · (target − sent))`. Too many sent, it rises; too few, it falls,
//! down to 0, where capacity is not scarce at all. (Dual ascent on the budget constraint; Balseiro and
//! Gur 2019, "Learning in repeated auctions with budgets", for why so simple a rule is near the best.)

use super::histogram::Histogram;
use crate::bytes::{Get, Malformed, Put};
use crate::time::Timestamp;

/// How far one period's miss moves the price: of its starting size, for missing the target by all of it.
const ETA: f64 = 0.1;

/// A period's miss counts at most this many targets: one burst does not send the price to the sky.
const MISS_MAX: f64 = 4.0;

/// The price of one more push, in the unit of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    lambda: f64,
    /// What `η` is measured in: how large values are here.
    scale: f64,
}

impl Price {
    /// The price at which about `planned` of the candidates counted in `values` would be pushed.
    pub fn start(values: &Histogram, planned: u64) -> Self {
        // Where all may pass, the price is 0, but it must be able to rise in steps of a sensible size.
        let middle = values.threshold(values.positive() / 2);
        let lambda = values.threshold(planned);
        Price { lambda, scale: lambda.max(middle) }
    }

    /// The price now.
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// A period is over in which `sent` pushes were sent and `target` were to be.
    pub fn follow(&mut self, target: f64, sent: f64) {
        let miss = ((target - sent) / target.max(1.0)).clamp(-MISS_MAX, MISS_MAX);
        self.lambda = (self.lambda - ETA * self.scale * miss).max(0.0);
    }

    /// Appends the price.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lambda.to_le_bytes());
        out.extend_from_slice(&self.scale.to_le_bytes());
    }

    /// Takes back what [`Price::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let lambda = f64::from_le_bytes(get.array("price")?);
        let scale = f64::from_le_bytes(get.array("scale")?);
        if !(lambda >= 0.0 && scale >= 0.0 && lambda.is_finite() && scale.is_finite()) {
            return Err(get.malformed("price"));
        }
        Ok(Price { lambda, scale })
    }
}

/// Parts of a token, so that slow rates lose nothing between two looks.
const PARTS: u64 = 1_000_000;

/// Tokens a bucket may be given a second or hold.
pub const TOKENS_MAX: u32 = 10_000_000;

/// A token bucket: `rate` a second, `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    rate: u64,
    burst: u64,
    parts: u64,
    at: Timestamp,
}

impl Bucket {
    /// A full bucket. Both are kept within 1 and [`TOKENS_MAX`].
    pub fn full(rate: u32, burst: u32, now: Timestamp) -> Self {
        let burst = u64::from(burst.clamp(1, TOKENS_MAX)) * PARTS;
        Bucket { rate: rate.clamp(1, TOKENS_MAX).into(), burst, parts: burst, at: now }
    }

    /// Takes up to `wanted` tokens; says how many there were.
    pub fn take(&mut self, wanted: u32, now: Timestamp) -> u32 {
        self.fill(now);
        let granted = u64::from(wanted).min(self.parts / PARTS);
        self.parts -= granted * PARTS;
        granted as u32
    }

    /// When `wanted` tokens (at most the burst) will be there.
    pub fn ready_at(&self, wanted: u32, now: Timestamp) -> Timestamp {
        let mut later = *self;
        later.fill(now);
        let missing = (u64::from(wanted) * PARTS).min(self.burst).saturating_sub(later.parts);
        // `rate` tokens a second are `rate · PARTS / 1000` parts a millisecond.
        let wait_ms = missing.div_ceil(self.rate * (PARTS / 1000));
        Timestamp(later.at.0.saturating_add(wait_ms as i64))
    }

    fn fill(&mut self, now: Timestamp) {
        let Ok(passed_ms) = u64::try_from(now.0.saturating_sub(self.at.0)) else { return };
        let more = passed_ms.saturating_mul(self.rate * (PARTS / 1000));
        self.parts = self.parts.saturating_add(more).min(self.burst);
        self.at = self.at.max(now);
    }

    /// Appends the bucket.
    pub fn encode(&self, out: &mut Vec<u8>) {
        [self.rate, self.burst, self.parts].iter().for_each(|it| out.put_uint(*it));
        out.put_int(self.at.0);
    }

    /// Takes back what [`Bucket::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (rate, burst, parts) = (get.uint("rate")?, get.uint("burst")?, get.uint("parts")?);
        let all = u64::from(TOKENS_MAX);
        if rate == 0 || rate > all || burst < PARTS || burst > all * PARTS || parts > burst {
            return Err(get.malformed("bucket"));
        }
        Ok(Bucket { rate, burst, parts, at: Timestamp(get.int("instant")?) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::{mix, unit};
    use super::*;

    #[test]
    fn the_price_begins_where_the_planned_number_passes_and_follows_what_happens() {
        let mut values = Histogram::default();
        (0..10_000u64).for_each(|id| values.add(unit(mix(&[1, id]))));
        let mut price = Price::start(&values, 1_000);
        assert!((price.lambda() - 0.9).abs() < 0.01);
        // The evening's shoppers are worth half of what was thought: the price must come down to them.
        let mut sent = 0.0;
        for period in 0..200u64 {
            let candidates = (0..500).map(|id| 0.5 * unit(mix(&[2, period, id])));
            sent = candidates.filter(|g| *g > price.lambda()).count() as f64;
            price.follow(50.0, sent);
        }
        assert!((price.lambda() - 0.45).abs() < 0.03 && (sent - 50.0).abs() < 25.0, "{price:?} {sent}");
    }

    #[test]
    fn a_price_that_nothing_presses_on_falls_to_zero_and_can_rise_again() {
        let mut values = Histogram::default();
        (0..100u64).for_each(|id| values.add(0.1 + unit(mix(&[1, id]))));
        let mut price = Price::start(&values, 1_000);
        assert_eq!(price.lambda(), 0.0);
        (0..10).for_each(|_| price.follow(10.0, 0.0));
        assert_eq!(price.lambda(), 0.0);
        price.follow(10.0, 40.0);
        assert!(price.lambda() > 0.05);
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate_and_loses_nothing_to_rounding() {
        let mut bucket = Bucket::full(3, 10, Timestamp(0));
        assert_eq!(bucket.take(50, Timestamp(0)), 10);
        assert_eq!(bucket.ready_at(1, Timestamp(0)), Timestamp(334));
        let given: u32 = (1..=30_000).map(|ms| bucket.take(1, Timestamp(ms))).sum();
        assert_eq!(given, 90);
        assert_eq!(bucket.take(1, Timestamp(-5)), 0, "a clock that goes back gives nothing");
        let mut out = Vec::new();
        bucket.encode(&mut out);
        assert_eq!(Bucket::decode(&mut Get::new(&out)), Ok(bucket));
    }
}
