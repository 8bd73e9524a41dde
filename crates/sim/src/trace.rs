//! What happened, step by step: printed on request, and always hashed, so that two runs of one seed can
//! be held against each other.

use std::fmt::{Arguments, Write};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The steps of a run.
#[derive(Debug, Default)]
pub struct Trace {
    hash: u64,
    print: bool,
    line: String,
}

impl Trace {
    /// A trace that is printed to standard output if asked to.
    pub fn new(print: bool) -> Self {
        Trace { print, ..Trace::default() }
    }

    /// Adds a step.
    pub fn step(&mut self, number: u64, what: Arguments<'_>) {
        self.line.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.line, "{number:>5}  {what}");
        self.hash = xxh3_64_with_seed(self.line.as_bytes(), self.hash);
        if self.print {
            println!("{}", self.line);
        }
    }

    /// The hash of all steps so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}
