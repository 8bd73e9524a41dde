//! The network between the clients and the room: each client has a way of its own, which loses, delays, reorders
//! and may be narrow.

use super::random::Random;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a way does to datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Lost, of a thousand.
    pub loss: u64,
    /// How long a datagram takes at least, in microseconds.
    pub delay_us: u64,
    /// How much longer it may take. What comes after may come before.
    pub jitter_us: u64,
    /// Bits a second that pass, if the way is narrow. What waits longer than 300 ms is lost.
    pub bits_per_second: Option<u64>,
}

impl Weather {
    /// Nothing is lost.
    pub fn fair(delay_us: u64) -> Self {
        Weather { loss: 0, delay_us, jitter_us: 0, bits_per_second: None }
    }
}

/// A datagram under way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flying {
    at: Reverse<Instant>,
    number: Reverse<u64>,
    /// Who sent it.
    pub from: SocketAddr,
    /// For whom it is.
    pub to: SocketAddr,
    /// What.
    pub bytes: Vec<u8>,
}

/// All that is under way.
#[derive(Debug, Default)]
pub struct Net {
    flying: BinaryHeap<Flying>,
    number: u64,
}

/// When a narrow way is free again, one each direction.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrow {
    free: Option<Instant>,
}

const WAITS_MAX: Duration = Duration::from_millis(300);

impl Net {
    /// A datagram sets out.
    pub fn send(
        &mut self,
        now: Instant,
        weather: &Weather,
        narrow: &mut Narrow,
        random: &mut Random,
        (from, to): (SocketAddr, SocketAddr),
        bytes: Vec<u8>,
    ) {
        if random.permille(weather.loss) {
            return;
        }
        let mut leaves = now;
        if let Some(bits) = weather.bits_per_second {
            leaves = narrow.free.unwrap_or(now).max(now);
            if leaves - now > WAITS_MAX {
                return;
            }
            leaves += Duration::from_micros(bytes.len() as u64 * 8_000_000 / bits);
            narrow.free = Some(leaves);
        }
        let takes = weather.delay_us + random.below(weather.jitter_us + 1);
        self.number += 1;
        let at = Reverse(leaves + Duration::from_micros(takes));
        self.flying.push(Flying { at, number: Reverse(self.number), from, to, bytes });
    }

    /// When the next arrives.
    pub fn next(&self) -> Option<Instant> {
        self.flying.peek().map(|flying| flying.at.0)
    }

    /// What arrives now.
    pub fn arrive(&mut self, now: Instant) -> Option<Flying> {
        self.flying.peek().is_some_and(|flying| flying.at.0 <= now).then(|| self.flying.pop()).flatten()
    }
}
