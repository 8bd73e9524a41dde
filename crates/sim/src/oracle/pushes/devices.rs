//! A shopper's devices, told anew from what events say of them and from what other shards say of their owners.
//!
//! What a shard takes from its own shopper for another of its own leaves no message; so this may know a device longer
//! than its shard does, never shorter: whoever is reached over one that is not here is reached wrongly.

use beckon_core::event::{Act, AddressWord, Channel, Connection, Event, Permission};
use beckon_core::profile::device::ClaimKey;
use beckon_core::shard::calling::parcel::Parcel;
use std::collections::{BTreeMap, BTreeSet};

/// A device; every part with when it was told.
#[derive(Debug, Clone, Default)]
struct Device {
    address: Option<(Channel, String)>,
    address_at: u32,
    permission: Option<(Permission, u32)>,
    connection: Option<(Connection, u32)>,
    seen: u32,
}

/// The devices of one shopper.
#[derive(Debug, Clone, Default)]
pub struct Devices {
    all: BTreeMap<String, Device>,
    dead: BTreeSet<ClaimKey>,
}

fn newer<T>(kept: &mut Option<(T, u32)>, value: T, at: u32, or_equal: bool) {
    if kept.as_ref().is_none_or(|it| at > it.1 || or_equal && at == it.1) {
        *kept = Some((value, at));
    }
}

impl Device {
    fn key(&self) -> Option<ClaimKey> {
        self.address.as_ref().map(|(channel, token)| ClaimKey::address(*channel, token))
    }

    fn held(&self) -> u32 {
        self.seen.max(self.address_at)
    }
}

impl Devices {
    /// An event of the shopper.
    pub fn hear(&mut self, event: &Event<'_>) {
        let Some(device) = event.context.device else { return };
        let at = event.at.secs();
        if event.act == Act::SignedOut {
            if self.all.get(device.id).is_some_and(|it| it.held() <= at) {
                self.all.remove(device.id);
            }
            return;
        }
        let kept = self.all.entry(device.id.to_owned()).or_default();
        kept.seen = kept.seen.max(at / 3600 * 3600);
        if device.address != AddressWord::Silent && at >= kept.address_at {
            let told = device.address.address().map(|it| (it.channel, it.token.to_owned()));
            let is_dead = |it: &(Channel, String)| self.dead.contains(&ClaimKey::address(it.0, &it.1));
            kept.address = told.filter(|it| !is_dead(it));
            kept.address_at = at;
        }
        if let Some(it) = device.permission {
            newer(&mut kept.permission, it, at, true);
        }
        if let Act::Connection(it) = event.act {
            newer(&mut kept.connection, it, at, true);
        }
    }

    /// Another's devices are his.
    pub fn absorb(&mut self, other: Devices) {
        other.dead.into_iter().for_each(|it| self.bury(it));
        for (id, theirs) in other.all {
            let own = self.all.entry(id).or_default();
            own.seen = own.seen.max(theirs.seen);
            if theirs.address_at > own.address_at {
                let is_dead = theirs.key().is_some_and(|it| self.dead.contains(&it));
                own.address = theirs.address.filter(|_| !is_dead);
                own.address_at = theirs.address_at;
            }
            theirs.permission.into_iter().for_each(|it| newer(&mut own.permission, it.0, it.1, false));
            theirs.connection.into_iter().for_each(|it| newer(&mut own.connection, it.0, it.1, false));
        }
    }

    /// Another shopper has had this since `at`.
    pub fn release(&mut self, what: ClaimKey, at: u32) {
        self.all.retain(|id, it| ClaimKey::device(id) != what || it.held() > at);
        for it in self.all.values_mut() {
            if it.key() == Some(what) && it.address_at <= at {
                it.address = None;
            }
        }
    }

    /// An address is dead.
    pub fn bury(&mut self, what: ClaimKey) {
        self.dead.insert(what);
        for it in self.all.values_mut() {
            if it.key() == Some(what) {
                it.address = None;
            }
        }
    }

    /// Whether a parcel goes to a device of his that may be reached that way.
    pub fn check(&self, parcel: &Parcel) -> Result<(), String> {
        let wrong = |what: &str| Err(what.to_owned());
        let device = self.all.get(&*parcel.device);
        match (parcel.channel, device) {
            (Channel::Webhook, _) if parcel.device.is_empty() => Ok(()),
            (_, None) => wrong("the device is not his"),
            (Channel::Webhook, Some(_)) => Ok(()),
            (Channel::InApp, Some(it)) => match it.connection {
                Some((Connection::Foreground, _)) => Ok(()),
                _ => wrong("the app is not on screen"),
            },
            (channel, Some(it)) => {
                if self.dead.contains(&ClaimKey::address(channel, &parcel.token)) {
                    return wrong("its address is dead");
                }
                if it.address.as_ref().is_none_or(|it| it.0 != channel || *it.1 != *parcel.token) {
                    return wrong("its address is not that of the device");
                }
                if it.permission.is_some_and(|it| it.0 == Permission::Denied) {
                    return wrong("the device may show nothing");
                }
                Ok(())
            }
        }
    }
}
