//! Arbitrary events, messages and shards from a seed.

use crate::prng::Prng;
use crate::say::{SHOP, WINDOW, at, bare, bytes, collect, text};
use beckon_core::event::*;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::profile::device::ClaimKey;
use beckon_core::shard::claims::Release;
use beckon_core::shard::message::Message;
use beckon_core::shard::store::{Key, Profile};
use beckon_core::shard::{Input, Shard};
use beckon_core::time::{Timestamp, Zone};

const NAMES: &[&str] = &["", "shoes", "茶", "Product Viewed", "a,b", "\u{0}", "naïve", "🛍", "x9"];
const IDS: &[&str] = &["ann", "bo", "访客", "0", "c-3", "ann ", "A", "dora", "e", "f", "g", "h"];
const JSON: &[&str] = &["null", "1", "\"red\"", "{\"a\":[1,2]}", ""];

fn name(prng: &mut Prng) -> Text<'static> {
    text(prng.pick(NAMES))
}

fn number(prng: &mut Prng) -> u64 {
    let bits = prng.below(64);
    prng.next() >> bits
}

pub fn event(prng: &mut Prng) -> Event<'static> {
    Event {
        key: if prng.once_in(4) { 0 } else { u128::from(prng.next()) << 64 | u128::from(prng.next()) },
        at: Timestamp(if prng.once_in(20) {
            prng.next() as i64
        } else {
            1_700_000_000_000 + prng.below(1 << 32) as i64
        }),
        user: prng.maybe(|it| it.pick(IDS)),
        anonymous: prng.maybe(|it| it.pick(IDS)),
        name: name(prng),
        context: context(prng),
        act: act(prng),
    }
}

fn context(prng: &mut Prng) -> Context<'static> {
    Context {
        zone: prng.maybe(|prng| Zone {
            name: name(prng),
            offset_min: prng.next() as i16,
            until: prng.next() as u32,
            next_offset_min: prng.next() as i16,
        }),
        language: name(prng),
        app: prng.maybe(|it| it.pick(NAMES)),
        device: prng.maybe(|prng| Device {
            id: prng.pick(IDS),
            platform: prng.pick(&["", "ios", "web"]),
            address: match prng.below(3) {
                0 => AddressWord::Silent,
                1 => AddressWord::TakenBack,
                _ => AddressWord::At(Address { channel: prng.pick(Channel::ALL), token: prng.pick(NAMES) }),
            },
            permission: prng.maybe(|it| it.pick(Permission::ALL)),
        }),
        network: prng.maybe(|it| it.pick(Network::ALL)),
    }
}

fn product(prng: &mut Prng) -> ProductRef<'static> {
    ProductRef {
        id: name(prng),
        category: name(prng),
        brand: name(prng),
        host: name(prng),
        tags: (0..prng.below(4)).map(|_| name(prng)).collect(),
        price_cents: number(prng),
        list_price_cents: number(prng),
        quantity: number(prng) as u32,
    }
}

pub fn act(prng: &mut Prng) -> Act<'static> {
    match prng.below(13) {
        10 => Act::Connection(prng.pick(Connection::ALL)),
        11 => Act::SignedOut,
        0 => Act::Other { raw: prng.pick(JSON) },
        1 => Act::Identify { traits: (0..prng.below(5)).map(|_| trait_(prng)).collect() },
        2 => Act::Alias { previous: prng.pick(IDS) },
        3 => Act::Product { what: prng.pick(ProductAct::ALL), product: product(prng) },
        4 => Act::Category { category: name(prng) },
        5 => Act::Order {
            what: prng.pick(OrderAct::ALL),
            total_cents: number(prng),
            discount_cents: number(prng),
            coupon: prng.once_in(2),
            products: (0..prng.below(4)).map(|_| product(prng)).collect(),
        },
        6 => Act::Room {
            what: prng.pick(RoomAct::ALL),
            room: name(prng),
            host: name(prng),
            style: name(prng),
            show: name(prng),
            dwell_s: number(prng) as u32,
        },
        7 => Act::Device(device_state(prng)),
        8 => Act::App(prng.pick(AppAct::ALL)),
        9 => Act::Player {
            what: prng.pick(PlayerAct::ALL),
            room: name(prng),
            show: name(prng),
            message: prng.pick(NAMES),
            ms: prng.next() as u32,
        },
        _ => Act::Push { what: prng.pick(PushAct::ALL), message: prng.pick(NAMES) },
    }
}

