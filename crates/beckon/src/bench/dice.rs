//! Seeded chance: the same seed draws the same shoppers and events on every machine of one kind.

/// SplitMix64 (Steele, Lea, Flood 2014): two multiplications a draw, so that drawing is not what is
/// measured.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        dice.draw();
        dice
    }

    /// 64 random bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, all alike (Lemire 2019, without the last correction).
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.draw()) * end as u128) >> 64) as usize
    }

    /// A number from 0 up to but not 1.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of so many in a hundred happens.
    pub fn of_hundred(&mut self, chances: usize) -> bool {
        self.below(100) < chances
    }

    /// A rank below `end` after Zipf's law with exponent 1: the chance of rank `k` is about `1 / (k + 1)`.
    pub fn zipf(&mut self, end: usize) -> usize {
        let rank = ((end + 1) as f64).powf(self.unit()) as usize;
        rank.clamp(1, end.max(1)) - 1
    }

    /// A rank below `end` with a long tail: every hundredth rank from the front draws a tenth of all.
    pub fn long_tail(&mut self, end: usize) -> usize {
        let unit = self.unit();
        ((unit * unit * end as f64) as usize).min(end.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_stay_in_range_and_fall_off_as_said() {
        let mut dice = Dice::new(7);
        let draws = 100_000;
        let zipf: Vec<usize> = (0..draws).map(|_| dice.zipf(1_000)).collect();
        let tail: Vec<usize> = (0..draws).map(|_| dice.long_tail(1_000)).collect();
        assert!(zipf.iter().chain(&tail).all(|it| *it < 1_000));
        let first = zipf.iter().filter(|it| **it == 0).count();
        // ln 2 / ln 1001
        assert!((first as f64 / draws as f64 - 0.1003).abs() < 0.01, "{first}");
        let front = tail.iter().filter(|it| **it < 10).count();
        assert!((front as f64 / draws as f64 - 0.1).abs() < 0.01, "{front}");
        assert_eq!((dice.zipf(1), dice.long_tail(1)), (0, 0));
    }
}
