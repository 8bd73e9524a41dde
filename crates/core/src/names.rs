//! The dictionary between names (a category, a host, an event's name …) and the [`Term`]s that columns hold.
//!
//! A term is the name's hash, moved on by one while another name already has that number. It therefore
//! follows from the set of names alone, except for the rare pair that collides, where who came first
//! decides; and that is settled once, because every event in the journal carries both name and term.

use crate::id::{Term, hash_seeded};
use crate::limits::{NAMES_MAX, SHARDS};
use hashbrown::HashTable;

/// What a name is a name of. Equal spellings of different kinds are different names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the words of DESIGN.md §1")]
pub enum Kind {
    Event = 1,
    Product,
    Category,
    Brand,
    Host,
    Style,
    Tag,
    Room,
    Show,
    Zone,
    Region,
    Language,
    Offer,
    Template,
    Campaign,
    Audience,
    Word,
}

impl Kind {
    /// All, in order.
    pub const ALL: &[Kind] = &[
        Kind::Event,
        Kind::Product,
        Kind::Category,
        Kind::Brand,
        Kind::Host,
        Kind::Style,
        Kind::Tag,
        Kind::Room,
        Kind::Show,
        Kind::Zone,
        Kind::Region,
        Kind::Language,
        Kind::Offer,
        Kind::Template,
        Kind::Campaign,
        Kind::Audience,
        Kind::Word,
    ];

    /// From its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Kind::ALL.iter().copied().find(|it| *it as u8 == number)
    }
}

/// How many parts the dictionary is cut into, so that threads seldom wait for each other.
pub const PARTS: usize = 64;

/// The part of the dictionary that holds `text`.
pub fn part_of(kind: Kind, text: &str) -> usize {
    (hash(kind, text) % PARTS as u64) as usize
}

/// The part of the dictionary that holds `term`.
pub fn part_of_term(term: Term) -> usize {
    term.0 as usize % PARTS
}

fn hash(kind: Kind, text: &str) -> u64 {
    hash_seeded(text, kind as u64)
}

/// One part of the dictionary: the names whose hash ends in its number.
#[derive(Debug, Default)]
pub struct Names {
    entries: Vec<Entry>,
    by_term: HashTable<u32>,
}

#[derive(Debug)]
struct Entry {
    term: Term,
    kind: Kind,
    text: Box<str>,
}

/// Terms are hashes already: spreading them over 64 bits is all that a table needs.
fn spread(term: Term) -> u64 {
    u64::from(term.0).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Names {
    /// The term of `text`, if it has one.
    pub fn get(&self, kind: Kind, text: &str) -> Option<Term> {
        self.probe(kind, text).ok()
    }

    /// The term of `text`; a new name gets one. [`Term::NONE`] for the empty name, and for a new one
    /// when the dictionary is full.
    pub fn intern(&mut self, kind: Kind, text: &str) -> Term {
        match self.probe(kind, text) {
            Ok(term) => term,
            Err(_) if text.is_empty() || self.entries.len() >= NAMES_MAX / PARTS => Term::NONE,
            Err(free) => {
                self.insert(free, kind, text);
                free
            }
        }
    }

    /// Takes over a pairing that was settled before: from a snapshot or from an event in the journal.
    pub fn learn(&mut self, kind: Kind, text: &str, term: Term) {
        if term != Term::NONE && self.find(term).is_none() {
            self.insert(term, kind, text);
        }
    }

    /// The name behind a term.
    pub fn text(&self, term: Term) -> Option<&str> {
        self.find(term).map(|entry| &*entry.text)
    }

    /// How many names this part holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All names of this part, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &str, Term)> {
        self.entries.iter().map(|it| (it.kind, &*it.text, it.term))
    }

    /// The term of the name, or the first free one on its way.
    fn probe(&self, kind: Kind, text: &str) -> Result<Term, Term> {
        let mut number = hash(kind, text) as u32;
        loop {
            let term = Term(number);
            if term != Term::NONE {
                match self.find(term) {
                    None => return Err(term),
                    Some(entry) if entry.kind == kind && *entry.text == *text => return Ok(term),
                    Some(_) => {}
                }
            }
            // A step of PARTS keeps the term in this part.
            number = number.wrapping_add(PARTS as u32);
        }
    }

    fn find(&self, term: Term) -> Option<&Entry> {
        let at = self.by_term.find(spread(term), |at| self.entries[*at as usize].term == term)?;
        Some(&self.entries[*at as usize])
    }

    fn insert(&mut self, term: Term, kind: Kind, text: &str) {
        let at = self.entries.len() as u32;
        self.entries.push(Entry { term, kind, text: text.into() });
        let entries = &self.entries;
        self.by_term.insert_unique(spread(term), at, |at| spread(entries[*at as usize].term));
    }
}

const _: () = assert!(PARTS == SHARDS, "one number of parts throughout keeps the arithmetic in one's head");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_spellings_of_different_kinds_are_different_names() {
        let mut names = Names::default();
        let brand = names.intern(Kind::Brand, "Orchid");
        let host = names.intern(Kind::Host, "Orchid");
        assert_ne!(brand, host);
        assert_eq!(names.intern(Kind::Brand, "Orchid"), brand);
        assert_eq!((names.text(brand), names.text(host)), (Some("Orchid"), Some("Orchid")));
    }

    #[test]
    fn a_name_whose_number_is_taken_gets_the_next_and_keeps_it() {
        let mut names = Names::default();
        let number = names.intern(Kind::Tag, "new");
        let mut other = Names::default();
        other.learn(Kind::Brand, "squatter", number);
        let moved = other.intern(Kind::Tag, "new");
        assert_eq!(moved, Term(number.0.wrapping_add(PARTS as u32)));
        assert_eq!(other.get(Kind::Tag, "new"), Some(moved));
        assert_eq!(part_of_term(moved), part_of(Kind::Tag, "new"));
    }
}
