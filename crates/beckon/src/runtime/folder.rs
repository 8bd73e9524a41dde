//! A folder thread: its share of the shards, fed with every record in order.

use super::line::Shared;
use super::outward::Outward;
use super::turns::Work;
use crate::clock::Stopwatch;
use beckon_core::id::ShardId;
use beckon_core::time::Timestamp;
use beckon_engine::record;
use beckon_engine::worker::{Out, Tell, Worker};
use beckon_journal::Offset;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

/// A question to a folder, answered after everything queued before it; with the offset of the next record.
pub(super) type Question = Box<dyn FnOnce(&Worker, Offset) + Send>;

/// What a folder is to do next.
pub(super) enum Job {
    /// Fold this.
    Record(Offset, Arc<Vec<u8>>),
    /// Answer this.
    Run(Question),
    /// End.
    Stop,
}

pub(super) fn run(
    shared: &Shared,
    number: usize,
    mut worker: Worker,
    mut next: Offset,
    jobs: &Receiver<Job>,
) {
    let mut tells: Vec<Tell> = Vec::new();
    let mut due = publish_deadline(shared, number, &worker);
    while let Ok(job) = jobs.recv() {
        let watch = Stopwatch::start();
        let work = match job {
            Job::Record(offset, record) => {
                let due_now = record::instant(&record).is_some_and(|now| due <= now);
                let work = if due_now { Work::Due } else { Work::of(&record) };
                // What was sequenced was encoded by us a moment ago: bytes that do not read are a bug.
                let folded = worker.apply(offset, &record, |out| match out {
                    Out::Tell(it) => tells.push(it),
                    Out::Queue(it) => shared.outward(Outward::Queue(it)),
                    Out::Carry(it) => shared.outward(Outward::Carry(offset, it)),
                    Out::Kept(it) => shared.outward(Outward::Kept(it)),
                });
                if let Err(bad) = folded {
                    panic!("a record of our own cannot be folded: {bad}");
                }
                next = Offset(offset.0 + 1);
                if !tells.is_empty() {
                    shared.tell(tells.drain(..));
                }
                shared.folded[number].fetch_add(record.len() as u64, Ordering::Relaxed);
                // A record that is not of events may have moved what is due; one of events seldom does.
                if due_now || offset.0.is_multiple_of(DEADLINE_EVERY) || !record::is_events(&record) {
                    due = publish_deadline(shared, number, &worker);
                }
                work
            }
            Job::Run(question) => {
                question(&worker, next);
                Work::Question
            }
            Job::Stop => break,
        };
        shared.turns.took(work, watch.elapsed());
    }
}

/// Looking at all shards' deadlines with every record of events would be waste.
const DEADLINE_EVERY: u64 = 256;

fn publish_deadline(shared: &Shared, number: usize, worker: &Worker) -> Timestamp {
    let at = worker.next_deadline().unwrap_or(Timestamp(i64::MAX));
    shared.deadlines[number].store(at.0 as u64, Ordering::Relaxed);
    at
}

/// The folder that holds a machine's shard.
pub(super) fn folder_of(shard: ShardId, folders: usize) -> usize {
    usize::from(shard.0) % folders
}
