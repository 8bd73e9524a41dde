//! Why a rule is refused, and where: an operator must be able to mend it from the answer alone.

use beckon_core::show::audience::{DEPTH_MAX, NODES_MAX, TERMS_MAX};

/// A place in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Bytes from the beginning.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

impl Position {
    fn of_offset(source: &str, offset: usize) -> Self {
        let mut offset = offset.min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &source[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            offset,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The parser counts lines and characters, both from 1.
    fn of_line(source: &str, (line, column): (isize, isize)) -> Self {
        let (line, column) = (line.max(1) as usize, column.max(1) as usize);
        let start: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let rest = &source[start..];
        let within = rest.char_indices().nth(column - 1).map_or(rest.len(), |it| it.0);
        Position::of_offset(source, start + within)
    }
}

/// A rule that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {reason}", at.line, at.column)]
pub struct Error {
    /// Where.
    pub at: Position,
    /// Why, and what to do.
    pub reason: Reason,
}

/// Why a rule is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// More than [`crate::RULE_BYTES_MAX`].
    #[error("the rule is longer than {} bytes: split it into audiences of their own", crate::RULE_BYTES_MAX)]
    TooLong,
    /// More than the core evaluates.
    #[error(
        "the rule has more than {NODES_MAX} parts, {DEPTH_MAX} levels or {TERMS_MAX} names in one list: \
         simplify it"
    )]
    TooLarge,
    /// Not CEL.
    #[error("this is not CEL: {0}")]
    Syntax(String),
    /// A field or function that does not exist.
    #[error("there is no `{name}`{}", meant(nearest))]
    Unknown {
        /// As written.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A word that a field never has.
    #[error("`{of}` is never `{value}`{}: it is one of {one_of}", meant(nearest))]
    NoSuchValue {
        /// The field or function.
        of: &'static str,
        /// As written.
        value: String,
        /// What it can be.
        one_of: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A number, word or name where a condition is needed.
    #[error("`{0}` is not a condition by itself: compare it, e.g. `{1}`")]
    NotACondition(String, &'static str),
    /// A comparison of things that cannot be compared so.
    #[error("`{of}` {wants}")]
    Mismatch {
        /// The field or function.
        of: &'static str,
        /// What it can be compared with.
        wants: &'static str,
    },
    /// A function with other arguments than it takes.
    #[error("write it as {0}")]
    Arguments(&'static str),
    /// A name that cannot be resolved to a term.
    #[error("`{0}` cannot be a name here: names are 1 to 256 bytes long, and the dictionary must have room")]
    NoTerm(String),
    /// CEL that has no meaning over columns.
    #[error("{0} cannot be asked of every shopper at once: compare fields with constants, joined by && || !")]
    Unsupported(&'static str),
}

impl Error {
    pub(crate) fn new(source: &str, offset: usize, reason: Reason) -> Self {
        Error { at: Position::of_offset(source, offset), reason }
    }
}

fn meant(nearest: &Option<&'static str>) -> String {
    nearest.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default()
}

/// The first thing that the parser stumbled over.
pub(crate) fn of_parser(source: &str, errors: &cel::ParseErrors) -> Error {
    let first = errors.errors.iter().min_by_key(|it| it.pos);
    let (at, text) = first.map_or(((1, 1), "it cannot be parsed"), |it| (it.pos, it.msg.as_str()));
    let at = Position::of_line(source, at);
    if text.contains("Recursion limit") {
        return Error { at, reason: Reason::TooLarge };
    }
    let text = text.trim_start_matches("Syntax error: ");
    // What the grammar would have liked is a list of all its tokens: of no help to an operator.
    let text = text.split(" expecting ").next().unwrap_or(text);
    Error { at, reason: Reason::Syntax(text.to_owned()) }
}
