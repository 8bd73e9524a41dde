//! The one place that looks at a clock. The machines get time as an argument, so that a replay sees the
//! same time as the run it repeats; a virtual clock lets a test or a replay move that time forward.

use beckon_core::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the program's time comes from. Clones of a virtual clock share its time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's wall clock. It may step back when the system corrects it: who needs an order keeps
    /// its own, as the sequencer does.
    System,
    /// Stands still until it is told to move.
    Virtual(VirtualTime),
}

/// The time of a virtual clock.
#[derive(Debug, Clone)]
pub struct VirtualTime(Arc<AtomicI64>);

/// Why a clock was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The system's clock cannot be moved.
    #[error("the clock is the system's and cannot be moved: start with `--clock virtual`")]
    NotVirtual,
    /// Time only moves forward.
    #[error("the clock stands at {} ms and cannot go back to {} ms", now.0, to.0)]
    Backwards {
        /// What the clock shows.
        now: Timestamp,
        /// What was asked for.
        to: Timestamp,
    },
}

impl Clock {
    /// A virtual clock that shows `start`.
    pub fn virtual_at(start: Timestamp) -> Self {
        Clock::Virtual(VirtualTime(Arc::new(AtomicI64::new(start.0))))
    }

    /// What the clock shows, in milliseconds since the Unix epoch.
    #[expect(clippy::disallowed_methods, reason = "this is the place the ban sends everyone to")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Clock::Virtual(time) => Timestamp(time.0.load(Ordering::Acquire)),
        }
    }

    /// Moves a virtual clock forward to `to`. Where it stands already is no error, so that a caller may
    /// repeat itself.
    pub fn set_virtual(&self, to: Timestamp) -> Result<Timestamp, Error> {
        let Clock::Virtual(time) = self else { return Err(Error::NotVirtual) };
        let before = time.0.fetch_max(to.0, Ordering::AcqRel);
        if before > to.0 { Err(Error::Backwards { now: Timestamp(before), to }) } else { Ok(to) }
    }

    /// Whether the clock only moves when it is told to.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Clock::Virtual(_))
    }
}

/// Measures how long something took, for metrics and benches: real time that never steps back. Nothing
/// that is journalled may depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "this is the place the ban sends everyone to")]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Seconds since the start, as metrics want them.
    pub fn elapsed_secs(&self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

/// Real time that never steps back, for what is neither journalled nor replayed: media.
#[expect(clippy::disallowed_methods, reason = "this is the place the ban sends everyone to")]
pub fn monotonic() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_forward_only_and_its_clones_follow() {
        let clock = Clock::virtual_at(Timestamp(1_000));
        let clone = clock.clone();
        assert_eq!(clock.set_virtual(Timestamp(5_000)), Ok(Timestamp(5_000)));
        assert_eq!(clone.now(), Timestamp(5_000));
        assert_eq!(clock.set_virtual(Timestamp(5_000)), Ok(Timestamp(5_000)));
        let back = Error::Backwards { now: Timestamp(5_000), to: Timestamp(4_999) };
        assert_eq!(clone.set_virtual(Timestamp(4_999)), Err(back));
        assert_eq!(clock.now(), Timestamp(5_000));
    }

    #[test]
    fn the_systems_clock_cannot_be_moved_and_shows_this_century() {
        assert_eq!(Clock::System.set_virtual(Timestamp(i64::MAX)), Err(Error::NotVirtual));
        assert!(Clock::System.now() > Timestamp(1_600_000_000_000));
    }
}
