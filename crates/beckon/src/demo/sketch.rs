//! What a server knows, as a market can be peopled and set with: profiles become sketches of shoppers, the
//! catalogue and a show become what is sold.

use super::api::Api;
use super::error::Error;
use super::limits::{PROFILES_PAGE, REHEARSED_MAX, REHEARSED_PRODUCTS_MAX};
use super::read;
use beckon_market::catalogue::{Catalogue, Host, Product, Room};
use beckon_market::show::{Phase, Show, Slot};
use beckon_market::{Setting, Sketch};
use beckon_wire::shape;
use beckon_wire::shape::profile::Profile;
use beckon_wire::shape::profile::attributes::ConsentState;
use serde_json::Value;
use std::collections::BTreeSet;

/// Places of a room, and pushes of a show, that are not bounded.
const UNBOUNDED: u32 = 1_000_000;

/// A planned show with its surroundings, as the server has it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The show, as it was put.
    pub body: Value,
    /// What is sold, and the show.
    pub setting: Setting,
}

/// Unix ms of a time on the wire; 0 when it is none.
fn ms(value: &Value) -> u64 {
    let text = value.as_str().unwrap_or_default();
    text.parse::<jiff::Timestamp>().map_or(0, |it| it.as_millisecond().max(0) as u64)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn cents(value: &Value) -> u64 {
    (value.as_f64().unwrap_or_default() * 100.0).round().max(0.0) as u64
}

/// Everything on a list of the server's, up to `max` items.
async fn list(api: &Api, path: &str, max: usize) -> Result<Vec<Value>, Error> {
    let (mut items, mut next) = (Vec::new(), String::new());
    loop {
        let page: shape::Page<Value> = read(api, &format!("{path}?limit={PROFILES_PAGE}{next}")).await?;
        items.extend(page.items);
        match page.next {
            Some(cursor) if items.len() < max => next = format!("&cursor={cursor}"),
            _ => break,
        }
    }
    items.truncate(max);
    Ok(items)
}

/// Templates of the server, each with its id.
pub async fn templates(api: &Api) -> Result<Vec<(String, Value)>, Error> {
    let all = list(api, "/api/v1/templates", usize::MAX).await?;
    let put = |mut it: Value| {
        let id = text(&it["id"]);
        let object = it.as_object_mut()?;
        object.retain(|name, _| {
            ["language", "triggers", "product_id", "price_led", "title", "body"].contains(&&**name)
        });
        Some((id, it))
    };
    Ok(all.into_iter().filter_map(put).collect())
}

impl Plan {
    /// Reads the plan of a show.
    pub async fn read(api: &Api, id: &str) -> Result<Plan, Error> {
        let mut body = api.get(&format!("/api/v1/shows/{id}")).await?;
        if let Some(object) = body.as_object_mut() {
            object.remove("id");
            object.remove("status");
        }
        let offers = list(api, "/api/v1/offers", usize::MAX).await?;
        let offers: Vec<Value> = offers.into_iter().filter(|it| it["show_id"] == id).collect();
        let catalogue = catalogue(api, &body).await?;
        let show = show(id, &body, &offers, &catalogue);
        Ok(Plan { body, setting: Setting { catalogue, shows: vec![show] } })
    }
}

/// The products of the show and as many others as are looked at, with all hosts and rooms that they need.
async fn catalogue(api: &Api, show: &Value) -> Result<Catalogue, Error> {
    let slots = show["slots"].as_array().cloned().unwrap_or_default();
    let wanted: BTreeSet<String> = slots.iter().map(|it| text(&it["product_id"])).collect();
    let mut products = Vec::new();
    for id in &wanted {
        products.push(api.get(&format!("/api/v1/products/{}", escaped(id))).await?);
    }
    let others = list(api, "/api/v1/products", REHEARSED_PRODUCTS_MAX).await?;
    products.extend(others.into_iter().filter(|it| !wanted.contains(&text(&it["id"]))));
    let tags = |it: &Value| it["tags"].as_array().map(|it| it.iter().map(text).collect()).unwrap_or_default();
    let product = |it: &Value| {
        let title = text(&it["title"]);
        Product {
            id: text(&it["id"]),
            words: title.split_whitespace().map(str::to_owned).chain([text(&it["brand"])]).collect(),
            title,
            category: text(&it["category"]),
            brand: text(&it["brand"]),
            host_id: text(&it["host_id"]),
            tags: tags(it),
            price_cents: cents(&it["price"]).max(1),
        }
    };
    let host = |it: &Value| Host {
        id: text(&it["id"]),
        name: text(&it["name"]),
        style: text(&it["style"]),
        categories: Vec::new(),
    };
    let room =
        |it: &Value| Room { id: text(&it["id"]), title: text(&it["title"]), host_id: text(&it["host_id"]) };
    let hosts = list(api, "/api/v1/hosts", REHEARSED_PRODUCTS_MAX).await?;
    let rooms = list(api, "/api/v1/rooms", REHEARSED_PRODUCTS_MAX).await?;
    Ok(Catalogue {
        products: products.iter().map(product).collect(),
        hosts: hosts.iter().map(host).collect(),
        rooms: rooms.iter().map(room).collect(),
    })
}

fn show(id: &str, body: &Value, offers: &[Value], catalogue: &Catalogue) -> Show {
    let array = |it: &Value| it.as_array().cloned().unwrap_or_default();
    let slot = |it: &Value| {
        let product_id = text(&it["product_id"]);
        let usual = catalogue.products.iter().find(|it| it.id == product_id).map_or(1, |it| it.price_cents);
        let offer = offers.iter().find(|it| it["product_id"] == product_id.as_str());
        let of = |field: &str| offer.map_or(&Value::Null, |it| &it[field]);
        Slot {
            starts_at: ms(&it["starts_at"]),
            ends_at: ms(&it["ends_at"]),
            offer_id: text(of("id")),
            price_cents: offer.map_or(usual, |it| cents(&it["price"])),
            original_cents: Some(cents(of("original_price"))).filter(|it| *it > 0).unwrap_or(usual),
            stock: of("stock").as_u64().map_or(UNBOUNDED, |it| it.min(UNBOUNDED.into()) as u32),
            offer_ends_at: Some(ms(of("ends_at"))).filter(|it| *it > 0).unwrap_or(ms(&it["ends_at"])),
            product_id,
        }
    };
    let phase = |it: &Value| Some((Phase::of(it["phase"].as_str()?)?, ms(&it["starts_at"])));
    let bound = |field: &str| body[field].as_u64().map_or(UNBOUNDED, |it| it.min(UNBOUNDED.into()) as u32);
    Show {
        id: id.to_owned(),
        room_id: text(&body["room_id"]),
        host_id: text(&body["host_id"]),
        title: text(&body["title"]),
        starts_at: ms(&body["starts_at"]),
        ends_at: ms(&body["ends_at"]),
        phases: array(&body["phases"]).iter().filter_map(phase).collect(),
        slots: array(&body["slots"]).iter().map(slot).collect(),
        capacity: bound("capacity"),
        push_budget: bound("push_budget"),
    }
}

/// Sketches of a fair sample of the server's shoppers, and how many of them there are in all.
pub async fn shoppers(api: &Api) -> Result<(Vec<Sketch>, u64), Error> {
    let stats: Value = read(api, "/api/v1/stats").await?;
    let profiles = list(api, "/api/v1/profiles", REHEARSED_MAX).await?;
    let mut sketches = Vec::with_capacity(profiles.len());
    for it in profiles {
        let answer = |error: serde_json::Error| Error::Answer {
            call: "GET /api/v1/profiles".to_owned(),
            why: error.to_string(),
        };
        sketches.push(sketch(&serde_json::from_value(it).map_err(answer)?));
    }
    let all = stats["shoppers"].as_u64().unwrap_or_default().max(sketches.len() as u64);
    Ok((sketches, all))
}

fn sketch(it: &Profile) -> Sketch {
    let behaviour = &it.behaviour;
    let interests = &behaviour.interests;
    let named = [&interests.categories, &interests.brands, &interests.hosting_styles];
    let marketing = || it.attributes.consent.iter().filter(|it| it.class == "marketing");
    let said = |state| marketing().any(|it| it.state == state);
    let mut active_by_hour = [0.0; 24];
    for (hour, active) in active_by_hour.iter_mut().zip(&behaviour.rhythm.weekday) {
        *hour = *active;
    }
    Sketch {
        user_id: it.id.clone(),
        interests: named.into_iter().flatten().map(|it| (it.name.clone(), it.weight)).collect(),
        hosts_followed: behaviour.followed_hosts.iter().map(|it| it.id.clone()).collect(),
        active_by_hour,
        price_cents: behaviour.money.average_order.map(|it| (it * 100.0) as u64),
        price_sensitivity: behaviour.price_sensitivity.as_ref().map(|it| it.value),
        consent: match (said(ConsentState::Given), said(ConsentState::Refused)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        },
    }
}

/// A text as one segment of a path (RFC 3986 §2.3).
pub fn escaped(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(byte.into()),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}
