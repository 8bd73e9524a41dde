//! The devices of one shopper: which can be reached, where, and since when that is known.
//!
//! Every part of a row is dated, and the latest word counts in whatever order words come. What happens to a device
//! or to its address may concern another shopper, who had it before: folding says so by [`News`].

use super::cold::hour;
use crate::bytes::{Get, Malformed, Put};
use crate::event::{self, AddressWord, Channel, Connection, Permission};
use crate::id::{ShardId, hash_seeded};
use crate::limits::{DEAD_MAX, DEVICES_MAX, SHARDS};

/// A device that belongs to a shopper.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// Its id.
    pub id: Box<str>,
    /// Its platform, as the SDK says it.
    pub platform: Box<str>,
    /// Its push address, if it has one that is not dead.
    pub address: Option<Address>,
    /// When the address was told or taken back (Unix seconds).
    pub address_at: u32,
    /// Whether notifications may be shown, and when that was told (Unix seconds).
    pub permission: Option<(Permission, u32)>,
    /// Its in-app connection, and since when it is so (Unix seconds).
    pub connection: Option<(Connection, u32)>,
    /// The app on it, and the hour in which it was last named.
    pub app: (Box<str>, u32),
    /// The language tag of the app on it, and the hour in which it was last named.
    pub locale: (Box<str>, u32),
    /// The hour in which it was last seen (Unix seconds).
    pub seen_at: u32,
}

/// A push address: see [`event::Address`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whose service.
    pub channel: Channel,
    /// The service's token.
    pub token: Box<str>,
}

/// What is owned by one shopper at a time, by its hash: a device, or a push address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ClaimKey(pub u64);

impl ClaimKey {
    /// A device.
    pub fn device(id: &str) -> Self {
        ClaimKey(hash_seeded(id, 0xDE71CE))
    }

    /// A push address. Of a Web Push subscription this is the whole of it, keys included: with others it is another.
    pub fn address(channel: Channel, token: &str) -> Self {
        ClaimKey(hash_seeded(token, 0xADD7E55 + channel as u64))
    }

    /// The shard that keeps who owns it.
    pub fn home(self) -> ShardId {
        ShardId((self.0 % SHARDS as u64) as u8)
    }
}

impl Address {
    /// What it is claimed by.
    pub fn key(&self) -> ClaimKey {
        ClaimKey::address(self.channel, &self.token)
    }

    fn of(it: event::Address<'_>) -> Self {
        Address { channel: it.channel, token: it.token.into() }
    }
}

impl Device {
    /// The latest it is known to have been this shopper's, to the hour where nothing more exact is known.
    pub fn held_at(&self) -> u32 {
        self.seen_at.max(self.address_at)
    }

    /// Whether the system lets it show notifications, as far as known.
    pub fn may_show(&self) -> bool {
        self.permission.is_none_or(|it| it.0 != Permission::Denied)
    }

    /// Whether a message can be shown in the app now.
    pub fn is_in_app(&self) -> bool {
        self.connection.is_some_and(|it| it.0 == Connection::Foreground)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.put_str(&self.id);
        out.put_str(&self.platform);
        let (permission, permission_at) = self.permission.map_or((0, 0), |it| (it.0 as u8, it.1));
        let (connection, connection_at) = self.connection.map_or((0, 0), |it| (it.0 as u8, it.1));
        out.extend_from_slice(&[permission, connection, self.address.is_some().into()]);
        if let Some(address) = &self.address {
            out.push(address.channel as u8);
            out.put_str(&address.token);
        }
        out.put_str(&self.app.0);
        out.put_str(&self.locale.0);
        let dates = [permission_at, connection_at, self.address_at, self.app.1, self.locale.1, self.seen_at];
        dates.into_iter().for_each(|it| out.put_uint(it.into()));
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (id, platform) = (get.str("device id")?.into(), get.str("device platform")?.into());
        let [permission, connection, has_address] = get.array("device flags")?;
        let address = match has_address {
            0 => None,
            _ => Some(Address {
                channel: Channel::from_number(get.u8("channel")?).ok_or(get.malformed("channel"))?,
                token: get.str("token")?.into(),
            }),
        };
        let (app, locale) = (get.str("app of a device")?.into(), get.str("locale")?.into());
        let mut dates = [0; 6];
        for it in &mut dates {
            *it = get.u32("date of a device")?;
        }
        let [permission_at, connection_at, address_at, app_at, locale_at, seen_at] = dates;
        Ok(Device {
            id,
            platform,
            address,
            address_at,
            permission: Permission::from_number(permission).map(|it| (it, permission_at)),
            connection: Connection::from_number(connection).map(|it| (it, connection_at)),
            app: (app, app_at),
            locale: (locale, locale_at),
            seen_at,
        })
    }
}

