//! Bugs to be planted, so that the oracle itself is tested: one that catches nothing proves nothing.

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// The disk says of some syncs that they worked, and did nothing.
    SyncLost,
    /// A worker drops a message to another shard now and then.
    ToldDropped,
    /// A request is answered when it is taken, not when it is durable.
    AckBeforeCommit,
    /// A snapshot is written without waiting for the journal.
    SnapshotUnawaited,
    /// What a crash kept from being journalled is not journalled after the start.
    UnsentForgotten,
    /// A worker passes over a record now and then.
    RecordSkipped,
    /// The log is released up to the newest snapshots, not the oldest kept.
    ReleasedTooFar,
    /// A request is cut in two records.
    RequestSplit,
    /// An erasure is answered and not carried out.
    EraseIgnored,
}

impl Plant {
    /// All of them.
    pub const ALL: [Plant; 9] = [
        Plant::SyncLost,
        Plant::ToldDropped,
        Plant::AckBeforeCommit,
        Plant::SnapshotUnawaited,
        Plant::UnsentForgotten,
        Plant::RecordSkipped,
        Plant::ReleasedTooFar,
        Plant::RequestSplit,
        Plant::EraseIgnored,
    ];
}
