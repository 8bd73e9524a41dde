//! How fast a replay goes: as many events a second as were asked for, or as fast as the events once came.
//! Whoever falls behind does not catch up with a burst.

use super::batches::Batch;
use super::limits::PACE_LAG_MAX;
use super::options::Options;
use beckon_core::time::Timestamp;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How fast a replay goes.
#[derive(Debug)]
pub(super) struct Pace {
    /// Events a second.
    rate: Option<f64>,
    /// The earliest instant at which the rate lets the next batch go.
    free: Instant,
    /// Seconds of event time in a second.
    speed: Option<f64>,
    /// An event time, and when it is played.
    anchor: Option<(Timestamp, Instant)>,
}

impl Pace {
    pub fn new(options: &Options, now: Instant) -> Self {
        Pace { rate: options.rate, free: now, speed: options.speed, anchor: None }
    }

    /// Waits until `batch` may go.
    pub async fn wait(&mut self, batch: &Batch) {
        let due = self.due(batch, Instant::now());
        if let Some(due) = due {
            sleep_until(due).await;
        }
    }

    /// When `batch` may go; `None` for at once.
    fn due(&mut self, batch: &Batch, now: Instant) -> Option<Instant> {
        let mut due = None;
        if let Some(rate) = self.rate {
            let free = self.free.max(now);
            self.free = free + seconds(batch.events as f64 / rate);
            due = Some(free);
        }
        if let (Some(speed), Some(latest)) = (self.speed, batch.latest) {
            let (from, at) = *self.anchor.get_or_insert((batch.earliest.unwrap_or(latest), now));
            let played = at + seconds((latest.0.saturating_sub(from.0)) as f64 / 1000.0 / speed);
            if played + PACE_LAG_MAX < now {
                self.anchor = Some((latest, now));
            }
            due = due.max(Some(played));
        }
        due
    }
}

/// At most a year: what a log claims to lie between two events may be anything.
fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.clamp(0.0, 365.0 * 86_400.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn batch(events: u64, at_ms: i64) -> Batch {
        let at = Some(Timestamp(at_ms));
        let body = Bytes::new();
        Batch { first: 0, events, earliest: at, latest: at, body, bytes_read: 0 }
    }

    fn pace(rate: Option<f64>, speed: Option<f64>, now: Instant) -> Pace {
        Pace { rate, free: now, speed, anchor: None }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_rate_spaces_batches_by_their_events_and_does_not_make_up_for_a_pause() {
        let start = Instant::now();
        let mut pace = pace(Some(100.0), None, start);
        assert_eq!(pace.due(&batch(100, 0), start), Some(start));
        assert_eq!(pace.due(&batch(50, 0), start), Some(start + SECOND));
        let later = start + SECOND * 60;
        assert_eq!(pace.due(&batch(100, 0), later), Some(later));
        assert_eq!(pace.due(&batch(100, 0), later), Some(later + SECOND));
    }

    #[tokio::test]
    async fn a_speed_plays_events_as_far_apart_as_they_were_divided_by_it() {
        let start = Instant::now();
        let mut pace = pace(None, Some(10.0), start);
        assert_eq!(pace.due(&batch(1, 500_000), start), Some(start));
        assert_eq!(pace.due(&batch(1, 510_000), start), Some(start + SECOND));
        // An hour's outage: from here on at the old speed, not in a rush.
        let later = start + SECOND * 3600;
        assert!(pace.due(&batch(1, 520_000), later) < Some(later));
        assert_eq!(pace.due(&batch(1, 530_000), later), Some(later + SECOND));
    }
}
