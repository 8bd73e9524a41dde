//! Finds the session that a datagram is for. By address where the address is known; by the name in a STUN request
//! otherwise. An address is learned only from a request that the session has verified.

use super::SessionId;
use crate::limits::ADDRESSES_MAX;
use crate::peer::{Arrival, Via};
use crate::stun::ufrag;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// A client's end.
type Remote = (Via, SocketAddr);

/// Names and addresses of sessions.
#[derive(Debug, Default)]
pub struct Demux {
    named: BTreeMap<String, SessionId>,
    at: BTreeMap<Remote, SessionId>,
    known: BTreeMap<SessionId, Known>,
}

#[derive(Debug, Default)]
struct Known {
    name: String,
    remotes: VecDeque<Remote>,
}

/// A session, and whether its address is yet to be learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whose datagram it is.
    pub session: SessionId,
    /// Whether the address was not known to be this session's.
    pub is_new: bool,
}

impl Demux {
    /// A session is called so.
    pub fn name(&mut self, name: String, session: SessionId) {
        self.named.insert(name.clone(), session);
        self.known.insert(session, Known { name, remotes: VecDeque::new() });
    }

    /// The session of that name.
    pub fn named(&self, name: &str) -> Option<SessionId> {
        self.named.get(name).copied()
    }

    /// Whose a datagram is.
    pub fn find(&self, arrival: &Arrival<'_>) -> Option<Found> {
        let by_address = self.at.get(&(arrival.via, arrival.from)).copied();
        let by_name = ufrag(arrival.bytes).and_then(|name| self.named.get(name)).copied();
        // A client that uses the same port for its next session says so by name.
        match (by_name, by_address) {
            (Some(session), known) => Some(Found { session, is_new: known != Some(session) }),
            (None, Some(session)) => Some(Found { session, is_new: false }),
            (None, None) => None,
        }
    }

    /// A session was reached from an address.
    pub fn learn(&mut self, arrival: &Arrival<'_>, session: SessionId) {
        let Some(known) = self.known.get_mut(&session) else { return };
        let remote = (arrival.via, arrival.from);
        self.at.insert(remote, session);
        known.remotes.push_back(remote);
        if known.remotes.len() > ADDRESSES_MAX
            && let Some(oldest) = known.remotes.pop_front()
            && self.at.get(&oldest) == Some(&session)
            && !known.remotes.contains(&oldest)
        {
            self.at.remove(&oldest);
        }
    }

    /// A session is over.
    pub fn forget(&mut self, session: SessionId) {
        let Some(known) = self.known.remove(&session) else { return };
        self.named.remove(&known.name);
        for remote in known.remotes {
            if self.at.get(&remote) == Some(&session) {
                self.at.remove(&remote);
            }
        }
    }
}
