//! What comes out of the room's machines: datagrams to send and sessions that ended.

use crate::floor::SessionId;
use crate::link::LinkMessage;
use crate::peer::Via;
use std::net::SocketAddr;
use std::sync::Arc;

/// A datagram to send.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// From which of our addresses.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// How.
    pub via: Via,
    /// What.
    pub bytes: Vec<u8>,
}

/// Collects what is to be done. The caller carries it out and clears it.
#[derive(Debug, Default)]
pub struct Effects {
    /// To be sent, in this order; those of one viewer stand together.
    pub datagrams: Vec<Datagram>,
    /// Sessions that are over.
    pub ended: Vec<SessionId>,
    /// For other floors, in this order.
    pub links: Vec<LinkMessage>,
    /// Rooms whose viewers on this floor are more or fewer than before, and how many they are now.
    pub crowds: Vec<(Arc<str>, usize)>,
}

impl Effects {
    /// Nothing to do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what was carried out; keeps the room for the next.
    pub fn clear(&mut self) {
        self.datagrams.clear();
        self.ended.clear();
        self.links.clear();
        self.crowds.clear();
    }
}
