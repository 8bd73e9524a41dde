//! A shard's ledger: its pushes by number, and which of them are a shopper's.
//!
//! A row is kept until its last purchase could be credited; then its counts stand in the report alone.

use super::{End, Life, Push};
use crate::event::Class;
use crate::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The pushes of one shard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    pushes: BTreeMap<u64, Push>,
    by_shopper: BTreeMap<Arc<str>, Vec<u64>>,
    /// Numbers in the order in which they were made, with when: what matures next, first.
    to_mature: VecDeque<(Timestamp, u64)>,
    to_forget: VecDeque<(Timestamp, u64)>,
    last: u64,
}

impl Ledger {
    /// Enters a push and gives it its number.
    pub fn enter(&mut self, push: Push) -> u64 {
        self.last += 1;
        self.put(self.last, push);
        self.last
    }

    /// Puts a push back under its number: from a snapshot, in the order of numbers.
    pub(super) fn put(&mut self, number: u64, push: Push) {
        self.last = self.last.max(number);
        self.by_shopper.entry(push.shopper.clone()).or_default().push(number);
        if !push.outcome.matured {
            self.to_mature.push_back((push.decided, number));
        }
        self.to_forget.push_back((push.decided, number));
        self.pushes.insert(number, push);
    }

    pub(super) fn set_last(&mut self, last: u64) {
        self.last = self.last.max(last);
    }

    /// The last number given.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// A push.
    pub fn get(&self, number: u64) -> Option<&Push> {
        self.pushes.get(&number)
    }

    /// A push, to be changed.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut Push> {
        self.pushes.get_mut(&number)
    }

    /// All, by number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u64, &Push)> {
        self.pushes.iter().map(|(number, it)| (*number, it))
    }

    /// A shopper's, latest first.
    pub fn of(&self, shopper: &str) -> impl Iterator<Item = (u64, &Push)> {
        let numbers = self.by_shopper.get(shopper).map_or(&[][..], |it| it);
        numbers.iter().rev().filter_map(|number| Some((*number, self.pushes.get(number)?)))
    }

    /// Whether a shopper has any.
    pub fn knows(&self, shopper: &str) -> bool {
        self.by_shopper.contains_key(shopper)
    }

    /// A shopper's marketing pushes that count against caps: on their way, or perhaps arrived.
    pub fn marketing(&self, shopper: &str) -> impl Iterator<Item = (u64, &Push)> {
        self.of(shopper).filter(|(_, it)| it.class == Class::Marketing && it.life.counts())
    }

    /// The next push whose entry is to be learnt from, if it was made before `before`.
    pub fn next_to_mature(&self) -> Option<Timestamp> {
        self.to_mature.front().map(|it| it.0)
    }

    /// Takes the number of the next push to mature.
    pub fn take_to_mature(&mut self) -> Option<u64> {
        self.to_mature.pop_front().map(|it| it.1)
    }

    /// When the oldest push was made.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.to_forget.front().map(|it| it.0)
    }

    /// Forgets the oldest push; gives it back.
    pub fn forget_oldest(&mut self) -> Option<Push> {
        let (_, number) = self.to_forget.pop_front()?;
        let push = self.pushes.remove(&number)?;
        if let Some(numbers) = self.by_shopper.get_mut(&push.shopper) {
            numbers.retain(|it| *it != number);
            if numbers.is_empty() {
                self.by_shopper.remove(&push.shopper);
            }
        }
        Some(push)
    }

    /// A shopper is no longer here: his pushes lose his name. The numbers of those that had not left; what
    /// may be on the wire ends with its answer, as it would have.
    pub fn disown(&mut self, shopper: &str) -> Vec<u64> {
        let nobody: Arc<str> = Arc::from("");
        let mut open = Vec::new();
        for number in self.by_shopper.remove(shopper).unwrap_or_default() {
            if let Some(push) = self.pushes.get_mut(&number) {
                push.shopper = nobody.clone();
                push.device = "".into();
                push.tried.iter_mut().for_each(|it| it.device = "".into());
                self.by_shopper.entry(nobody.clone()).or_default().push(number);
                if push.life == Life::Decided {
                    open.push(number);
                }
            }
        }
        open
    }

    /// Ends a push, once. `false` when it had ended before, or is not known.
    pub fn end(&mut self, number: u64, end: End) -> bool {
        match self.pushes.get_mut(&number) {
            Some(push) if !push.life.is_terminal() => {
                push.life = Life::Ended(end);
                true
            }
            _ => false,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pushes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pushes.is_empty()
    }
}
