//! A small population and what it does: visitors who become known, share devices and are aliased, who
//! look, buy, watch and come late. Everything follows from a draft's few numbers, so that a retry after
//! a crash is the same event again.

use crate::random::Random;
use beckon_core::event::{
    Act, Address, AddressWord, AppAct, Channel, Class, Context, Device, DeviceState, Event, Network,
    OrderAct, Permission, Place, ProductAct, ProductRef, PushAct, RoomAct, Sex, Text, Trait,
};
use beckon_core::id::{SourceId, message_key};
use beckon_core::names::Kind;
use beckon_core::time::{Timestamp, Zone};
use beckon_engine::dictionary::Dictionary;

/// Who there is.
#[derive(Debug)]
pub struct Story {
    /// Known shoppers, in three tiers of four: one of a lower tier may turn out to be one of the next.
    pub users: Vec<String>,
    /// Visitors.
    pub visitors: Vec<String>,
    /// Visitors share devices: once in so many events another user than usual.
    pub shares: u64,
    /// Once in so many events two users turn out to be one.
    pub aliases: u64,
}

/// An event before it is encoded.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its number, which makes its message id; 0 for a bulk source.
    pub number: u64,
    /// Where it comes from.
    pub source: SourceId,
    /// When it happened.
    pub at: Timestamp,
    user: Option<usize>,
    visitor: Option<usize>,
    kind: Kinds,
    salt: u64,
}

#[derive(Debug, Clone, Copy)]
enum Kinds {
    Shop,
    Live,
    Device,
    Identify,
    AliasUser(usize),
    AliasVisitor(usize),
    Other,
}

const TIER: usize = 4;
const EVENTS: [&str; 6] = ["page", "screen", "group", "Coupon Scratched", "Wheel Spun", "Story Opened"];
const CATEGORIES: [&str; 5] = ["tea", "lipstick", "phones", "fruit", "shoes"];
const BRANDS: [&str; 3] = ["Orchid", "Crane", "Bamboo"];
const HOSTS: [&str; 3] = ["Mei", "Lan", "Bo"];
const STYLES: [&str; 3] = ["calm", "auction", "comedy"];
const TAGS: [&str; 4] = ["new", "sale", "organic", "直播"];
const PRODUCTS: [&str; 9] = ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"];

impl Story {
    /// The population of a seed.
    pub fn new(random: &mut Random) -> Self {
        let mark = random.bits() as u16;
        let visitors = random.range(3, 14) as usize;
        Story {
            users: (0..3 * TIER).map(|it| format!("user-{mark:04x}-{it}")).collect(),
            visitors: (0..visitors).map(|it| format!("visitor-{mark:04x}-{it}")).collect(),
            shares: random.choose(&[0, 4, 20]),
            aliases: random.choose(&[0, 12, 60]),
        }
    }

    /// Something that happens at about `now`.
    pub fn draft(&self, number: u64, source: SourceId, now: Timestamp, random: &mut Random) -> Draft {
        let late = match random.below(10) {
            0 => -(random.below(4 * 86_400_000) as i64),
            1 => random.below(300_000) as i64,
            _ => -(random.below(2_000) as i64),
        };
        let at = Timestamp(now.0 + late);
        let visitor = random.index(self.visitors.len());
        let home = if random.one_in(self.shares) {
            random.index(self.users.len())
        } else {
            visitor * 5 % self.users.len()
        };
        let kind = match random.below(16) {
            0..5 => Kinds::Shop,
            5..9 => Kinds::Live,
            9..11 => Kinds::Device,
            11..13 => Kinds::Identify,
            13 if random.one_in(self.aliases) => Kinds::AliasUser(random.index(2 * TIER)),
            13 if random.one_in(self.aliases) => Kinds::AliasVisitor(visitor),
            _ => Kinds::Other,
        };
        let (user, visitor) = match (kind, random.below(10)) {
            // Who two users turn out to be never changes: else it would depend on what is under way.
            (Kinds::AliasUser(previous), _) => (Some(alias_target(previous)), None),
            (Kinds::AliasVisitor(_), _) => (Some(home), None),
            (Kinds::Identify, 0..8) | (_, 0..2) => (Some(home), Some(visitor)),
            (Kinds::Identify, _) | (_, 2..4) => (Some(home), None),
            _ => (None, Some(visitor)),
        };
        Draft { number, source, at, user, visitor, kind, salt: random.bits() }
    }

    /// The draft as an event, with the terms that `names` gives.
    pub fn event<'a>(&'a self, draft: &Draft, names: &Dictionary) -> Event<'a> {
        let mut random = Random::new(draft.salt);
        let word = |kind: Kind, text: &'static str| Text { term: names.intern(kind, text), text };
        let (name, act) = self.act(draft.kind, &mut random, &word);
        let key = match draft.number {
            0 => 0,
            number => message_key(draft.source, &format!("message-{number}")),
        };
        Event {
            key,
            at: draft.at,
            user: draft.user.map(|it| &*self.users[it]),
            anonymous: draft.visitor.map(|it| &*self.visitors[it]),
            name: word(Kind::Event, name),
            context: context(&mut random, &word),
            act,
        }
    }

    fn act<'a>(
        &'a self,
        kind: Kinds,
        random: &mut Random,
        word: &impl Fn(Kind, &'static str) -> Text<'static>,
    ) -> (&'static str, Act<'a>) {
        match kind {
            Kinds::Shop => shop(random, word),
            Kinds::Live => {
                let what = random.choose(RoomAct::ALL);
                let act = Act::Room {
                    what,
                    room: word(Kind::Room, random.choose(&["room-1", "room-2"])),
                    host: word(Kind::Host, random.choose(&HOSTS)),
                    style: word(Kind::Style, random.choose(&STYLES)),
                    show: word(Kind::Show, random.choose(&["show-1", "show-2"])),
                    dwell_s: random.below(4_000) as u32,
                };
                (what.word(), act)
            }
            Kinds::Device => match random.below(3) {
                0 => ("app", Act::App(random.choose(AppAct::ALL))),
                1 => ("push", Act::Push { what: random.choose(PushAct::ALL), message: "m-1" }),
                _ => ("Device State Changed", Act::Device(device_state(random))),
            },
            Kinds::Identify => ("identify", Act::Identify { traits: traits(random, word) }),
            Kinds::AliasUser(previous) => ("alias", Act::Alias { previous: &self.users[previous] }),
            Kinds::AliasVisitor(previous) => ("alias", Act::Alias { previous: &self.visitors[previous] }),
            Kinds::Other => (random.choose(&EVENTS), Act::Other { raw: "{\"a\":1}" }),
        }
    }
}

