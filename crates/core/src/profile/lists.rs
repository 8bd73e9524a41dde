//! The small bounded lists that a profile is made of, each the same in whatever order events come.
//!
//! - [`Ranked`]: the names a shopper cares for most, by decayed weight.
//! - [`Recent`]: the things touched last, by (time, term).
//! - [`Toggles`]: things that are on or off, each as its latest event says.
//! - [`Days`]: on which of the last seven days a name was touched, and how often.
//!
//! `Recent` and `Toggles` are exact in any order: what falls off the end could never have come back.
//! `Ranked` and `Days` are exact while the shopper touches no more names than fit; beyond that, a name
//! that fell off and comes back starts anew, and which one fell off can depend on the order.

use crate::decay::Level;
use crate::id::Term;
use bytemuck::{Pod, Zeroable};

/// A name and how much the shopper cares for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Interest {
    /// Which; 0 is an empty place.
    pub term: u32,
    /// How much.
    pub level: Level,
}

/// The `N` names with the greatest decayed weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Ranked<const N: usize>([Interest; N]);

impl<const N: usize> Ranked<N> {
    /// Adds to a name's weight. A new name takes the place of the least, if it weighs more.
    pub fn add(&mut self, term: Term, level: Level) {
        if term == Term::NONE {
            return;
        }
        let at = match self.0.iter().position(|it| it.term == term.0) {
            Some(at) => {
                self.0[at].level = self.0[at].level.plus(level);
                at
            }
            None => {
                let last = N - 1;
                let new = Interest { term: term.0, level };
                if rank(&self.0[last]) >= rank(&new) {
                    return;
                }
                self.0[last] = new;
                last
            }
        };
        // Weights only grow: the changed entry can only move up.
        let mut at = at;
        while at > 0 && rank(&self.0[at - 1]) < rank(&self.0[at]) {
            self.0.swap(at - 1, at);
            at -= 1;
        }
    }

    /// The names, most cared-for first.
    pub fn iter(&self) -> impl Iterator<Item = (Term, Level)> {
        self.0.iter().filter(|it| it.term != 0).map(|it| (Term(it.term), it.level))
    }

    /// The name at every place, [`Term::NONE`] at those that are free.
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        self.0.iter().map(|it| Term(it.term))
    }

    /// Adds all of another list.
    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(term, level)| self.add(term, level));
    }
}

fn rank(interest: &Interest) -> (Level, u32) {
    (interest.level, interest.term)
}

/// A thing and when it was last touched (Unix seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Touch {
    /// When; 0 is an empty place.
    pub at: u32,
    /// Which.
    pub term: u32,
}

/// The `N` things touched last, latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Recent<const N: usize>([Touch; N]);

impl<const N: usize> Recent<N> {
    /// The thing was touched at `at`.
    pub fn touch(&mut self, term: Term, at: u32) {
        if term == Term::NONE {
            return;
        }
        let new = Touch { at, term: term.0 };
        let at = match self.0.iter().position(|it| it.at != 0 && it.term == term.0) {
            Some(at) if self.0[at] >= new => return,
            Some(at) => at,
            None if self.0[N - 1] >= new => return,
            None => N - 1,
        };
        self.0[at] = new;
        self.0[..=at].sort_unstable_by(|a, b| b.cmp(a));
    }

    /// The things and their times, latest first.
    pub fn iter(&self) -> impl Iterator<Item = (Term, u32)> {
        self.0.iter().filter(|it| it.at != 0).map(|it| (Term(it.term), it.at))
    }

    /// When the thing was last touched, if it is still remembered.
    pub fn when(&self, term: Term) -> Option<u32> {
        self.iter().find(|(it, _)| *it == term).map(|(_, at)| at)
    }

    /// Takes over all of another list.
    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(term, at)| self.touch(term, at));
    }
}

/// Something that is on or off, since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Toggle {
    /// Since when (Unix seconds); 0 is an empty place.
    pub at: u32,
    /// Which.
    pub term: u32,
    /// 1 on, 0 off.
    pub on: u32,
}

/// The `N` switches that moved last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Toggles<const N: usize>([Toggle; N]);

