//! Taste: the decayed sum of what a shopper touched, in 64 bytes.
//!
//! Forward decay, as interests have it ([`crate::decay`]), with a shared unit: a touch of weight `w` at `t`
//! adds `w · 2^(t/H)` times its vector. Coordinates are bytes in a unit that doubles when one would not fit
//! any more. So the sum is the same in any order up to the rounding of each step, not to the last bit: a
//! taste says which way a shopper leans, and that is how it is used.

use super::row::{Coarse, INVERSE};
use super::vector::{DIMENSIONS, Direction, Vector, dot, inverse_length, round};
use crate::decay::{INTEREST_HALF_LIFE_S, Level, exp2};
use bytemuck::{Pod, Zeroable};

/// What a shopper leans to.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Taste {
    q: [i8; DIMENSIONS],
    /// What one step of a coordinate stands for, as a level; 0 when nothing was touched yet.
    unit: Level,
}

/// Steps that the first touch fills: the rest of the byte is for what comes.
const FIRST_STEPS: f64 = 16.0;

/// Levels in one doubling.
const DOUBLING: u32 = 1 << 20;

impl Default for Taste {
    fn default() -> Self {
        Taste::zeroed()
    }
}

impl Taste {
    /// Something at `vector` was touched with `weight` at `secs` (Unix seconds).
    pub fn touch(&mut self, vector: &Vector, weight: f64, secs: u32) {
        let level = Level::of(weight, secs, INTEREST_HALF_LIFE_S);
        if self.unit == Level::default() {
            self.unit = Level::of(weight / FIRST_STEPS, secs, INTEREST_HALF_LIFE_S);
        }
        let steps = ratio(level, self.unit) as f32;
        self.add(vector, steps);
    }

    /// Whether nothing was touched yet.
    pub fn is_empty(&self) -> bool {
        self.unit == Level::default()
    }

    /// Adds another's taste.
    pub fn merge(&mut self, other: &Taste) {
        if other.unit == Level::default() {
            return;
        }
        if self.unit == Level::default() {
            *self = *other;
            return;
        }
        let steps = ratio(other.unit, self.unit) as f32;
        let theirs: Vector = std::array::from_fn(|at| f32::from(other.q[at]));
        self.add(&theirs, steps);
    }

    /// How well a direction suits this taste: the cosine, −1 to 1; 0 while nothing is known.
    pub fn cosine(&self, direction: &Direction) -> f32 {
        dot(&self.q, &direction.q) as f32 * inverse_length(&self.q) * direction.inverse_length
    }

    /// This taste in four bits a coordinate, for the match. What that takes from it turns the cosine with a show by
    /// .012 (a standard deviation), where that with an unrelated name lies at 0 ± .125.
    pub fn coarse(&self) -> Coarse {
        let greatest = self.q.iter().fold(0, |max: i32, it| max.max(i32::from(*it).abs()));
        if greatest == 0 {
            return Coarse { bits: [0; DIMENSIONS], inverse_length: 0 };
        }
        let steps = 7.5 / greatest as f32;
        let bits = self.q.map(|it| (f32::from(it) * steps + 8.0).clamp(0.0, 15.0) as u8);
        let square: i32 = bits.iter().map(|it| (2 * i32::from(*it) - 15).pow(2)).sum();
        // One correctly rounded root: the same bits everywhere.
        Coarse { bits, inverse_length: (INVERSE / (square as f32).sqrt()) as i16 }
    }

    fn add(&mut self, vector: &Vector, steps: f32) {
        let mut sum: Vector = std::array::from_fn(|at| f32::from(self.q[at]) + vector[at] * steps);
        let greatest = sum.iter().fold(0f32, |max, it| max.max(it.abs()));
        let mut limit = 127.0;
        let mut half = 1.0;
        while greatest > limit {
            limit *= 2.0;
            half *= 0.5;
            self.unit = Level(self.unit.0.saturating_add(DOUBLING));
        }
        if half < 1.0 {
            sum.iter_mut().for_each(|it| *it *= half);
        }
        self.q = std::array::from_fn(|at| round(sum[at]));
    }
}

