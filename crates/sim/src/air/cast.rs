//! Who could be called in: a few hundred shoppers with clocks, devices and minds of their own, and what they do
//! while shows are on.

use super::script::{HOSTS, PRODUCTS};
use crate::random::Random;
use beckon_core::event::{
    Act, AddressWord, AppAct, Channel, Class, Context, Device, DeviceState, Event, OrderAct, ProductAct,
    ProductRef, PushAct, RoomAct, Text, Trait,
};
use beckon_core::id::{SourceId, message_key};
use beckon_core::names::Kind;
use beckon_core::time::{Timestamp, Zone};
use beckon_engine::dictionary::Dictionary;

/// Where events come from.
pub const SOURCE: SourceId = SourceId(1);

/// A shopper.
#[derive(Debug)]
pub struct Shopper {
    user: String,
    visitor: String,
    zone: Option<(&'static str, i16)>,
    /// His device with the vendor's push service.
    device: Option<(String, &'static str)>,
    named: Named,
    /// Messages that reached him, latest last.
    inbox: Vec<String>,
    in_room: Option<usize>,
}

/// By which ids his events name him.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Visitor,
    User,
    Both,
}

/// Everybody.
#[derive(Debug)]
pub struct Cast {
    /// The shoppers.
    pub shoppers: Vec<Shopper>,
    events: u64,
    /// Once in so many events a visitor becomes known.
    joins: u64,
    /// Once in so many events somebody says yes or no to messages.
    minds: u64,
    shows: usize,
}

const ZONES: [Option<(&str, i16)>; 4] =
    [Some(("Asia/Shanghai", 480)), Some(("Asia/Kolkata", 330)), Some(("Europe/Berlin", 60)), None];

/// Messages that a shopper still sees.
const INBOX_MAX: usize = 8;

impl Cast {
    /// The population of a seed.
    pub fn new(random: &mut Random, shows: usize) -> Self {
        let count = random.range(64, 160);
        let mark = random.bits() as u16;
        let shopper = |number: u64, random: &mut Random| Shopper {
            user: format!("u{mark:04x}-{number}"),
            visitor: format!("v{mark:04x}-{number}"),
            zone: random.choose(&[ZONES[0], ZONES[0], ZONES[1], ZONES[2], ZONES[3]]),
            device: (!random.one_in(3))
                .then(|| (format!("d{mark:04x}-{number}"), random.choose(&["fcm", "vivo"]))),
            named: if random.one_in(4) { Named::Visitor } else { Named::User },
            inbox: Vec::new(),
            in_room: None,
        };
        Cast {
            shoppers: (0..count).map(|number| shopper(number, random)).collect(),
            events: 0,
            joins: random.choose(&[0, 30, 200]),
            minds: random.choose(&[20, 60]),
            shows,
        }
    }

    /// The shopper by one of his ids.
    pub fn receives(&mut self, id: &str, message: String) {
        let Some(number) = id.rsplit_once('-').and_then(|it| it.1.parse::<usize>().ok()) else { return };
        if let Some(shopper) = self.shoppers.get_mut(number) {
            shopper.inbox.push(message);
            if shopper.inbox.len() > INBOX_MAX {
                shopper.inbox.remove(0);
            }
        }
    }

    /// An id of somebody, to be forgotten.
    pub fn somebody(&self, random: &mut Random) -> String {
        let shopper = random.pick(&self.shoppers);
        if random.one_in(3) { shopper.visitor.clone() } else { shopper.user.clone() }
    }

    /// How a shopper begins: his device, and what he thinks of messages.
    pub fn introduce(
        &mut self,
        number: usize,
        now: Timestamp,
        names: &Dictionary,
        random: &mut Random,
    ) -> Vec<u8> {
        let granted = !random.one_in(8);
        let mut traits = Vec::new();
        if !random.one_in(10) {
            traits.push(Trait::Consent { channel: None, class: Class::Marketing, granted });
        }
        self.encoded(number, now, Act::Identify { traits }, "identify", true, names)
    }

