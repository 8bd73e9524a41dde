//! What a track event's properties mean, once its name has said what happened.
//!
//! What they leave out, the catalogue fills in: a product's category, brand, tags and price, a room's
//! host, and the host's style.

use super::names::Meaning;
use super::properties::{Product as Given, Properties};
use super::text::{cut, named};
use super::{Edge, words};
use crate::limits::URL_BYTES_MAX;
use beckon_core::director::catalogue::{Host, Name, Product, Room};
use beckon_core::event::{Act, DeviceState, ProductRef, RoomAct, Text};
use beckon_core::limits::TAGS_MAX;
use beckon_core::names::Kind;
use std::sync::Arc;

/// What an act borrows from the catalogue.
#[derive(Debug, Default)]
pub(super) struct Held {
    product: Option<Arc<Product>>,
    products: Vec<Option<Arc<Product>>>,
    room: Option<Arc<Room>>,
    host: Option<Arc<Host>>,
}

/// Whether the properties hold what `meaning` is about. An event that lacks it only counts.
pub(super) fn is_whole(meaning: Meaning, given: &Properties<'_>) -> bool {
    let product = &given.product;
    match meaning {
        Meaning::Product(_) => {
            !product.id().is_empty() || product.category.text().is_some() || product.brand.text().is_some()
        }
        Meaning::Category => product.category.text().is_some(),
        Meaning::Push(_) => given.message_id.text().is_some(),
        _ => true,
    }
}

/// The act of a `meaning` that [`is_whole`].
pub(super) fn of<'x>(
    meaning: Meaning,
    given: &'x Properties<'_>,
    edge: &dyn Edge,
    held: &'x mut Held,
) -> Act<'x> {
    match meaning {
        Meaning::Product(what) => {
            let id = named(edge, Kind::Product, given.product.id());
            held.product = edge.product(id.term);
            Act::Product { what, product: product(&given.product, id, held.product.as_deref(), edge) }
        }
        Meaning::Order(what) => {
            let ids: Vec<_> = given.products.iter().map(|it| named(edge, Kind::Product, it.id())).collect();
            held.products = ids.iter().map(|id| edge.product(id.term)).collect();
            let known = ids.into_iter().zip(&held.products);
            let products = given.products.iter().zip(known);
            // An order placed in a live room names its host once.
            let host = name(edge, Kind::Host, given.product.host_id.text());
            let product = |given, id, known: &'x Option<Arc<Product>>| {
                let product = product(given, id, known.as_deref(), edge);
                if product.host.is_some() { product } else { ProductRef { host, ..product } }
            };
            Act::Order {
                what,
                total_cents: given.order.total_cents(),
                discount_cents: given.order.discount.cents(),
                coupon: given.order.coupon.text().is_some(),
                products: products.map(|(given, (id, known))| product(given, id, known)).collect(),
            }
        }
        Meaning::Category => {
            Act::Category { category: name(edge, Kind::Category, given.product.category.text()) }
        }
        Meaning::Room(what) => room(what, given, edge, held),
        Meaning::Player(what) => Act::Player {
            what,
            room: name(edge, Kind::Room, given.room_id.text()),
            show: name(edge, Kind::Show, given.show_id.text()),
            message: cut(given.message_id.text().unwrap_or_default()),
            ms: given.picture_ms,
        },
        Meaning::App(what) => Act::App(what),
        Meaning::Push(what) => Act::Push { what, message: cut(given.message_id.text().unwrap_or_default()) },
        Meaning::Device => Act::Device(device(given)),
        Meaning::SignedOut => Act::SignedOut,
        Meaning::Subscription | Meaning::Consent => Act::Other { raw: "" },
    }
}

fn name<'x>(edge: &dyn Edge, kind: Kind, text: Option<&'x str>) -> Text<'x> {
    named(edge, kind, text.unwrap_or_default())
}

/// `given`, or what the catalogue knows in its place.
fn or<'x>(given: Text<'x>, known: Option<&'x Name>) -> Text<'x> {
    match known {
        Some(known) if !given.is_some() => known.as_text(),
        _ => given,
    }
}

fn product<'x>(
    given: &'x Given<'_>,
    id: Text<'x>,
    known: Option<&'x Product>,
    edge: &dyn Edge,
) -> ProductRef<'x> {
    let mut tags: Vec<_> = given.tags.iter().map(|it| named(edge, Kind::Tag, it)).collect();
    let mut product = ProductRef {
        id,
        category: name(edge, Kind::Category, given.category.text()),
        brand: name(edge, Kind::Brand, given.brand.text()),
        host: name(edge, Kind::Host, given.host_id.text()),
        price_cents: given.price_cents,
        list_price_cents: given.list_price_cents,
        quantity: given.quantity,
        tags: Vec::new(),
    };
    match known {
        Some(known) => {
            if tags.is_empty() {
                tags = known.tags.iter().take(TAGS_MAX).map(Name::as_text).collect();
            }
            product.category = or(product.category, Some(&known.category));
            product.brand = or(product.brand, Some(&known.brand));
            product.host = or(product.host, Some(&known.host));
            fill(&mut product.price_cents, known.price_cents);
            fill(&mut product.list_price_cents, known.list_price_cents);
        }
        None if id.is_some() => edge.saw_product(Product {
            id: id.into(),
            category: product.category.into(),
            brand: product.brand.into(),
            host: product.host.into(),
            tags: tags.iter().map(|it| Name::from(*it)).collect(),
            title: cut(given.name.text().unwrap_or_default()).into(),
            image: given.image.text().filter(|it| it.len() <= URL_BYTES_MAX).unwrap_or_default().into(),
            price_cents: product.price_cents,
            list_price_cents: product.list_price_cents,
            currency: currency(given.currency.text().unwrap_or_default()).into(),
            seen_only: true,
        }),
        None => {}
    }
    product.tags = tags;
    product
}

/// An ISO 4217 code in capitals, as the catalogue takes it; else none.
fn currency(text: &str) -> String {
    let is_code = text.len() == 3 && text.bytes().all(|it| it.is_ascii_alphabetic());
    if is_code { text.to_ascii_uppercase() } else { String::new() }
}

fn fill(cents: &mut u64, known: u64) {
    if *cents == 0 {
        *cents = known;
    }
}

fn room<'x>(what: RoomAct, given: &'x Properties<'_>, edge: &dyn Edge, held: &'x mut Held) -> Act<'x> {
    let room = name(edge, Kind::Room, given.room_id.text());
    held.room = edge.room(room.term);
    let host = name(edge, Kind::Host, given.product.host_id.text());
    let host_term = or(host, held.room.as_deref().map(|it| &it.host)).term;
    held.host = edge.host(host_term);
    let held: &'x Held = held;
    Act::Room {
        what,
        room,
        host: or(host, held.room.as_deref().map(|it| &it.host)),
        style: or(name(edge, Kind::Style, given.style.text()), held.host.as_deref().map(|it| &it.style)),
        show: name(edge, Kind::Show, given.show_id.text()),
        dwell_s: if what == RoomAct::Left { given.dwell_s } else { 0 },
    }
}

fn device(given: &Properties<'_>) -> DeviceState {
    let device = &given.device;
    DeviceState {
        online: device.online,
        foreground: device.app_state.text().and_then(words::foreground),
        battery_pct: words::battery_pct(&device.battery),
        charging: device.charging,
        network: device.network.text().and_then(words::network),
        downlink_kbps: device.downlink_kbps,
        place: device.place.text().map(words::place),
    }
}
