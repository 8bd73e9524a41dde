//! A room: one publisher, and viewers who see what it sends. Viewers may come before it does, and stay when it
//! goes: the next one is shown to them where the last one ended. Who is popular has viewers on several floors: there
//! the room is a guest's, and what it does for viewers is the same.

mod links;
mod origin;
mod report;
mod serve;
mod timers;

use crate::clock::Clocks;
use crate::codec::Codec;
use crate::effects::Effects;
use crate::floor::SessionId;
use crate::limits::*;
use crate::peer::{Arrival, Peer};
use crate::publisher::{Layer, Publisher};
use crate::refusal::Refusal;
use crate::viewer::{Manner, Viewer};
use origin::{Host, Origin};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use timers::{Timers, drain};

/// What happens when somebody publishes in a room that has a publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondPublisher {
    /// The second is refused, unless the first has fallen silent.
    #[default]
    Refuse,
    /// The second takes over.
    TakeOver,
}

/// One publisher and its viewers on one floor.
#[derive(Debug)]
pub struct Room<P> {
    name: Arc<str>,
    /// On which floor this is.
    floor: u8,
    origin: Origin<P>,
    publisher: Option<Publisher>,
    viewers: BTreeMap<SessionId, Viewer<P>>,
    timers: Timers,
    /// Sessions that have something to send.
    dirty: Vec<SessionId>,
    next_round: Instant,
}

impl<P: Peer> Room<P> {
    /// An empty room at its home, on the floor of that number.
    pub fn home(now: Instant, name: Arc<str>, floor: u8, second: SecondPublisher) -> Self {
        Room::new(now, name, floor, Origin::home(second))
    }

    /// An empty room whose home is another floor.
    pub fn guest(now: Instant, name: Arc<str>, floor: u8, home: u8) -> Self {
        Room::new(now, name, floor, Origin::Guest { home })
    }

    fn new(now: Instant, name: Arc<str>, floor: u8, origin: Origin<P>) -> Self {
        Room {
            name,
            floor,
            origin,
            publisher: None,
            viewers: BTreeMap::new(),
            timers: Timers::default(),
            dirty: Vec::new(),
            next_round: now,
        }
    }

    /// What the room is called.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether publishers come to this floor.
    pub fn is_home(&self) -> bool {
        matches!(self.origin, Origin::Home(_))
    }

    /// Whether somebody may publish now.
    pub fn may_publish(&self, now: Instant) -> Result<(), Refusal> {
        let Origin::Home(home) = &self.origin else { return Err(Refusal::Unknown) };
        let occupied = self.publisher.as_ref().is_some_and(|publisher| {
            publisher.silence(now) < PUBLISHER_SILENT_AFTER && home.second == SecondPublisher::Refuse
        });
        if occupied { Err(Refusal::Occupied) } else { Ok(()) }
    }

    /// A publisher comes in, at home; one that is there already goes.
    pub fn publish(&mut self, now: Instant, id: SessionId, peer: P, effects: &mut Effects) {
        if let Some(old) = self.origin.host().map(|host| host.id) {
            self.leave(now, old, effects);
        }
        let Some(home) = self.origin.as_home() else { return };
        home.host = Some(Host { id, peer, connected: false, clocks: Clocks::new(now) });
        // Sessions of a floor have ever higher numbers, also when the room was forgotten meanwhile.
        self.publisher = Some(Publisher::new(now, id.0));
        self.introduce(effects);
        self.dirty.push(id);
    }

    /// A viewer comes in.
    pub fn watch(&mut self, now: Instant, id: SessionId, peer: P, manner: Manner, effects: &mut Effects) {
        if self.viewers.is_empty() {
            self.subscribe(effects);
        }
        self.viewers.insert(id, Viewer::new(now, peer, manner));
        self.dirty.push(id);
    }

    /// A session ends: it is told so.
    pub fn leave(&mut self, now: Instant, id: SessionId, effects: &mut Effects) {
        let mut last_words = |peer: &mut P| {
            peer.close();
            peer.advance(now);
            drain(now, peer, effects, |_| {});
        };
        if let Some(viewer) = self.viewers.get_mut(&id) {
            last_words(&mut viewer.peer);
        }
        if let Some(host) = self.origin.host_if(id) {
            last_words(&mut host.peer);
        }
        self.remove(id, effects);
    }

    fn remove(&mut self, id: SessionId, effects: &mut Effects) {
        let was_publisher = self.origin.host_if(id).is_some();
        if was_publisher {
            self.origin.as_home().map(|home| home.host.take());
            self.publisher_left(effects);
        }
        if self.viewers.remove(&id).is_some() || was_publisher {
            self.timers.forget(id);
            effects.ended.push(id);
        }
    }

