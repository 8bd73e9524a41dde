//! How the push services behind one channel fare, each by itself. They belong to different vendors: one that
//! hangs, or turns everything away, must not take the place of messages to the others.
//!
//! Two bounds do that. A service that failed several times in a row rests; then a single message tries it again.
//! And only so many messages may wait for the answer of one service: a hanging one cannot fill the channel
//! before it is known to hang. Whoever is not let through is definitely not sent, and comes again later.
//!
//! One failure says nothing of a service, for a subscription is somebody's input and may answer what it likes;
//! and a service may mean a single browser by its 429.

use std::collections::BTreeMap;

/// Failures in a row after which a push service rests.
pub const FAILURES_MAX: u32 = 5;

/// The first rest, in milliseconds; each further one without a success between is twice as long.
pub const REST_MS: i64 = 1_000;

/// The longest rest of our own choosing, in milliseconds.
pub const REST_MS_MAX: i64 = 60_000;

/// The longest rest that a push service can ask for, in milliseconds.
pub const ASKED_REST_MS_MAX: i64 = 600_000;

/// Messages that may wait for the answer of one push service: a quarter of what dispatch lets a channel have
/// under way.
pub const UNANSWERED_MAX: u32 = 1_024;

/// How long a message waits that finds one of the bounds reached, in milliseconds.
pub const WAIT_MS: i64 = 1_000;

/// Push services that are remembered.
pub const KNOWN_MAX: usize = 1_024;

/// What a request told of its push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It works, whatever it said of the message.
    Works,
    /// It takes nothing now; for how many milliseconds it said so, if it did.
    Busy(Option<i64>),
    /// It could not be reached, did not answer or failed.
    Fails,
}

#[derive(Debug, Default)]
struct Origin {
    unanswered: u32,
    failures: u32,
    rests: u32,
    rests_until_ms: i64,
}

/// The push services of a channel.
#[derive(Debug, Default)]
pub(super) struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Lets a message to `origin` through, which [`Origins::heard`] or [`Origins::unsent`] must follow; or says in how
    /// many milliseconds it may come again.
    pub(super) fn admit(&mut self, origin: &str, now_ms: i64) -> Result<(), i64> {
        if !self.0.contains_key(origin) && self.0.len() >= KNOWN_MAX {
            // Who fares well is forgotten without loss.
            self.0.retain(|_, it| it.unanswered > 0 || it.rests_until_ms > now_ms);
            if self.0.len() >= KNOWN_MAX {
                return Err(WAIT_MS);
            }
        }
        let it = self.0.entry(origin.to_owned()).or_default();
        if now_ms < it.rests_until_ms {
            return Err(it.rests_until_ms - now_ms);
        }
        let at_once = if it.failures >= FAILURES_MAX { 1 } else { UNANSWERED_MAX };
        if it.unanswered >= at_once {
            return Err(WAIT_MS);
        }
        it.unanswered += 1;
        Ok(())
    }

    /// A message that was let through was not sent after all.
    pub(super) fn unsent(&mut self, origin: &str) {
        if let Some(it) = self.0.get_mut(origin) {
            it.unanswered = it.unanswered.saturating_sub(1);
        }
    }

    /// What came of a message that was let through.
    pub(super) fn heard(&mut self, origin: &str, now_ms: i64, heard: Heard) {
        self.unsent(origin);
        let Some(it) = self.0.get_mut(origin) else { return };
        let asked_ms = match heard {
            Heard::Works => {
                *it = Origin { unanswered: it.unanswered, ..Origin::default() };
                return;
            }
            Heard::Busy(asked_ms) => asked_ms.unwrap_or(0).clamp(0, ASKED_REST_MS_MAX),
            Heard::Fails => 0,
        };
        // What was on its way when the rest began fails for the same reason and counts once.
        if now_ms < it.rests_until_ms {
            return;
        }
        it.failures = it.failures.saturating_add(1);
        if it.failures >= FAILURES_MAX {
            let own_ms = (REST_MS << it.rests.min(16)).min(REST_MS_MAX);
            it.rests = it.rests.saturating_add(1);
            it.rests_until_ms = now_ms.saturating_add(own_ms.max(asked_ms));
        }
    }
}

const _: () = assert!(REST_MS <= REST_MS_MAX && REST_MS_MAX <= ASKED_REST_MS_MAX && FAILURES_MAX > 1);

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(origins: &mut Origins, name: &str, now_ms: i64, times: u32) {
        for _ in 0..times {
            origins.admit(name, now_ms).unwrap();
        }
        for _ in 0..times {
            origins.heard(name, now_ms, Heard::Fails);
        }
    }

    #[test]
    fn a_service_that_fails_again_and_again_rests_longer_each_time_and_the_others_do_not() {
        let mut origins = Origins::default();
        fail(&mut origins, "a", 0, FAILURES_MAX - 1);
        origins.admit("a", 0).unwrap();
        origins.heard("a", 0, Heard::Works);
        fail(&mut origins, "a", 0, 3 * FAILURES_MAX);
        assert_eq!(origins.admit("a", 0), Err(REST_MS), "all that failed at once is one rest");
        assert_eq!(origins.admit("b", 0), Ok(()));
        let mut now_ms = REST_MS;
        for rest_ms in [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(origins.admit("a", now_ms), Ok(()), "one message tries");
            assert_eq!(origins.admit("a", now_ms), Err(WAIT_MS), "and only one");
            origins.heard("a", now_ms, Heard::Fails);
            assert_eq!(origins.admit("a", now_ms), Err(rest_ms));
            now_ms += rest_ms;
        }
        origins.admit("a", now_ms).unwrap();
        origins.heard("a", now_ms, Heard::Works);
        assert_eq!([origins.admit("a", now_ms), origins.admit("a", now_ms)], [Ok(()); 2], "it is back");
    }

    #[test]
    fn a_service_is_left_alone_for_as_long_as_it_asks_within_a_bound() {
        for (asked_ms, rest_ms) in [(30_000, 30_000), (86_400_000, ASKED_REST_MS_MAX), (-5, REST_MS)] {
            let mut origins = Origins::default();
            for _ in 0..FAILURES_MAX {
                origins.admit("a", 0).unwrap();
                origins.heard("a", 0, Heard::Busy(Some(asked_ms)));
            }
            assert_eq!(origins.admit("a", 0), Err(rest_ms));
        }
    }

    #[test]
    fn a_service_that_hangs_holds_so_many_messages_and_no_more() {
        let mut origins = Origins::default();
        let taken = (0..2 * UNANSWERED_MAX).filter(|_| origins.admit("a", 0).is_ok()).count();
        assert_eq!(taken as u32, UNANSWERED_MAX);
        assert_eq!(origins.admit("b", 0), Ok(()));
        origins.heard("a", 0, Heard::Works);
        assert_eq!(origins.admit("a", 0), Ok(()));
    }

    #[test]
    fn services_are_forgotten_before_there_are_too_many() {
        let mut origins = Origins::default();
        for number in 0..3 * KNOWN_MAX {
            let name = number.to_string();
            origins.admit(&name, 0).unwrap();
            origins.heard(&name, 0, Heard::Works);
            assert!(origins.0.len() <= KNOWN_MAX);
        }
        for number in 0..KNOWN_MAX {
            let _ = origins.admit(&format!("hangs {number}"), 0);
        }
        assert_eq!(origins.admit("one more", 0), Err(WAIT_MS));
        assert!(origins.0.len() <= KNOWN_MAX);
    }
}
