//! The latent space in which shoppers like things. Directions are drawn from names, so that a catalogue that was
//! handed in has them too. None of it is ever sent: an observer sees only what shoppers do.

use crate::catalogue::Catalogue;
use crate::chance::{Key, Why};
use crate::limits::TASTE_DIMENSIONS;

/// A direction of taste.
pub type Vector = [f32; TASTE_DIMENSIONS];

/// Cosine for directions of length 1.
pub fn dot(one: &Vector, other: &Vector) -> f64 {
    f64::from(one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>())
}

/// `to` plus `weight` times `what`.
pub fn add(to: &mut Vector, what: &Vector, weight: f64) {
    for (a, b) in to.iter_mut().zip(what) {
        *a += b * weight as f32;
    }
}

/// To length 1; nothing stays nothing.
pub fn unit(mut vector: Vector) -> Vector {
    let length = dot(&vector, &vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|it| *it /= length as f32);
    }
    vector
}

/// Random numbers as a direction of length about 1.
pub fn drawn(key: Key) -> Vector {
    let scale = 1.0 / (TASTE_DIMENSIONS as f64).sqrt();
    std::array::from_fn(|it| (key.and(it as u64).normal() * scale) as f32)
}

/// Where everything lies.
#[derive(Debug, Clone)]
pub struct Space {
    key: Key,
    /// By position in the catalogue.
    pub products: Vec<Vector>,
    /// By position in the catalogue.
    pub hosts: Vec<Vector>,
}

impl Space {
    /// Places a catalogue.
    pub fn new(key: Key, catalogue: &Catalogue) -> Self {
        let key = key.why(Why::Taste);
        let mut space = Space { key, products: Vec::new(), hosts: Vec::new() };
        space.products = (catalogue.products.iter())
            .map(|it| {
                let mut vector = space.name(&it.category);
                add(&mut vector, &space.name(&it.brand), 0.45);
                add(&mut vector, &drawn(key.and(2).named(&it.id)), 0.3);
                unit(vector)
            })
            .collect();
        space.hosts = (catalogue.hosts.iter())
            .map(|it| {
                let mut vector = drawn(key.and(2).named(&it.id)).map(|it| it * 0.3);
                for category in &it.categories {
                    add(&mut vector, &space.name(category), 0.7);
                }
                add(&mut vector, &space.name(&it.style), 0.6);
                unit(vector)
            })
            .collect();
        space
    }

    /// The direction of a category, brand or style.
    pub fn name(&self, name: &str) -> Vector {
        unit(drawn(self.key.and(1).named(name)))
    }
}