/// How many of `unit` make `level`.
fn ratio(level: Level, unit: Level) -> f64 {
    exp2((f64::from(level.0) - f64::from(unit.0)) / f64::from(DOUBLING))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Term;
    use crate::select::vector::add;

    fn at(term: u32) -> Vector {
        let mut sum = [0.0; DIMENSIONS];
        add(&mut sum, Term(term), 1.0);
        sum
    }

    const NOW: u32 = 1_700_000_000;

    #[test]
    fn a_taste_leans_to_what_was_touched_most_and_last() {
        let mut taste = Taste::default();
        for day in 0..40u32 {
            taste.touch(&at(1), 1.0, NOW + day * 86_400);
            taste.touch(&at(2), 3.0, NOW + day * 86_400);
        }
        let cosine = |term| taste.cosine(&Direction::of(&at(term)));
        assert!(cosine(2) > 0.8, "{}", cosine(2));
        assert!(cosine(1) > 0.15 && cosine(1) < cosine(2));
        assert!(cosine(3).abs() < 0.35);
        let mut later = taste;
        for hour in 0..40 {
            later.touch(&at(3), 5.0, NOW + 80 * 86_400 + hour * 3600);
        }
        let cosine = |term| later.cosine(&Direction::of(&at(term)));
        assert!(cosine(3) > cosine(2), "what was touched two months ago weighs less");
    }

    #[test]
    fn a_coarse_taste_points_where_the_whole_one_does() {
        let (mut squares, mut count) = (0.0, 0.0);
        for shopper in 0..200u32 {
            let mut taste = Taste::default();
            for touch in 0..=shopper % 40 {
                let term = 1 + (shopper * 31 + touch * 17) % 500;
                taste.touch(&at(term), f64::from(1 + touch % 5), NOW + touch * 40_000);
            }
            let coarse = taste.coarse();
            let length = INVERSE / f32::from(coarse.inverse_length);
            for term in 1..60 {
                let direction = Direction::of(&at(term));
                let values = coarse.bits.iter().map(|it| 2.0 * f32::from(*it) - 15.0);
                let dot: f32 = values.zip(direction.q).map(|(value, q)| value * f32::from(q)).sum();
                let error = dot / length * direction.inverse_length - taste.cosine(&direction);
                squares += f64::from(error * error);
                count += 1.0;
            }
        }
        let spread = (squares / count).sqrt();
        assert!(spread < 0.016, "{spread}");
        assert_eq!(Taste::default().coarse().inverse_length, 0);
    }

    #[test]
    fn the_order_of_touches_changes_a_taste_by_no_more_than_rounding() {
        let touches: Vec<(u32, f64, u32)> =
            (0..120u32).map(|i| (1 + i % 7, f64::from(1 + i % 5), NOW + (i * 7919 % 60) * 86_400)).collect();
        let sum = |touches: &mut dyn Iterator<Item = &(u32, f64, u32)>| {
            let mut taste = Taste::default();
            touches.for_each(|(term, weight, secs)| taste.touch(&at(*term), *weight, *secs));
            taste
        };
        let (forward, backward) = (sum(&mut touches.iter()), sum(&mut touches.iter().rev()));
        let as_direction = Direction { q: backward.q, inverse_length: inverse_length(&backward.q) };
        assert!(forward.cosine(&as_direction) > 0.995, "{}", forward.cosine(&as_direction));
        let (mut first, mut second) = (Taste::default(), Taste::default());
        touches[..60].iter().for_each(|(term, weight, secs)| first.touch(&at(*term), *weight, *secs));
        touches[60..].iter().for_each(|(term, weight, secs)| second.touch(&at(*term), *weight, *secs));
        first.merge(&second);
        assert!(first.cosine(&as_direction) > 0.995);
    }
}
