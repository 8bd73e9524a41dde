//! Reading a template's source before Liquid does: which facts it says and asks for, what is plain text,
//! and that it uses nothing but facts and conditions.
//!
//! Liquid would give a misspelt fact an error only when it is rendered, and knows no positions afterwards.

use crate::error::{Error, Part, Position};
use crate::facts::Fact;
use crate::text::is_plain;
use crate::{BODY_SOURCE_BYTES_MAX, NESTING_MAX, TITLE_SOURCE_BYTES_MAX};
use std::fmt::Write;
use std::ops::Range;

/// How alike (Jaro–Winkler, 0 to 1) a fact's name must be to be offered.
const ALIKE_MIN: f64 = 0.75;

/// What a source is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Plain text.
    Text(Range<usize>),
    /// A fact that is said; `always` if no condition stands around it.
    Fact { at: usize, fact: Fact, always: bool },
    /// A fact that a condition asks for.
    Asked(Fact),
}

/// A source that was read, and the same for Liquid: facts that are said as `said.f3`, those that are asked
/// for as `asked.f3`, because the one is a text and the other a number.
#[derive(Debug, Clone)]
pub(crate) struct Scanned {
    pub pieces: Vec<Piece>,
    pub liquid: String,
}

/// The name under which Liquid knows a fact.
pub(crate) fn key(fact: Fact) -> String {
    format!("f{}", fact as u8)
}

pub(crate) fn scan(part: Part, source: &str) -> Result<Scanned, Error> {
    let bytes_max = match part {
        Part::Title => TITLE_SOURCE_BYTES_MAX,
        Part::Body => BODY_SOURCE_BYTES_MAX,
    };
    if source.len() > bytes_max {
        return Err(Error::TooLarge(part));
    }
    let mut scanner =
        Scanner { part, source, depth: 0, out: Scanned { pieces: Vec::new(), liquid: String::new() } };
    if let Some((offset, _)) = source.char_indices().find(|(_, it)| !is_plain(*it) && *it != '\n') {
        return Err(Error::Invisible { at: scanner.at(offset) });
    }
    scanner.all()?;
    Ok(scanner.out)
}

struct Scanner<'a> {
    part: Part,
    source: &'a str,
    depth: usize,
    out: Scanned,
}

