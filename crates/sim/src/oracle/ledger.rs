//! Every record that was ever durable, outside of what can be released, damaged or lost.

use crate::disk::SimDisk;
use beckon_journal::{Corruption, FileLog, Log, Offset, ReadError};

/// What is wrong with a log that was opened again.
#[derive(Debug)]
pub enum Difference {
    /// It is damaged, and says so itself.
    Corrupt(Corruption),
    /// It is not what was durable.
    Wrong(String),
}

impl From<ReadError> for Difference {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Corrupt(corruption) => Difference::Corrupt(corruption),
            other => Difference::Wrong(other.to_string()),
        }
    }
}

/// All durable records, from offset 0 on.
#[derive(Debug, Default)]
pub struct Ledger {
    records: Vec<Box<[u8]>>,
}

impl Ledger {
    /// Records became durable.
    pub fn append(&mut self, records: Vec<Box<[u8]>>) {
        self.records.extend(records);
    }

    /// The records.
    pub fn records(&self) -> &[Box<[u8]>] {
        &self.records
    }

    /// The offset after the last.
    pub fn end(&self) -> Offset {
        Offset(self.records.len() as u64)
    }

    /// Holds a log that was opened again against what was durable, and takes over what survived without
    /// having been acknowledged. Returns how much that is.
    pub fn reconcile(&mut self, log: &FileLog<SimDisk>) -> Result<usize, Difference> {
        if log.next_offset() < self.end() {
            let (end, next) = (self.end(), log.next_offset());
            let what = format!("records from {next} to {end} were durable and are lost");
            return Err(Difference::Wrong(what));
        }
        let mut reader = log.reader(log.oldest_offset())?;
        let mut survived = 0;
        while let Some((offset, record)) = reader.next()? {
            match self.records.get(offset.0 as usize) {
                Some(known) if **known == *record => {}
                Some(_) => {
                    let what = format!("record {offset} is another than the one that was durable");
                    return Err(Difference::Wrong(what));
                }
                None if offset == self.end() => {
                    self.records.push(record.into());
                    survived += 1;
                }
                None => {
                    let what = format!("record {offset} follows {}: there is a hole", self.end());
                    return Err(Difference::Wrong(what));
                }
            }
        }
        Ok(survived)
    }
}
