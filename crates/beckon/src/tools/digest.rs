//! `beckon state digest`: one number for all that is known of the shoppers, so that two runs can be
//! compared. It holds event-time state alone: neither receipt times nor offsets go into it.

use super::disk::Untouched;
use super::{Error, again, open};
use beckon_core::dedup::Window;
use beckon_core::shard::Digest;
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record::{stamp, told};
use beckon_engine::recovery::{Recovered, recover};
use beckon_engine::worker::{Out, Tell, Worker};
use beckon_journal::{Offset, SnapshotStore, no_monitor};
use std::collections::VecDeque;
use std::path::Path;

/// What a data directory adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digested {
    /// The fingerprint of all shards; prints as 32 hexadecimal digits.
    pub digest: Digest,
    /// Shoppers, known and anonymous.
    pub shoppers: u64,
    /// Events folded, each once.
    pub events: u64,
    /// The offset after the last record that was folded.
    pub end: Offset,
    /// Records that stood behind the snapshots and were folded anew.
    pub replayed: u64,
}

/// Brings the state of a data directory back in memory, as a start would, and takes its fingerprint.
/// `window` must be the dedup window that the server has. Beside a live server it is the state as of the
/// journal's end when it was opened.
pub fn digest(data: &Path, window: Window) -> Result<Digested, Error> {
    again(|| once(data, window))
}

fn once(data: &Path, window: Window) -> Result<Digested, Error> {
    let dir = data.join("snapshots");
    let snapshots = Untouched::open(&dir).map_err(|source| Error::Directory { dir, source })?;
    let mut store = SnapshotStore::open(snapshots, no_monitor())?;
    let log = open(data)?;
    let end = log.next_offset();
    let recovered = recover(&log, &mut store, &Dictionary::default(), window)?;
    let Recovered { mut worker, head, unsent, replayed } = recovered;
    hand_on(&mut worker, unsent, end, head.now)?;
    Ok(Digested {
        digest: worker.digest(),
        shoppers: worker.shards().map(|it| it.store().slots().count() as u64).sum(),
        events: worker.shards().map(|it| it.counts().events).sum(),
        end,
        replayed,
    })
}

/// Folds the messages that a crash kept from the journal, as the next start would: without them a
/// shopper's history could be under way between two shards.
fn hand_on(worker: &mut Worker, unsent: Vec<Tell>, end: Offset, now: Timestamp) -> Result<(), Error> {
    let mut waiting = VecDeque::from(unsent);
    let mut offset = end;
    while let Some(it) = waiting.pop_front() {
        let mut record = told(it.from, it.to, it.sequence, &it.message);
        stamp(&mut record, now);
        let applied = worker.apply(offset, &record, |out| {
            if let Out::Tell(further) = out {
                waiting.push_back(further);
            }
        });
        applied.map_err(beckon_engine::recovery::Error::from)?;
        offset.0 += 1;
    }
    Ok(())
}
