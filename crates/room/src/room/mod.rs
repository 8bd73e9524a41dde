//! A room: one publisher, and viewers who see what it sends. Viewers may come before it does, and stay when it
//! goes: the next one is shown to them where the last one ended.

mod report;

use crate::codec::Codec;
use crate::effects::Effects;
use crate::floor::SessionId;
use crate::limits::*;
use crate::packet::Packet;
use crate::peer::{Arrival, Event, Peer, Polled};
use crate::publisher::Publisher;
use crate::refusal::Refusal;
use crate::viewer::{Manner, Viewer};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Instant;

/// What happens when somebody publishes in a room that has a publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondPublisher {
    /// The second is refused, unless the first has fallen silent.
    #[default]
    Refuse,
    /// The second takes over.
    TakeOver,
}

/// One publisher and its viewers.
#[derive(Debug)]
pub struct Room<P> {
    second: SecondPublisher,
    publisher: Option<(SessionId, Publisher<P>)>,
    viewers: BTreeMap<SessionId, Viewer<P>>,
    /// How many publishers there have been.
    sources: u64,
    timers: Timers,
    /// Sessions that have something to send.
    dirty: Vec<SessionId>,
    next_round: Instant,
}

/// When each session wants to be called. Old entries stay until they are due; each session has at most a few.
#[derive(Debug, Default)]
struct Timers {
    heap: BinaryHeap<Reverse<(Instant, SessionId)>>,
    earliest: BTreeMap<SessionId, Instant>,
}

impl Timers {
    fn set(&mut self, session: SessionId, at: Instant) {
        if self.earliest.get(&session).is_none_or(|known| at < *known) {
            self.earliest.insert(session, at);
            self.heap.push(Reverse((at, session)));
        }
    }