pub fn device_state(prng: &mut Prng) -> DeviceState {
    DeviceState {
        online: prng.maybe(|it| it.once_in(2)),
        foreground: prng.maybe(|it| it.once_in(2)),
        battery_pct: prng.maybe(|it| it.below(101) as u8),
        charging: prng.maybe(|it| it.once_in(2)),
        network: prng.maybe(|it| it.pick(Network::ALL)),
        downlink_kbps: prng.maybe(|it| number(it) as u32),
        place: prng.maybe(|it| it.pick(Place::ALL)),
    }
}

fn trait_(prng: &mut Prng) -> Trait<'static> {
    match prng.below(8) {
        0 => Trait::BirthYear(prng.next() as u16),
        1 => Trait::Sex(prng.pick(Sex::ALL)),
        2 => Trait::Region(name(prng)),
        3 => Trait::CityTier(prng.next() as u8),
        4 => Trait::Language(name(prng)),
        5 => Trait::SpendingPower(prng.next() as u8),
        6 => Trait::Consent {
            channel: prng.maybe(|it| it.pick(Channel::ALL)),
            class: prng.pick(Class::ALL),
            granted: prng.once_in(2),
        },
        _ => Trait::Custom { name: prng.pick(NAMES), json: prng.pick(JSON) },
    }
}

/// A shard that has seen some of everything, with names that live elsewhere.
pub fn shard(prng: &mut Prng, events: usize) -> Shard {
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    fold_more(&mut shard, prng, events);
    shard
}

/// Folds arbitrary events (whether or not they route here) and messages; what it tells.
pub fn fold_more(shard: &mut Shard, prng: &mut Prng, events: usize) -> Vec<beckon_core::shard::Effect> {
    let mut effects = Vec::new();
    for _ in 0..events {
        let now = Timestamp(1_700_000_000_000 + prng.below(1 << 32) as i64);
        match prng.below(40) {
            0 => {
                let event = bytes(&event(prng));
                let mut out = Vec::new();
                message(prng, &event).encode(now, &mut out);
                let sequence = shard.sequences().1[7] + 1;
                let told = Input::Told { from: MachineId(7), sequence, message: &out };
                shard.handle(now, told, bare(), &mut effects).unwrap();
            }
            1 => {
                shard.handle(now, Input::Erase { id: prng.pick(IDS) }, bare(), &mut effects).unwrap();
            }
            _ => {
                collect(shard, now, &event(prng), &mut effects);
            }
        }
    }
    effects
}

pub fn message<'a>(prng: &mut Prng, event: &'a [u8]) -> Message<'a> {
    let (user, hops) = (prng.pick(IDS), prng.below(6) as u8);
    let key = Key { known: prng.once_in(2), id: prng.pick(IDS) };
    let what = ClaimKey(prng.next());
    let at = prng.next() as u32;
    match prng.below(8) {
        0 => Message::Forward { event, user, default_offset_min: prng.next() as i16, hops },
        1 => {
            let history = prng.maybe(|it| Box::new(some_profile(it)));
            Message::Join { user, key, history, at: prng.next() as u32, hops }
        }
        2 => Message::Unbind { key, user },
        3 => Message::Claim { what, of: prng.maybe(|_| key), former: prng.maybe(|_| Key::user(user)), at },
        4 => {
            let owner = prng.maybe(|_| Key::user(user));
            let release = Release { what, holder: key, owner, at, dead: prng.once_in(3) };
            Message::Release { release, hops }
        }
        5 => Message::Disclaim { what, of: key },
        6 => Message::Dead { what, at },
        _ => Message::Erase { user, hops },
    }
}

fn some_profile(prng: &mut Prng) -> Profile {
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    for _ in 0..prng.below(20) {
        let event = Event { user: Some("ann"), anonymous: None, act: act(prng), ..event(prng) };
        if !matches!(event.act, Act::Alias { .. }) {
            let input = Input::Collected { source: SHOP, event: &bytes(&event), default_offset_min: 480 };
            shard.handle(at(1_700_000_000), input, bare(), &mut Vec::new()).unwrap();
        }
    }
    crate::say::found(&shard, "ann").unwrap_or_default()
}
