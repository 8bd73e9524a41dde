//! Serving the sessions of a room: what the publisher sends goes to its viewers, what viewers need goes to it.

use super::Room;
use super::timers::drain;
use crate::effects::Effects;
use crate::floor::SessionId;
use crate::group::Kept;
use crate::limits::TIMER_LEAST;
use crate::link::Body;
use crate::packet::Packet;
use crate::peer::{Event, Peer};
use std::time::Instant;

impl<P: Peer> Room<P> {
    /// Takes out of the publisher's session what has come in, and shows it.
    pub(super) fn serve_publisher(&mut self, now: Instant, effects: &mut Effects) {
        let Some(host) = self.origin.host() else { return };
        let (id, mut packets, mut closed) = (host.id, Vec::new(), false);
        let connected = &mut host.connected;
        let due = drain(now, &mut host.peer, effects, |event| match event {
            Event::Media(packet) => packets.push(packet),
            Event::Connected => *connected = true,
            Event::Closed => closed = true,
            Event::KeyFrameWanted | Event::Estimate(_) => {}
        });
        for packet in packets {
            self.media(now, packet, effects);
        }
        match due {
            Some(due) if !closed => self.timers.set(id, due.max(now + TIMER_LEAST)),
            _ => self.remove(id, effects),
        }
    }

    /// A media packet of the publisher, at home.
    fn media(&mut self, now: Instant, packet: Packet, effects: &mut Effects) {
        let Some(host) = self.origin.host() else { return };
        let Some(taken) = host.clocks.taken(now, &packet) else { return };
        let kept = Kept { packet, taken };
        if let Some(publisher) = &mut self.publisher {
            publisher.packets += 1;
        }
        self.pass_on(&kept, effects);
        self.show(now, kept);
    }

    /// What the publisher sent goes to the viewers of this floor.
    pub(super) fn show(&mut self, now: Instant, kept: Kept) {
        let Some(publisher) = &mut self.publisher else { return };
        let Some(accepted) = publisher.accept(now, kept) else { return };
        for (id, viewer) in &mut self.viewers {
            if viewer.forward(now, publisher, &accepted) {
                self.dirty.push(*id);
            }
        }
    }

    /// Takes out of a viewer's session what it wants to send, and does what it asks for.
    pub(super) fn serve_viewer(&mut self, now: Instant, id: SessionId, effects: &mut Effects) {
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
            if let Some(publisher) = &self.publisher {
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
        self.ask(now, asked, effects);
    }

    /// Key frames of these layers are needed: the publisher is asked, by way of its home.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        layers: impl IntoIterator<Item = usize>,
        effects: &mut Effects,
    ) {
        for at in layers {
            let Some(publisher) = &mut self.publisher else { return };
            if !publisher.ask_key_frame(now, at) {
                continue;
            }
            let (source, layer) = (publisher.source, publisher.layers[at].name);
            match self.origin.host() {
                Some(host) => {
                    host.peer.ask_key_frame(layer);
                    self.dirty.push(host.id);
                }
                None => self.tell_home(Body::KeyFrame { source, layer }, effects),
            }
        }
    }
}
