//! What a floor is made of and what it is asked: its place on the server, those who want to come in, and what happens to
//! those who are there.

use crate::admission::Capacity;
use crate::link::LinkMessage;
use crate::peer::Arrival;
use crate::room::SecondPublisher;
use crate::session::{Answer, Identity, Lines};
use crate::viewer::Manner;

/// Names a session of a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What a floor is told.
#[derive(Debug)]
pub enum Input<'a> {
    /// A datagram came in.
    Datagram(Arrival<'a>),
    /// Another floor says something about a room.
    Link(LinkMessage),
    /// Time has passed.
    Tick,
}

/// Whose floor this is and what it can carry.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which floor of the server, under 26: the first letter of the names that its sessions get.
    pub number: u8,
    /// How many floors the server has.
    pub floors: usize,
    /// Who the server is.
    pub identity: Identity,
    /// Where it is reached.
    pub lines: Lines,
    /// What it can carry.
    pub capacity: Capacity,
    /// What happens when a second publisher comes.
    pub second: SecondPublisher,
}

/// Somebody wants to publish or to watch.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    /// The room's id.
    pub room: &'a str,
    /// Publishes rather than watches.
    pub publishes: bool,
    /// How a viewer is let in.
    pub manner: Manner,
    /// The offer, SDP.
    pub offer: &'a str,
}

/// Somebody came in.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The session, to end it by.
    pub session: SessionId,
    /// What the client gets.
    pub answer: Answer,
}
