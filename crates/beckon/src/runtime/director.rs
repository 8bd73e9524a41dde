//! The director's thread: folds what belongs to the shops, and keeps it readable for the gateway.

use super::node::Shared;
use beckon_core::director::Director;
use beckon_engine::record::Record;
use beckon_engine::recovery::apply_to_director;
use beckon_journal::Offset;
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

pub(super) fn run(shared: &Shared, mut next: Offset, jobs: &Receiver<DirectorJob>) {
    while let Ok(job) = jobs.recv() {
        match job {
            DirectorJob::Record(offset, record) => {
                let mut director = shared.director.write().unwrap_or_else(PoisonError::into_inner);
                let folded = Record::decode(&record)
                    .and_then(|record| apply_to_director(&mut director, &record, None));
                if let Err(bad) = folded {
                    panic!("a record of our own cannot be folded: {bad}");
                }
                next = Offset(offset.0 + 1);
            }
            DirectorJob::Run(question) => {
                question(&shared.director.read().unwrap_or_else(PoisonError::into_inner), next);
            }
            DirectorJob::Stop => break,
        }
    }
}
