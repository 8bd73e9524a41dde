//! What a node reports of itself: how many, how fast, how far behind, how large.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A node's figures. Counts are since the journal began unless they say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stats {
    /// The instant of which this tells, in milliseconds since the epoch.
    pub now: i64,
    /// Seconds since the process started.
    pub uptime_seconds: u64,
    /// Shoppers and visitors with a profile.
    pub shoppers: u64,
    /// Anonymous ids and former user ids that are another name of a shopper.
    pub visitors_bound: u64,
    /// Names in the dictionary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<u64>,
    /// Products in the catalogue.
    pub products: u64,
    /// Hosts in the catalogue.
    pub hosts: u64,
    /// Rooms in the catalogue.
    pub rooms: u64,
    /// Events.
    pub events: EventCounts,
    /// How fast events come.
    pub rates: Rates,
    /// How far behind what comes in we are.
    pub lag: Lag,
    /// Memory of the profiles.
    pub memory: Memory,
    /// The window within which an event counts once.
    pub dedup: DedupCounts,
    /// Events, since the process started, whose time lay too far ahead and became that of receipt.
    pub clamped: u64,
    /// Calls, since the process started, that were left out of their request.
    pub rejected: u64,
    /// Events, since the process started, that lost consent, a device token or a purchase for want of a
    /// valid shopper token.
    pub unverified: u64,
}

/// Events, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventCounts {
    /// All.
    pub total: u64,
    /// Left out because they had been counted before.
    pub repeated: u64,
    /// Handed on to the shard of the shopper they turned out to be about.
    pub forwarded: u64,
    /// By name.
    pub by_name: BTreeMap<String, u64>,
    /// By source.
    pub by_source: Vec<SourceCounts>,
}

/// Events of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceCounts {
    /// The source's name.
    pub source: String,
    /// `web`, `app` or `server`.
    pub kind: String,
    /// All.
    pub total: u64,
    /// By name.
    pub by_name: BTreeMap<String, u64>,
}

/// Events a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rates {
    /// Over the last minute.
    pub events_per_second_1m: f64,
    /// Since the process started.
    pub events_per_second_since_start: f64,
}

/// How far behind we are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lag {
    /// Bytes that wait to be durable.
    pub journal_pending_bytes: u64,
    /// Bytes that wait to be folded into profiles.
    pub fold_backlog_bytes: u64,
    /// The journal's offset before which all is durable.
    pub durable_offset: u64,
    /// The offset that the next record gets.
    pub next_offset: u64,
}

/// Memory of the profiles, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Memory {
    /// Hot columns.
    pub hot_bytes: u64,
    /// History columns.
    pub history_bytes: u64,
    /// Cold rows with all they point to.
    pub cold_bytes: u64,
    /// The index of ids.
    pub index_bytes: u64,
    /// All of these for one shopper; 0 while there is none.
    pub bytes_per_shopper: u64,
}

/// The window within which an event counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DedupCounts {
    /// Ids it remembers.
    pub ids: u64,
    /// The most it remembers; then the oldest give way.
    pub window_ids_max: u64,
    /// The longest it remembers one, in seconds.
    pub span_seconds: u64,
}

impl Memory {
    /// From the bytes of hot columns, history columns, cold rows and index, as
    /// [`beckon_core::shard::store::Store::memory`] gives them, summed over the shards.
    pub fn of(bytes: [usize; 4], shoppers: u64) -> Self {
        let [hot_bytes, history_bytes, cold_bytes, index_bytes] = bytes.map(|it| it as u64);
        let all = hot_bytes + history_bytes + cold_bytes + index_bytes;
        let bytes_per_shopper = all.checked_div(shoppers).unwrap_or(0);
        Memory { hot_bytes, history_bytes, cold_bytes, index_bytes, bytes_per_shopper }
    }
}
