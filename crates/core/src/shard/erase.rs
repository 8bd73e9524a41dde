//! Forgetting a shopper: his profile, and his other names wherever they are bound.

use super::identity::tombstone_key;
use super::message::Message;
use super::store::{Found, Key};
use super::{Outbox, Shard};
use crate::id::ShardId;
use crate::limits::{HOPS_MAX, TOMBSTONES_MAX};
use crate::time::Timestamp;

impl Shard {
    /// Forgets whoever goes by `id`, which hashes here.
    pub(super) fn erase(&mut self, id: &str, outbox: &mut Outbox<'_>) {
        self.erase_user(id, 0, outbox);
        match self.store.find(Key::anonymous(id)) {
            Some(Found::Bound(binding)) => {
                self.store.unbind(Key::anonymous(id));
                let user = binding.user.to_string();
                self.erase_at_owner(&user, 0, outbox);
            }
            Some(Found::Row(_)) => {
                if let Some(profile) = self.store.remove(Key::anonymous(id)) {
                    self.disclaim_all(&profile.cold, Key::anonymous(id), outbox);
                }
                self.disown(id);
                self.counts.erased += 1;
            }
            None => {}
        }
    }

    fn erase_at_owner(&mut self, user: &str, hops: u8, outbox: &mut Outbox<'_>) {
        let owner = ShardId::of(user);
        if owner == self.id {
            self.erase_user(user, hops, outbox);
        } else {
            self.tell(owner, &Message::Erase { user, hops }, outbox);
        }
    }

    /// What another shard sent up to the erasure, and what arrives after, must not bring him back; nor
    /// must it make him known if he is not yet. `erased` is the instant of the erasure itself, wherever
    /// its news had to go first: what he does after it counts.
    fn bury(&mut self, user: &str, erased: Timestamp) {
        let latest = self.tombstones.entry(tombstone_key(user)).or_insert(erased);
        *latest = erased.max(*latest);
        if self.tombstones.len() > TOMBSTONES_MAX {
            let oldest = self.tombstones.iter().min_by_key(|(key, at)| (**at, **key)).map(|(key, _)| *key);
            oldest.map(|key| self.tombstones.remove(&key));
        }
    }

    pub(super) fn erase_user(&mut self, user: &str, hops: u8, outbox: &mut Outbox<'_>) {
        self.bury(user, outbox.sent);
        match self.store.find(Key::user(user)) {
            Some(Found::Bound(binding)) => {
                self.store.unbind(Key::user(user));
                if hops < HOPS_MAX {
                    let next = binding.user.to_string();
                    self.erase_at_owner(&next, hops + 1, outbox);
                }
            }
            Some(Found::Row(_)) => {
                let Some(profile) = self.store.remove(Key::user(user)) else { return };
                self.disown(user);
                self.disclaim_all(&profile.cold, Key::user(user), outbox);
                self.counts.erased += 1;
                for name in profile.cold.details.iter().flat_map(|it| &it.anonymous_ids) {
                    // An alias binds its former id both as a visitor and as a user.
                    self.unbind_at_owner(Key::anonymous(name), user, outbox);
                    self.unbind_at_owner(Key::user(name), user, outbox);
                }
            }
            None => {}
        }
    }

    pub(super) fn unbind_at_owner(&mut self, key: Key<'_>, user: &str, outbox: &mut Outbox<'_>) {
        let owner = ShardId::of(key.id);
        if owner == self.id {
            self.unbind(key, user, outbox);
        } else {
            self.tell(owner, &Message::Unbind { key, user }, outbox);
        }
    }

    pub(super) fn unbind(&mut self, key: Key<'_>, user: &str, outbox: &Outbox<'_>) {
        if let Some(Found::Bound(binding)) = self.store.find(key)
            && *binding.user == *user
        {
            self.store.unbind(key);
            if key.known {
                self.bury(key.id, outbox.sent);
            }
        }
    }
}
