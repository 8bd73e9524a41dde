//! The director: what belongs to the shops rather than to one shopper, as a pure state machine.
//!
//! For now that is the catalogue, the progress of bulk sources, and the clock of a server that runs on
//! virtual time. Shows, offers, prices and models join it here as they come.

pub mod catalogue;
pub mod word;
pub(crate) mod codec;

use crate::bytes::{Get, Malformed, Put};
use crate::limits::BULK_SOURCES_MAX;
use crate::time::Timestamp;
use catalogue::{Catalogue, Change};
use std::collections::BTreeMap;

/// An input, as it stands in the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Input<'a> {
    /// The catalogue changes.
    Change(Change),
    /// Events of a bulk source were journalled.
    Bulk {
        /// The source's own name.
        source: &'a str,
        /// The sequence after the last of them.
        next: u64,
    },
    /// Time passed.
    Tick,
}

/// What belongs to the shops.
#[derive(Debug, Clone, Default)]
pub struct Director {
    catalogue: Catalogue,
    bulk: Bulk,
}

impl Director {
    /// Folds one input. `true` when it changed something.
    pub fn handle(&mut self, _now: Timestamp, input: Input<'_>) -> bool {
        match input {
            Input::Change(change) => self.catalogue.apply(change),
            Input::Bulk { source, next } => self.bulk.advance(source, next),
            Input::Tick => false,
        }
    }

    /// Nothing here waits for a time of its own yet.
    pub fn next_deadline(&self) -> Option<(Timestamp, std::convert::Infallible)> {
        None
    }

    /// Products, hosts and rooms.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How far bulk sources have come.
    pub fn bulk(&self) -> &Bulk {
        &self.bulk
    }

    /// Hands over this machine's state as blocks.
    pub fn write<E>(&self, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut out = Vec::new();
        out.put_uint(self.bulk.next.len() as u64);
        for (source, next) in &self.bulk.next {
            out.put_str(source);
            out.put_uint(*next);
        }
        sink(&out)?;
        let all = self.catalogue.products().map(|it| Change::PutProduct((**it).clone()));
        let all = all.chain(self.catalogue.hosts().map(|it| Change::PutHost((**it).clone())));
        let all = all.chain(self.catalogue.rooms().map(|it| Change::PutRoom((**it).clone())));
        out.clear();
        for change in all {
            change.encode(&mut out);
            if out.len() > BLOCK_BYTES {
                sink(&out)?;
                out.clear();
            }
        }
        if out.is_empty() { Ok(()) } else { sink(&out) }
    }

    /// Takes a block back; `first` for the first of them.
    pub fn restore(&mut self, block: &[u8], first: bool) -> Result<(), Malformed> {
        let mut get = Get::new(block);
        if first {
            for _ in 0..get.len("bulk sources")? {
                let source = get.str("bulk source")?;
                self.bulk.advance(source, get.uint("bulk sequence")?);
            }
        }
        while !get.is_empty() {
            self.catalogue.apply(Change::read(&mut get)?);
        }
        Ok(())
    }
}

const BLOCK_BYTES: usize = 1 << 20;

/// How far each bulk source has come: what was sent before is known by its number, whatever its age.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bulk {
    next: BTreeMap<Box<str>, u64>,
}

/// What to do with a run of events of a bulk source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Take them, but leave out the first so many: they were taken before.
    Skip(u64),
    /// Events before them are missing: the source must continue at this sequence.
    Gap {
        /// The sequence that is wanted next.
        expected: u64,
    },
    /// There are too many bulk sources already.
    TooManySources,
}

impl Bulk {
    /// What to do with `count` events of `source` that begin at `first`. A source begins at 0.
    pub fn admit(&self, source: &str, first: u64, count: u64) -> Admission {
        if self.next.len() >= BULK_SOURCES_MAX && !self.next.contains_key(source) {
            return Admission::TooManySources;
        }
        let expected = self.next(source);
        if first > expected {
            Admission::Gap { expected }
        } else {
            Admission::Skip((expected - first).min(count))
        }
    }

    /// The sequence that `source` continues at.
    pub fn next(&self, source: &str) -> u64 {
        self.next.get(source).copied().unwrap_or(0)
    }

    /// `source` was taken up to, but without, `next`. `false` when that was known.
    pub fn advance(&mut self, source: &str, next: u64) -> bool {
        if next <= self.next(source) {
            return false;
        }
        self.next.insert(source.into(), next);
        true
    }
}
