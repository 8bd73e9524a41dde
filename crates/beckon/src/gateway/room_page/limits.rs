//! The bounds of the room page and of its live feed, by name.

use std::time::Duration;

/// Most connections to live feeds in all; each costs a socket and some 10 KiB.
pub const FEED_CONNECTIONS_MAX: usize = 50_000;

/// Most connections to the feed of one show.
pub const FEED_CONNECTIONS_OF_SHOW_MAX: usize = 25_000;

/// Most connections to feeds that are opened in a second: an audience that comes all at once comes a moment later.
pub const FEED_OPENED_PER_S_MAX: u32 = 2_000;

/// Changes that a slow reader may be behind; beyond it, it is told all anew.
pub const FEED_BEHIND_MAX: usize = 16;

/// How often what follows the clock alone is looked at: a phase or an offer begins or ends.
pub const FEED_CLOCK_EVERY: Duration = Duration::from_millis(500);

/// How long a count of viewers stands before a new one is told.
pub const FEED_VIEWERS_EVERY_MS: i64 = 2_000;

/// How long the feed is silent at most, so that proxies keep it open and a dead reader is noticed.
pub const FEED_HEARTBEAT_MS: u128 = 15_000;

/// Most products of a show that the page lists.
pub const GOODS_MAX: usize = 100;

/// Most shows to come that are told after a show.
pub const COMING_MAX: usize = 3;

/// Most bytes and calls of what a page tells at once: its reporter sends 40 calls at most.
pub const EVENTS_BYTES_MAX: usize = 64 << 10;
/// See [`EVENTS_BYTES_MAX`].
pub const EVENTS_MAX: usize = 50;
