//! Every bound of the market.

/// Shoppers of one market, at most: their index is 32 bits wide in timers.
pub const SHOPPERS_MAX: usize = 1 << 24;
/// Dimensions of the latent space of tastes. Not the policy's 64, and never sent.
pub const TASTE_DIMENSIONS: usize = 12;
/// Days of behaviour before the market opens.
pub const HISTORY_DAYS: u64 = 9;
/// Events of one shopper in those days, at most.
pub const HISTORY_EVENTS_MAX: usize = 120;
/// Unread notifications a shopper's tray shows; older ones are pushed out of sight.
pub const TRAY_MAX: usize = 6;
/// How often an unread notification is passed over before it is never looked at again.
pub const PASSED_OVER_MAX: u8 = 4;
/// Things a shopper looks at in one opening of the app, at most.
pub const LOOKS_MAX: u32 = 12;
/// Candidates among which a browsing shopper chooses.
pub const BROWSE_CHOICES: u64 = 6;
/// How long a phone can lie untouched: a walk through the hours ends there.
pub const POCKET_HOURS_MAX: u64 = 36;
/// Characters of a title that a lock screen shows.
pub const TITLE_SHOWN_CHARS: usize = 20;
/// The most shows of one evening.
pub const SHOWS_MAX: usize = 64;
