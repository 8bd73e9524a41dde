//! How long the threads that a push must pass are held up by one thing. A folder and the committer do one thing at a
//! time, and all that waits behind it is as late as that took: what matters is the longest turn, by kind of work, not
//! the mean. Nothing waits behind the preparer; its turns stand here because it shares the disk with the committer.

use beckon_core::id::MachineId;
use beckon_engine::record::{Body, Record};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A kind of work that takes a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Work {
    /// Events of a request.
    Events,
    /// A record behind which something was due: a look at everyone, or an outcome that matured.
    Due,
    /// A message between shards.
    Told,
    /// What the director tells all: prices and models.
    Notice,
    /// Changes of catalogue and stage, cues among them.
    Changes,
    /// Attempts, answers, and what the queue let go of.
    Pushes,
    /// A question, snapshots among them.
    Question,
    /// Writing what has gathered, and its `fdatasync`.
    Commit,
    /// The same where it had to go into a new segment: a header and a name become durable first.
    Segment,
    /// Writing a part of the next segment ahead, on a thread of its own.
    Prepare,
}

const ALL: [(Work, &str); 10] = [
    (Work::Events, "events"),
    (Work::Due, "due"),
    (Work::Told, "told"),
    (Work::Notice, "notice"),
    (Work::Changes, "changes"),
    (Work::Pushes, "pushes"),
    (Work::Question, "question"),
    (Work::Commit, "commit"),
    (Work::Segment, "segment"),
    (Work::Prepare, "prepare"),
];

impl Work {
    /// What a record asks for.
    pub fn of(record: &[u8]) -> Self {
        match Record::decode(record).map(|it| it.body) {
            Ok(Body::Told { to: MachineId::STAGES, .. }) => Work::Notice,
            Ok(Body::Told { .. } | Body::Erase { .. }) => Work::Told,
            Ok(Body::Changes(_) | Body::Epoch { .. }) => Work::Changes,
            Ok(Body::Attempt(_) | Body::Answered(_) | Body::Dropped(_)) => Work::Pushes,
            Ok(Body::Tick) => Work::Due,
            Ok(Body::Events(_)) | Err(_) => Work::Events,
        }
    }
}

/// Turns since the start, by kind of work.
#[derive(Debug, Default)]
pub struct Turns([Turn; ALL.len()]);

#[derive(Debug, Default)]
struct Turn {
    longest_us: AtomicU64,
    total_us: AtomicU64,
    count: AtomicU64,
}

/// What is known of the turns of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// Which.
    pub work: &'static str,
    /// The longest, in seconds.
    pub longest_s: f64,
    /// All of them, in seconds.
    pub total_s: f64,
    /// How many.
    pub count: u64,
}

impl Turns {
    /// A turn took so long.
    pub fn took(&self, work: Work, time: Duration) {
        let (turn, time_us) = (&self.0[work as usize], time.as_micros() as u64);
        turn.longest_us.fetch_max(time_us, Ordering::Relaxed);
        turn.total_us.fetch_add(time_us, Ordering::Relaxed);
        turn.count.fetch_add(1, Ordering::Relaxed);
    }

    /// All kinds of work.
    pub fn all(&self) -> impl Iterator<Item = Taken> {
        ALL.iter().map(|(work, word)| {
            let turn = &self.0[*work as usize];
            let seconds = |it: &AtomicU64| it.load(Ordering::Relaxed) as f64 / 1e6;
            Taken {
                work: word,
                longest_s: seconds(&turn.longest_us),
                total_s: seconds(&turn.total_us),
                count: turn.count.load(Ordering::Relaxed),
            }
        })
    }

    /// Begins to look for the longest anew.
    pub fn begin_anew(&self) {
        self.0.iter().for_each(|it| it.longest_us.store(0, Ordering::Relaxed));
    }
}
