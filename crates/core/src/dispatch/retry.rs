//! How long to wait before a message is tried again after a *definite* refusal to accept it: 429, a 5xx that
//! says so, a connection that never carried it.
//!
//! Whether a refusal was definite is the channel's to say; an answer that was lost is no reason to try again.
//! The waits have no random part: what failed together may go together again, and the rate of the lane
//! spreads it.

/// Attempts that a message gets in all, the first one included. With these waits the last one comes two
/// minutes after the first; most deadlines come earlier.
pub const ATTEMPTS_MAX: u32 = 8;

/// The wait after the first attempt, in milliseconds; every further one is twice as long.
pub const WAIT_MS: i64 = 1_000;

/// The longest wait of our own choosing, in milliseconds.
pub const WAIT_MS_MAX: i64 = 60_000;

/// The longest `Retry-After` that is believed, in milliseconds: beyond it an hour is waited, and asked again.
pub const RETRY_AFTER_MS_MAX: i64 = 3_600_000;

/// Milliseconds to wait after attempt number `attempt` (the first is 1) was refused; `None` when it was the
/// last. The vendor's own wish, in milliseconds, is honoured where it is longer.
pub fn after(attempt: u32, retry_after_ms: Option<i64>) -> Option<i64> {
    if attempt >= ATTEMPTS_MAX {
        return None;
    }
    let doublings = attempt.saturating_sub(1).min(16);
    let own = (WAIT_MS << doublings).min(WAIT_MS_MAX);
    Some(own.max(retry_after_ms.unwrap_or(0).min(RETRY_AFTER_MS_MAX)))
}

const _: () = assert!(WAIT_MS > 0 && WAIT_MS <= WAIT_MS_MAX && WAIT_MS_MAX <= RETRY_AFTER_MS_MAX);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_end_after_the_last_attempt() {
        let waits: Vec<_> = (1..=9).map(|attempt| after(attempt, None)).collect();
        let ms = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000].map(Some);
        assert_eq!(waits, [&ms[..], &[None, None]].concat());
    }

    #[test]
    fn the_vendors_wish_is_honoured_where_it_is_longer_and_within_reason() {
        assert_eq!(after(1, Some(30_000)), Some(30_000));
        assert_eq!(after(6, Some(30_000)), Some(32_000));
        assert_eq!(after(1, Some(i64::MAX)), Some(RETRY_AFTER_MS_MAX));
        assert_eq!(after(1, Some(-5)), Some(1_000));
        assert_eq!(after(ATTEMPTS_MAX, Some(1)), None);
    }
}
