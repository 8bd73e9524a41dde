//! Forgetting a shopper: his profile, and his other names wherever they are bound.

use super::identity::tombstone_key;
use super::message::Message;
use super::store::{Found, Key};
use super::{Outbox, Shard};
use crate::id::ShardId;
use crate::limits::{HOPS_MAX, TOMBSTONES_MAX};

impl Shard {
    /// Forgets whoever goes by `id`, which hashes here.
    pub(super) fn erase(&mut self, id: &str, outbox: &mut Outbox<'_>) {
        if self.store.find(Key::user(id)).is_some() {
            return self.erase_user(id, 0, outbox);
        }
        match self.store.find(Key::anonymous(id)) {
            Some(Found::Bound(binding)) => {
                self.store.unbind(Key::anonymous(id));
                let user = binding.user.to_string();
                self.erase_at_owner(&user, 0, outbox);
            }
            Some(Found::Row(_)) => {
                self.store.remove(Key::anonymous(id));
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

    pub(super) fn erase_user(&mut self, user: &str, hops: u8, outbox: &mut Outbox<'_>) {
        // What another shard sent before now, and what arrives after, must not bring him back.
        self.tombstones.insert(tombstone_key(user), outbox.now);
        if self.tombstones.len() > TOMBSTONES_MAX {
            let oldest = self.tombstones.iter().min_by_key(|(key, at)| (**at, **key)).map(|(key, _)| *key);
            oldest.map(|key| self.tombstones.remove(&key));
        }
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
                self.counts.erased += 1;
                for name in profile.cold.details.iter().flat_map(|it| &it.anonymous_ids) {
                    self.unbind_at_owner(Key::anonymous(name), user, outbox);
                }
            }
            None => {}
        }
    }

    fn unbind_at_owner(&mut self, key: Key<'_>, user: &str, outbox: &mut Outbox<'_>) {
        let owner = ShardId::of(key.id);
        if owner == self.id {
            self.unbind(key, user);
        } else {
            self.tell(owner, &Message::Unbind { key, user }, outbox);
        }
    }

    pub(super) fn unbind(&mut self, key: Key<'_>, user: &str) {
        if let Some(Found::Bound(binding)) = self.store.find(key)
            && *binding.user == *user
        {
            self.store.unbind(key);
        }
    }
}
