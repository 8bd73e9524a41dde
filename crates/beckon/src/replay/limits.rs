//! Every bound of a replay, by name.

use beckon_wire::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX};
use std::time::Duration;

/// Longest line of a log, in bytes; a longer one is a bad line and is never held in memory.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Columns of a CSV row that are looked at.
pub const COLUMNS_MAX: usize = 64;

/// Longest id in a CSV field, in bytes.
pub const FIELD_BYTES_MAX: usize = beckon_core::limits::ID_BYTES_MAX;

/// Events in a batch unless told otherwise: with 200 bytes an event it fills what a request may hold.
pub const BATCH_EVENTS: usize = 2000;

/// Bytes of a batch's body: what a request may hold, less the envelope around the events.
pub const BODY_BYTES_MAX: usize = BATCH_BYTES_MAX - ENVELOPE_BYTES;

/// Room for `{"batch":[…],"context":…,"bulk":…}` with the longest, fully escaped name of a source.
pub const ENVELOPE_BYTES: usize = 4 << 10;

/// Batches made ahead of the sender.
pub const BATCHES_AHEAD: usize = 4;

/// A paced replay sends at least this often, so that its events flow rather than lump.
pub const PACED_EVERY: Duration = Duration::from_millis(100);

/// A replay that has fallen this far behind its pace does not catch up, but goes on from where it is.
pub const PACE_LAG_MAX: Duration = Duration::from_secs(1);

/// First and longest wait before a server that did not answer is asked again.
pub const BACKOFF: std::ops::Range<Duration> = Duration::from_millis(50)..Duration::from_secs(5);

/// Longest `Retry-After` that is obeyed.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// How long a server may be away before the replay gives up.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// How long one request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Bytes from the start of a file that its fingerprint covers.
pub const FINGERPRINT_BYTES: u64 = 1 << 20;

/// Bytes of a file's name that go into the name of its bulk source.
pub const FILE_NAME_BYTES_MAX: usize = 128;

const _: () = assert!(BATCH_EVENTS <= BATCH_EVENTS_MAX, "a default batch is one that the server takes");
const _: () = assert!(
    FILE_NAME_BYTES_MAX + 64 <= beckon_wire::limits::BULK_SOURCE_BYTES_MAX,
    "a default source name, with format and fingerprint, is one that the server takes"
);
