//! What the answers to a batch say of their channel as a whole.

use beckon_channels::Answer;
use beckon_core::dispatch::{STOP_MS_MAX, Verdict, retry};
use beckon_core::time::Timestamp;

/// The verdict of these answers at `now`. `failures` counts the batches of the channel, this one included,
/// that were answered in a row by anything but [`Verdict::Done`]; a failing channel is left alone for longer each time.
///
/// A single message that is refused says nothing of the others. Only where none was taken is the channel
/// left alone; also where all is ambiguous, for a marketing message that meets a broken endpoint is lost to
/// its shopper.
pub fn verdict(now: Timestamp, answers: &[Answer], failures: u32) -> Verdict {
    let until = answers.iter().filter_map(|it| match it {
        Answer::StopToday { until_ms } => Some(*until_ms),
        Answer::ChannelGone { .. } => Some(now.0.saturating_add(STOP_MS_MAX)),
        _ => None,
    });
    if let Some(until) = until.max() {
        return Verdict::StopUntil(Timestamp(until));
    }
    let is_failed = |it: &Answer| matches!(it, Answer::Later { .. } | Answer::Ambiguous { .. });
    if answers.is_empty() || !answers.iter().all(is_failed) {
        return Verdict::Done;
    }
    let wish = answers.iter().filter_map(|it| match it {
        Answer::Later { after_ms } => *after_ms,
        _ => None,
    });
    let attempt = failures.clamp(1, retry::ATTEMPTS_MAX - 1);
    Verdict::Retry { after_ms: retry::after(attempt, wish.max()).unwrap_or(retry::WAIT_MS_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn later(after_ms: Option<i64>) -> Answer {
        Answer::Later { after_ms }
    }

    #[test]
    fn one_refused_message_does_not_stop_the_others() {
        let taken = Answer::Accepted { vendor_id: None };
        for other in [Answer::gone("410"), Answer::refused("no"), later(Some(9_000)), Answer::ambiguous("?")]
        {
            assert_eq!(verdict(NOW, &[taken.clone(), other], 0), Verdict::Done);
        }
        assert_eq!(verdict(NOW, &[], 3), Verdict::Done);
    }

    #[test]
    fn a_channel_that_takes_nothing_is_left_alone_longer_each_time() {
        let all = [later(None), Answer::ambiguous("?")];
        let waits = [1, 2, 3, 100].map(|failures| verdict(NOW, &all, failures));
        assert_eq!(waits, [1_000, 2_000, 4_000, 60_000].map(|after_ms| Verdict::Retry { after_ms }));
        assert_eq!(verdict(NOW, &[later(Some(30_000))], 1), Verdict::Retry { after_ms: 30_000 });
    }

    #[test]
    fn a_cap_or_a_channel_that_is_gone_stops_it() {
        let cap = Answer::StopToday { until_ms: 5_000_000 };
        assert_eq!(verdict(NOW, &[later(None), cap.clone()], 1), Verdict::StopUntil(Timestamp(5_000_000)));
        let gone = Answer::channel_gone("410");
        assert_eq!(verdict(NOW, &[gone, cap], 1), Verdict::StopUntil(Timestamp(NOW.0 + STOP_MS_MAX)));
    }
}
