//! Where facts stand in what was rendered. Each is framed by private characters, which neither facts nor
//! templates may contain, and taken out of its frame afterwards.

use crate::error::{Error, Part};
use crate::facts::Fact;
use std::ops::Range;

const OPEN: u32 = 0xE000;
const MISSING: u32 = 0xE400;
const CLOSE: char = '\u{F8FF}';

const _: () = assert!(Fact::ALL.len() < (MISSING - OPEN) as usize, "every fact has its own mark");

fn mark(base: u32, fact: Fact) -> char {
    char::from_u32(base + fact as u32).unwrap_or(CLOSE)
}

fn of_mark(base: u32, it: char) -> Option<Fact> {
    Fact::ALL.get((it as u32).checked_sub(base)? as usize).copied()
}

/// A fact in its frame; what is not known leaves a mark of its own.
pub(crate) fn framed(fact: Fact, written: Option<&str>) -> String {
    match written {
        Some(written) => format!("{}{written}{CLOSE}", mark(OPEN, fact)),
        None => mark(MISSING, fact).to_string(),
    }
}

/// A rendered text and the facts in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub text: String,
    /// In the order in which they stand, with their places in bytes.
    pub facts: Vec<(Fact, Range<usize>)>,
}

/// Takes facts out of their frames, and makes white space single.
pub(crate) fn unframed(part: Part, rendered: &str) -> Result<Text, Error> {
    let mut out = Text::default();
    let mut open: Option<(Fact, usize)> = None;
    let mut gap = false;
    for it in rendered.chars() {
        if it.is_whitespace() {
            gap = !out.text.is_empty();
            continue;
        }
        if it == CLOSE {
            if let Some((fact, start)) = open.take() {
                out.facts.push((fact, start..out.text.len()));
            }
            continue;
        }
        if let Some(fact) = of_mark(MISSING, it) {
            return Err(Error::Missing(fact));
        }
        if std::mem::take(&mut gap) {
            out.text.push(' ');
        }
        match of_mark(OPEN, it) {
            Some(fact) => open = Some((fact, out.text.len())),
            None => out.text.push(it),
        }
    }
    if out.text.is_empty() { Err(Error::Empty(part)) } else { Ok(out) }
}
