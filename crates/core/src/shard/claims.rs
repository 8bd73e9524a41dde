//! Who owns a device or a push address: one shopper at a time, wherever he lives.
//!
//! What is owned hashes to a shard, its home, which keeps the owner and since when. Whoever hears of a new device or
//! address claims it there; of two claims the later counts, and of two within a second the later to arrive. The home
//! tells the one who lost it. A push service's word that an address is gone stands above every claim.

use super::message::Message;
use super::store::{Found, Key};
use super::{Outbox, Shard};
use crate::bytes::{Get, Malformed, Put};
use crate::id::ShardId;
use crate::limits::{CLAIMS_MAX, HOPS_MAX};
use crate::profile::cold::Cold;
use crate::profile::device::{ClaimKey, News, Released};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who owns something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Nobody: its shopper signed out.
    Nobody,
    /// A shopper, or a visitor.
    Shopper {
        /// Whether `id` is a user id.
        known: bool,
        /// His id.
        id: Arc<str>,
    },
    /// Nobody, ever again: a push service called the address gone.
    Dead,
}

impl Owner {
    fn of(key: Option<Key<'_>>) -> Self {
        key.map_or(Owner::Nobody, |it| Owner::Shopper { known: it.known, id: it.id.into() })
    }

    /// The shopper.
    pub fn key(&self) -> Option<Key<'_>> {
        match self {
            Owner::Shopper { known, id } => Some(Key { known: *known, id }),
            Owner::Nobody | Owner::Dead => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    owner: Owner,
    /// Since when (Unix seconds).
    at: u32,
}

/// Parts that the claims are split into, so that a snapshot which holds them costs a write one part.
const PARTS: usize = 256;

/// The claims that hash to one shard.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Vec<Arc<BTreeMap<ClaimKey, Claim>>>);

impl Default for Claims {
    fn default() -> Self {
        Claims(vec![Arc::default(); PARTS])
    }
}

fn part(key: ClaimKey) -> usize {
    (key.0 >> 56) as usize % PARTS
}

impl Claims {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|it| it.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|it| it.is_empty())
    }

    /// Who owns something, if anybody said so.
    pub fn owner(&self, key: ClaimKey) -> Option<&Owner> {
        self.0[part(key)].get(&key).map(|it| &it.owner)
    }

    fn at(&self, key: ClaimKey) -> u32 {
        self.0[part(key)].get(&key).map_or(0, |it| it.at)
    }

    fn put(&mut self, key: ClaimKey, owner: Owner, at: u32) {
        let part = Arc::make_mut(&mut self.0[part(key)]);
        part.insert(key, Claim { owner, at });
        if part.len() > CLAIMS_MAX / PARTS {
            let oldest = part.iter().min_by_key(|(key, it)| (it.at, **key)).map(|it| *it.0);
            oldest.map(|it| part.remove(&it));
        }
    }

    fn remove(&mut self, key: ClaimKey) {
        Arc::make_mut(&mut self.0[part(key)]).remove(&key);
    }

    /// Appends the claims to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.len() as u64);
        for (key, claim) in self.0.iter().flat_map(|it| it.iter()) {
            out.extend_from_slice(&key.0.to_le_bytes());
            out.put_uint(claim.at.into());
            match &claim.owner {
                Owner::Nobody => out.push(0),
                Owner::Dead => out.push(1),
                Owner::Shopper { known, id } => {
                    out.push(2 + u8::from(*known));
                    out.put_str(id);
                }
            }
        }
    }

    /// Reads what [`Claims::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut claims = Claims::default();
        for _ in 0..get.len("claims")? {
            let key = ClaimKey(u64::from_le_bytes(get.array("claim")?));
            let at = get.u32("time of a claim")?;
            let owner = match get.u8("owner")? {
                0 => Owner::Nobody,
                1 => Owner::Dead,
                kind @ (2 | 3) => Owner::Shopper { known: kind == 3, id: get.str("owner")?.into() },
                _ => return Err(get.malformed("owner")),
            };
            claims.put(key, owner, at);
        }
        Ok(claims)
    }
}

fn keys(cold: &Cold) -> impl Iterator<Item = (ClaimKey, u32)> {
    cold.details.iter().flat_map(|it| it.devices.keys())
}

/// Something has another owner: whoever had it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release<'a> {
    /// What.
    pub what: ClaimKey,
    /// Who had it, or claimed it in vain.
    pub holder: Key<'a>,
    /// Who has it; `None` when nobody does.
    pub owner: Option<Key<'a>>,
    /// Since when (Unix seconds).
    pub at: u32,
    /// The address is dead.
    pub dead: bool,
}

impl Shard {
    /// What an event changed about who owns what goes to the homes.
    pub(super) fn spread_news(&mut self, news: &News, of: Key<'_>, outbox: &mut Outbox<'_>) {
        news.claimed.iter().for_each(|(what, at)| self.claim(*what, Some(of), None, *at, outbox));
        news.freed.iter().for_each(|(what, at)| self.claim(*what, None, None, *at, outbox));
        news.left.iter().for_each(|what| self.disclaim(*what, of, outbox));
    }

