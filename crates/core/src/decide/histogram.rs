//! How the values of pushes are spread, on a logarithmic scale: enough to say which value a given share of
//! the candidates exceeds, in a fixed kilobyte, and to add up what shards counted.

use crate::bytes::{Get, Malformed, Put};
use crate::decay::{exp2, log2};

/// Bins an octave: borders lie 9 % apart.
const PER_OCTAVE: f64 = 8.0;

/// The exponent of the lowest border: values below 2⁻²⁴ count as the lowest.
const LOWEST: f64 = -24.0;

/// Bins: 2⁻²⁴ to 2¹⁶.
pub const BINS: usize = 320;

/// Counts of positive values by their logarithm, and of those that are not positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    bins: Vec<u64>,
    worthless: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { bins: vec![0; BINS], worthless: 0 }
    }
}

/// The bin of a value; `None` when it is not positive.
pub fn bin(value: f64) -> Option<usize> {
    (value > 0.0).then(|| ((log2(value) - LOWEST) * PER_OCTAVE).clamp(0.0, (BINS - 1) as f64) as usize)
}

/// The lower border of a bin.
pub fn border(bin: usize) -> f64 {
    exp2(bin as f64 / PER_OCTAVE + LOWEST)
}

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value: f64) {
        self.add_many(value, 1);
    }

    /// Counts a value that stands for several.
    pub fn add_many(&mut self, value: f64, count: u64) {
        match bin(value) {
            Some(bin) => self.bins[bin] += count,
            None => self.worthless += count,
        }
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Histogram) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(sum, it)| *sum += it);
        self.worthless += other.worthless;
    }

    /// Values counted, worthless ones too.
    pub fn len(&self) -> u64 {
        self.positive() + self.worthless
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Positive values counted.
    pub fn positive(&self) -> u64 {
        self.bins.iter().sum()
    }

    /// The lowest value that at most `count` of the values reach, evenly spread within its bin; 0 when all
    /// positive ones may pass.
    pub fn threshold(&self, count: u64) -> f64 {
        let mut above = 0;
        for (at, in_bin) in self.bins.iter().enumerate().rev() {
            if above + in_bin > count {
                // Of this bin only the upper part may pass.
                let share = (count - above) as f64 / *in_bin as f64;
                return exp2((at as f64 + 1.0 - share) / PER_OCTAVE + LOWEST);
            }
            above += in_bin;
        }
        0.0
    }

    /// The value that a `share` (0 to 1) of all counted values reach; 0 when so many are not positive.
    pub fn exceeded_by(&self, share: f64) -> f64 {
        self.threshold((share.clamp(0.0, 1.0) * self.len() as f64) as u64)
    }

    /// Appends the counts; empty bins take a byte.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.worthless);
        self.bins.iter().for_each(|it| out.put_uint(*it));
    }

    /// Takes back what [`Histogram::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let worthless = get.uint("worthless")?;
        let bins = (0..BINS).map(|_| get.uint("count")).collect::<Result<_, _>>()?;
        Ok(Histogram { bins, worthless })
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::{mix, normal, unit};
    use super::*;

    #[test]
    fn a_threshold_lets_pass_about_as_many_as_it_should() {
        let values: Vec<f64> = (0..10_000).map(|id| 0.1 * exp2(normal(mix(&[id])))).collect();
        let mut histogram = Histogram::default();
        values.iter().for_each(|it| histogram.add(*it));
        for count in [50u64, 500, 5_000] {
            let threshold = histogram.threshold(count);
            let passed = values.iter().filter(|it| **it >= threshold).count() as f64;
            assert!((passed / count as f64 - 1.0).abs() < 0.06, "{count}: {passed}");
        }
        assert_eq!(histogram.threshold(20_000), 0.0);
    }

    #[test]
    fn shards_add_up_and_come_back_from_bytes() {
        let (mut a, mut b, mut all) = (Histogram::default(), Histogram::default(), Histogram::default());
        for id in 0..1000u64 {
            let value = unit(mix(&[id])) - 0.2;
            if id % 2 == 0 { &mut a } else { &mut b }.add(value);
            all.add(value);
        }
        a.merge(&b);
        assert_eq!(a, all);
        assert!(all.len() == 1000 && all.positive() < 850);
        let mut out = Vec::new();
        all.encode(&mut out);
        assert_eq!(Histogram::decode(&mut Get::new(&out)), Ok(all));
    }

    #[test]
    fn extremes_have_their_place() {
        let mut histogram = Histogram::default();
        [0.0, -1.0, f64::NAN, 1e-30, 1e30].into_iter().for_each(|it| histogram.add(it));
        assert_eq!((histogram.len(), histogram.positive()), (5, 2));
    }
}
