//! Every size and bound of the benches, by name.

use std::time::Duration;

/// Events of a batch: the size that the figures are stated for.
pub const BATCH_EVENTS: usize = 100;

/// Connections of the load generator when it sends batches.
pub const BATCH_CONNECTIONS: usize = 16;

/// Connections of the load generator when it sends single events.
pub const SINGLE_CONNECTIONS: usize = 256;

/// Connections of the paced load behind the figure `visible`.
pub const PACED_CONNECTIONS: usize = 8;

/// Requests rendered ahead for each connection, sent in turn.
pub const REQUESTS_A_CONNECTION: usize = 4;

/// Shoppers that the load speaks of.
pub const LOAD_SHOPPERS: usize = 1_000_000;

/// Products that the load speaks of.
pub const LOAD_PRODUCTS: usize = 20_000;

/// Load before a run counts: caches, segments and buffers get to where they stay.
pub const WARM_UP: Duration = Duration::from_secs(10);

/// How long a limit is measured beside each run.
pub const LIMIT_TIME: Duration = Duration::from_secs(2);

/// How long the load generator waits after a 429 or a connection that broke.
pub const BACK_OFF: Duration = Duration::from_millis(5);

/// How long one request may be tried again before the run is given up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Time between two probes of the figure `visible`.
pub const PROBE_EVERY: Duration = Duration::from_millis(5);

/// How long a push may take until a run of the figure `called` is given up.
pub const CALLED_PATIENCE: Duration = Duration::from_secs(120);

/// Connections that take turns at probing, so that a slow probe does not keep the next one from starting.
pub const PROBE_CONNECTIONS: usize = 32;

/// Frames that each connection gets when fan-out is measured. Nobody acknowledges, and fewer may wait.
pub const FAN_OUT_ROUNDS: usize = 24;

/// How long the server rests before its memory is looked at: what was needed only to open connections is given back.
pub const SETTLE_MEMORY: Duration = Duration::from_secs(3);

/// How long the clients of a fan-out may take until the run is given up.
pub const CROWD_PATIENCE: Duration = Duration::from_secs(60);

/// Pings by which the way to a client alone is measured: what each of [`PINGING`] may say in two seconds.
pub const PINGS: usize = 20;

/// Clients that ping, one as often as another.
pub const PINGING: usize = 10;

/// Bytes of an answer that its buffer has room for at first.
pub const ANSWER_BYTES: usize = 16 << 10;

/// Events of a record when shoppers are made.
pub const RECORD_EVENTS: u64 = 2_000;

/// Records under way at once when shoppers are made.
pub const RECORDS_UNDER_WAY: usize = 8;

/// Products, brands, categories, hosts and regions of the market that shoppers are made in.
pub const PRODUCTS: usize = 200_000;
/// See [`PRODUCTS`].
pub const BRANDS: usize = 5_000;
/// See [`PRODUCTS`].
pub const CATEGORIES: usize = 400;
/// See [`PRODUCTS`].
pub const HOSTS: usize = 2_000;
/// See [`PRODUCTS`].
pub const REGIONS: usize = 34;

/// Days over which the events of the shoppers made are spread.
pub const HISTORY_DAYS: i64 = 28;

/// Messages that are given to the sender at once in the figure `webpush`.
pub const PUSH_BATCH: usize = 1_024;

/// Bytes of a push token, as FCM's are.
pub const TOKEN_BYTES: usize = 142;

/// How long to wait until a round of snapshots begins.
pub const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that the memory's bandwidth is measured over: far more than any cache.
pub const BANDWIDTH_BYTES: usize = 1 << 30;

const _: () = assert!(FAN_OUT_ROUNDS < beckon_sessions::limits::PENDING_MAX, "nobody reads too slowly");
const _: () = assert!(LOAD_SHOPPERS == 1_000_000, "a request has six digits for the shopper");
const _: () = assert!(BATCH_EVENTS <= beckon_wire::limits::BATCH_EVENTS_MAX, "a batch is taken");
const _: () = assert!(PRODUCTS.is_multiple_of(CATEGORIES), "every category has as many products");
