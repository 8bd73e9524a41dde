//! What a push costs the shopper's patience.
//!
//! Each past push costs `γ · 2^(−Δt/τ)`; one that was ignored costs more, one that was dismissed more
//! still, one that was tapped nothing. What may be lost in the end is the shopper himself: the rate at which
//! weary shoppers uninstall is learned, and prices the worth of keeping him.

use super::logistic::P_MIN;
use crate::bytes::{Get, Malformed};
use crate::decay::{exp2, log2};
use bytemuck::{Pod, Zeroable};

/// How a push ended for the shopper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Not known yet.
    Pending,
    /// Tapped: it was welcome.
    Tapped,
    /// Left alone until it expired.
    Ignored,
    /// Swept away.
    Dismissed,
}

impl Ending {
    /// The weight of such a push, one of unknown ending being 1.
    pub fn weight(self) -> f64 {
        match self {
            Ending::Pending => 1.0,
            Ending::Tapped => 0.25,
            Ending::Ignored => 1.5,
            Ending::Dismissed => 2.5,
        }
    }
}

/// Half-life of weariness, τ, in seconds: two days.
pub const HALF_LIFE_S: f64 = 2.0 * 86_400.0;

/// The decayed weight of past pushes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Weariness {
    sum: f32,
    /// The instant the sum is decayed to (Unix seconds).
    at: u32,
}

impl Weariness {
    /// The weight at `now` (Unix seconds): 1 is one push just now.
    pub fn value(&self, now: u32) -> f64 {
        f64::from(self.sum) * weight_after(now.saturating_sub(self.at))
    }

    /// A push was sent at `now`.
    pub fn push(&mut self, now: u32) {
        self.add(Ending::Pending.weight(), now);
    }

    /// The push sent at `sent_at` ended so: its weight becomes that of its ending.
    pub fn ended(&mut self, sent_at: u32, ending: Ending) {
        self.add(ending.weight() - Ending::Pending.weight(), sent_at);
    }

    /// Adds what another remembers.
    pub fn merge(&mut self, other: &Weariness) {
        self.add(other.sum.into(), other.at);
    }

    fn add(&mut self, weight: f64, at: u32) {
        let now = self.at.max(at);
        let sum = self.value(now) + weight * weight_after(now - at);
        *self = Weariness { sum: sum.max(0.0) as f32, at: now };
    }
}

fn weight_after(seconds: u32) -> f64 {
    exp2(-f64::from(seconds) / HALF_LIFE_S)
}

/// Bins of weariness for the uninstall rate: 0, then octaves from ¼ to 16.
const BINS: usize = 8;

fn bin(weariness: f64) -> usize {
    if weariness < 0.25 { 0 } else { ((log2(weariness) + 3.0) as usize).min(BINS - 1) }
}

/// Pushes that the prior of a bin weighs.
const PRIOR_PUSHES: f64 = 10_000.0;

/// Uninstalls a push of a rested shopper, before any was seen; each bin doubles it.
const PRIOR_RATE: f64 = 2e-5;

/// How often shoppers uninstall after one more push, by how weary they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Uninstalls {
    /// Pushes whose week is over, and uninstalls in that week.
    seen: [(f64, f64); BINS],
}

impl Uninstalls {
    /// The week after a push to a shopper of such weariness (before it) is over.
    pub fn learn(&mut self, weariness: f64, uninstalled: bool) {
        let (pushes, uninstalls) = &mut self.seen[bin(weariness)];
        *pushes += 1.0;
        *uninstalls += f64::from(u8::from(uninstalled));
    }

    /// The chance that one more push makes him uninstall.
    pub fn hazard(&self, weariness: f64) -> f64 {
        let bin = bin(weariness);
        let (pushes, uninstalls) = self.seen[bin];
        let prior = PRIOR_RATE * f64::from(1u32 << bin);
        ((PRIOR_PUSHES * prior + uninstalls) / (PRIOR_PUSHES + pushes)).clamp(P_MIN, 1.0)
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Uninstalls) {
        for (mine, theirs) in self.seen.iter_mut().zip(other.seen) {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
    }

    /// Appends the counts.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for number in self.seen.iter().flat_map(|it| [it.0, it.1]) {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Takes back what [`Uninstalls::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut all = Uninstalls::default();
        for it in &mut all.seen {
            *it = (f64::from_le_bytes(get.array("pushes")?), f64::from_le_bytes(get.array("uninstalls")?));
            if !(it.0.is_finite() && it.1.is_finite() && it.0 >= 0.0 && it.1 >= 0.0) {
                return Err(get.malformed("uninstalls"));
            }
        }
        Ok(all)
    }
}

/// What patience is worth, in the unit of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    /// γ: what one push just now costs the next one.
    pub gamma: f64,
    /// What losing the shopper would cost.
    pub lifetime: f64,
}

/// What one more push costs a shopper of such weariness.
pub fn cost(weariness: f64, uninstalls: &Uninstalls, worth: Worth) -> f64 {
    worth.gamma * weariness + uninstalls.hazard(weariness) * worth.lifetime
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u32 = 1_511_658_000;

    #[test]
    fn a_push_costs_half_as_much_two_days_later_in_whatever_order_they_are_told() {
        let mut weariness = Weariness::default();
        weariness.push(NOW);
        assert!((weariness.value(NOW) - 1.0).abs() < 1e-6);
        assert!((weariness.value(NOW + 2 * 86_400) - 0.5).abs() < 1e-6);
        weariness.push(NOW + 86_400);
        let mut other = Weariness::default();
        other.push(NOW + 86_400);
        other.push(NOW);
        assert!((weariness.value(NOW + 86_400) - other.value(NOW + 86_400)).abs() < 1e-6);
    }

    #[test]
    fn a_dismissed_push_costs_more_than_an_ignored_one_and_a_tapped_one_little() {
        let after = |ending| {
            let mut weariness = Weariness::default();
            weariness.push(NOW);
            weariness.ended(NOW, ending);
            weariness.value(NOW + 60)
        };
        assert!(after(Ending::Dismissed) > after(Ending::Ignored));
        assert!(after(Ending::Ignored) > after(Ending::Pending));
        assert!(after(Ending::Tapped) < 0.3);
    }

    #[test]
    fn the_weary_are_dearer_and_uninstalls_make_them_dearer_still() {
        let mut uninstalls = Uninstalls::default();
        let worth = Worth { gamma: 0.01, lifetime: 20.0 };
        assert!(cost(4.0, &uninstalls, worth) > cost(0.0, &uninstalls, worth));
        let before = uninstalls.hazard(4.0);
        (0..50_000).for_each(|i| uninstalls.learn(4.0, i % 100 == 0));
        assert!(uninstalls.hazard(4.0) > 2.0 * before && uninstalls.hazard(0.0) == PRIOR_RATE);
        let mut out = Vec::new();
        uninstalls.encode(&mut out);
        assert_eq!(Uninstalls::decode(&mut Get::new(&out)), Ok(uninstalls));
    }
}
