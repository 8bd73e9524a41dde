//! Who is left out on purpose, so that what the pushes added can be measured.
//!
//! A hash with the shop's salt decides, not a list: a shopper stays in the same group on every machine and
//! for as long as the salt lives, and nobody can guess it. Three draws with three purposes: a few shoppers are
//! never pushed; of each show some eligible ones are withheld (ghosts); of those who are pushed some are at
//! a random time within their window, which is what timing is measured against.

use super::chance::{mix, unit};
use crate::id::hash_seeded;

/// The shares, between 0 and 1, and the salt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Holdout {
    /// Kept secret; changing it deals all groups anew.
    pub salt: u64,
    /// Share of shoppers that are never pushed for marketing.
    pub global: f64,
    /// Share of eligible shoppers that are withheld from a show.
    pub ghost: f64,
    /// Share of pushes that go out at a random time within their window.
    pub random_time: f64,
}

impl Holdout {
    /// The usual shares (DESIGN.md §4): 3 % global, 7 % ghosts, 5 % at random times.
    pub fn usual(salt: u64) -> Self {
        Holdout { salt, global: 0.03, ghost: 0.07, random_time: 0.05 }
    }
}

/// The part that a shopper plays in a show's measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Group {
    /// Never pushed at all.
    Global,
    /// Would be pushed, and is not.
    Ghost,
    /// Pushed at this point of the window, 0 its beginning and 1 its end, whatever the moment rule says.
    RandomTime(f64),
    /// Pushed at the chosen moment.
    Chosen,
}

const GLOBAL: u64 = 1;
const GHOST: u64 = 2;
const RANDOM_TIME: u64 = 3;
const WHEN: u64 = 4;

impl Holdout {
    /// The part of shopper `shopper` (his id) in show `show`.
    pub fn group(&self, shopper: &str, show: &str) -> Group {
        let of = |purpose: u64, show: &str| {
            let shopper = hash_seeded(shopper, self.salt);
            mix(&[self.salt, purpose, shopper, hash_seeded(show, self.salt)])
        };
        if self.is_global(shopper) {
            Group::Global
        } else if unit(of(GHOST, show)) < self.ghost {
            Group::Ghost
        } else if unit(of(RANDOM_TIME, show)) < self.random_time {
            Group::RandomTime(unit(of(WHEN, show)))
        } else {
            Group::Chosen
        }
    }

    /// Whether a shopper is never pushed for marketing.
    pub fn is_global(&self, shopper: &str) -> bool {
        unit(mix(&[self.salt, GLOBAL, hash_seeded(shopper, self.salt)])) < self.global
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(holdout: Holdout, show: &str, is: fn(&Group) -> bool) -> f64 {
        let n = 20_000;
        (0..n).filter(|id| is(&holdout.group(&format!("u{id}"), show))).count() as f64 / f64::from(n)
    }

    #[test]
    fn the_groups_have_their_shares() {
        let holdout = Holdout::usual(42);
        let near = |a: f64, b: f64| (a - b).abs() < 0.006;
        assert!(near(share(holdout, "s", |it| *it == Group::Global), 0.03));
        assert!(near(share(holdout, "s", |it| *it == Group::Ghost), 0.07 * 0.97));
        assert!(near(share(holdout, "s", |it| matches!(it, Group::RandomTime(_))), 0.05 * 0.97 * 0.93));
    }

    #[test]
    fn ghosts_are_dealt_anew_for_each_show_and_the_global_group_never() {
        let holdout = Holdout::usual(42);
        let (mut both, mut one) = (0, 0);
        for id in 0..20_000 {
            let shopper = format!("u{id}");
            let [a, b] = ["s1", "s2"].map(|show| holdout.group(&shopper, show));
            assert_eq!(a == Group::Global, b == Group::Global);
            one += u32::from(a == Group::Ghost);
            both += u32::from(a == Group::Ghost && b == Group::Ghost);
        }
        assert!(f64::from(both) < 0.12 * f64::from(one), "{both} of {one}");
    }

    #[test]
    fn another_salt_deals_other_groups() {
        let [a, b] = [1, 2].map(Holdout::usual);
        let same = (0..5_000).map(|id| format!("u{id}")).filter(|it| a.is_global(it) && b.is_global(it));
        assert!(same.count() < 20);
    }
}
