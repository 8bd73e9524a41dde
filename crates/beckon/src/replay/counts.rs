//! What a log holds, by event name: counted from the file's columns and never from the calls that are
//! made of them, so that a test can hold a server's counts against it.

use super::error::Error;
use super::formats::{Format, Reader};
use super::lines::{Lines, unpacked};
use std::collections::BTreeMap;
use std::io::BufRead;

/// Events by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(pub BTreeMap<String, u64>);

impl Counts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Those of this name.
    pub fn of(&self, event: &str) -> u64 {
        self.0.get(event).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, event: &str, count: u64) {
        match self.0.get_mut(event) {
            Some(known) => *known += count,
            None if count > 0 => drop(self.0.insert(event.to_owned(), count)),
            None => {}
        }
    }
}

/// Counts the events of a log, plain or compressed, by name. A bad line is an error.
pub fn expected_counts(format: Format, log: impl BufRead + Send + 'static) -> Result<Counts, Error> {
    let mut lines = Lines::new(unpacked(log).map_err(|source| Error::Read { line: 0, source })?);
    let mut reader = Reader::new(format);
    let mut counts = Counts::default();
    while let Some(line) = lines.next()? {
        let counted = line.and_then(|line| reader.count(line, &mut counts));
        counted.map_err(|bad| lines.error(bad))?;
    }
    Ok(counts)
}
