//! What came of a request that was not refused.

use super::Bulk;
use crate::limits::REJECTED_MAX;
use beckon_core::limits::ID_BYTES_MAX;

/// Why a call was left out of a request that was otherwise taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Neither `userId` nor `anonymousId`.
    NoIdentity,
    /// An `alias` without `userId`.
    NoUserId,
    /// An `alias` without `previousId`.
    NoPreviousId,
    /// An id is too long.
    IdTooLong,
    /// `type` is missing or none of the six.
    UnknownType,
    /// A `track` without `event`.
    NoEventName,
    /// The item is not an object.
    NotAnObject,
}

impl Reason {
    /// All, in order.
    pub const ALL: &[Reason] = &[
        Reason::NoIdentity,
        Reason::NoUserId,
        Reason::NoPreviousId,
        Reason::IdTooLong,
        Reason::UnknownType,
        Reason::NoEventName,
        Reason::NotAnObject,
    ];

    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Reason::NoIdentity => "no-identity",
            Reason::NoUserId => "no-user-id",
            Reason::NoPreviousId => "no-previous-id",
            Reason::IdTooLong => "id-too-long",
            Reason::UnknownType => "unknown-type",
            Reason::NoEventName => "no-event-name",
            Reason::NotAnObject => "not-an-object",
        }
    }

    /// What to change, in a sentence.
    pub fn detail(self) -> String {
        match self {
            Reason::NoIdentity => "needs a userId or an anonymousId".into(),
            Reason::NoUserId => "an alias needs the userId that the shopper has from now on".into(),
            Reason::NoPreviousId => "an alias needs the previousId that the shopper had before".into(),
            Reason::IdTooLong => format!("ids are at most {ID_BYTES_MAX} bytes long"),
            Reason::UnknownType => "type must be identify, track, page, screen, group or alias".into(),
            Reason::NoEventName => "a track call needs the name of its event".into(),
            Reason::NotAnObject => "must be a JSON object".into(),
        }
    }
}

/// A call that was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// Its place in the batch; 0 for a single call.
    pub item: usize,
    /// Why.
    pub reason: Reason,
}

/// What came of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Events that went to the sink.
    pub accepted: u32,
    /// Calls that were left out: the first [`REJECTED_MAX`] of them.
    pub rejected: Vec<Rejected>,
    /// How many were left out in all.
    pub rejected_count: u32,
    /// Events whose time lay too far ahead and became the time of receipt.
    pub clamped: u32,
    /// Events that lost consent, a device token or a purchase for want of a valid shopper token.
    pub unverified: u32,
    /// Custom traits that were too long or too many.
    pub traits_left_out: u32,
    /// The name and place of a bulk source; its events have key 0, and the one at `item` of the batch
    /// has the number `sequence + item`.
    pub bulk: Option<Bulk>,
}

impl Collected {
    pub(super) fn reject(&mut self, item: usize, reason: Reason) {
        self.rejected_count += 1;
        if self.rejected.len() < REJECTED_MAX {
            self.rejected.push(Rejected { item, reason });
        }
    }
}
