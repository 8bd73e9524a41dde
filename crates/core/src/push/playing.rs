//! How the picture came to those whom a push brought in: how long they waited for it, and how often it stood still.
//!
//! Waits are counted in steps, so that shards can be added up and a median still be told.

use crate::bytes::{Get, Malformed, Put};

/// Upper ends of the steps, in milliseconds from the tap to the first picture. What took longer is in one last step.
pub const WAITS_MS: [u32; 19] = [
    25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000,
    30_000,
];

/// Waits and stalls of a show's pushes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Playing {
    waits: [u64; WAITS_MS.len() + 1],
    /// Times that a picture stood still.
    pub stalls: u64,
    /// For how long in all, in milliseconds.
    pub stalled_ms: u64,
}

impl Playing {
    /// A picture came after so many milliseconds.
    pub fn started(&mut self, wait_ms: u32) {
        self.waits[WAITS_MS.partition_point(|it| *it < wait_ms)] += 1;
    }

    /// A picture stood still for so long.
    pub fn stalled(&mut self, ms: u32) {
        self.stalls += 1;
        self.stalled_ms = self.stalled_ms.saturating_add(ms.into());
    }

    /// Pushes whose shopper saw a picture.
    pub fn pictures(&self) -> u64 {
        self.waits.iter().sum()
    }

    /// The step, by its upper end in milliseconds, within which this share of the pictures had come; `None` without
    /// any, or when it is in the last step, which has no end.
    pub fn wait_ms(&self, share: f64) -> Option<u32> {
        let wanted = (self.pictures() as f64 * share).max(1.0);
        let mut sum = 0;
        let step = self.waits.iter().position(|it| {
            sum += it;
            sum as f64 >= wanted
        });
        step.and_then(|it| WAITS_MS.get(it)).copied()
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Playing) {
        self.waits.iter_mut().zip(other.waits).for_each(|(sum, it)| *sum += it);
        self.stalls += other.stalls;
        self.stalled_ms = self.stalled_ms.saturating_add(other.stalled_ms);
    }

    /// Appends them to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.waits.iter().for_each(|it| out.put_uint(*it));
        out.put_uint(self.stalls);
        out.put_uint(self.stalled_ms);
    }

    /// Reads what [`Playing::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut playing = Playing::default();
        for it in &mut playing.waits {
            *it = get.uint("waits for a picture")?;
        }
        playing.stalls = get.uint("stalls")?;
        playing.stalled_ms = get.uint("stalled")?;
        Ok(playing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_end_of_its_step_and_shards_add_up() {
        let mut one = Playing::default();
        assert_eq!((one.pictures(), one.wait_ms(0.5)), (0, None));
        [38, 50, 51].into_iter().for_each(|it| one.started(it));
        assert_eq!((one.wait_ms(0.5), one.wait_ms(0.95)), (Some(50), Some(75)));
        let mut other = Playing::default();
        [90_000, 90_000, 90_000].into_iter().for_each(|it| other.started(it));
        other.stalled(700);
        one.merge(&other);
        assert_eq!((one.pictures(), one.wait_ms(0.5), one.wait_ms(0.95)), (6, Some(75), None));
        let mut out = Vec::new();
        one.encode(&mut out);
        assert_eq!(Playing::read(&mut Get::new(&out)), Ok(one));
    }
}