/// What an event changed about who owns what, each with when it was so (Unix seconds).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// What became this shopper's.
    pub claimed: Vec<(ClaimKey, u32)>,
    /// What is nobody's any more.
    pub freed: Vec<(ClaimKey, u32)>,
    /// What he no longer uses: nobody need remember that it was his.
    pub left: Vec<ClaimKey>,
}

/// What became of a device or address that another shopper has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// He has lost it, or did not have it; with a device, the address on it.
    Lost(Option<ClaimKey>),
    /// It was his again later than that (Unix seconds).
    Since(u32),
}

/// What surrounds a device in an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    pub app: Option<&'a str>,
    pub locale: &'a str,
    pub at: u32,
}

/// A shopper's devices, by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Devices {
    all: Vec<Device>,
    /// Addresses that a push service called gone, oldest first.
    dead: Vec<ClaimKey>,
}

impl Devices {
    /// All, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Device> {
        self.all.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The device of an id.
    pub fn get(&self, id: &str) -> Option<&Device> {
        let place = self.all.binary_search_by(|it| (*it.id).cmp(id)).ok()?;
        Some(&self.all[place])
    }

    /// Whether an address is known to be dead.
    pub fn is_dead(&self, key: ClaimKey) -> bool {
        self.dead.contains(&key)
    }

    /// The one seen last among those that `fits`.
    pub fn latest(&self, fits: impl Fn(&Device) -> bool) -> Option<&Device> {
        let all = self.all.iter().filter(|it| fits(it));
        all.max_by_key(|it| (it.seen_at, std::cmp::Reverse(&it.id)))
    }

    /// Whether folding an event's device would change anything.
    pub(super) fn wants(&self, device: event::Device<'_>, around: Around<'_>) -> bool {
        let Some(kept) = self.get(device.id) else { return true };
        let at = around.at;
        kept.seen_at < hour(at)
            || (device.address != AddressWord::Silent && kept.address_at <= at)
            || (device.permission.is_some() && kept.permission.is_none_or(|it| it.1 <= at))
            || (kept.platform.is_empty() && !device.platform.is_empty())
            || around.app.is_some_and(|app| is_later(&kept.app, app, at))
            || (!around.locale.is_empty() && is_later(&kept.locale, around.locale, at))
    }

    /// An event came from a device.
    pub(super) fn seen(&mut self, device: event::Device<'_>, around: Around<'_>, news: &mut News) {
        let at = around.at;
        if self.get(device.id).is_none() {
            news.claimed.push((ClaimKey::device(device.id), at));
        }
        let place = self.place(device.id);
        let is_dead = |it: &Address| self.dead.contains(&it.key());
        let told = device.address.address().map(Address::of).filter(|it| !is_dead(it));
        let kept = &mut self.all[place];
        kept.seen_at = kept.seen_at.max(hour(at));
        if kept.platform.is_empty() {
            kept.platform = device.platform.into();
        }
        if device.address != AddressWord::Silent && at >= kept.address_at {
            kept.address_at = at;
            if kept.address != told {
                news.claimed.extend(told.iter().map(|it| (it.key(), at)));
                news.left.extend(kept.address.take().map(|it| it.key()));
                kept.address = told;
            }
        }
        if let Some(permission) = device.permission {
            take(&mut kept.permission, permission, at);
        }
        if let Some(app) = around.app {
            name(&mut kept.app, app, at);
        }
        if !around.locale.is_empty() {
            name(&mut kept.locale, around.locale, at);
        }
        for gone in self.bound() {
            news.left.push(ClaimKey::device(&gone.id));
            news.left.extend(gone.address.map(|it| it.key()));
        }
    }

    /// The in-app connection of a device of his changed at `at`.
    pub(super) fn connected(&mut self, id: &str, connection: Connection, at: u32) {
        if let Ok(place) = self.all.binary_search_by(|it| (*it.id).cmp(id)) {
            take(&mut self.all[place].connection, connection, at);
        }
    }

    /// He signed out on a device at `at`. What it was told after that stays.
    pub(super) fn signed_out(&mut self, id: &str, at: u32, news: &mut News) {
        news.freed.push((ClaimKey::device(id), at));
        if let Ok(place) = self.all.binary_search_by(|it| (*it.id).cmp(id))
            && self.all[place].held_at() <= at
        {
            let device = self.all.remove(place);
            news.freed.extend(device.address.map(|it| (it.key(), at)));
        }
    }

    /// Another shopper has had a device or an address since `at`.
    pub fn release(&mut self, key: ClaimKey, at: u32) -> Released {
        if let Some(place) = self.all.iter().position(|it| ClaimKey::device(&it.id) == key) {
            if self.all[place].held_at() > at {
                return Released::Since(self.all[place].held_at());
            }
            let device = self.all.remove(place);
            return Released::Lost(device.address.map(|it| it.key()));
        }
        for it in &mut self.all {
            if it.address.as_ref().is_some_and(|it| it.key() == key) {
                if it.address_at > at {
                    return Released::Since(it.address_at);
                }
                it.address = None;
            }
        }
        Released::Lost(None)
    }

