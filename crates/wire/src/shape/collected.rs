//! The answer to a tracking call that was not refused. Segment's SDKs look for `"success": true`.

use crate::collect::{Collected, Rejected};
use serde::{Deserialize, Serialize};

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answer {
    /// Always true: a request that fails as a whole is answered by a problem.
    pub success: bool,
    /// Events that are durable now.
    pub accepted: u32,
    /// Events of a bulk source that were taken before and are not taken again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: u32,
    /// Calls that were left out in all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected_count: u32,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<LeftOut>,
    /// Events whose time lay too far ahead and became the time of receipt.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clamped: u32,
    /// Events that lost consent, a device token or a purchase for want of a valid shopper token.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unverified: u32,
    /// Traits that were too long or too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub traits_left_out: u32,
}

/// A call that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// Its place in the batch, from 0.
    pub item: usize,
    /// Why, as a stable code.
    pub code: String,
    /// What to change.
    pub detail: String,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl From<&Collected> for Answer {
    fn from(done: &Collected) -> Self {
        Answer {
            success: true,
            accepted: done.accepted,
            repeated: 0,
            rejected_count: done.rejected_count,
            rejected: done.rejected.iter().map(LeftOut::from).collect(),
            clamped: done.clamped,
            unverified: done.unverified,
            traits_left_out: done.traits_left_out,
        }
    }
}

impl From<&Rejected> for LeftOut {
    fn from(rejected: &Rejected) -> Self {
        LeftOut { item: rejected.item, code: rejected.reason.code().into(), detail: rejected.reason.detail() }
    }
}
