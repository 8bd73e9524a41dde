//! The clock as `/api/v1/clock` shows and moves it. Times are milliseconds since the epoch, as everywhere
//! in the control API.

use serde::{Deserialize, Serialize};

/// What time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Clock {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// Whether time stands still until it is moved.
    #[serde(rename = "virtual")]
    pub is_virtual: bool,
}

/// Moves a virtual clock; all that falls due happens, in order, before the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Advance {
    /// To this instant, in milliseconds since the epoch.
    To(i64),
    /// By this many milliseconds.
    ByMs(u64),
}
