//! Who could be called in: a few hundred shoppers with clocks, devices and minds of their own, and what they do
//! while shows are on.

use super::script::{HOSTS, PRODUCTS};
use crate::random::Random;
use beckon_core::event::{
    Act, Address, AddressWord, AppAct, Channel, Class, Connection, Context, Device, DeviceState, Event,
    OrderAct, Permission, ProductAct, ProductRef, PushAct, RoomAct, Text, Trait,
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
    /// His devices.
    phones: Vec<Phone>,
    named: Named,
    /// Messages that reached him, latest last.
    inbox: Vec<String>,
    in_room: Option<usize>,
}

/// A device, and what it says of itself.
#[derive(Debug, Clone)]
struct Phone {
    id: String,
    channel: Channel,
    /// How often its address was renewed.
    renewed: u32,
    /// The address that it tells, renewals included.
    token: String,
    permission: Permission,
}

impl Phone {
    fn new(id: String, random: &mut Random) -> Self {
        let channel = random.choose(&[Channel::WebPush, Channel::WebPush, Channel::Fcm, Channel::Vivo]);
        let token = format!("{id}-0");
        Phone { id, channel, renewed: 0, token, permission: Permission::Granted }
    }

    /// It gets another address, as after a new installation.
    fn renew(&mut self) {
        self.renewed += 1;
        self.token = format!("{}-{}", self.id, self.renewed);
    }
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
    /// The device that the next event comes from, if it is not just any of its shopper's.
    phone: Option<Phone>,
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
            phones: (0..random.choose(&[0, 1, 1, 2]))
                .map(|it| Phone::new(format!("d{mark:04x}-{number}-{it}"), random))
                .collect(),
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
            phone: None,
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
            let channel = random.one_in(2).then(|| random.choose(&super::script::CHANNELS));
            let class = if random.one_in(4) { Class::Service } else { Class::Marketing };
            let traits = vec![Trait::Consent { channel, class, granted: random.one_in(2) }];
            return self.encoded(number, at, Act::Identify { traits }, "identify", false, names);
        }
        if random.one_in(4) && !self.shoppers[number].phones.is_empty() {
            return self.on_device(number, at, names, random);
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

    /// Something happens to a device: it is opened or closed, gets another address, may show nothing any more, or is
    /// somebody else's from now on.
    fn on_device(
        &mut self,
        number: usize,
        at: Timestamp,
        names: &Dictionary,
        random: &mut Random,
    ) -> Vec<u8> {
        let other = random.index(self.shoppers.len());
        let place = random.index(self.shoppers[number].phones.len());
        let theirs = self.shoppers[other].phones.len();
        let phone = &mut self.shoppers[number].phones[place];
        let mut act = Act::Other { raw: "" };
        let mut whose = number;
        self.phone = None;
        match random.below(20) {
            0..8 => act = Act::Connection(Connection::Foreground),
            8..10 => act = Act::Connection(random.choose(&[Connection::Background, Connection::Closed])),
            10..14 => phone.renew(),
            14 => phone.permission = random.choose(Permission::ALL),
            // He takes his address back, and tells it again with the next event.
            15 => self.phone = Some(Phone { token: String::new(), ..phone.clone() }),
            16 => act = Act::SignedOut,
            // He is on the other's device for once.
            17 if theirs > 0 => {
                self.phone = Some(random.pick(&self.shoppers[other].phones).clone());
            }
            // He gives his device away.
            18 if other != number && theirs < 4 => {
                let given = self.shoppers[number].phones.remove(place);
                self.phone = Some(given.clone());
                self.shoppers[other].phones.push(given);
                whose = other;
            }
            // The push service gives his address to the other's device.
            _ => {
                let (token, channel) = (phone.token.clone(), phone.channel);
                if let Some(theirs) = self.shoppers[other].phones.first_mut() {
                    (theirs.token, theirs.channel) = (token, channel);
                    self.phone = Some(theirs.clone());
                    whose = other;
                }
            }
        }
        if self.phone.is_none() {
            self.phone = self.shoppers[number].phones.get(place).cloned();
        }
        self.encoded(whose, at, act, "device", true, names)
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
        let named = device && !it.phones.is_empty();
        let phone = named.then(|| it.phones[self.events as usize % it.phones.len()].clone());
        let phone = self.phone.take().or(phone);
        let device = phone.as_ref().map(|it| Device {
            id: &it.id,
            platform: "phone",
            address: match it.token.as_str() {
                "" => AddressWord::TakenBack,
                token => AddressWord::At(Address { channel: it.channel, token }),
            },
            permission: Some(it.permission),
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
