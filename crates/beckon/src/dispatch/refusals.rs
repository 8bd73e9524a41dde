//! Why messages were not taken, for the operator's log. A push that ends tells its own end; that a key is wrong or
//! subscriptions are broken shows in the reasons of many, so each reason is told now and then, with its count.

use beckon_channels::Answer;
use beckon_core::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often the same reason is told, in milliseconds.
const TELL_EVERY_MS: i64 = 60_000;

/// Reasons that are told apart. Beyond that all begin anew.
const REASONS_MAX: usize = 64;

/// When a reason was told, and how often it was met since.
#[derive(Debug)]
struct Told {
    at: Timestamp,
    since: u64,
}

/// The reasons of one channel.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<String, Told>>);

impl Refusals {
    /// Takes note of answers at `now` and writes to the log what has not been told for a while.
    pub fn note(&self, channel: &'static str, now: Timestamp, answers: &[(String, Answer)]) {
        for (message, answer) in answers {
            let Some(why) = answer.why() else { continue };
            let Some(times) = self.is_due(now, why) else { continue };
            tracing::warn!(channel, ended = answer.word(), why, times, message, "messages were not taken");
        }
    }

    /// How often a reason was met since it was last told, if it should be told now.
    fn is_due(&self, now: Timestamp, why: &str) -> Option<u64> {
        let mut reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = reasons.get_mut(why) {
            told.since += 1;
            if now.0.saturating_sub(told.at.0) < TELL_EVERY_MS {
                return None;
            }
            let times = told.since;
            *told = Told { at: now, since: 0 };
            return Some(times);
        }
        if reasons.len() >= REASONS_MAX {
            reasons.clear();
        }
        reasons.insert(why.to_owned(), Told { at: now, since: 0 });
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_at_once_and_then_once_a_minute_with_its_count() {
        let refusals = Refusals::default();
        let at = |ms| refusals.is_due(Timestamp(ms), "401");
        assert_eq!([at(0), at(1), at(59_999), at(60_000), at(60_001)], [Some(1), None, None, Some(3), None]);
        assert_eq!(refusals.is_due(Timestamp(1), "410"), Some(1));
        for number in 0..10 * REASONS_MAX {
            refusals.is_due(Timestamp(1), &number.to_string());
        }
        assert!(refusals.0.lock().unwrap().len() <= REASONS_MAX);
    }
}
