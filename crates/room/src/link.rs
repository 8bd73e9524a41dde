//! What floors tell each other about a room that has viewers on several of them. The floor of the publisher is the
//! room's *home*; each other one with viewers of it is a *guest*, and is told every packet that home accepted, with the
//! instant at which it was taken. Whoever carries these messages may lose them, but not reorder those of two floors:
//! guests repeat what they want, home answers what they lack, and the publisher's number tells what is stale. Packets
//! are counted: a guest that misses some gives out no group with a hole, and asks for a key frame.
//!
//! This is where a relay between regions begins, too: an edge is a guest whose home is on another machine. It needs a
//! twin of these messages for the wire, instants on its own clock instead of home's, and numbers of publishers that go
//! on when home is started again.

use crate::group::Kept;
use crate::packet::LayerName;
use crate::publisher::Publisher;
use std::sync::Arc;

/// A message about a room, from one floor to another.
#[derive(Clone, Debug)]
pub struct LinkMessage {
    /// The floor that says it.
    pub from: u8,
    /// The floor that it is for.
    pub to: u8,
    /// Which room.
    pub room: Arc<str>,
    /// What is said.
    pub body: Body,
}

/// What is said.
#[derive(Clone, Debug)]
pub enum Body {
    /// A guest has viewers. Said at once, and again with each round.
    Subscribe {
        /// The number of the publisher that it knows; 0 if none.
        knows: u64,
    },
    /// A guest has none any more.
    Unsubscribe,
    /// Viewers of a guest need a key frame.
    KeyFrame {
        /// Of which publisher.
        source: u64,
        /// Of which layer.
        layer: Option<LayerName>,
    },
    /// A publisher that the guest does not know, with all that is kept of it.
    Publisher(Box<Publisher>),
    /// A packet that home accepted.
    Media {
        /// Of which publisher.
        source: u64,
        /// Which of its packets, from one on.
        number: u64,
        /// The packet, and when it was taken.
        kept: Kept,
    },
    /// A publisher is gone.
    Gone {
        /// Its number.
        source: u64,
    },
}

/// The home of a room: of so many floors, always the same, so that publisher and viewers meet.
pub fn home_of(room: &str, floors: usize) -> usize {
    let hash = room.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash % floors.max(1) as u64) as usize
}
