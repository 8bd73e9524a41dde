//! Why a template is refused, or cannot say what it wants to.

use crate::facts::Fact;

/// The two parts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Title.
    Title,
    /// Body.
    Body,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Part::Title => "title",
            Part::Body => "body",
        })
    }
}

/// A place in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// In which part.
    pub part: Part,
    /// Bytes from its beginning.
    pub offset: usize,
    /// Character in it, from 1.
    pub column: usize,
}

impl Position {
    pub(crate) fn new(part: Part, source: &str, offset: usize) -> Self {
        Position { part, offset, column: source[..offset].chars().count() + 1 }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, character {}", self.part, self.column)
    }
}

/// Why a template is refused (the first five), or cannot be rendered with these facts (the others).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A language that facts cannot be written in.
    #[error("`{0}` is not a language of templates: use zh or en")]
    Language(String),
    /// Longer than [`crate::TITLE_SOURCE_BYTES_MAX`] or [`crate::BODY_SOURCE_BYTES_MAX`], or nested deeper
    /// than [`crate::NESTING_MAX`].
    #[error("the {0} is too long or too deeply nested: shorten it")]
    TooLarge(Part),
    /// A fact that does not exist.
    #[error("{at}: there is no fact `{name}`{}", meant(nearest))]
    UnknownFact {
        /// Where.
        at: Position,
        /// As written.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// Liquid that templates do not use, or that is not Liquid.
    #[error("{at}: {what}")]
    Syntax {
        /// Where.
        at: Position,
        /// What, and what to write instead.
        what: String,
    },
    /// A character that could hide or reorder what is read.
    #[error("{at}: an invisible or control character: take it out")]
    Invisible {
        /// Where.
        at: Position,
    },
    /// The facts do not have what the template says: choose another arm.
    #[error("`{}` is not known now: choose a template that does not need it", .0.name())]
    Missing(Fact),
    /// Nothing is left to say.
    #[error("the {0} is empty with these facts: give it text outside of conditions")]
    Empty(Part),
    /// Longer than [`crate::RENDERED_BYTES_MAX`], or a condition that cannot be evaluated.
    #[error("the {part} cannot be rendered: {what}")]
    Render {
        /// Which part.
        part: Part,
        /// Why.
        what: String,
    },
}

fn meant(nearest: &Option<&'static str>) -> String {
    nearest.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default()
}