    fn due(&mut self, now: Instant) -> Option<SessionId> {
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

    fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    fn forget(&mut self, session: SessionId) {
        self.earliest.remove(&session);
    }
}

/// Takes all that a session wants out: datagrams into `effects`, events to `each`. Says when it is next due.
fn drain<P: Peer>(
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

impl<P: Peer> Room<P> {
    /// An empty room.
    pub fn new(now: Instant, second: SecondPublisher) -> Self {
        Room {
            second,
            publisher: None,
            viewers: BTreeMap::new(),
            sources: 0,
            timers: Timers::default(),
            dirty: Vec::new(),
            next_round: now,
        }
    }

    /// Whether somebody may publish now.
    pub fn may_publish(&self, now: Instant) -> Result<(), Refusal> {
        let occupied = self.publisher.as_ref().is_some_and(|(_, publisher)| {
            publisher.silence(now) < PUBLISHER_SILENT_AFTER && self.second == SecondPublisher::Refuse
        });
        if occupied { Err(Refusal::Occupied) } else { Ok(()) }
    }

    /// A publisher comes in; one that is there already goes.
    pub fn publish(&mut self, now: Instant, id: SessionId, peer: P, effects: &mut Effects) {
        if let Some((old, _)) = &self.publisher {
            let old = *old;
            self.leave(now, old, effects);
        }
        self.sources += 1;
        self.publisher = Some((id, Publisher::new(now, self.sources, peer)));
        self.dirty.push(id);
    }

    /// A viewer comes in.
    pub fn watch(&mut self, now: Instant, id: SessionId, peer: P, manner: Manner) {
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
        if let Some((publisher, state)) = &mut self.publisher
            && *publisher == id
        {
            last_words(&mut state.peer);
        }
        self.remove(id, effects);
    }

    fn remove(&mut self, id: SessionId, effects: &mut Effects) {
        let was_publisher = self.publisher.as_ref().is_some_and(|(publisher, _)| *publisher == id);
        if was_publisher {
            self.publisher = None;
            self.viewers.values_mut().for_each(Viewer::publisher_left);
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
        if let Some((publisher, state)) = &mut self.publisher
            && *publisher == id
        {
            let taken = state.peer.receive(now, arrival);
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

    fn serve_publisher(&mut self, now: Instant, effects: &mut Effects) {
        let Some((id, publisher)) = &mut self.publisher else { return };
        let (id, mut packets, mut closed) = (*id, Vec::new(), false);
        let connected = &mut publisher.connected;
        let due = drain(now, &mut publisher.peer, effects, |event| match event {
            Event::Media(packet) => packets.push(packet),
            Event::Connected => *connected = true,
            Event::Closed => closed = true,
            Event::KeyFrameWanted | Event::Estimate(_) => {}
        });
        for packet in packets {
            self.media(now, packet);
        }
        match due {
            Some(due) if !closed => self.timers.set(id, due.max(now + TIMER_LEAST)),
            _ => self.remove(id, effects),
        }
    }

    /// A media packet of the publisher.
    fn media(&mut self, now: Instant, packet: Packet) {
        let Some((_, publisher)) = &mut self.publisher else { return };
        let Some(accepted) = publisher.accept(now, packet) else { return };
        for (id, viewer) in &mut self.viewers {
            if viewer.forward(now, publisher, &accepted) {
                self.dirty.push(*id);
            }
        }
    }

    fn serve_viewer(&mut self, now: Instant, id: SessionId, effects: &mut Effects) {
        let Some(viewer) = self.viewers.get_mut(&id) else { return };
        let (mut connected, mut closed, mut lost, mut estimate) = (false, false, false, None);
        let due = drain(now, &mut viewer.peer, effects, |event| match event {
            Event::Connected => connected = true,
            Event::Closed => closed = true,
            Event::KeyFrameWanted => lost = true,
            Event::Estimate(bits) => estimate = Some(bits),
            Event::Media(_) => {}
        });
        if let Some(estimate) = estimate {
            viewer.estimated(estimate);
        }
        let mut asked = None;
        if connected && !viewer.connected {
            viewer.connected = true;
            if let Some((_, publisher)) = &self.publisher {
                asked = viewer.begin(now, publisher);
                self.dirty.push(id);
            }
        }
        if lost {
            asked = asked.or(viewer.layer());
        }
        let due = due.map(|due| viewer.burst_due().map_or(due, |burst| due.min(burst)));
        match due {
            Some(due) if !closed => self.timers.set(id, due.max(now + TIMER_LEAST)),
            _ => self.remove(id, effects),
        }
        self.ask(now, asked);
    }

    fn ask(&mut self, now: Instant, layer: Option<usize>) {
        if let (Some(layer), Some((id, publisher))) = (layer, &mut self.publisher)
            && publisher.ask_key_frame(now, layer)
        {
            self.dirty.push(*id);
        }
    }

    /// Lets time pass: whoever is due is served.
    pub fn advance(&mut self, now: Instant, effects: &mut Effects) {
        while let Some(id) = self.timers.due(now) {
            if let Some((publisher, state)) = &mut self.publisher
                && *publisher == id
            {
                state.peer.advance(now);
                self.serve_publisher(now, effects);
            } else if let Some(viewer) = self.viewers.get_mut(&id) {
                if let Some((_, publisher)) = &self.publisher {
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
        let mut gone: Vec<SessionId> = Vec::new();
        if let Some((id, publisher)) = &mut self.publisher {
            let never = !publisher.connected && now - publisher.came > CONNECT_WITHIN;
            if never || publisher.silence(now) > UNHEARD_FOR {
                gone.push(*id);
            }
            for viewer in self.viewers.values_mut().filter(|viewer| viewer.connected) {
                let layer = match viewer.waits() {
                    true => viewer.layer().or(publisher.ladder(now).first().map(|(at, _)| *at)),
                    false => viewer.choose(now, publisher),
                };
                if let Some(layer) = layer {
                    publisher.ask_key_frame(now, layer);
                }
            }
            publisher.round(now);
            self.dirty.push(*id);
        }
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
                if let Some((publisher, state)) = &mut self.publisher
                    && *publisher == id
                {
                    state.peer.advance(now);
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

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.publisher.is_none() && self.viewers.is_empty()
    }

    /// How many viewers have a session.
    pub fn viewers(&self) -> usize {
        self.viewers.len()
    }

    /// Whether media comes in several layers now, or may when a publisher comes.
    pub fn may_have_layers(&self) -> bool {
        self.publisher.as_ref().is_none_or(|(_, publisher)| publisher.layers.len() != 1)
    }

    /// What one more viewer would get, in bits a second.
    pub fn bits_per_viewer(&self) -> u64 {
        let layers = self.publisher.iter().flat_map(|(_, publisher)| &publisher.layers);
        layers.map(|layer| layer.bits_per_second()).max().unwrap_or(0)
    }

    /// What is sent, if anything.
    pub fn codec(&self) -> Option<Codec> {
        self.publisher.as_ref().and_then(|(_, publisher)| publisher.layers.first()).map(|layer| layer.codec)
    }

    /// Bytes of pictures that are kept for viewers to come.
    pub fn kept_bytes(&self) -> usize {
        let layers = self.publisher.iter().flat_map(|(_, publisher)| &publisher.layers);
        layers.map(|layer| layer.group.bytes()).sum()
    }

    /// The session of a viewer, for tests.
    pub fn viewer(&self, id: SessionId) -> Option<&Viewer<P>> {
        self.viewers.get(&id)
    }
}
