//! When a picture was taken and a word was spoken, on the server's clock. Sound and picture of a publisher have
//! clocks of their own; its sender reports say how they stand to one another (RFC 3550 §6.4.1). What is found
//! here goes out in our own reports, so that they meet again at the viewer.

use crate::codec::Kind;
use crate::limits::{CAPTURE_AGE_MAX, LAYERS_MAX};
use crate::packet::{LayerName, Packet, SenderTime};
use std::time::{Duration, Instant};

/// Microseconds.
type Micros = i64;

/// The least delay seen lately: over the last whole span and the one under way. A packet is never early, so
/// the least delay is the clock's offset, and what is more is the network.
#[derive(Clone, Copy, Debug, Default)]
struct Least {
    before: Option<Micros>,
    now: Option<Micros>,
    since: Micros,
}

impl Least {
    const SPAN: Micros = 20_000_000;

    fn take(&mut self, at: Micros, delay: Micros) -> Micros {
        if at - self.since > Self::SPAN {
            self.before = self.now.take();
            self.since = at;
        }
        self.now = Some(self.now.map_or(delay, |least| least.min(delay)));
        self.now.into_iter().chain(self.before).min().unwrap_or(delay)
    }
}

/// All clocks of a publisher.
#[derive(Clone, Debug)]
pub struct Clocks {
    sender: SenderClock,
    sound: StreamClock,
    /// Of its layers, in the order in which they were first seen.
    layers: Vec<(Option<LayerName>, StreamClock)>,
}

impl Clocks {
    /// The clocks of a publisher who came at `epoch`.
    pub fn new(epoch: Instant) -> Self {
        let sender = SenderClock { epoch, offset: Least::default() };
        Clocks { sender, sound: StreamClock::default(), layers: Vec::new() }
    }

    /// When a packet that came in `now` was taken. `None` if it is of more layers than are kept.
    pub fn taken(&mut self, now: Instant, packet: &Packet) -> Option<Instant> {
        let known = self.layers.iter().position(|(name, _)| *name == packet.layer);
        let stream = match (packet.kind(), known) {
            (Kind::Audio, _) => &mut self.sound,
            (Kind::Video, Some(at)) => &mut self.layers[at].1,
            (Kind::Video, None) if self.layers.len() < LAYERS_MAX => {
                self.layers.push((packet.layer, StreamClock::default()));
                &mut self.layers.last_mut()?.1
            }
            (Kind::Video, None) => return None,
        };
        Some(self.sender.taken(stream, now, packet.codec.clock_rate(), packet.timestamp, packet.sender))
    }
}

/// The clock of a publisher, shared by its streams.
#[derive(Clone, Debug)]
struct SenderClock {
    epoch: Instant,
    /// Of the sender's wall clock, over all its streams.
    offset: Least,
}

/// The clock of one of its streams.
#[derive(Clone, Debug, Default)]
struct StreamClock {
    /// Of the RTP clock, for as long as no report has come.
    offset: Least,
    first: Option<u64>,
}

impl SenderClock {
    /// When a packet that came in `now` was taken. `rate` is ticks a second.
    fn taken(
        &mut self,
        stream: &mut StreamClock,
        now: Instant,
        rate: u64,
        timestamp: u64,
        sender: Option<SenderTime>,
    ) -> Instant {
        let at = now.saturating_duration_since(self.epoch).as_micros() as Micros;
        let micros = match sender {
            Some(sender) => {
                // The report's time and the packet's differ by seconds, so the low bits tell how they stand.
                let ticks = i64::from((timestamp as u32).wrapping_sub(sender.rtp) as i32);
                let wall = sender.wall.as_micros() as Micros + ticks * 1_000_000 / rate as i64;
                wall + self.offset.take(at, at - wall)
            }
            None => {
                let first = *stream.first.get_or_insert(timestamp);
                let wall = (timestamp as i64 - first as i64) * 1_000_000 / rate as i64;
                wall + stream.offset.take(at, at - wall)
            }
        };
        // A clock that is set wrong must not send a picture to the future or to last year.
        let age = Duration::from_micros(u64::try_from(at - micros).unwrap_or(0)).min(CAPTURE_AGE_MAX);
        now.checked_sub(age).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn sound_and_picture_of_one_instant_get_one_instant_whatever_their_delays() {
        let (start, mut sound, mut picture) = (start(), StreamClock::default(), StreamClock::default());
        let mut clock = Clocks::new(start).sender;
        let wall = Duration::from_secs(1_700_000_000);
        let mut apart = Duration::ZERO;
        for step in 0..500_u64 {
            // Pictures are on the way 60 to 79 ms longer than sound.
            let at = start + Duration::from_millis(20 * step);
            let sent = wall + Duration::from_millis(20 * step);
            let sender = |rtp| Some(SenderTime { wall: sent, rtp });
            let heard = clock.taken(&mut sound, at, 48_000, 960 * step, sender((960 * step) as u32));
            let late = at + Duration::from_millis(60 + step % 20);
            let rtp = u64::from(u32::MAX) - 9_000 + 1_800 * step;
            let seen = clock.taken(&mut picture, late, 90_000, rtp, sender(rtp as u32));
            if step > 5 {
                apart = apart.max(heard.abs_diff(seen));
            }
        }
        assert!(apart < Duration::from_millis(1), "{apart:?}");
    }

    trait AbsDiff {
        fn abs_diff(self, other: Self) -> Duration;
    }

    impl AbsDiff for Instant {
        fn abs_diff(self, other: Self) -> Duration {
            self.saturating_duration_since(other).max(other.saturating_duration_since(self))
        }
    }
}
