//! When each session of a room wants to be called, and taking out of it what it wants then.

use crate::effects::Effects;
use crate::floor::SessionId;
use crate::limits::POLLS_MAX;
use crate::peer::{Event, Peer, Polled};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Instant;

/// When each session wants to be called. Old entries stay until they are due; each session has at most a few.
#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Instant, SessionId)>>,
    earliest: BTreeMap<SessionId, Instant>,
}

impl Timers {
    /// A session wants to be called then.
    pub fn set(&mut self, session: SessionId, at: Instant) {
        if self.earliest.get(&session).is_none_or(|known| at < *known) {
            self.earliest.insert(session, at);
            self.heap.push(Reverse((at, session)));
        }
    }

    /// A session that is to be called now.
    pub fn due(&mut self, now: Instant) -> Option<SessionId> {
        while let Some(Reverse((at, session))) = self.heap.peek().copied() {
            if at > now {
                return None;
            }
            self.heap.pop();
            if self.earliest.get(&session) == Some(&at) {
                self.earliest.remove(&session);
                return Some(session);
            }
        }
        None
    }

    /// When the next is due.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// A session is over.
    pub fn forget(&mut self, session: SessionId) {
        self.earliest.remove(&session);
    }
}

/// Takes all that a session wants out: datagrams into `effects`, events to `each`. Says when it is next due.
pub fn drain<P: Peer>(
    now: Instant,
    peer: &mut P,
    effects: &mut Effects,
    mut each: impl FnMut(Event),
) -> Option<Instant> {
    let mut sent = false;
    for _ in 0..POLLS_MAX {
        match peer.poll() {
            Polled::Send(datagram) => {
                effects.datagrams.push(datagram);
                sent = true;
            }
            // A session that finds out about its network sends one packet at a time.
            Polled::Wait(at) if at <= now && sent => {
                sent = false;
                peer.advance(now);
            }
            Polled::Wait(at) => return Some(at),
            Polled::Event(Event::Closed) => {
                each(Event::Closed);
                return None;
            }
            Polled::Event(event) => each(event),
        }
    }
    // A session that never comes to rest is broken.
    each(Event::Closed);
    None
}
