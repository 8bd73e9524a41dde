//! What comes out of the room's machines: datagrams to send and sessions that ended.

use crate::floor::SessionId;
use crate::peer::Via;
use std::net::SocketAddr;

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
    }
}
