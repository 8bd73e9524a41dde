//! The clock as `/api/v1/clock` shows and moves it. Times are milliseconds since the epoch, as everywhere
//! in the control API.

use serde::{Deserialize, Deserializer, Serialize};

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

/// Moves a virtual clock; all that falls due happens, in order, before the answer. It stops at the year 2100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", try_from = "Fields")]
pub enum Advance {
    /// To this instant, in milliseconds since the epoch.
    To(i64),
    /// By this many milliseconds.
    ByMs(u64),
}

/// What comes: an enum of its own would call a second field a fault of the JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(default, deserialize_with = "there")]
    to: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    by_ms: Option<u64>,
}

/// A value that may be left out, but is not `null`.
fn there<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl TryFrom<Fields> for Advance {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        match (fields.to, fields.by_ms) {
            (Some(to), None) => Ok(Advance::To(to)),
            (None, Some(ms)) => Ok(Advance::ByMs(ms)),
            _ => Err("give `to` or `by_ms`, one of the two"),
        }
    }
}
