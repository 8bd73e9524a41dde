//! The window within which an event counts once: exact, 128 bits an id, under a stated budget of memory.
//!
//! Ids lie in generations, oldest first. When the newest holds its share of the ids, or has been open for
//! its share of the longest window, a new one opens; the oldest is dropped when its time is over or when
//! the budget is full. So the window is `budget / 19.4 bytes` ids, or the longest window, whichever is
//! shorter; never less than 7/8 of that. Everything follows from the ids and the times at which they were
//! journalled: a replay rebuilds the same window.

use crate::limits::DEDUP_GENERATIONS;
use crate::time::Timestamp;
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::sync::Arc;

/// How much the window may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Ids in all generations together.
    pub ids_max: usize,
    /// The longest time an id is remembered, in milliseconds.
    pub span_ms: i64,
}

impl Window {
    /// The window of one of `shards` shards that share `budget` bytes.
    pub fn of_budget(budget: usize, shards: usize, span_ms: i64) -> Self {
        // A table of 16-byte ids filled to 7/8, with a byte of control each.
        Window { ids_max: (budget / shards * 7 / 8 / 17).max(DEDUP_GENERATIONS), span_ms }
    }
}

/// The ids seen lately.
#[derive(Debug, Clone)]
pub struct Dedup {
    window: Window,
    generations: VecDeque<Generation>,
}

#[derive(Debug, Clone)]
struct Generation {
    opened: Timestamp,
    ids: Arc<HashTable<u128>>,
}

fn spread(id: &u128) -> u64 {
    (*id >> 64) as u64 ^ *id as u64
}

impl Dedup {
    /// An empty window.
    pub fn new(window: Window) -> Self {
        Dedup { window, generations: VecDeque::new() }
    }

    /// Whether `id` is new at `now`; it is remembered either way.
    pub fn is_new(&mut self, id: u128, now: Timestamp) -> bool {
        let hash = spread(&id);
        if self.generations.iter().any(|it| it.ids.find(hash, |seen| *seen == id).is_some()) {
            return false;
        }
        let share = (self.window.ids_max / DEDUP_GENERATIONS).max(1);
        let span = self.window.span_ms / DEDUP_GENERATIONS as i64;
        let full = |it: &Generation| it.ids.len() >= share || now.0.saturating_sub(it.opened.0) >= span;
        if self.generations.back().is_none_or(full) {
            self.expire(now);
            self.generations.push_back(Generation { opened: now, ids: Arc::default() });
        }
        // Those that time closed are no more than DEDUP_GENERATIONS, and so are those that ids closed.
        while self.generations.len() > 1
            && (self.len() >= self.window.ids_max || self.generations.len() > 2 * DEDUP_GENERATIONS)
        {
            self.generations.pop_front();
        }
        if let Some(newest) = self.generations.back_mut() {
            Arc::make_mut(&mut newest.ids).insert_unique(hash, id, spread);
        }
        true
    }

    /// Drops the generations whose time is over.
    pub fn expire(&mut self, now: Timestamp) {
        while self.next_expiry().is_some_and(|at| at <= now) {
            self.generations.pop_front();
        }
    }

    /// When the oldest generation's time is over.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.generations.front().map(|it| Timestamp(it.opened.0.saturating_add(self.window.span_ms)))
    }

    /// How many ids are remembered.
    pub fn len(&self) -> usize {
        self.generations.iter().map(|it| it.ids.len()).sum()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The generations, oldest first, with when each opened; ids in no order.
    pub fn generations(&self) -> impl Iterator<Item = (Timestamp, impl ExactSizeIterator<Item = u128>)> {
        self.generations.iter().map(|it| (it.opened, it.ids.iter().copied()))
    }

    /// Takes a generation back from a snapshot; oldest first.
    pub fn restore(&mut self, opened: Timestamp, ids: impl ExactSizeIterator<Item = u128>) {
        let mut table = HashTable::with_capacity(ids.len());
        for id in ids {
            table.insert_unique(spread(&id), id, spread);
        }
        self.generations.push_back(Generation { opened, ids: Arc::new(table) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_counts_once_within_the_window_and_again_after_it() {
        let mut dedup = Dedup::new(Window { ids_max: 80, span_ms: 8_000 });
        assert!(dedup.is_new(1, Timestamp(0)));
        assert!(!dedup.is_new(1, Timestamp(6_000)));
        for step in 1..=8 {
            assert!(dedup.is_new(1000 + step, Timestamp(step as i64 * 1_000)));
        }
        assert!(dedup.is_new(1, Timestamp(9_000)), "its generation was dropped");
    }

    #[test]
    fn the_window_never_holds_more_than_its_budget() {
        let mut dedup = Dedup::new(Window { ids_max: 800, span_ms: i64::MAX });
        for id in 0..10_000u128 {
            assert!(dedup.is_new((id << 64) | (id * 7919), Timestamp(0)));
            assert!(dedup.len() <= 800);
        }
        assert!(dedup.len() >= 700, "seven eighths are always there");
    }
}
