//! Who is who, told anew: the rules of DESIGN.md §5 over one plain list of events in their order, with
//! no shards, no messages and no pages.
//!
//! What a racing erasure takes along depends on what is under way, so shoppers that have to do with each
//! other form a circle, and a circle in which somebody was erased is judged by its sum, or by its bound.

use std::collections::{BTreeMap, BTreeSet};

/// An id: whether it is a user's, and its spelling.
pub type Id = (bool, String);

/// Who is who, and how many events each has.
#[derive(Debug, Default)]
pub struct Identity {
    /// Other names: of whom, and since when.
    bound: BTreeMap<Id, (String, u32)>,
    /// Events by the id that they were first given to.
    totals: BTreeMap<Id, u64>,
    /// Circles: each spelling points to another of its circle, the last to itself.
    circles: BTreeMap<String, String>,
    /// Who was erased.
    erased: Vec<Erased>,
    /// The place of the last event of each spelling.
    touched: BTreeMap<String, u64>,
    /// Events by the first spelling they came with.
    events: BTreeMap<String, u64>,
}

/// Somebody was erased.
#[derive(Debug)]
struct Erased {
    id: String,
    /// Who that was.
    shopper: Id,
    at: u64,
    /// Nothing was under way, before and after.
    quiet: bool,
}

/// What an event says of identity.
#[derive(Debug)]
pub struct Said<'a> {
    /// The user.
    pub user: Option<&'a str>,
    /// The visitor.
    pub visitor: Option<&'a str>,
    /// The former id that an alias names.
    pub previous: Option<&'a str>,
    /// It is an identify.
    pub identifies: bool,
    /// When it happened, in seconds.
    pub at: u32,
}

impl Identity {
    /// An event, at `place` in the order.
    pub fn event(&mut self, place: u64, said: &Said<'_>) {
        let ids = [said.user, said.visitor, said.previous];
        let mut first = None;
        for id in ids.into_iter().flatten() {
            self.touched.insert(id.to_owned(), place);
            match first {
                None => first = Some(id),
                Some(first) => self.join_circles(first, id),
            }
        }
        let Some(first) = first else { return };
        *self.events.entry(first.to_owned()).or_default() += 1;
        let owner = match (said.previous, said.user, said.visitor) {
            (Some(previous), Some(user), _) => {
                self.join((false, previous.to_owned()), user, said.at, true);
                self.join((true, previous.to_owned()), user, said.at, true);
                (true, user.to_owned())
            }
            (_, Some(user), Some(visitor)) => {
                self.join((false, visitor.to_owned()), user, said.at, said.identifies);
                (true, user.to_owned())
            }
            (_, Some(user), None) => (true, user.to_owned()),
            (_, None, Some(visitor)) => {
                let id = (false, visitor.to_owned());
                self.bound.get(&id).map_or(id, |it| (true, it.0.clone()))
            }
            (_, None, None) => return,
        };
        *self.totals.entry(owner).or_default() += 1;
    }

    /// The latest of those that rebind wins, in whatever order they come; the others bind only who is
    /// not bound.
    fn join(&mut self, id: Id, user: &str, at: u32, rebinds: bool) {
        match self.bound.get_mut(&id) {
            Some(bound) => {
                if rebinds && at >= bound.1 {
                    *bound = (user.to_owned(), at);
                }
            }
            None => {
                if !id.0
                    && let Some(history) = self.totals.remove(&id)
                {
                    *self.totals.entry((true, user.to_owned())).or_default() += history;
                }
                // A user's history is found through his binding.
                self.bound.insert(id, (user.to_owned(), if rebinds { at } else { 0 }));
            }
        }
    }

    /// Somebody asked to be forgotten. `quiet`: nothing was under way, neither before nor after it.
    pub fn erase(&mut self, place: u64, id: &str, quiet: bool) {
        let known = self.totals.contains_key(&(true, id.to_owned()))
            || self.bound.contains_key(&(true, id.to_owned()));
        let visitor = (false, id.to_owned());
        let shopper = match self.bound.get(&visitor) {
            _ if known => self.resolve(id),
            Some(bound) => self.resolve(&bound.0),
            None if self.totals.contains_key(&visitor) => visitor,
            None => self.resolve(id),
        };
        let gone: Vec<Id> = self.totals.keys().filter(|it| self.owner(it) == shopper).cloned().collect();
        gone.iter().for_each(|it| {
            self.totals.remove(it);
        });
        self.join_circles(id, &shopper.1.clone());
        self.erased.push(Erased { id: id.to_owned(), shopper, at: place, quiet });
    }

    fn owner(&self, id: &Id) -> Id {
        if id.0 { self.resolve(&id.1) } else { id.clone() }
    }

    fn resolve(&self, user: &str) -> Id {
        let mut id = (true, user.to_owned());
        for _ in 0..8 {
            match self.bound.get(&id) {
                Some(bound) => id = (true, bound.0.clone()),
                None => break,
            }
        }
        id
    }

    fn circle(&self, id: &str) -> String {
        let mut at = id;
        while let Some(next) = self.circles.get(at).filter(|it| *it != at) {
            at = next;
        }
        at.to_owned()
    }

    fn join_circles(&mut self, a: &str, b: &str) {
        let (a, b) = (self.circle(a), self.circle(b));
        if a != b {
            self.circles.insert(a, b);
        }
    }

    /// Holds the events that profiles have against what they should have.
    pub fn check(&self, profiles: &BTreeMap<Id, u64>) -> Result<(), String> {
        let mut circles: BTreeMap<String, Circle> = BTreeMap::new();
        for (id, events) in profiles {
            circles.entry(self.circle(&id.1)).or_default().found.insert(id.clone(), *events);
        }
        for (id, events) in &self.totals {
            let circle = circles.entry(self.circle(&id.1)).or_default();
            *circle.wanted.entry(self.owner(id)).or_default() += events;
        }
        for (id, events) in &self.events {
            circles.entry(self.circle(id)).or_default().events += events;
        }
        for it in &self.erased {
            let circle = circles.entry(self.circle(&it.id)).or_default();
            circle.erasures += 1;
            circle.quiet = it.quiet;
        }
        circles.values().try_for_each(Circle::check)
    }

    /// The ids that nobody may find any more: erased, with nothing of their circle since.
    pub fn unreadable(&self) -> BTreeSet<&str> {
        let mut ids = BTreeSet::new();
        for it in &self.erased {
            let circle = self.circle(&it.id);
            let latest =
                self.touched.iter().filter(|(id, _)| self.circle(id) == circle).map(|it| *it.1).max();
            if latest.is_none_or(|latest| latest < it.at) {
                ids.insert(&*it.id);
                if self.erased.iter().filter(|other| self.circle(&other.id) == circle).count() == 1 {
                    ids.insert(&*it.shopper.1);
                }
            }
        }
        ids
    }
}

/// Shoppers who have to do with each other.
#[derive(Debug, Default)]
struct Circle {
    wanted: BTreeMap<Id, u64>,
    found: BTreeMap<Id, u64>,
    events: u64,
    erasures: u64,
    quiet: bool,
}

impl Circle {
    fn check(&self) -> Result<(), String> {
        let (wanted, found) = (self.wanted.values().sum::<u64>(), self.found.values().sum::<u64>());
        let right = match (self.erasures, self.quiet) {
            (0, _) => self.wanted == self.found,
            (1, true) => wanted == found,
            _ => found <= self.events,
        };
        if right { Ok(()) } else { Err(format!("profiles have other events than they should: {self:?}")) }
    }
}
