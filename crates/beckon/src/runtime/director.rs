//! The director's thread: folds what belongs to the shops, and keeps it readable for the gateway.

use super::line::Shared;
use super::outward::Outward;
use beckon_core::director::Director;
use beckon_engine::record::{Body, Record};
use beckon_engine::recovery::apply_to_director;
use beckon_engine::worker::Tell;
use beckon_journal::Offset;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};

/// A question to the director, answered after everything queued before it; with the offset of the next
/// record that it has not folded.
pub(super) type Question = Box<dyn FnOnce(&Director, Offset) + Send>;

/// What the director is to do next.
pub(super) enum DirectorJob {
    /// Fold this.
    Record(Offset, Arc<Vec<u8>>),
    /// Answer this.
    Run(Question),
    /// End.
    Stop,
}

fn publish(shared: &Shared, due: Option<beckon_core::time::Timestamp>) {
    // The director's deadline stands behind those of the folders.
    if let Some(its) = shared.deadlines.last() {
        its.store(due.map_or(i64::MAX, |it| it.0) as u64, Ordering::Relaxed);
    }
}

pub(super) fn run(shared: &Shared, mut next: Offset, jobs: &Receiver<DirectorJob>) {
    publish(shared, shared.director.read().unwrap_or_else(PoisonError::into_inner).next_deadline());
    while let Ok(job) = jobs.recv() {
        match job {
            DirectorJob::Record(offset, record) => {
                let mut tells: Vec<Tell> = Vec::new();
                let (staged, due) = {
                    let mut director = shared.director.write().unwrap_or_else(PoisonError::into_inner);
                    let folded = Record::decode(&record).and_then(|record| {
                        apply_to_director(&mut director, &record, None, |it| tells.push(it))?;
                        Ok(matches!(record.body, Body::Changes(_)))
                    });
                    match folded {
                        Ok(staged) => (staged, director.next_deadline()),
                        Err(bad) => panic!("a record of our own cannot be folded: {bad}"),
                    }
                };
                next = Offset(offset.0 + 1);
                publish(shared, due);
                if !tells.is_empty() {
                    shared.tell(tells);
                }
                if staged {
                    shared.outward(Outward::Staged);
                    shared.staged.send_replace(());
                }
            }
            DirectorJob::Run(question) => {
                question(&shared.director.read().unwrap_or_else(PoisonError::into_inner), next);
            }
            DirectorJob::Stop => break,
        }
    }
}
