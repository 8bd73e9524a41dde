//! Every bound of the wire, by name. What an event may hold once it is read is bounded in
//! [`beckon_core::limits`].

/// Longest event, in bytes of JSON; also the longest single call. Segment's figure.
pub const EVENT_BYTES_MAX: usize = 32 << 10;

/// Longest batch, in bytes of JSON. Segment's figure.
pub const BATCH_BYTES_MAX: usize = 500 << 10;

/// Most events in a batch. Segment's figure.
pub const BATCH_EVENTS_MAX: usize = 2500;

/// Events left out of a request that its answer describes; the rest are only counted.
pub const REJECTED_MAX: usize = 50;

/// Longest push token or web-push subscription, in bytes. Longer ones are dropped: no vendor issues them.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// Longest name of a bulk source, in bytes.
pub const BULK_SOURCE_BYTES_MAX: usize = 256;

/// Consents that one event may change: every channel and class, twice over.
pub const CONSENTS_MAX: usize = 64;

/// Longest BCP 47 tag that is taken for one, in bytes (RFC 5646 §4.4.1 asks for 35).
pub const LANGUAGE_BYTES_MAX: usize = 35;

/// Longest title of a product or room and name of a host, in bytes.
pub const TITLE_BYTES_MAX: usize = 512;

/// Longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2048;

/// Longest show, in milliseconds: three days.
pub const SHOW_MS_MAX: i64 = 72 * 3_600_000;

/// Where a virtual clock stops, in milliseconds since the epoch: the year 2100. Columns hold seconds up to 2106, and what
/// is reckoned from now must still fit.
pub const CLOCK_MS_MAX: i64 = 4_102_444_800_000;

/// Longest time before a show's start in which its pushes may go, in seconds: a week.
pub const OPENS_BEFORE_S_MAX: u32 = 7 * 86_400;

const _: () =
    assert!(EVENT_BYTES_MAX <= beckon_core::limits::RAW_BYTES_MAX, "an event's properties fit the journal");
