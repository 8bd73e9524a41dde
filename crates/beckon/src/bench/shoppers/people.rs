//! A market and its shoppers, drawn from a seed: what each event is follows from its number alone, so that
//! any thread can make any part of them.
//!
//! Products, hosts and regions follow Zipf's law, and a shopper keeps to two categories of his own for
//! most of what he looks at. Every shopper has one event; the others fall on shoppers with a long tail.
//! For six in ten the first event is an `identify` with year of birth, sex, region, city tier and
//! consent; three in ten have a device with a push token, an app and a language.

use crate::bench::dice::Dice;
use crate::bench::limits::{BRANDS, CATEGORIES, HISTORY_DAYS, HOSTS, PRODUCTS, REGIONS, TOKEN_BYTES};
use beckon_core::event::{
    Act, Address, AddressWord, Channel, Class, Context, Device, Event, OrderAct, ProductAct, ProductRef,
    RoomAct, Sex, Text, Trait,
};
use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::time::{Timestamp, Zone};
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record::EventsWriter;

/// Seeds of one shopper and of one event never meet.
const SHOPPER_SEED: u64 = 0x5409_9E12 << 32;

/// Spreads numbers over shoppers without repeating one: a prime (Knuth 1998, §6.4).
const STRIDE: u128 = 2_654_435_761;

/// Names of one kind with their terms.
struct Names(Vec<(Term, String)>);

/// A market and its shoppers.
pub struct People {
    shoppers: u64,
    events: u64,
    until: Timestamp,
    products: Names,
    categories: Names,
    brands: Names,
    hosts: Names,
    rooms: Names,
    styles: Names,
    regions: Names,
    events_named: Names,
    zone: Names,
    language: Names,
}

impl Names {
    fn of(names: &Dictionary, kind: Kind, count: usize, name: impl Fn(usize) -> String) -> Self {
        let named = |number| {
            let text = name(number);
            (names.intern(kind, &text), text)
        };
        Names((0..count).map(named).collect())
    }

    fn at(&self, number: usize) -> Text<'_> {
        let (term, text) = &self.0[number % self.0.len()];
        Text { term: *term, text }
    }
}

const EVENT_NAMES: [&str; 8] = [
    "Product Viewed",
    "Product Added",
    "Live Room Entered",
    "Product Added to Wishlist",
    "Order Completed",
    "page",
    "identify",
    "Live Followed",
];

