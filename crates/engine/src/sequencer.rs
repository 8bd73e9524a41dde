//! One order for everything: where a record gets its offset and its instant, and waits for the disk.
//!
//! The sequencer gathers records while the log is busy with the ones before; a committer takes what has
//! gathered, makes it durable in one go, and reports back. Whoever must not be answered before is a
//! waiter `W`; it is handed back once its record is durable. Records that could not be written stay
//! here and are tried again: nothing that was folded is ever dropped.

use crate::limits::{PENDING_BYTES_MAX, RECORD_BYTES_MAX};
use crate::record::{instant_after, stamp};
use beckon_core::director::{Admission, Bulk};
use beckon_core::time::Timestamp;
use beckon_journal::{Batch, Offset};
use std::collections::VecDeque;

/// One order for everything.
#[derive(Debug)]
pub struct Sequencer<W> {
    /// Batches that wait, oldest first; the last is open. Offsets run through.
    gathered: VecDeque<Batch>,
    /// Batches to write into again.
    spare: Vec<Batch>,
    waiting: VecDeque<(Offset, W)>,
    durable: Offset,
    now: Timestamp,
    bulk: Bulk,
    bytes: usize,
    stalled: Option<String>,
}

/// Why a record was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The disk does not take anything at present.
    #[error("the journal cannot be written: {0}")]
    Stalled(String),
    /// Too much waits for the disk already.
    #[error("more is waiting for the disk than the bound of {PENDING_BYTES_MAX} bytes allows")]
    Full,
    /// The record is larger than a commit.
    #[error("a record of {0} bytes is larger than the bound of {RECORD_BYTES_MAX} bytes")]
    TooLarge(usize),
    /// The bulk source has gone on meanwhile: ask again what to skip.
    #[error("the bulk source is now at sequence {0}")]
    Moved(u64),
}

impl<W> Sequencer<W> {
    /// Continues an order whose next offset is `next`, at `now`, with bulk sources where `bulk` says.
    pub fn new(next: Offset, now: Timestamp, bulk: Bulk) -> Self {
        Sequencer {
            gathered: VecDeque::from([Batch::new(next)]),
            spare: Vec::new(),
            waiting: VecDeque::new(),
            durable: next,
            now,
            bulk,
            bytes: 0,
            stalled: None,
        }
    }

    /// Whether a new request would be taken now.
    pub fn admits(&self) -> Result<(), Refused> {
        match &self.stalled {
            Some(reason) => Err(Refused::Stalled(reason.clone())),
            None if self.bytes > PENDING_BYTES_MAX => Err(Refused::Full),
            None => Ok(()),
        }
    }

    /// Takes a record that comes from outside: it may be refused. `clock` is what the clock says; the
    /// record's instant is that, or the latest given out before if the clock went back.
    pub fn append(
        &mut self,
        record: &mut [u8],
        clock: Timestamp,
        bulk: Option<(&str, u64, u64)>,
        waiter: Option<W>,
    ) -> Result<Offset, Refused> {
        self.admits()?;
        if record.len() > RECORD_BYTES_MAX {
            return Err(Refused::TooLarge(record.len()));
        }
        if let Some((source, first, next)) = bulk {
            let expected = self.bulk.next(source);
            if first != expected {
                return Err(Refused::Moved(expected));
            }
            self.bulk.advance(source, next);
        }
        Ok(self.force(record, clock, waiter))
    }

    /// Takes a record of our own, which is never refused: what was accepted must be told on.
    pub fn force(&mut self, record: &mut [u8], clock: Timestamp, waiter: Option<W>) -> Offset {
        self.now = self.now.max(clock);
        stamp(record, self.now);
        self.now = instant_after(record, self.now);
        if !self.open().is_empty() && !self.open().fits(record.len()) {
            let next = self.open().end();
            let mut batch = self.spare.pop().unwrap_or_else(|| Batch::new(next));
            batch.restart(next);
            self.gathered.push_back(batch);
        }
        let offset = self.open().push(record);
        self.bytes += record.len();
        if let Some(waiter) = waiter {
            self.waiting.push_back((offset, waiter));
        }
        offset
    }

    /// Lets `waiter` wait for everything sequenced so far; gives it back when all of that is durable.
    pub fn wait(&mut self, waiter: W) -> Option<W> {
        let next = self.next_offset();
        if next <= self.durable {
            return Some(waiter);
        }
        self.waiting.push_back((Offset(next.0 - 1), waiter));
        None
    }

    /// What to do with events of a bulk source.
    pub fn admit_bulk(&self, source: &str, first: u64, count: u64) -> Admission {
        self.bulk.admit(source, first, count)
    }

    /// How far bulk sources have come.
    pub fn bulk(&self) -> &Bulk {
        &self.bulk
    }

    /// Whether something waits for the disk.
    pub fn is_idle(&self) -> bool {
        self.gathered.iter().all(Batch::is_empty)
    }

    /// Takes the oldest batch out, to be committed. Whatever comes of it, it must be given back.
    pub fn take(&mut self) -> Option<Batch> {
        let first = self.gathered.pop_front()?;
        if self.gathered.is_empty() {
            let mut batch = self.spare.pop().unwrap_or_else(|| Batch::new(first.end()));
            batch.restart(first.end());
            self.gathered.push_back(batch);
        }
        if first.is_empty() {
            self.spare.push(first);
            return None;
        }
        Some(first)
    }

    /// A batch is durable: gives back the waiters whose records are, in their order.
    pub fn committed(&mut self, batch: Batch) -> impl Iterator<Item = W> + use<'_, W> {
        self.durable = batch.end();
        self.stalled = None;
        self.bytes -= batch.records().map(|(_, record)| record.len()).sum::<usize>();
        if self.spare.len() < 2 {
            self.spare.push(batch);
        }
        let durable = self.durable;
        let ready = self.waiting.iter().take_while(|(offset, _)| *offset < durable).count();
        self.waiting.drain(..ready).map(|(_, waiter)| waiter)
    }

    /// A batch could not be made durable and will be tried again: gives back all waiters, to be told so.
    pub fn failed(&mut self, reason: &str) -> impl Iterator<Item = W> + use<'_, W> {
        self.stalled = Some(reason.to_owned());
        self.waiting.drain(..).map(|(_, waiter)| waiter)
    }

    /// Everything before this offset is durable.
    pub fn durable(&self) -> Offset {
        self.durable
    }

    /// The offset of the next record.
    pub fn next_offset(&self) -> Offset {
        self.gathered.back().map_or(self.durable, Batch::end)
    }

    /// The latest instant given out.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Bytes that wait for the disk.
    pub fn pending_bytes(&self) -> usize {
        self.bytes
    }

    /// Why the disk does not take anything, if so.
    pub fn stalled(&self) -> Option<&str> {
        self.stalled.as_deref()
    }

    fn open(&mut self) -> &mut Batch {
        let durable = self.durable;
        if self.gathered.is_empty() {
            self.gathered.push_back(Batch::new(durable));
        }
        let last = self.gathered.len() - 1;
        &mut self.gathered[last]
    }
}
