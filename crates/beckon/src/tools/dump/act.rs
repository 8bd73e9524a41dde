//! What an event of a dump's line says happened.

use super::line::some;
use beckon_core::event::{self, Channel, Class, Network, Place, Sex};
use serde::Serialize;
use serde_json::value::RawValue;

/// What happened, under the word of its kind.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Act<'r> {
    Other {
        #[serde(skip_serializing_if = "Option::is_none")]
        properties: Option<Json<'r>>,
    },
    Identify {
        traits: Vec<Trait<'r>>,
    },
    Alias {
        previous: &'r str,
    },
    Product {
        what: &'static str,
        #[serde(flatten)]
        product: Product<'r>,
    },
    Category {
        category: &'r str,
    },
    Order {
        what: &'static str,
        total_cents: u64,
        discount_cents: u64,
        coupon: bool,
        products: Vec<Product<'r>>,
    },
    Room {
        what: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        style: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        show: Option<&'r str>,
        #[serde(skip_serializing_if = "is_zero")]
        dwell_s: u32,
    },
    Device(Device),
    Connection {
        state: &'static str,
    },
    SignedOut {},
    App {
        what: &'static str,
    },
    Push {
        what: &'static str,
        message: &'r str,
    },
    Player {
        what: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        show: Option<&'r str>,
        message: &'r str,
        ms: u32,
    },
}

#[derive(Serialize)]
pub(super) struct Product<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_cents: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list_price_cents: Option<u64>,
    #[serde(skip_serializing_if = "is_zero")]
    quantity: u32,
}

#[derive(Serialize)]
pub(super) struct Device {
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    foreground: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    battery_pct: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charging: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    downlink_kbps: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trait<'r> {
    BirthYear(u16),
    Sex(&'static str),
    Region(&'r str),
    CityTier(u8),
    Language(&'r str),
    SpendingPower(u8),
    Consent { channel: &'static str, class: &'static str, granted: bool },
    Custom { name: &'r str, value: Json<'r> },
}

/// A value that the journal keeps as JSON text; one that is none after all, as that text.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Json<'r> {
    Value(&'r RawValue),
    Text(&'r str),
}

impl<'r> From<&'r str> for Json<'r> {
    fn from(text: &'r str) -> Self {
        // A line break between its values would break the line.
        match serde_json::from_str(text) {
            Ok(value) if !text.contains(['\n', '\r']) => Json::Value(value),
            _ => Json::Text(text),
        }
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl<'r> Product<'r> {
    fn from(product: &event::ProductRef<'r>) -> Self {
        let cents = |cents: u64| (cents > 0).then_some(cents);
        Product {
            product: some(product.id),
            category: some(product.category),
            brand: some(product.brand),
            host: some(product.host),
            tags: product.tags.iter().map(|it| it.text).collect(),
            price_cents: cents(product.price_cents),
            list_price_cents: cents(product.list_price_cents),
            quantity: product.quantity,
        }
    }
}

impl<'r> Act<'r> {
    pub fn from(act: &event::Act<'r>) -> Self {
        match act {
            event::Act::Other { raw } => {
                Act::Other { properties: (!raw.is_empty()).then(|| Json::from(*raw)) }
            }
            event::Act::Identify { traits } => {
                Act::Identify { traits: traits.iter().map(Trait::from).collect() }
            }
            event::Act::Alias { previous } => Act::Alias { previous },
            event::Act::Product { what, product } => {
                Act::Product { what: what.word(), product: Product::from(product) }
            }
            event::Act::Category { category } => Act::Category { category: category.text },
            event::Act::Order { what, total_cents, discount_cents, coupon, products } => Act::Order {
                what: what.word(),
                total_cents: *total_cents,
                discount_cents: *discount_cents,
                coupon: *coupon,
                products: products.iter().map(Product::from).collect(),
            },
            event::Act::Room { what, room, host, style, show, dwell_s } => Act::Room {
                what: what.word(),
                room: some(*room),
                host: some(*host),
                style: some(*style),
                show: some(*show),
                dwell_s: *dwell_s,
            },
            event::Act::Device(state) => Act::Device(Device {
                online: state.online,
                foreground: state.foreground,
                battery_pct: state.battery_pct,
                charging: state.charging,
                network: state.network.map(Network::word),
                downlink_kbps: state.downlink_kbps,
                place: state.place.map(Place::word),
            }),
            event::Act::Connection(it) => Act::Connection { state: it.word() },
            event::Act::SignedOut => Act::SignedOut {},
            event::Act::App(what) => Act::App { what: what.word() },
            event::Act::Push { what, message } => Act::Push { what: what.word(), message },
            event::Act::Player { what, room, show, message, ms } => {
                Act::Player { what: what.word(), room: some(*room), show: some(*show), message, ms: *ms }
            }
        }
    }
}

impl<'r> Trait<'r> {
    fn from(of: &event::Trait<'r>) -> Self {
        match *of {
            event::Trait::BirthYear(year) => Trait::BirthYear(year),
            event::Trait::Sex(sex) => Trait::Sex(Sex::word(sex)),
            event::Trait::Region(region) => Trait::Region(region.text),
            event::Trait::CityTier(tier) => Trait::CityTier(tier),
            event::Trait::Language(language) => Trait::Language(language.text),
            event::Trait::SpendingPower(power) => Trait::SpendingPower(power),
            event::Trait::Consent { channel, class, granted } => Trait::Consent {
                channel: channel.map_or("every", Channel::word),
                class: Class::word(class),
                granted,
            },
            event::Trait::Custom { name, json } => Trait::Custom { name, value: Json::from(json) },
        }
    }
}
