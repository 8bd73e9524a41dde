//! The names of all kinds, shared by every thread; see [`beckon_core::names`] for how terms are given.
//!
//! It only grows, and what it holds can be rebuilt from the events and changes in the journal, which
//! carry every name beside its term. So it needs no place in the order of things.

use beckon_core::bytes::{Get, Malformed, Put};
use beckon_core::director::catalogue::Change;
use beckon_core::event::{Event, Text};
use beckon_core::id::Term;
use beckon_core::limits::NAME_BYTES_MAX;
use beckon_core::names::{self, Kind, Names, PARTS};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// All names.
#[derive(Debug)]
pub struct Dictionary {
    parts: [RwLock<Names>; PARTS],
}

impl Default for Dictionary {
    fn default() -> Self {
        Dictionary { parts: std::array::from_fn(|_| RwLock::default()) }
    }
}

impl Dictionary {
    /// The term of a name; a new name gets one. A name longer than [`NAME_BYTES_MAX`] is cut.
    pub fn intern(&self, kind: Kind, text: &str) -> Term {
        let text = clip(text);
        let part = names::part_of(kind, text);
        if let Some(term) = self.read(part).get(kind, text) {
            return term;
        }
        self.write(part).intern(kind, text)
    }

    /// The term of a name, if it has one.
    pub fn get(&self, kind: Kind, text: &str) -> Option<Term> {
        let text = clip(text);
        self.read(names::part_of(kind, text)).get(kind, text)
    }

    /// The name behind a term.
    pub fn text(&self, term: Term) -> Option<String> {
        self.read(names::part_of_term(term)).text(term).map(str::to_owned)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        (0..PARTS).map(|part| self.read(part).len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes over the names of a journalled event.
    pub fn learn_event(&self, event: &Event<'_>) {
        event.for_each_name(|kind, text| self.learn(kind, text));
    }

    /// Takes over the names of a journalled change.
    pub fn learn_change(&self, change: &Change) {
        change.for_each_name(|kind, text| self.learn(kind, text));
    }

    /// Hands over all names as blocks.
    pub fn write_blocks<E>(&self, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        for part in 0..PARTS {
            let mut out = Vec::new();
            for (kind, text, term) in self.read(part).iter() {
                out.push(kind as u8);
                out.put_uint(term.0.into());
                out.put_str(text);
            }
            if !out.is_empty() {
                sink(&out)?;
            }
        }
        Ok(())
    }

    /// Takes a block back.
    pub fn read_block(&self, block: &[u8]) -> Result<(), Malformed> {
        let mut get = Get::new(block);
        while !get.is_empty() {
            let kind = Kind::from_number(get.u8("kind of name")?).ok_or(get.malformed("kind of name"))?;
            let term = Term(get.u32("term")?);
            self.learn(kind, Text { term, text: get.str("name")? });
        }
        Ok(())
    }

    fn learn(&self, kind: Kind, text: Text<'_>) {
        let part = names::part_of_term(text.term);
        let known = self.read(part).text(text.term).is_some();
        if !known {
            self.write(part).learn(kind, text.text, text.term);
        }
    }

    fn read(&self, part: usize) -> RwLockReadGuard<'_, Names> {
        self.parts[part].read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, part: usize) -> RwLockWriteGuard<'_, Names> {
        self.parts[part].write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cuts a name at a character's border.
pub fn clip(text: &str) -> &str {
    if text.len() <= NAME_BYTES_MAX {
        return text;
    }
    let mut end = NAME_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
