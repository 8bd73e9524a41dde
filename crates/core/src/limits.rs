//! Every bound of the core, by name. Nothing grows without one.

use crate::profile::{History, Hot};
use crate::select::row::Row;

/// Virtual shards. Fixed for the life of a journal: a shopper's shard follows from the id alone.
pub const SHARDS: usize = 64;

/// Shoppers in a page, the unit that is copied when a snapshot holds it: 16 rows of hot columns are 4 KiB.
pub const PAGE_ROWS: usize = 16;

/// Longest user or anonymous id, in bytes.
pub const ID_BYTES_MAX: usize = 256;

/// Longest name (product, category, event …), in bytes; a longer one is cut at a character's border.
pub const NAME_BYTES_MAX: usize = 256;

/// Names in all; a new one beyond is counted under "other".
pub const NAMES_MAX: usize = 32 << 20;

/// Distinct (source, event name) counters a shard keeps; further ones go to "other".
pub const COUNTERS_MAX: usize = 4096;

/// Products in an order that are folded; further ones only count.
pub const ORDER_PRODUCTS_MAX: usize = 200;

/// Tags of a product that are kept.
pub const TAGS_MAX: usize = 16;

/// Custom traits a shopper keeps; the oldest give way.
pub const TRAITS_MAX: usize = 64;

/// Longest value of a custom trait, as JSON text.
pub const TRAIT_BYTES_MAX: usize = 1024;

/// Devices a shopper keeps; the one longest unseen gives way.
pub const DEVICES_MAX: usize = 16;

/// Dead push addresses a shopper's row remembers; the oldest give way. The shard that an address hashes to remembers
/// it beside.
pub const DEAD_MAX: usize = 32;

/// Claims a shard keeps: who owns a device, who a push address, and which addresses are dead. The oldest give way.
/// Each is about 100 bytes, so all shards together hold 33 million in at most 3.3 GB.
pub const CLAIMS_MAX: usize = 1 << 19;

/// Ways that a push may try, one after the other, each only after the one before has definitely not carried it.
pub const WAYS_MAX: usize = 4;

/// Words that a push may try, one after the other, each only because those before could not be put together.
pub const WORDINGS_MAX: usize = 4;

/// Apps a shopper is remembered to use.
pub const APPS_MAX: usize = 8;

/// Anonymous ids remembered with a shopper, for export and erasure.
pub const ANONYMOUS_IDS_MAX: usize = 64;

/// How often an event may be handed on between shards before it is folded where it is.
pub const HOPS_MAX: u8 = 4;

/// Erased users a shard remembers, so that a message under way does not bring them back.
pub const TOMBSTONES_MAX: usize = 1 << 16;

/// Raw properties of an unknown event that the journal keeps, in bytes.
pub const RAW_BYTES_MAX: usize = 32 << 10;

/// How far ahead of its receipt an event's time may lie before it is clamped, in milliseconds.
pub const FUTURE_MS_MAX: i64 = 5 * 60 * 1000;

/// Parts of the dedup window, by age and again by number of ids: the oldest part is dropped as a whole.
pub const DEDUP_GENERATIONS: usize = 8;

/// Bulk sources whose progress is kept.
pub const BULK_SOURCES_MAX: usize = 4096;

/// Products the catalogue holds.
pub const PRODUCTS_MAX: usize = 16 << 20;

/// Hosts the catalogue holds.
pub const HOSTS_MAX: usize = 1 << 20;

/// Rooms the catalogue holds.
pub const ROOMS_MAX: usize = 1 << 20;

/// Shows that are planned or on air; ended ones give way.
pub const SHOWS_MAX: usize = 4096;

/// Shows for which pushes may go at one time.
pub const OPEN_SHOWS_MAX: usize = 64;

/// Offers in all.
pub const OFFERS_MAX: usize = 1 << 16;

/// Templates in all.
pub const TEMPLATES_MAX: usize = 4096;

/// Campaigns in all.
pub const CAMPAIGNS_MAX: usize = 256;

/// Named audiences in all.
pub const AUDIENCES_MAX: usize = 4096;

/// Phases of a show: the three may recur.
pub const PHASES_MAX: usize = 64;

/// Product slots of a show.
pub const SLOTS_MAX: usize = 512;

/// Words of a title that place a product in the vector space.
pub const WORDS_MAX: usize = 32;

const _: () = assert!(SHARDS + 1 < u8::MAX as usize, "a machine's number is one byte");
const HOT: usize = size_of::<Hot>() + size_of::<Row>();
const _: () = assert!(HOT <= 400, "hot columns must stay within the figure DESIGN.md sets");
const _: () = assert!(size_of::<History>() <= 640, "history columns are the larger part of a shopper");
