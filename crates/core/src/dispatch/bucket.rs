//! A token bucket in whole numbers, so that every machine counts alike: over any span of `t` milliseconds it
//! gives out at most `burst + rate · t / 1000`.

use crate::time::Timestamp;

/// Thousandths of a token: at a rate of r a second, a millisecond brings r of them.
const TOKEN: i64 = 1000;

/// What may be sent by now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    rate_per_s: i64,
    burst: i64,
    level: i64,
    at: Timestamp,
}

impl Bucket {
    /// An empty bucket: a start must not grant a burst that was used up just before it.
    pub(super) fn new(now: Timestamp) -> Self {
        Bucket { rate_per_s: 1, burst: 1, level: 0, at: now }
    }

    /// Another rate and burst from `now` on, both at least 1.
    pub(super) fn configure(&mut self, rate_per_s: u32, burst: u32, now: Timestamp) {
        self.fill(now);
        self.rate_per_s = i64::from(rate_per_s.max(1));
        self.burst = i64::from(burst.max(1));
        self.level = self.level.min(self.burst * TOKEN);
    }

    /// Whole tokens that lie in it now.
    pub(super) fn tokens(&mut self, now: Timestamp) -> usize {
        self.fill(now);
        (self.level / TOKEN) as usize
    }

    /// Takes `count` tokens that [`tokens`](Self::tokens) said were there.
    pub(super) fn take(&mut self, count: usize) {
        self.level -= count as i64 * TOKEN;
    }

    /// When it will hold `count` tokens, at most `burst`.
    pub(super) fn holds_at(&self, count: usize) -> Timestamp {
        let missing = (count as i64).min(self.burst) * TOKEN - self.level;
        let ms = (missing.max(0) as u64).div_ceil(self.rate_per_s as u64);
        Timestamp(self.at.0.saturating_add(ms as i64))
    }

    fn fill(&mut self, now: Timestamp) {
        let ms = now.0.saturating_sub(self.at.0).max(0);
        self.level = self.level.saturating_add(ms.saturating_mul(self.rate_per_s)).min(self.burst * TOKEN);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_starts_empty_fills_to_its_burst_and_says_when() {
        let mut bucket = Bucket::new(Timestamp(1_000));
        bucket.configure(300, 10, Timestamp(1_000));
        assert_eq!(bucket.tokens(Timestamp(1_000)), 0);
        assert_eq!(bucket.holds_at(1), Timestamp(1_004), "1000 / 300 ms, rounded up");
        assert_eq!(bucket.tokens(Timestamp(1_003)), 0);
        assert_eq!(bucket.tokens(Timestamp(1_004)), 1);
        assert_eq!(bucket.tokens(Timestamp(60_000)), 10, "no more than the burst");
        bucket.take(10);
        assert_eq!(bucket.holds_at(50), Timestamp(60_034), "more than the burst it never holds");
    }

    #[test]
    fn a_smaller_burst_holds_at_once_and_time_does_not_run_back() {
        let mut bucket = Bucket::new(Timestamp(0));
        bucket.configure(1000, 100, Timestamp(0));
        assert_eq!(bucket.tokens(Timestamp(1_000)), 100);
        bucket.configure(1000, 5, Timestamp(1_000));
        assert_eq!(bucket.tokens(Timestamp(500)), 5);
        bucket.take(5);
        assert_eq!(bucket.tokens(Timestamp(900)), 0);
    }
}
