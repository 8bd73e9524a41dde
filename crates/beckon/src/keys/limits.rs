//! Every bound of the keys, by name.

/// Most sources: each has its counters.
pub const SOURCES_MAX: usize = 1000;

/// Most server keys: each request of the control API is compared with all of them.
pub const SERVER_KEYS_MAX: usize = 100;

/// Most bytes of the file.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

/// Most bytes of a source's or a server key's name.
pub const NAME_BYTES_MAX: usize = 64;

/// Most bytes of any key.
pub const KEY_BYTES_MAX: usize = 256;

/// Fewest bytes of a write key that someone brings along: it names a source rather than guards it.
pub const WRITE_KEY_BYTES_MIN: usize = 8;

/// Fewest bytes of a server key that someone brings along: it opens everything.
pub const SERVER_KEY_BYTES_MIN: usize = 16;

/// Fewest bytes of a shopper secret: HS256 wants a key as long as its hash (RFC 7518, section 3.2).
pub const SHOPPER_SECRET_BYTES_MIN: usize = 32;

/// Random characters of a write key that we make, after its `c`: 124 bits.
pub const WRITE_KEY_RANDOM: usize = 24;

/// Random characters of a server key that we make, after its `sk_`: 165 bits.
pub const SERVER_KEY_RANDOM: usize = 32;

/// Random characters of a shopper secret that we make, after its `ss_`: 206 bits.
pub const SHOPPER_SECRET_RANDOM: usize = 40;

/// Most bytes of a shopper token.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// How far the clock of the customer's server may be off ours, in seconds, when a token's times are read.
pub const TOKEN_LEEWAY_SECS: f64 = 60.0;
