//! Bugs to be planted, so that the oracle itself is tested: one that catches nothing proves nothing.

mod bend;

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
    /// A parcel leaves before the record that let it go is durable.
    LeftBeforeDurable,
    /// Nobody looks at the deadline once more when the disk was slow.
    LeftLate,
    /// A lost answer is taken for a refusal.
    LostIsRefused,
    /// After a crash what may have left is taken for refused.
    RetriedAfterCrash,
    /// After a crash what may have left is forgotten.
    UnansweredForgotten,
    /// After a crash what waited for its channel is forgotten.
    WaitingForgotten,
    /// A replay carries out what it folds.
    ReplayDispatches,
    /// Shards do not hear who entered a room.
    RoomUnseen,
    /// Shards do not hear who withdrew consent.
    RefusalUnheard,
    /// Shards have a cap that is one too high.
    CapOffByOne,
    /// Shards tell the same again.
    SaidForgotten,
    /// Shards know no quiet hours.
    QuietUnknown,
    /// Shards do not hear of new prices.
    PriceStale,
    /// Shards do not hear that an offer is sold out.
    SoldOutUnheard,
    /// Shards do not hear that a show is over.
    EndUnheard,
    /// Shards take an accepted push for an ambiguous one.
    AnswerMistaken,
    /// Shards take a lost answer for nobody having been there, and go on.
    LostIsUnreached,
    /// Shards do not hear that an address is gone.
    GoneUnheard,
    /// Shards do not hear that a device or an address is another's by now.
    TakenUnheard,
    /// Shards do not hear that a device may show nothing.
    PermissionUnheard,
    /// Shards do not hear that an app was closed.
    ClosedUnheard,
    /// Shards do not hear that somebody signed out.
    SignedOutUnheard,
}

impl Plant {
    /// Those of events, the journal and snapshots.
    pub const EVENTS: [Plant; 9] = [
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

    /// Those of pushes.
    pub const PUSHES: [Plant; 22] = [
        Plant::LeftBeforeDurable,
        Plant::LeftLate,
        Plant::LostIsRefused,
        Plant::RetriedAfterCrash,
        Plant::UnansweredForgotten,
        Plant::WaitingForgotten,
        Plant::ReplayDispatches,
        Plant::RoomUnseen,
        Plant::RefusalUnheard,
        Plant::CapOffByOne,
        Plant::SaidForgotten,
        Plant::QuietUnknown,
        Plant::PriceStale,
        Plant::SoldOutUnheard,
        Plant::EndUnheard,
        Plant::AnswerMistaken,
        Plant::LostIsUnreached,
        Plant::GoneUnheard,
        Plant::TakenUnheard,
        Plant::PermissionUnheard,
        Plant::ClosedUnheard,
        Plant::SignedOutUnheard,
    ];
}
