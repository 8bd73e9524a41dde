//! Decayed sums that do not care in which order events arrive.
//!
//! A decayed sum is kept by forward decay (Cormode et al., "Forward Decay", ICDE 2009): an event of
//! weight `w` at time `t` adds `w · 2^(t/H)`, and the sum's value at time `n` is what was added times
//! `2^(−n/H)`. Kept as a logarithm it fits 32 bits for decades, needs no clock to be compared, and is
//! the same sum in any order, up to rounding (each addition is exact to 2⁻¹⁹ of a half-life).

/// `log2(Σ w · 2^(t/H))` in steps of 2⁻²⁰; 0 is "nothing yet".
///
/// `t/H` spans 0 to 4096 half-lives since 1970: with the shortest half-life in use (14 days) that is
/// until 2127.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct Level(pub u32);

const STEP: f64 = (1u32 << 20) as f64;

/// Half-life of interests, in seconds: 14 days.
pub const INTEREST_HALF_LIFE_S: u32 = 14 * 86_400;

impl Level {
    /// One event of `weight` (> 0) at `secs` (Unix seconds), under a half-life of `half_life_s`.
    pub fn of(weight: f64, secs: u32, half_life_s: u32) -> Self {
        let level = (f64::from(secs) / f64::from(half_life_s) + log2(weight)) * STEP;
        Level((level + 0.5).clamp(1.0, f64::from(u32::MAX)) as u32)
    }

    /// The sum of both.
    pub fn plus(self, other: Level) -> Self {
        let (high, low) = if self >= other { (self, other) } else { (other, self) };
        if low.0 == 0 {
            return high;
        }
        let gap = f64::from(high.0 - low.0) / STEP;
        let more = log2(1.0 + exp2(-gap)) * STEP;
        Level(high.0.saturating_add((more + 0.5) as u32))
    }

    /// The sum's value at `secs`.
    pub fn value(self, secs: u32, half_life_s: u32) -> f64 {
        if self.0 == 0 {
            return 0.0;
        }
        exp2(f64::from(self.0) / STEP - f64::from(secs) / f64::from(half_life_s))
    }
}

/// `2^x` from IEEE additions and multiplications alone, so that every machine gets the same bits.
/// Relative error below 10⁻⁹.
pub fn exp2(x: f64) -> f64 {
    let x = x.clamp(-1020.0, 1020.0);
    let whole = x.floor();
    // e^(f·ln 2) as a Taylor series around the middle of [0, 1).
    let f = (x - whole - 0.5) * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for n in (1..=10).rev() {
        sum = 1.0 + sum * f / f64::from(n);
    }
    sum * std::f64::consts::SQRT_2 * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
}

/// `log2(x)` for normal `x > 0`, from IEEE operations alone. Absolute error below 10⁻⁹.
pub fn log2(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    let mut exponent = ((bits >> 52) as i64 - 1023) as f64;
    let mut m = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if m > std::f64::consts::SQRT_2 {
        m /= 2.0;
        exponent += 1.0;
    }
    // ln m = 2 artanh((m−1)/(m+1)), with |z| ≤ 0.172.
    let z = (m - 1.0) / (m + 1.0);
    let square = z * z;
    let mut sum = 0.0;
    for n in (0..=6).rev() {
        sum = sum * square + 1.0 / f64::from(2 * n + 1);
    }
    exponent + 2.0 * z * sum * std::f64::consts::LOG2_E
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_exp2_and_log2_agree_with_the_platform_to_nine_digits() {
        for i in -2000..2000 {
            let x = f64::from(i) * 0.37;
            let (own, platform) = (exp2(x), x.exp2());
            assert!(((own - platform) / platform).abs() < 1e-9, "exp2({x}): {own} {platform}");
            let y = platform.clamp(1e-300, 1e300);
            assert!((log2(y) - y.log2()).abs() < 1e-9 * y.log2().abs().max(1.0), "log2({y})");
        }
    }

    #[test]
    fn a_decayed_sum_is_the_same_in_any_order() {
        let day = 86_400;
        let events: Vec<(f64, u32)> =
            (0..200u32).map(|i| (f64::from(i % 5 + 1), 1_700_000_000 + (i * 7919 % 90) * day)).collect();
        let sum = |events: &mut dyn Iterator<Item = &(f64, u32)>| {
            events.fold(Level::default(), |sum, (w, t)| sum.plus(Level::of(*w, *t, INTEREST_HALF_LIFE_S)))
        };
        let at = 1_700_000_000 + 90 * day;
        let exact: f64 =
            events.iter().map(|(w, t)| w * 2f64.powf(-f64::from(at - t) / (14.0 * 86_400.0))).sum();
        for sum in [sum(&mut events.iter()), sum(&mut events.iter().rev())] {
            let value = sum.value(at, INTEREST_HALF_LIFE_S);
            assert!((value / exact - 1.0).abs() < 2e-4, "{value} is not {exact}");
        }
    }
}
