//! Who an event belongs to, and what happens when two ids turn out to be one shopper.
//!
//! An event routes by its `anonymousId`, else by its `userId` (`alias`: by its `previousId`); see
//! [`route`]. The shard it reaches knows whether that id is a shopper of its own or another name of one.
//! The first event that names both a visitor and a user moves the visitor's history to the user; a later
//! `identify` of the same visitor under another user only rebinds: what he did before stays where it is.

use super::message::Message;
use super::store::{Found, Key, Profile};
use super::{Outbox, Shard};
use crate::event::{Act, Event};
use crate::id::{ShardId, hash_seeded};
use crate::limits::HOPS_MAX;
use crate::profile::fold;
use crate::time::Timestamp;

/// The shard that takes an event first; `None` for an event that names nobody.
pub fn route(event: &Event<'_>) -> Option<ShardId> {
    let id = match &event.act {
        Act::Alias { previous } if event.user.is_some() => Some(*previous),
        _ => event.anonymous.or(event.user),
    };
    id.map(ShardId::of)
}

pub(super) fn tombstone_key(user: &str) -> u64 {
    hash_seeded(user, 0xE2A5E)
}

impl Shard {
    pub(super) fn collected(
        &mut self,
        event: &Event<'_>,
        bytes: &[u8],
        default_offset_min: i16,
        outbox: &mut Outbox<'_>,
    ) {
        let at = event.at.secs();
        if let (Act::Alias { previous }, Some(user)) = (&event.act, event.user) {
            if *previous != user {
                self.join(Key::anonymous(previous), user, at, true, outbox);
                self.join(Key::user(previous), user, at, true, outbox);
            }
            return self.deliver(event, bytes, user, default_offset_min, 0, outbox);
        }
        match (event.user, event.anonymous) {
            (Some(user), Some(anonymous)) => {
                let rebinds = matches!(event.act, Act::Identify { .. });
                self.join(Key::anonymous(anonymous), user, at, rebinds, outbox);
                self.deliver(event, bytes, user, default_offset_min, 0, outbox);
            }
            (Some(user), None) => self.deliver(event, bytes, user, default_offset_min, 0, outbox),
            (None, Some(anonymous)) => match self.store.find(Key::anonymous(anonymous)) {
                Some(Found::Bound(binding)) => {
                    self.deliver(event, bytes, &binding.user, default_offset_min, 0, outbox);
                }
                _ => self.fold(Key::anonymous(anonymous), event, default_offset_min, outbox),
            },
            (None, None) => {}
        }
    }

    /// `key`, which hashes here, is `user`. A first join moves its history; a later one rebinds if
    /// `rebinds` and if it is not older than the present binding. Only those that rebind date a binding:
    /// the latest of them wins, in whatever order they come.
    fn join(&mut self, key: Key<'_>, user: &str, at: u32, rebinds: bool, outbox: &mut Outbox<'_>) {
        if key.known && key.id == user {
            return;
        }
        match self.store.find(key) {
            Some(Found::Bound(binding)) => {
                if !rebinds || at < binding.at {
                    return;
                }
                self.store.bind(key, user, at);
                if *binding.user != *user {
                    // Without a history: he is to know his new name, for export and erasure.
                    self.hand_over(user, key, None, at, 0, outbox);
                }
            }
            found => {
                let mut history = found.and_then(|_| self.store.remove(key)).map(Box::new);
                if let Some(history) = &mut history {
                    history.cold.remember_calls(self.calls_of(key.id));
                }
                self.disown(key.id);
                self.store.bind(key, user, if rebinds { at } else { 0 });
                self.counts.joined += 1;
                self.hand_over(user, key, history, at, 0, outbox);
            }
        }
    }

    /// Brings a joined id, with its history, to the user it belongs to.
    fn hand_over(
        &mut self,
        user: &str,
        key: Key<'_>,
        history: Option<Box<Profile>>,
        at: u32,
        hops: u8,
        outbox: &mut Outbox<'_>,
    ) {
        let owner = ShardId::of(user);
        if owner != self.id {
            return self.tell(owner, &Message::Join { user, key, history, at, hops }, outbox);
        }
        match self.store.find(Key::user(user)) {
            Some(Found::Bound(binding)) if hops < HOPS_MAX => {
                let next = binding.user.to_string();
                self.hand_over(&next, key, history, at, hops + 1, outbox);
            }
            _ => self.absorb(user, key, history, outbox),
        }
    }

