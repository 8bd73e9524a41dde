//! Every bound of the demo.

use std::time::Duration;

/// Shoppers unless the command line says otherwise.
pub const SHOPPERS_DEFAULT: usize = 20_000;
/// Fewer make no market.
pub const SHOPPERS_MIN: usize = 50;
/// More do not end within minutes.
pub const SHOPPERS_MAX: usize = 1_000_000;

/// How long one call may take: a step of the clock does all that fell due.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);
/// Bytes of an answer.
pub const ANSWER_BYTES_MAX: usize = 32 << 20;
/// Calls of one batch; the server takes 2,500.
pub const BATCH_EVENTS: usize = 1_000;
/// Bytes of one batch; the server takes 500 KB.
pub const BATCH_BYTES: usize = 450_000;
/// How often a busy server is asked, and how long to wait in between.
pub const TRIES: u32 = 600;
/// See [`TRIES`].
pub const WAIT: Duration = Duration::from_millis(100);

/// The days whose events come as they happen, before the evening; what was before them is brought in at once.
pub const LIVE_DAYS: u64 = 2;
/// Virtual time of one step in those days: a slot in which the server watches who is active.
pub const DAY_STEP_MS: u64 = 600_000;
/// Virtual time of one step in the evening.
pub const EVENING_STEP_MS: u64 = 20_000;
/// How long the market is played on after its last show, so that what the last push brought is known: the half
/// hour in which an entry counts, and a little.
pub const AFTERMATH_MS: u64 = 40 * 60_000;

/// Bytes of a request that the sink takes.
pub const SINK_BYTES_MAX: usize = 4 << 20;
/// Pushes that are told as examples.
pub const EXAMPLES_MAX: usize = 12;
/// Virtual time between two examples at least.
pub const EXAMPLE_EVERY_MS: u64 = 6 * 60_000;
/// Virtual time between two looks at the funnels.
pub const FUNNEL_EVERY_MS: u64 = 15 * 60_000;

/// Profiles that a rehearsal is peopled with, at most.
pub const REHEARSED_MAX: usize = 20_000;
/// Profiles of one page.
pub const PROFILES_PAGE: usize = 500;
/// Products that a rehearsal knows beside those of its show, at most.
pub const REHEARSED_PRODUCTS_MAX: usize = 1_000;
/// A rehearsal begins so long before the window of its show opens.
pub const REHEARSED_BEFORE_MS: u64 = 60 * 60_000;
