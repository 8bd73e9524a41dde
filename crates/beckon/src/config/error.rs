//! What can be wrong with a configuration. Every message says where it is and what to do.

use crate::{gateway::tls, keys};
use std::fmt;
use std::path::PathBuf;

/// Something wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("{} cannot be read ({source}): check the path given as --config", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is far larger than a configuration.
    #[error("{} has {bytes} bytes, which is no configuration of Beckon: check the path given as --config", file.display())]
    TooLarge {
        /// Which file.
        file: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A key that Beckon does not know.
    #[error("{place}: unknown key `{key}`{}: {}", in_table(table), hint(nearest.as_deref()))]
    UnknownKey {
        /// Where it stands.
        place: Place,
        /// The key as written.
        key: String,
        /// The table it stands in; empty at the top.
        table: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// Not TOML, or a value of the wrong kind.
    #[error("{place}: {detail}")]
    Value {
        /// Where it stands.
        place: Place,
        /// What is wrong.
        detail: String,
    },
    /// A variable of the environment cannot be used.
    #[error("environment: {name}: {detail}")]
    Environment {
        /// Its name.
        name: String,
        /// What is wrong, without the value.
        detail: String,
    },
    /// The files for TLS cannot be used.
    #[error("tls: {0}")]
    Tls(tls::Error),
    /// The keys in the data directory cannot be used.
    #[error("data: {0}")]
    Keys(keys::Error),
    /// A value that is well-formed and does not do.
    #[error("{key}: {problem}: {remedy}")]
    Unfit {
        /// The setting, as in `dedup.budget_bytes`.
        key: &'static str,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
}

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

impl Place {
    /// The place of the byte `at` of `text`, the content of `file`.
    pub(super) fn new(file: PathBuf, text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |it| it + 1);
        let line = before.matches('\n').count() + 1;
        Place { file, line, column: before.get(line_start..).map_or(0, |it| it.chars().count()) + 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}, column {}", self.file.display(), self.line, self.column)
    }
}

fn in_table(table: &str) -> String {
    if table.is_empty() { String::new() } else { format!(" in [{table}]") }
}

fn hint(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None => "take it out; docs/beckon.example.toml lists what can be set".to_owned(),
    }
}

/// All that is wrong, so that it can be put right in one go. It prints one error a line.
#[derive(Debug)]
pub struct Errors(Vec<Error>);

impl Errors {
    /// No error if `found` is empty.
    pub(super) fn none_of(found: Vec<Error>) -> Result<(), Errors> {
        if found.is_empty() { Ok(()) } else { Err(Errors(found)) }
    }

    /// The errors, in the order in which they were found; at least one.
    pub fn iter(&self) -> std::slice::Iter<'_, Error> {
        self.0.iter()
    }
}

impl<'e> IntoIterator for &'e Errors {
    type Item = &'e Error;
    type IntoIter = std::slice::Iter<'e, Error>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Self {
        Errors(vec![error])
    }
}

impl std::error::Error for Errors {}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