impl<const N: usize> Toggles<N> {
    /// The switch was set at `at`.
    pub fn set(&mut self, term: Term, at: u32, on: bool) {
        if term == Term::NONE {
            return;
        }
        let new = Toggle { at, term: term.0, on: on.into() };
        let place = match self.0.iter().position(|it| it.at != 0 && it.term == term.0) {
            Some(place) if self.0[place] >= new => return,
            Some(place) => place,
            None if self.0[N - 1] >= new => return,
            None => N - 1,
        };
        self.0[place] = new;
        self.0[..=place].sort_unstable_by(|a, b| b.cmp(a));
    }

    /// What is on, latest first.
    pub fn on(&self) -> impl Iterator<Item = (Term, u32)> {
        self.0.iter().filter(|it| it.at != 0 && it.on != 0).map(|it| (Term(it.term), it.at))
    }

    /// Takes over all of another list.
    pub fn merge(&mut self, other: &Self) {
        for it in other.0.iter().filter(|it| it.at != 0) {
            self.set(Term(it.term), it.at, it.on != 0);
        }
    }
}

/// How often a name was touched on each of the seven days up to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Week {
    /// Which; 0 is an empty place.
    pub term: u32,
    /// The last day it was touched, in days since the epoch on the shopper's clock.
    pub day: u32,
    /// Four bits a day, the last day lowest; each stops at 15.
    pub counts: u32,
}

/// The names touched on the latest days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Days<const N: usize>([Week; N]);

const WEEK: u32 = 7;

impl Week {
    fn add(&mut self, day: u32, count: u32) {
        if day > self.day {
            let shift = (day - self.day).min(WEEK) * 4;
            self.counts = (self.counts << shift) & ((1 << (WEEK * 4)) - 1);
            self.day = day;
        }
        let back = self.day - day;
        if back < WEEK {
            let nibble = (self.counts >> (back * 4)) & 15;
            let more = (nibble + count).min(15);
            self.counts = self.counts & !(15 << (back * 4)) | more << (back * 4);
        }
    }

    /// Touches on the seven days up to and including `day`.
    pub fn in_week_of(&self, day: u32) -> u32 {
        let past = day.saturating_sub(self.day).min(WEEK);
        (0..WEEK - past).map(|back| (self.counts >> (back * 4)) & 15).sum()
    }

    /// On how many of the seven days up to `day` it was touched.
    pub fn days_in_week_of(&self, day: u32) -> u32 {
        let past = day.saturating_sub(self.day).min(WEEK);
        (0..WEEK - past).filter(|back| (self.counts >> (back * 4)) & 15 != 0).count() as u32
    }
}

impl<const N: usize> Days<N> {
    /// The name was touched `count` times on `day`.
    pub fn add(&mut self, term: Term, day: u32, count: u32) {
        if term == Term::NONE {
            return;
        }
        let place = match self.0.iter().position(|it| it.term == term.0) {
            Some(place) => {
                self.0[place].add(day, count);
                place
            }
            None if latest(&self.0[N - 1]) >= (day, term.0) => return,
            None => {
                self.0[N - 1] = Week { term: term.0, day, counts: count.min(15) };
                N - 1
            }
        };
        self.0[..=place].sort_unstable_by_key(|it| std::cmp::Reverse(latest(it)));
    }

    /// What is kept, latest day first.
    pub fn iter(&self) -> impl Iterator<Item = &Week> {
        self.0.iter().filter(|it| it.term != 0)
    }

    /// The name's week.
    pub fn get(&self, term: Term) -> Option<&Week> {
        self.iter().find(|it| it.term == term.0)
    }

    /// Adds all of another list.
    pub fn merge(&mut self, other: &Self) {
        for week in other.iter() {
            for back in (0..WEEK).rev() {
                let count = (week.counts >> (back * 4)) & 15;
                if count > 0 && week.day >= back {
                    self.add(Term(week.term), week.day - back, count);
                }
            }
        }
    }
}

fn latest(week: &Week) -> (u32, u32) {
    (week.day, week.term)
}

/// `Default` cannot be derived for arrays of a generic length.
macro_rules! empty_list {
    ($($list:ident of $entry:ty),+ $(,)?) => {$(
        impl<const N: usize> Default for $list<N> {
            fn default() -> Self {
                $list([<$entry>::zeroed(); N])
            }
        }
    )+};
}

empty_list!(Ranked of Interest, Recent of Touch, Toggles of Toggle, Days of Week);