/// The one user that a user of a lower tier may turn out to be.
fn alias_target(previous: usize) -> usize {
    (previous / TIER + 1) * TIER + (previous * 3 + 1) % TIER
}

fn product(random: &mut Random, word: &impl Fn(Kind, &'static str) -> Text<'static>) -> ProductRef<'static> {
    let number = random.index(PRODUCTS.len());
    ProductRef {
        id: word(Kind::Product, PRODUCTS[number]),
        category: word(Kind::Category, CATEGORIES[number % CATEGORIES.len()]),
        brand: word(Kind::Brand, BRANDS[number % BRANDS.len()]),
        host: if random.one_in(3) { word(Kind::Host, random.choose(&HOSTS)) } else { Text::default() },
        tags: (0..random.below(3)).map(|_| word(Kind::Tag, random.choose(&TAGS))).collect(),
        price_cents: random.below(400_000),
        list_price_cents: random.below(400_000),
        quantity: random.below(4) as u32,
    }
}

fn shop(
    random: &mut Random,
    word: &impl Fn(Kind, &'static str) -> Text<'static>,
) -> (&'static str, Act<'static>) {
    match random.below(8) {
        0 => (
            "Product List Viewed",
            Act::Category { category: word(Kind::Category, random.choose(&CATEGORIES)) },
        ),
        1 => {
            let what = random.choose(OrderAct::ALL);
            let products = (0..random.below(4)).map(|_| product(random, word)).collect();
            let (total, discount) = (random.below(900_000), random.below(3) * 500);
            let coupon = random.one_in(4);
            (what.word(), Act::Order { what, total_cents: total, discount_cents: discount, coupon, products })
        }
        _ => {
            let what = random.choose(ProductAct::ALL);
            (what.word(), Act::Product { what, product: product(random, word) })
        }
    }
}

fn device_state(random: &mut Random) -> DeviceState {
    DeviceState {
        online: random.one_in(2).then(|| random.one_in(2)),
        foreground: random.one_in(2).then(|| random.one_in(2)),
        battery_pct: random.one_in(2).then(|| random.below(101) as u8),
        charging: random.one_in(3).then(|| random.one_in(2)),
        network: random.one_in(2).then(|| random.choose(Network::ALL)),
        downlink_kbps: random.one_in(2).then(|| random.below(90_000) as u32),
        place: random.one_in(2).then(|| random.choose(Place::ALL)),
    }
}

fn traits(random: &mut Random, word: &impl Fn(Kind, &'static str) -> Text<'static>) -> Vec<Trait<'static>> {
    let count = random.below(4);
    let one = |_| match random.below(7) {
        0 => Trait::BirthYear(random.range(1950, 2010) as u16),
        1 => Trait::Sex(random.choose(Sex::ALL)),
        2 => Trait::Region(word(Kind::Region, random.choose(&["Zhejiang", "Sichuan"]))),
        3 => Trait::CityTier(random.range(1, 6) as u8),
        4 => Trait::SpendingPower(random.range(1, 5) as u8),
        5 => Trait::Consent {
            channel: random.one_in(2).then(|| random.choose(Channel::ALL)),
            class: random.choose(Class::ALL),
            granted: random.one_in(2),
        },
        _ => Trait::Custom {
            name: random.choose(&["vip", "plan"]),
            json: random.choose(&["1", "\"b\"", "null"]),
        },
    };
    (0..count).map(one).collect()
}

fn context(random: &mut Random, word: &impl Fn(Kind, &'static str) -> Text<'static>) -> Context<'static> {
    let zone = random.one_in(4).then(|| {
        let (name, offset_min) = random.choose(&[("Asia/Shanghai", 480), ("Europe/Berlin", 60), ("UTC", 0)]);
        let until = if random.one_in(2) { u32::MAX } else { 1_700_050_000 };
        Zone { name: word(Kind::Zone, name), offset_min, until, next_offset_min: offset_min + 60 }
    });
    let device = random.one_in(6).then(|| Device {
        id: random.choose(&["d-1", "d-2", "d-3"]),
        platform: random.choose(&["ios", "android"]),
        address: match random.below(4) {
            0 => AddressWord::TakenBack,
            1 => AddressWord::At(Address { channel: Channel::Fcm, token: random.choose(&["t-1", "t-2"]) }),
            _ => AddressWord::Silent,
        },
        permission: random.one_in(4).then(|| random.choose(Permission::ALL)),
    });
    Context {
        zone,
        language: if random.one_in(8) { word(Kind::Language, "zh-CN") } else { Text::default() },
        app: random.one_in(5).then(|| random.choose(&["shop", "live"])),
        device,
        network: random.one_in(6).then(|| random.choose(Network::ALL)),
    }
}