    /// The devices that a joined row brought are the shopper's, as far as he keeps them.
    pub(super) fn inherit(&mut self, joined: &Cold, of: Key<'_>, former: Key<'_>, outbox: &mut Outbox<'_>) {
        let Some(Found::Row(slot)) = self.store.find(of) else { return };
        let kept: BTreeSet<ClaimKey> = keys(self.store.cold(slot)).map(|it| it.0).collect();
        for (what, at) in keys(joined) {
            if kept.contains(&what) {
                self.claim(what, Some(of), Some(former), at, outbox);
            } else {
                self.disclaim(what, former, outbox);
            }
        }
    }

    /// A shopper was forgotten: nobody is to remember what he owned.
    pub(super) fn disclaim_all(&mut self, cold: &Cold, of: Key<'_>, outbox: &mut Outbox<'_>) {
        keys(cold).for_each(|(what, _)| self.disclaim(what, of, outbox));
    }

    fn disclaim(&mut self, what: ClaimKey, of: Key<'_>, outbox: &mut Outbox<'_>) {
        if what.home() == self.id {
            self.disclaimed(what, of);
        } else {
            self.tell(what.home(), &Message::Disclaim { what, of }, outbox);
        }
    }

    fn claim(
        &mut self,
        what: ClaimKey,
        of: Option<Key<'_>>,
        former: Option<Key<'_>>,
        at: u32,
        outbox: &mut Outbox<'_>,
    ) {
        if what.home() == self.id {
            self.claimed(what, of, former, at, outbox);
        } else {
            self.tell(what.home(), &Message::Claim { what, of, former, at }, outbox);
        }
    }

    /// A claim reaches the home of what is claimed. The heir of a former id has what that id had, since when it had it.
    pub(super) fn claimed(
        &mut self,
        what: ClaimKey,
        of: Option<Key<'_>>,
        former: Option<Key<'_>>,
        at: u32,
        outbox: &mut Outbox<'_>,
    ) {
        let (kept, owner) = (self.claims.at(what), self.claims.owner(what).cloned());
        let had = owner.as_ref().and_then(Owner::key);
        let inherits = former.is_some() && had == former;
        if owner == Some(Owner::Dead) {
            let lost = of.map(|holder| Release { what, holder, owner: None, at: kept, dead: true });
            lost.into_iter().for_each(|it| self.release(&it, 0, outbox));
        } else if inherits || at >= kept || had.is_some() && had == of {
            self.claims.put(what, Owner::of(of), at.max(kept));
            if let Some(holder) = had.filter(|it| Some(*it) != of && !inherits) {
                self.release(&Release { what, holder, owner: of, at, dead: false }, 0, outbox);
            }
        } else if let Some(holder) = of {
            self.release(&Release { what, holder, owner: had, at: kept, dead: false }, 0, outbox);
        }
    }

    pub(super) fn disclaimed(&mut self, what: ClaimKey, of: Key<'_>) {
        if self.claims.owner(what).and_then(Owner::key) == Some(of) {
            self.claims.remove(what);
        }
    }

    /// A push service called an address gone at `at`: whoever has it or will claim it loses it.
    pub(super) fn bury_address(&mut self, what: ClaimKey, at: u32, outbox: &mut Outbox<'_>) {
        if what.home() != self.id {
            return self.tell(what.home(), &Message::Dead { what, at }, outbox);
        }
        let owner = self.claims.owner(what).cloned();
        self.claims.put(what, Owner::Dead, at.max(self.claims.at(what)));
        if let Some(holder) = owner.as_ref().and_then(Owner::key) {
            self.release(&Release { what, holder, owner: None, at, dead: true }, 0, outbox);
        }
    }

    fn release(&mut self, it: &Release<'_>, hops: u8, outbox: &mut Outbox<'_>) {
        let owner = ShardId::of(it.holder.id);
        if owner == self.id {
            self.released(it, hops, outbox);
        } else {
            self.tell(owner, &Message::Release { release: *it, hops }, outbox);
        }
    }

    /// A shopper has lost something to another.
    pub(super) fn released(&mut self, it: &Release<'_>, hops: u8, outbox: &mut Outbox<'_>) {
        let slot = match self.store.find(it.holder) {
            Some(Found::Row(slot)) => slot,
            Some(Found::Bound(binding)) if hops < HOPS_MAX => {
                let holder = Key::user(&binding.user);
                // He lost it to himself: it is his under his other name.
                if it.owner != Some(holder) {
                    self.release(&Release { holder, ..*it }, hops + 1, outbox);
                }
                return;
            }
            _ => return,
        };
        if it.dead {
            let (.., cold) = self.store.all(slot);
            return cold.bury(it.what);
        }
        let own = |owner: &Key<'_>| !owner.known && self.store.cold(slot).was(owner.id);
        if let Some(former) = it.owner.filter(own) {
            // The claim of a visitor came after the one of the user whom he had become.
            return self.claim(it.what, Some(it.holder), Some(former), it.at, outbox);
        }
        let (.., cold) = self.store.all(slot);
        match cold.release(it.what, it.at) {
            Released::Since(at) => self.claim(it.what, Some(it.holder), None, at, outbox),
            Released::Lost(address) => {
                address.into_iter().for_each(|it_too| self.disclaim(it_too, it.holder, outbox));
            }
        }
    }

    /// Who owns the devices and push addresses that hash here.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

const _: () = assert!(CLAIMS_MAX >= PARTS);