impl Scanner<'_> {
    fn all(&mut self) -> Result<(), Error> {
        let mut from = 0;
        while from < self.source.len() {
            let rest = &self.source[from..];
            let open = [rest.find("{{"), rest.find("{%")].into_iter().flatten().min();
            let text = from..from + open.unwrap_or(rest.len());
            self.text(text.clone())?;
            if open.is_none() {
                break;
            }
            let (start, close) = (text.end, if rest[text.len()..].starts_with("{{") { "}}" } else { "%}" });
            let inner = start + 2;
            let Some(len) = self.source[inner..].find(close) else {
                return Err(self.wrong(start, &format!("this is never closed: add `{close}`")));
            };
            let written = &self.source[inner..inner + len];
            if written.contains(['{', '}', '%']) {
                return Err(self.wrong(start, "braces and percent signs cannot stand inside a tag"));
            }
            // `{{-` and `-}}` take away white space, which rendering does anyway.
            let trimmed = written.trim_start_matches('-').trim_end_matches('-').trim();
            let offset = inner + written.find(trimmed).unwrap_or(0);
            match close {
                "}}" => self.said(offset, trimmed)?,
                _ => self.tag(offset, trimmed)?,
            }
            from = inner + len + 2;
        }
        Ok(())
    }

    fn text(&mut self, range: Range<usize>) -> Result<(), Error> {
        let text = &self.source[range.clone()];
        if let Some(at) = text.find("}}").or_else(|| text.find("%}")) {
            return Err(self.wrong(range.start + at, "this closes what was never opened"));
        }
        if !range.is_empty() {
            self.out.liquid.push_str(text);
            self.out.pieces.push(Piece::Text(range));
        }
        Ok(())
    }

    /// `{{ fact }}`.
    fn said(&mut self, offset: usize, written: &str) -> Result<(), Error> {
        if written.contains('|') {
            let what = "there are no filters: facts are written as the template's language does it";
            return Err(self.wrong(offset, what));
        }
        let fact = self.fact(offset, written)?;
        let _ = write!(self.out.liquid, "{{{{ said.{} }}}}", key(fact));
        self.out.pieces.push(Piece::Fact { at: offset, fact, always: self.depth == 0 });
        Ok(())
    }

    /// `{% if … %}` and its kin.
    fn tag(&mut self, offset: usize, written: &str) -> Result<(), Error> {
        let (name, condition) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
        match name {
            "if" | "unless" => self.depth += 1,
            "endif" | "endunless" => self.depth = self.depth.saturating_sub(1),
            "elsif" | "else" => {}
            _ => {
                let what = format!("there is no tag `{name}`: use if, elsif, else, endif, unless, endunless");
                return Err(self.wrong(offset, &what));
            }
        }
        if self.depth > NESTING_MAX {
            return Err(Error::TooLarge(self.part));
        }
        let _ = write!(self.out.liquid, "{{% {name}");
        let start = offset + written.len() - condition.len();
        for (at, word) in words(condition) {
            self.out.liquid.push(' ');
            match word.chars().next() {
                Some(first) if first.is_alphabetic() && !is_keyword(word) => {
                    let fact = self.fact(start + at, word)?;
                    self.out.pieces.push(Piece::Asked(fact));
                    let _ = write!(self.out.liquid, "asked.{}", key(fact));
                }
                _ => self.out.liquid.push_str(word),
            }
        }
        self.out.liquid.push_str(" %}");
        Ok(())
    }

    fn fact(&self, offset: usize, name: &str) -> Result<Fact, Error> {
        if let Some(fact) = Fact::of(name) {
            return Ok(fact);
        }
        let is_name = |it: char| it.is_alphanumeric() || it == '_' || it == '.';
        if name.is_empty() || !name.chars().all(is_name) || name.starts_with(|it: char| it.is_numeric()) {
            let what = "only a fact can stand here, e.g. `offer.price`";
            return Err(self.wrong(offset, what));
        }
        let alike = |fact: &Fact| strsim::jaro_winkler(name, fact.name());
        let mut nearest: Option<Fact> = None;
        for fact in Fact::ALL.iter().filter(|it| alike(it) >= ALIKE_MIN) {
            if nearest.is_none_or(|it| alike(fact) > alike(&it)) {
                nearest = Some(*fact);
            }
        }
        let (at, name) = (self.at(offset), name.to_owned());
        Err(Error::UnknownFact { at, name, nearest: nearest.map(Fact::name) })
    }

    fn at(&self, offset: usize) -> Position {
        Position::new(self.part, self.source, offset)
    }

    fn wrong(&self, offset: usize, what: &str) -> Error {
        Error::Syntax { at: self.at(offset), what: what.to_owned() }
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(word, "and" | "or" | "contains" | "true" | "false" | "nil" | "null" | "empty" | "blank")
}

/// The words of a condition with their places: names and numbers, texts in quotes, operators.
fn words(condition: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = condition;
    while let Some(first) = rest.chars().next() {
        let at = condition.len() - rest.len();
        let is_name = |it: char| it.is_alphanumeric() || it == '_' || it == '.' || it == '-';
        let len = match first {
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
            it if is_name(it) => rest.find(|it| !is_name(it)).unwrap_or(rest.len()),
            it if it.is_whitespace() => {
                rest = rest.trim_start();
                continue;
            }
            '<' | '>' | '=' | '!' => rest.find(|it| !"<>=!".contains(it)).unwrap_or(rest.len()),
            it => it.len_utf8(),
        };
        found.push((at, &rest[..len]));
        rest = &rest[len..];
    }
    found
}
