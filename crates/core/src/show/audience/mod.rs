//! Whom a show is for: a rule over a shopper's columns, compiled so that ten million of them can be asked.
//!
//! Rules are written in CEL and compiled at the edge (crate `beckon-audience`); here is what they are
//! compiled to. A rule is a small tree whose leaves read the columns where they lie; asking it allocates
//! nothing, and it can be journalled as bytes.
//!
//! What is not known of a shopper is neither true nor false ([`Truth`], Kleene's logic): a comparison with
//! it is unknown, `not` leaves it unknown, and a shopper of whom the whole rule is unknown is not in the
//! audience. So nobody gets in because nothing is known of him, not even through a negation. Counts start
//! at zero and are always known; live state older than `STALE_AFTER` is unknown.

mod codec;
mod eval;
mod words;

use crate::id::Term;
pub use words::{Flag, List, Measure, Name, Taste, Word};

/// How deep a rule may be nested.
pub const DEPTH_MAX: usize = 16;
/// Leaves and branches a rule may have.
pub const NODES_MAX: usize = 256;
/// Names that one `in [..]` may list.
pub const TERMS_MAX: usize = 64;
/// Bytes of a rule as [`Predicate::encode`] writes it.
pub const BYTES_MAX: usize = 64 << 10;

/// What a rule says of one shopper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// He is in.
    Yes,
    /// He is not.
    No,
    /// Too little is known of him to say.
    Unknown,
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is the comparison its name says")]
pub enum Compare {
    Less = 1,
    AtMost,
    Equal,
    NotEqual,
    AtLeast,
    More,
}

/// Something of a shopper that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// A figure of his own.
    Of(Measure),
    /// How much he cares for a name, as its share (0 to 1) of what he cares for among names of that kind.
    /// The name he does not care for has 0.
    Share(Taste, Term),
    /// The same as a decayed sum: a look at a product just now is 1 (see `profile::weight`).
    Strength(Taste, Term),
    /// How often he touched a category on his last seven days.
    WeekTouches(Term),
}

/// A rule over a shopper's columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// The same for everyone.
    Always(bool),
    /// All of them hold.
    All(Box<[Predicate]>),
    /// One of them holds.
    Any(Box<[Predicate]>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// A number compares so with a constant.
    Number {
        /// Which.
        of: Number,
        /// How.
        is: Compare,
        /// With what; finite.
        than: f64,
    },
    /// A number is known at all.
    Known(Measure),
    /// A yes-or-no.
    Flag(Flag),
    /// A word is one of these.
    OneOf {
        /// Which.
        of: Word,
        /// Bit `n` stands for the word whose number is `n`; without any, "it is known".
        bits: u16,
    },
    /// A name is one of these.
    Named {
        /// Which.
        of: Name,
        /// These; without any, "it is known".
        terms: Box<[Term]>,
    },
    /// A list holds a name.
    Has(List, Term),
    /// Consent was given.
    Consent {
        /// Bits of `profile::cold::consent_bit`; one of them is enough.
        bits: u32,
    },
}

impl Predicate {
    /// The rule of a show that is for everyone.
    pub const EVERYONE: Predicate = Predicate::Always(true);

    /// Whether it stays within the bounds that [`Predicate::decode`] demands.
    pub fn is_within_bounds(&self) -> bool {
        let mut nodes = 0;
        self.within(DEPTH_MAX, &mut nodes)
    }

    fn within(&self, depth: usize, nodes: &mut usize) -> bool {
        *nodes += 1;
        if depth == 0 || *nodes > NODES_MAX {
            return false;
        }
        match self {
            Predicate::All(parts) | Predicate::Any(parts) => {
                parts.iter().all(|it| it.within(depth - 1, nodes))
            }
            Predicate::Not(part) => part.within(depth - 1, nodes),
            Predicate::Named { terms, .. } => terms.len() <= TERMS_MAX,
            Predicate::Number { than, .. } => than.is_finite(),
            _ => true,
        }
    }
}