impl People {
    /// A market of so many shoppers and events, the last of them at `until`.
    pub fn new(names: &Dictionary, shoppers: u64, events: u64, until: Timestamp) -> Self {
        let of = |kind, count, word: &'static str| {
            Names::of(names, kind, count, move |it| format!("{word}-{it:05}"))
        };
        let one = |kind, word: &'static str| Names::of(names, kind, 1, move |_| word.to_owned());
        People {
            shoppers,
            events,
            until,
            products: of(Kind::Product, PRODUCTS, "product"),
            categories: of(Kind::Category, CATEGORIES, "category"),
            brands: of(Kind::Brand, BRANDS, "brand"),
            hosts: of(Kind::Host, HOSTS, "host"),
            rooms: of(Kind::Room, HOSTS, "room"),
            styles: of(Kind::Style, 12, "style"),
            regions: of(Kind::Region, REGIONS, "region"),
            events_named: Names::of(names, Kind::Event, EVENT_NAMES.len(), |it| EVENT_NAMES[it].to_owned()),
            zone: one(Kind::Zone, "Asia/Shanghai"),
            language: one(Kind::Language, "zh-CN"),
        }
    }

    /// Writes the event of a number.
    pub fn write(&self, number: u64, writer: &mut EventsWriter) {
        let mut dice = Dice::new(number);
        let first = number < self.shoppers;
        let place = if first { number } else { dice.long_tail(self.shoppers as usize) as u64 };
        let shopper = (u128::from(place) * STRIDE % u128::from(self.shoppers)) as u64;
        let mut own = Dice::new(SHOPPER_SEED ^ shopper);
        // Eight to ten digits.
        let id = (10_000_019 + u128::from(shopper) * 271).to_string();
        let identified = own.of_hundred(60);
        let has_device = own.of_hundred(30);
        let favourites = [own.zipf(CATEGORIES), own.zipf(CATEGORIES)];
        let traits = if first && identified { self.traits(&mut own) } else { Vec::new() };
        let token = if first && has_device { token(&mut own) } else { String::new() };
        let device_id = format!("{id}-phone");
        let (name, act) = match traits.is_empty() {
            false => (6, Act::Identify { traits }),
            true => self.act(&mut dice, favourites),
        };
        let address = match token.as_str() {
            "" => AddressWord::Silent,
            token => AddressWord::At(Address { channel: Channel::Fcm, token }),
        };
        let device = Device { id: &device_id, platform: "android", address, permission: None };
        writer.event(&Event {
            key: u128::from(dice.draw()) << 64 | u128::from(number + 1),
            at: self.at(number, &mut dice),
            user: Some(&id),
            anonymous: None,
            name: self.events_named.at(name),
            context: Context {
                zone: Some(Zone {
                    name: self.zone.at(0),
                    offset_min: 480,
                    until: u32::MAX,
                    next_offset_min: 480,
                }),
                language: if token.is_empty() { Text::default() } else { self.language.at(0) },
                app: (!token.is_empty()).then_some("shop.example"),
                device: (!token.is_empty()).then_some(device),
                network: None,
            },
            act,
        });
    }

    /// Events are spread evenly over the days, and come a little out of order.
    fn at(&self, number: u64, dice: &mut Dice) -> Timestamp {
        let span = (HISTORY_DAYS * 24 * 3_600_000) as f64;
        let ago = span * (1.0 - number as f64 / self.events.max(1) as f64);
        Timestamp(self.until.0 - ago as i64 - dice.below(3_600_000) as i64)
    }

    fn traits(&self, own: &mut Dice) -> Vec<Trait<'_>> {
        let granted = own.of_hundred(80);
        vec![
            Trait::BirthYear(1955 + own.below(55) as u16),
            Trait::Sex(if own.of_hundred(65) { Sex::Female } else { Sex::Male }),
            Trait::Region(self.regions.at(own.zipf(REGIONS))),
            Trait::CityTier(1 + own.below(6) as u8),
            Trait::Consent { channel: None, class: Class::Marketing, granted },
        ]
    }

    fn act(&self, dice: &mut Dice, favourites: [usize; 2]) -> (usize, Act<'_>) {
        let product = self.product(dice, favourites);
        match dice.below(100) {
            0..70 => (0, Act::Product { what: ProductAct::Viewed, product }),
            70..78 => (1, Act::Product { what: ProductAct::Added, product }),
            78..82 => (2, self.room(RoomAct::Entered, dice)),
            82..83 => (7, self.room(RoomAct::Followed, dice)),
            83..87 => (3, Act::Product { what: ProductAct::Wished, product }),
            87..90 => (4, self.order(product)),
            _ => (5, Act::Other { raw: "" }),
        }
    }

    fn product(&self, dice: &mut Dice, favourites: [usize; 2]) -> ProductRef<'_> {
        let number = if dice.of_hundred(70) {
            dice.zipf(PRODUCTS / CATEGORIES) * CATEGORIES + favourites[dice.below(2)]
        } else {
            dice.zipf(PRODUCTS)
        };
        let price_cents = 990 + (number * 7_919 % 50_000) as u64;
        ProductRef {
            id: self.products.at(number),
            category: self.categories.at(number % CATEGORIES),
            brand: self.brands.at(number * 31),
            host: Text::default(),
            tags: Vec::new(),
            price_cents,
            list_price_cents: if number.is_multiple_of(4) { price_cents * 5 / 4 } else { 0 },
            quantity: 1,
        }
    }

    fn order<'a>(&'a self, product: ProductRef<'a>) -> Act<'a> {
        Act::Order {
            what: OrderAct::Completed,
            total_cents: product.price_cents,
            discount_cents: product.list_price_cents.saturating_sub(product.price_cents),
            coupon: false,
            products: vec![product],
        }
    }

    fn room(&self, what: RoomAct, dice: &mut Dice) -> Act<'_> {
        let host = dice.zipf(HOSTS);
        Act::Room {
            what,
            room: self.rooms.at(host),
            host: self.hosts.at(host),
            style: self.styles.at(host),
            show: Text::default(),
            dwell_s: 0,
        }
    }
}

/// A push token as FCM makes them.
fn token(dice: &mut Dice) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..TOKEN_BYTES).map(|_| char::from(LETTERS[dice.below(64)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_core::id::SourceId;
    use beckon_engine::record::{Body, Record};
    use std::collections::BTreeMap;

    #[test]
    fn every_shopper_has_an_event_and_some_have_many() {
        let (shoppers, events) = (1_000, 8_000);
        let names = Dictionary::default();
        let people = People::new(&names, shoppers, events, Timestamp(1_772_366_460_000));
        let mut writer = EventsWriter::new(SourceId(1), 480);
        (0..events).for_each(|it| people.write(it, &mut writer));
        let record = writer.finish(None);
        let Ok(Record { body: Body::Events(read), .. }) = Record::decode(&record) else {
            panic!("it is a record of events")
        };
        let mut each: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        for item in read.iter() {
            let event = Event::decode(item.expect("it reads").1).expect("it reads");
            let one = each.entry(event.user.unwrap_or_default().to_owned()).or_default();
            one.0 += 1;
            one.1 += u32::from(matches!(event.act, Act::Identify { .. }));
        }
        assert_eq!(each.len(), shoppers as usize);
        let identified = each.values().filter(|it| it.1 == 1).count();
        assert!((560..640).contains(&identified), "{identified}");
        assert!(each.values().any(|it| it.0 > 40) && each.values().filter(|it| it.0 < 5).count() > 200);
    }
}