    /// Somebody does something at about `now`.
    pub fn act(&mut self, now: Timestamp, names: &Dictionary, random: &mut Random) -> Vec<u8> {
        let number = random.index(self.shoppers.len());
        // Now and then what happened a while ago comes late.
        let late = if random.one_in(12) { random.below(240_000) } else { random.below(1_500) };
        let at = Timestamp(now.0 - late as i64);
        if random.one_in(self.joins) && self.shoppers[number].named == Named::Visitor {
            self.shoppers[number].named = Named::Both;
            return self.encoded(number, at, Act::Identify { traits: Vec::new() }, "identify", false, names);
        }
        if random.one_in(self.minds) {
            let channel =
                random.one_in(2).then(|| random.choose(&[Channel::Webhook, Channel::Fcm, Channel::Vivo]));
            let class = if random.one_in(4) { Class::Service } else { Class::Marketing };
            let traits = vec![Trait::Consent { channel, class, granted: random.one_in(2) }];
            return self.encoded(number, at, Act::Identify { traits }, "identify", false, names);
        }
        let word = |kind: Kind, text: &'static str| Text { term: names.intern(kind, text), text };
        let message;
        let shopper = &mut self.shoppers[number];
        let (act, name) = match random.below(20) {
            0..5 => {
                let what = random.choose(&[ProductAct::Viewed, ProductAct::Viewed, ProductAct::Added]);
                (Act::Product { what, product: product(random, names) }, what.word())
            }
            5..11 => {
                let (what, show) = match shopper.in_room.take() {
                    Some(show) if !random.one_in(8) => (RoomAct::Left, show),
                    None if random.one_in(2) => (RoomAct::Liked, random.index(self.shows)),
                    _ => {
                        let show = random.index(self.shows);
                        shopper.in_room = Some(show);
                        (RoomAct::Entered, show)
                    }
                };
                (room(what, show, random, names), what.word())
            }
            11..13 => {
                let what =
                    random.choose(&[RoomAct::Followed, RoomAct::ReminderBooked, RoomAct::ReminderBooked]);
                (room(what, random.index(self.shows), random, names), what.word())
            }
            13..15 => (Act::App(random.choose(&[AppAct::Opened, AppAct::Backgrounded])), "app"),
            15..17 => {
                let on = Some(!random.one_in(4));
                (Act::Device(DeviceState { online: on, ..DeviceState::default() }), "Device State Changed")
            }
            17 => {
                let products = vec![product(random, names)];
                let order = Act::Order {
                    what: OrderAct::Completed,
                    total_cents: 5_000,
                    discount_cents: 0,
                    coupon: false,
                    products,
                };
                (order, "Order Completed")
            }
            _ if !shopper.inbox.is_empty() => {
                message = random.pick(&shopper.inbox).clone();
                let what =
                    random.choose(&[PushAct::Received, PushAct::Tapped, PushAct::Tapped, PushAct::Dismissed]);
                let act = Act::Push { what, message: &message };
                return self.encoded_as(number, at, act, word(Kind::Event, "push"), false, names);
            }
            _ => (Act::Other { raw: "" }, "page"),
        };
        self.encoded(number, at, act, name, random.one_in(6), names)
    }

    fn encoded(
        &mut self,
        number: usize,
        at: Timestamp,
        act: Act<'_>,
        name: &'static str,
        device: bool,
        names: &Dictionary,
    ) -> Vec<u8> {
        let name = Text { term: names.intern(Kind::Event, name), text: name };
        self.encoded_as(number, at, act, name, device, names)
    }

    fn encoded_as(
        &mut self,
        number: usize,
        at: Timestamp,
        act: Act<'_>,
        name: Text<'_>,
        device: bool,
        names: &Dictionary,
    ) -> Vec<u8> {
        self.events += 1;
        let it = &self.shoppers[number];
        let zone =
            it.zone.filter(|_| device || self.events.is_multiple_of(3)).map(|(name, offset_min)| Zone {
                name: Text { term: names.intern(Kind::Zone, name), text: name },
                offset_min,
                until: u32::MAX,
                next_offset_min: offset_min,
            });
        let device = it.device.as_ref().filter(|_| device).map(|(id, platform)| Device {
            id,
            platform,
            address: AddressWord::of(platform, id),
            permission: None,
        });
        let event = Event {
            key: message_key(SOURCE, &format!("message-{}", self.events)),
            at,
            user: (it.named != Named::Visitor).then_some(&*it.user),
            anonymous: (it.named != Named::User).then_some(&*it.visitor),
            name,
            context: Context { zone, device, ..Context::default() },
            act,
        };
        let mut bytes = Vec::with_capacity(96);
        event.encode(&mut bytes);
        bytes
    }
}

fn product(random: &mut Random, names: &Dictionary) -> ProductRef<'static> {
    let text = random.choose(&PRODUCTS);
    ProductRef {
        id: Text { term: names.intern(Kind::Product, text), text },
        category: Text { term: names.intern(Kind::Category, "tea"), text: "tea" },
        price_cents: 9_900,
        quantity: 1,
        ..ProductRef::default()
    }
}

fn room(what: RoomAct, show: usize, random: &mut Random, names: &Dictionary) -> Act<'static> {
    let of = |kind: Kind, all: [&'static str; 4]| {
        let text = all[show % all.len()];
        Text { term: names.intern(kind, text), text }
    };
    Act::Room {
        what,
        room: of(Kind::Room, super::script::ROOMS),
        host: of(Kind::Host, HOSTS),
        style: Text::default(),
        show: of(Kind::Show, super::script::SHOWS),
        dwell_s: random.below(900) as u32,
    }
}
