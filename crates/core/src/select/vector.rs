//! Random indexing: where a name lies in the vector space.
//!
//! Every term gets a fixed direction of ±1 in each of 64 dimensions, drawn from a hash of the term
//! (Kanerva et al., "Random Indexing", 2000; Sahlgren 2005). Two different names are close to orthogonal
//! (cosine 0 ± 1/8), a sum of names is close to each of its parts, and no table has to be kept, learnt or
//! journalled. [`Place`] is the seam for better ones: whoever has embeddings of a model puts them there.

use crate::id::Term;
use crate::show::{Item, Show};

/// Dimensions of the space.
pub const DIMENSIONS: usize = 64;

/// A point in the space, before it is scaled.
pub type Vector = [f32; DIMENSIONS];

/// How much each kind of name says about where a product lies.
pub mod weight {
    #![expect(missing_docs, reason = "each is the weight of the name its name says")]
    pub const PRODUCT: f32 = 0.6;
    pub const CATEGORY: f32 = 1.0;
    pub const BRAND: f32 = 0.7;
    pub const HOST: f32 = 0.7;
    pub const STYLE: f32 = 0.4;
    pub const TAG: f32 = 0.5;
    pub const WORD: f32 = 0.4;
}

/// Gives names their place in the space.
pub trait Place {
    /// The direction of a name: every coordinate within ±1.
    fn direction(&self, term: Term) -> Vector;
}

/// Directions by random indexing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hashed;

impl Place for Hashed {
    fn direction(&self, term: Term) -> Vector {
        let bits = spread(term);
        std::array::from_fn(|at| if bits >> at & 1 == 1 { 1.0 } else { -1.0 })
    }
}

/// Adds a name's direction, `weight` times, by random indexing. No name adds nothing.
#[inline]
pub fn add(sum: &mut Vector, term: Term, weight: f32) {
    if term == Term::NONE {
        return;
    }
    let bits = spread(term);
    for (at, it) in sum.iter_mut().enumerate() {
        // The sign bit of the weight is flipped where the hash has a zero.
        let flip = ((!(bits >> at) & 1) as u32) << 31;
        *it += f32::from_bits(weight.to_bits() ^ flip);
    }
}

/// SplitMix64's finaliser (Steele et al., OOPSLA 2014): terms that differ in one bit differ in half of them.
fn spread(term: Term) -> u64 {
    let mut z = u64::from(term.0).wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A direction, scaled to bytes: what tastes are compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Direction {
    /// The coordinates, the greatest being ±127.
    pub q: [i8; DIMENSIONS],
    /// One over its length in these units; 0 for no direction at all.
    pub inverse_length: f32,
}

impl Direction {
    /// Scales a vector to bytes.
    pub fn of(vector: &Vector) -> Self {
        let greatest = vector.iter().fold(0f32, |max, it| max.max(it.abs()));
        let scale = if greatest > 0.0 { 127.0 / greatest } else { 0.0 };
        let q: [i8; DIMENSIONS] = std::array::from_fn(|at| round(vector[at] * scale));
        Direction { q, inverse_length: inverse_length(&q) }
    }

    /// Where a product of a show lies.
    pub fn of_item(item: &Item) -> Self {
        let mut sum = [0.0; DIMENSIONS];
        add_item(&mut sum, item);
        Direction::of(&sum)
    }

    /// Where a show lies: what it presents, and who presents it.
    pub fn of_show(show: &Show) -> Self {
        let mut sum = [0.0; DIMENSIONS];
        for slot in &show.slots {
            add_item(&mut sum, &slot.item);
        }
        let slots = show.slots.len().max(1) as f32;
        add(&mut sum, show.host.term, weight::HOST * slots);
        add(&mut sum, show.style.term, weight::STYLE * slots);
        Direction::of(&sum)
    }
}

fn add_item(sum: &mut Vector, item: &Item) {
    add(sum, item.product.term, weight::PRODUCT);
    add(sum, item.category.term, weight::CATEGORY);
    add(sum, item.brand.term, weight::BRAND);
    item.tags.iter().for_each(|it| add(sum, it.term, weight::TAG));
    item.words.iter().for_each(|it| add(sum, it.term, weight::WORD));
}

pub(super) fn round(x: f32) -> i8 {
    (x + if x < 0.0 { -0.5 } else { 0.5 }) as i8
}

pub(super) fn inverse_length(q: &[i8; DIMENSIONS]) -> f32 {
    let square = dot(q, q);
    // One correctly rounded root: the same bits everywhere.
    if square > 0 { 1.0 / (square as f32).sqrt() } else { 0.0 }
}

/// The inner product of two scaled vectors.
#[inline]
pub fn dot(a: &[i8; DIMENSIONS], b: &[i8; DIMENSIONS]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_names_are_nearly_orthogonal_and_a_sum_is_near_its_parts() {
        let direction = |term: u32| {
            let mut sum = [0.0; DIMENSIONS];
            add(&mut sum, Term(term), 1.0);
            sum
        };
        let cosine = |a: &Direction, b: &Direction| {
            f64::from(dot(&a.q, &b.q)) * f64::from(a.inverse_length) * f64::from(b.inverse_length)
        };
        let of = |terms: &[u32]| {
            let mut sum = [0.0; DIMENSIONS];
            terms.iter().for_each(|it| add(&mut sum, Term(*it), 1.0));
            Direction::of(&sum)
        };
        let mut squares = 0.0;
        for term in 1..2000 {
            let (a, b) = (Direction::of(&direction(term)), Direction::of(&direction(term + 1)));
            squares += cosine(&a, &b) * cosine(&a, &b);
        }
        let spread = (squares / 1999.0f64).sqrt();
        assert!((0.115..0.135).contains(&spread), "{spread} is not about 1/8");
        assert!(cosine(&of(&[1, 2, 3, 4]), &of(&[2])) > 0.3);
        assert_eq!(Hashed.direction(Term(7)), direction(7));
    }
}