    /// A datagram of a session came in. `false` if the session does not take it.
    ///
    /// What viewers are to be sent because of it waits for [`Room::flush`], so that it can go out together.
    pub fn receive(
        &mut self,
        now: Instant,
        id: SessionId,
        arrival: Arrival<'_>,
        effects: &mut Effects,
    ) -> bool {
        if let Some(host) = self.origin.host_if(id) {
            let taken = host.peer.receive(now, arrival);
            self.serve_publisher(now, effects);
            return taken;
        }
        let Some(viewer) = self.viewers.get_mut(&id) else { return false };
        let taken = viewer.peer.receive(now, arrival);
        if taken {
            viewer.heard = now;
        }
        self.serve_viewer(now, id, effects);
        taken
    }

    /// Lets time pass: whoever is due is served.
    pub fn advance(&mut self, now: Instant, effects: &mut Effects) {
        while let Some(id) = self.timers.due(now) {
            if let Some(host) = self.origin.host_if(id) {
                host.peer.advance(now);
                self.serve_publisher(now, effects);
            } else if let Some(viewer) = self.viewers.get_mut(&id) {
                if let Some(publisher) = &self.publisher {
                    viewer.catch_up(now, publisher);
                }
                viewer.peer.advance(now);
                self.serve_viewer(now, id, effects);
            }
        }
        if now >= self.next_round {
            self.next_round = now + ROUND_EVERY;
            self.round(now, effects);
        }
    }

    fn round(&mut self, now: Instant, effects: &mut Effects) {
        self.keep_links(now, effects);
        let mut gone: Vec<SessionId> = Vec::new();
        if let (Some(host), Some(publisher)) = (self.origin.host(), &self.publisher) {
            let never = !host.connected && now - publisher.came > CONNECT_WITHIN;
            if never || publisher.silence(now) > UNHEARD_FOR {
                gone.push(host.id);
            }
            self.dirty.push(host.id);
        }
        let mut needed = Vec::new();
        if let Some(publisher) = &mut self.publisher {
            for viewer in self.viewers.values_mut().filter(|viewer| viewer.connected) {
                let layer = match viewer.waits() {
                    true => viewer.layer().or(publisher.ladder(now).first().map(|(at, _)| *at)),
                    false => viewer.choose(now, publisher),
                };
                needed.extend(layer.filter(|layer| !needed.contains(layer)));
            }
        }
        self.ask(now, needed, effects);
        let needed = self.publisher.as_mut().map(|publisher| publisher.round(now));
        self.ask(now, needed.unwrap_or_default(), effects);
        let unheard = self.viewers.iter().filter(|(_, viewer)| {
            let never = !viewer.connected && now - viewer.came > CONNECT_WITHIN;
            never || now - viewer.heard > UNHEARD_FOR
        });
        gone.extend(unheard.map(|(id, _)| *id));
        for id in gone {
            self.leave(now, id, effects);
        }
    }

    /// Sends what has gathered. To be called after a batch of [`Room::receive`] and after [`Room::advance`].
    pub fn flush(&mut self, now: Instant, effects: &mut Effects) {
        // Serving one may make another dirty, but each only once more: a key frame is asked for.
        for _ in 0..4 {
            let mut dirty = std::mem::take(&mut self.dirty);
            if dirty.is_empty() {
                return;
            }
            dirty.sort_unstable();
            dirty.dedup();
            for id in dirty.drain(..) {
                if let Some(host) = self.origin.host_if(id) {
                    host.peer.advance(now);
                    self.serve_publisher(now, effects);
                } else if let Some(viewer) = self.viewers.get_mut(&id) {
                    viewer.peer.advance(now);
                    self.serve_viewer(now, id, effects);
                }
            }
            if self.dirty.is_empty() {
                self.dirty = dirty;
            }
        }
    }

    /// When [`Room::advance`] is to be called at the latest.
    pub fn next_deadline(&self) -> Instant {
        self.timers.next().map_or(self.next_round, |next| next.min(self.next_round))
    }

    /// Whether nobody is there, and no other floor is a guest.
    pub fn is_empty(&self) -> bool {
        self.origin.is_empty() && self.viewers.is_empty()
    }

    /// How many viewers have a session on this floor.
    pub fn viewers(&self) -> usize {
        self.viewers.len()
    }

    /// Whether media comes in several layers now, or may when a publisher comes or is told of.
    pub fn may_have_layers(&self) -> bool {
        self.publisher.as_ref().is_none_or(|publisher| publisher.layers.len() != 1)
    }

    /// What one more viewer would get, in bits a second.
    pub fn bits_per_viewer(&self) -> u64 {
        self.layers().map(|layer| layer.bits_per_second()).max().unwrap_or(0)
    }

    /// What is sent, if anything.
    pub fn codec(&self) -> Option<Codec> {
        self.layers().next().map(|layer| layer.codec)
    }

    /// Bytes of pictures that are kept for viewers to come. A guest's are the home's, not copies.
    pub fn kept_bytes(&self) -> usize {
        self.layers().map(|layer| layer.group.bytes()).sum()
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.publisher.iter().flat_map(|publisher| &publisher.layers)
    }

    /// The session of a viewer, for tests.
    pub fn viewer(&self, id: SessionId) -> Option<&Viewer<P>> {
        self.viewers.get(&id)
    }
}