    /// A push service says that an address is gone: it is forgotten, and stays so whoever tells it again.
    pub fn bury(&mut self, key: ClaimKey) {
        for it in &mut self.all {
            it.address.take_if(|it| it.key() == key);
        }
        if !self.is_dead(key) {
            self.dead.push(key);
            let beyond = self.dead.len().saturating_sub(DEAD_MAX);
            self.dead.drain(..beyond);
        }
    }

    /// What his devices are claimed by, and since when.
    pub fn keys(&self) -> impl Iterator<Item = (ClaimKey, u32)> {
        let devices = self.all.iter().map(|it| (ClaimKey::device(&it.id), it.held_at()));
        let addresses = self.all.iter().filter_map(|it| Some((it.address.as_ref()?.key(), it.address_at)));
        devices.chain(addresses)
    }

    /// Takes over another row's devices.
    pub(super) fn merge(&mut self, other: &Devices) {
        other.dead.iter().for_each(|it| self.bury(*it));
        for it in &other.all {
            let place = self.place(&it.id);
            let is_dead = |it: &Address| self.dead.contains(&it.key());
            let told = it.address.clone().filter(|it| !is_dead(it));
            let kept = &mut self.all[place];
            kept.seen_at = kept.seen_at.max(it.seen_at);
            if kept.platform.is_empty() {
                kept.platform = it.platform.clone();
            }
            // That an address was taken back is news as well.
            if it.address_at > kept.address_at {
                (kept.address, kept.address_at) = (told, it.address_at);
            }
            merge_dated(&mut kept.permission, it.permission);
            merge_dated(&mut kept.connection, it.connection);
            for (mine, theirs) in [(&mut kept.app, &it.app), (&mut kept.locale, &it.locale)] {
                if !theirs.0.is_empty() {
                    name(mine, &theirs.0, theirs.1);
                }
            }
            self.bound();
        }
    }

    fn place(&mut self, id: &str) -> usize {
        self.all.binary_search_by(|it| (*it.id).cmp(id)).unwrap_or_else(|place| {
            if self.all.len() == self.all.capacity() {
                // Most have one: room for four at once would be most of what a shopper costs.
                self.all.reserve_exact(1);
            }
            self.all.insert(place, Device { id: id.into(), ..Device::default() });
            place
        })
    }

    fn bound(&mut self) -> Vec<Device> {
        let mut gone = Vec::new();
        while self.all.len() > DEVICES_MAX {
            let oldest = (0..self.all.len()).min_by_key(|it| (self.all[*it].seen_at, *it)).unwrap_or(0);
            gone.push(self.all.remove(oldest));
        }
        gone
    }

    /// Bytes on the heap, counting 16 for what an allocation costs beside its contents.
    pub(crate) fn heap(&self) -> usize {
        let texts = self.all.iter().map(|it| {
            let token = it.address.as_ref().map_or(0, |it| it.token.len() + 16);
            it.id.len() + it.platform.len() + it.app.0.len() + it.locale.0.len() + 64 + token
        });
        self.all.capacity() * size_of::<Device>() + self.dead.capacity() * 8 + texts.sum::<usize>()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.all.len() as u64);
        self.all.iter().for_each(|it| it.encode(out));
        out.put_uint(self.dead.len() as u64);
        self.dead.iter().for_each(|it| out.put_uint(it.0));
    }

    pub(super) fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut devices = Devices::default();
        for _ in 0..get.len("devices")? {
            devices.all.push(Device::read(get)?);
        }
        for _ in 0..get.len("dead addresses")? {
            devices.dead.push(ClaimKey(get.uint("dead address")?));
        }
        Ok(devices)
    }
}

/// The latest of two words wins; of two within a second, the later arrival.
fn take<T>(kept: &mut Option<(T, u32)>, value: T, at: u32) {
    if kept.as_ref().is_none_or(|it| at >= it.1) {
        *kept = Some((value, at));
    }
}

fn merge_dated<T>(mine: &mut Option<(T, u32)>, theirs: Option<(T, u32)>) {
    if let Some((value, at)) = theirs
        && mine.as_ref().is_none_or(|it| at > it.1)
    {
        *mine = Some((value, at));
    }
}

/// Names change seldom, and are kept to the hour; of two within one, the later in the alphabet stays, so that the
/// order of events does not matter.
fn is_later(kept: &(Box<str>, u32), name: &str, at: u32) -> bool {
    (hour(at), name) > (kept.1, &*kept.0)
}

fn name(kept: &mut (Box<str>, u32), name: &str, at: u32) {
    if is_later(kept, name, at) {
        *kept = (name.into(), hour(at));
    }
}