    fn absorb(&mut self, user: &str, key: Key<'_>, history: Option<Box<Profile>>, outbox: &mut Outbox<'_>) {
        let slot = self.row_of(Key::user(user));
        let (mut hot, mut own_history, cold) = self.store.all(slot);
        let mut joined = history.map(|it| *it).unwrap_or_default();
        joined.cold.id = key.id.into();
        joined.cold.known = key.known;
        cold.merge(&joined.cold, hot.attributes, &joined.hot.attributes);
        hot.merge(&joined.hot);
        own_history.merge(&joined.history);
        self.inherit(&joined.cold, Key::user(user), key, outbox);
    }

    /// Folds the event into `user`'s profile, here or where he lives.
    fn deliver(
        &mut self,
        event: &Event<'_>,
        bytes: &[u8],
        user: &str,
        default_offset_min: i16,
        hops: u8,
        outbox: &mut Outbox<'_>,
    ) {
        let owner = ShardId::of(user);
        if owner != self.id {
            self.counts.forwarded += 1;
            let message = Message::Forward { event: bytes, user, default_offset_min, hops };
            return self.tell(owner, &message, outbox);
        }
        match self.store.find(Key::user(user)) {
            Some(Found::Bound(binding)) if hops < HOPS_MAX => {
                let next = binding.user.to_string();
                self.deliver(event, bytes, &next, default_offset_min, hops + 1, outbox);
            }
            _ => self.fold(Key::user(user), event, default_offset_min, outbox),
        }
    }

    pub(super) fn told(&mut self, sent: Timestamp, message: Message<'_>, outbox: &mut Outbox<'_>) {
        if let Message::Forward { user, .. } | Message::Join { user, .. } = &message
            && let Some(erased) = self.tombstones.get(&tombstone_key(user)).filter(|at| **at >= sent)
        {
            outbox.sent = *erased;
            if let Message::Join { key, history, .. } = &message {
                self.unbind_at_owner(*key, user, outbox);
                history.iter().for_each(|it| self.disclaim_all(&it.cold, *key, outbox));
            }
            return;
        }
        match message {
            Message::Forward { event: bytes, user, default_offset_min, hops } => {
                // Decoded once before, when the message was accepted.
                if let Ok(event) = Event::decode(bytes) {
                    self.deliver(&event, bytes, user, default_offset_min, hops, outbox);
                }
            }
            Message::Join { user, key, history, at, hops } => {
                self.hand_over(user, key, history, at, hops, outbox);
            }
            Message::Unbind { key, user } => self.unbind(key, user, outbox),
            Message::Erase { user, hops } => self.erase_user(user, hops, outbox),
            Message::Claim { what, of, former, at } => self.claimed(what, of, former, at, outbox),
            Message::Release { release, hops } => self.released(&release, hops, outbox),
            Message::Disclaim { what, of } => self.disclaimed(what, of),
            Message::Dead { what, at } => self.bury_address(what, at, outbox),
        }
    }

    fn row_of(&mut self, key: Key<'_>) -> super::store::Slot {
        match self.store.find(key) {
            Some(Found::Row(slot)) => slot,
            // A cycle of aliases longer than HOPS_MAX ends here: the id becomes a shopper of its own.
            Some(Found::Bound(_)) => {
                self.store.unbind(key);
                self.store.insert(key)
            }
            None => self.store.insert(key),
        }
    }

    fn fold(&mut self, key: Key<'_>, event: &Event<'_>, default_offset_min: i16, outbox: &mut Outbox<'_>) {
        let slot = self.row_of(key);
        let wants_cold = self.store.cold(slot).wants(event);
        if wants_cold {
            let (mut hot, mut history, cold) = self.store.all(slot);
            let news = cold.fold(event, &mut hot);
            fold(event, &mut hot, &mut history, default_offset_min);
            self.spread_news(&news, key, outbox);
        } else {
            let (mut hot, mut history) = self.store.columns(slot);
            fold(event, &mut hot, &mut history, default_offset_min);
        }
        self.follow(slot, event, outbox);
    }
}
