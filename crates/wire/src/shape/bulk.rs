//! How far a bulk source has come: where an interrupted import goes on.

use serde::{Deserialize, Serialize};

/// A bulk source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkStatus {
    /// Its name.
    pub source: String,
    /// The number that its next event has to carry: all below are durable.
    pub next_sequence: u64,
}
