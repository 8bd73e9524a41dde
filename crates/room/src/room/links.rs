//! A room and its guests on other floors: home tells them what its publisher sends, guests say that they have viewers
//! and what these lack. Any of it may be lost: a guest says with each round what it knows, and home makes up for it.

use super::Room;
use super::origin::Origin;
use crate::effects::Effects;
use crate::group::Kept;
use crate::limits::GUEST_UNHEARD_FOR;
use crate::link::{Body, LinkMessage};
use crate::peer::Peer;
use crate::publisher::Publisher;
use crate::viewer::Viewer;
use std::time::Instant;

impl<P: Peer> Room<P> {
    /// Another floor says something about this room.
    pub fn told(&mut self, now: Instant, from: u8, body: Body, effects: &mut Effects) {
        let known = self.publisher.as_ref().map(|publisher| publisher.source);
        match (&mut self.origin, body) {
            (Origin::Home(home), Body::Subscribe { knows }) => {
                home.guests.insert(from, now);
                self.answer_guest(from, knows, effects);
            }
            (Origin::Home(home), Body::Unsubscribe) => {
                home.guests.remove(&from);
            }
            (Origin::Home(_), Body::KeyFrame { source, layer }) if known == Some(source) => {
                let mut layers = self.publisher.iter().flat_map(|publisher| &publisher.layers);
                let at = layers.position(|it| it.name == layer);
                self.ask(now, at, effects);
            }
            (Origin::Guest { .. }, Body::Publisher(publisher)) => self.meet(now, *publisher, effects),
            // Of one that was not introduced nothing is shown: it is, after the next round.
            (Origin::Guest { .. }, Body::Media { source, number, kept }) if known == Some(source) => {
                self.hear(now, number, kept, effects);
            }
            (Origin::Guest { .. }, Body::Gone { source }) if known.is_some_and(|known| known <= source) => {
                self.publisher_left(effects);
            }
            // What is stale, or was said to a home or to a guest that this is not.
            _ => {}
        }
    }

    /// A guest gets what it lacks: nothing, if it knows how things stand.
    fn answer_guest(&self, guest: u8, knows: u64, effects: &mut Effects) {
        let lacks = match &self.publisher {
            Some(publisher) if publisher.source != knows => Body::Publisher(Box::new(publisher.for_guest())),
            None if knows != 0 => Body::Gone { source: knows },
            _ => return,
        };
        effects.links.push(self.message(guest, lacks));
    }

    /// A publisher that this guest is told of, with the pictures that are kept: viewers who wait see them at once.
    fn meet(&mut self, now: Instant, publisher: Publisher, effects: &mut Effects) {
        // What is told twice changes nothing; what is told late neither.
        if self.publisher.as_ref().is_some_and(|known| known.source >= publisher.source) {
            return;
        }
        let publisher = self.publisher.insert(publisher);
        let mut needed = Vec::new();
        for (id, viewer) in &mut self.viewers {
            viewer.publisher_left();
            if viewer.connected {
                let layer = viewer.begin(now, publisher);
                needed.extend(layer.filter(|layer| !needed.contains(layer)));
                self.dirty.push(*id);
            }
        }
        self.ask(now, needed, effects);
    }

    /// A packet that home passed on.
    fn hear(&mut self, now: Instant, number: u64, kept: Kept, effects: &mut Effects) {
        let Some(publisher) = &mut self.publisher else { return };
        let missed = number != publisher.packets + 1;
        publisher.packets = number;
        if missed {
            publisher.torn();
            let layers = 0..publisher.layers.len();
            self.ask(now, layers, effects);
        }
        self.show(now, kept);
    }

    /// The publisher is gone. Guests are told.
    pub(super) fn publisher_left(&mut self, effects: &mut Effects) {
        let Some(publisher) = self.publisher.take() else { return };
        self.viewers.values_mut().for_each(Viewer::publisher_left);
        self.tell_guests(|| Body::Gone { source: publisher.source }, effects);
    }

    /// Guests are told of the publisher that has come.
    pub(super) fn introduce(&self, effects: &mut Effects) {
        if let Some(publisher) = &self.publisher {
            self.tell_guests(|| Body::Publisher(Box::new(publisher.for_guest())), effects);
        }
    }

    /// Guests are told of a packet.
    pub(super) fn pass_on(&self, kept: &Kept, effects: &mut Effects) {
        if let Some(publisher) = &self.publisher {
            let (source, number) = (publisher.source, publisher.packets);
            self.tell_guests(|| Body::Media { source, number, kept: kept.clone() }, effects);
        }
    }

    fn tell_guests(&self, body: impl Fn() -> Body, effects: &mut Effects) {
        if let Origin::Home(home) = &self.origin {
            effects.links.extend(home.guests.keys().map(|guest| self.message(*guest, body())));
        }
    }

    /// A guest says that it has viewers, and what it knows.
    pub(super) fn subscribe(&self, effects: &mut Effects) {
        let knows = self.publisher.as_ref().map_or(0, |publisher| publisher.source);
        self.tell_home(Body::Subscribe { knows }, effects);
    }

    /// The room is forgotten on this floor.
    pub fn farewell(&self, effects: &mut Effects) {
        self.tell_home(Body::Unsubscribe, effects);
    }

    /// Home is told, if it is another floor.
    pub(super) fn tell_home(&self, body: Body, effects: &mut Effects) {
        if let Origin::Guest { home } = self.origin {
            effects.links.push(self.message(home, body));
        }
    }

    fn message(&self, to: u8, body: Body) -> LinkMessage {
        LinkMessage { from: self.floor, to, room: self.name.clone(), body }
    }

    /// With each round a guest subscribes again, and home forgets guests that did not.
    pub(super) fn keep_links(&mut self, now: Instant, effects: &mut Effects) {
        if let Some(home) = self.origin.as_home() {
            home.guests.retain(|_, said| now.saturating_duration_since(*said) <= GUEST_UNHEARD_FOR);
        } else if !self.viewers.is_empty() {
            self.subscribe(effects);
        }
    }
}
