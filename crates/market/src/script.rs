//! The evening as calls of the control API: what is put before it, and the cues as the shows really run, late and
//! with a slot left out.

use crate::chance::{Key, Why};
use crate::cue::{Cue, money};
use crate::instant::{MINUTE, SECOND, rfc3339};
use crate::market::Market;
use crate::show::{Show, Slot};
use serde_json::{Value, json};

/// One show of the evening is late by so many minutes; the others by seconds.
const LATE_MIN: (f64, f64) = (4.0, 9.0);
/// An offer opens so long after its product is pinned.
const TALK: u64 = 50 * SECOND;
/// Every so many slots the host lowers a price half way.
const DROP_EVERY: usize = 4;

/// What a purchase leaves, in percent of its price.
pub const MARGIN_PCT: u64 = 22;
/// What an entry is worth, in yuan.
pub const ENTRY_YUAN: f64 = 0.6;

impl Market {
    /// What is put before the evening: (method, path, body) for products, hosts, rooms, shows and offers, in an
    /// order in which nothing names what is not there yet.
    pub fn setup(&self) -> Vec<(&'static str, String, Value)> {
        let mut calls = Vec::new();
        let mut put = |kind: &str, id: &str, body: Value| {
            calls.push(("PUT", format!("/api/v1/{kind}/{id}"), body));
        };
        let catalogue = &self.setting.catalogue;
        for host in &catalogue.hosts {
            put("hosts", &host.id, json!({"name": host.name, "style": host.style}));
        }
        for room in &catalogue.rooms {
            put("rooms", &room.id, json!({"title": room.title, "host_id": room.host_id}));
        }
        for product in &catalogue.products {
            put("products", &product.id, product.to_json());
        }
        for show in &self.setting.shows {
            put("shows", &show.id, planned(show));
            for slot in show.slots.iter().filter(|it| !it.offer_id.is_empty()) {
                put("offers", &slot.offer_id, offered(show, slot));
            }
        }
        calls
    }

    /// The cues of the evening as it really runs: (Unix ms, path, body) of a `POST`, in time order. Which show is
    /// late and which slot is left out follows from the seed. Levels of stock are not among them: they follow
    /// from what is sold, see [`Market::sales`].
    pub fn script(&self) -> Vec<(u64, String, Value)> {
        let mut calls: Vec<(u64, String, Value)> = Vec::new();
        for (at, show, cue) in self.cues_of_evening() {
            let path = format!("/api/v1/shows/{show}/cues");
            calls.extend(cue.to_posts().into_iter().map(|body| (at, path.clone(), body)));
        }
        calls
    }

    /// The cues of shows that run as they are planned: (Unix ms, show, cue).
    pub fn cues_as_planned(&self) -> Vec<(u64, String, Cue)> {
        let luck = self.key.why(Why::Rundown).and(78);
        let mut cues = Vec::new();
        for (number, show) in self.setting.shows.iter().enumerate() {
            run(show, 0, None, luck.and(number as u64), &mut cues);
        }
        cues.sort_by_key(|it| it.0);
        cues
    }

    /// The same as values: (Unix ms, show, cue).
    pub fn cues_of_evening(&self) -> Vec<(u64, String, Cue)> {
        let luck = self.key.why(Why::Rundown).and(77);
        let shows = &self.setting.shows;
        let (late, leaves_out) = (luck.index(shows.len()), luck.and(1).index(shows.len()));
        let mut cues = Vec::new();
        for (number, show) in shows.iter().enumerate() {
            let luck = luck.and(100 + number as u64);
            let delay = if number == late {
                luck.between(LATE_MIN.0, LATE_MIN.1) * MINUTE as f64
            } else {
                luck.between(0.0, 25.0) * SECOND as f64
            };
            // Neither the first slot nor the last.
            let left_out = (number == leaves_out && show.slots.len() > 2)
                .then(|| 1 + luck.and(1).index(show.slots.len() - 2));
            run(show, delay as u64, left_out, luck, &mut cues);
        }
        cues.sort_by_key(|it| it.0);
        cues
    }
}

fn run(show: &Show, delay: u64, left_out: Option<usize>, luck: Key, cues: &mut Vec<(u64, String, Cue)>) {
    // A late show makes up for it by the end: nothing goes on beyond that.
    let last = show.ends_at;
    let mut cue = |at: u64, what: Cue| cues.push((at.min(last), show.id.clone(), what));
    cue(show.starts_at + delay, Cue::Start);
    for (phase, at) in &show.phases {
        cue(at + delay, Cue::Phase(*phase));
    }
    for (number, slot) in show.slots.iter().enumerate().filter(|it| Some(it.0) != left_out) {
        let luck = luck.and(10 + number as u64);
        let pin = slot.starts_at + delay + luck.between(0.0, 40.0) as u64 * SECOND;
        if pin + TALK >= last {
            continue;
        }
        let ends_at = (slot.offer_ends_at + delay).min(last);
        let offer = |changed, price_cents, stock| Cue::Offer {
            changed,
            offer_id: slot.offer_id.clone(),
            product_id: slot.product_id.clone(),
            price_cents,
            stock,
            ends_at: Some(ends_at),
        };
        cue(pin, Cue::Pin { product_id: slot.product_id.clone() });
        if slot.offer_id.is_empty() {
            continue;
        }
        cue(pin + TALK, offer(false, slot.price_cents, Some(slot.stock)));
        let half = (slot.ends_at - slot.starts_at) / 2;
        if number % DROP_EVERY == DROP_EVERY - 1 && pin + half < ends_at {
            cue(pin + half, offer(true, slot.price_cents * 9 / 10, None));
        }
        cue(ends_at, Cue::OfferEnded { offer_id: slot.offer_id.clone() });
    }
    cue(last, Cue::End);
}

fn planned(show: &Show) -> Value {
    let phases =
        show.phases.iter().map(|(phase, at)| json!({"phase": phase.name(), "starts_at": rfc3339(*at)}));
    let slots = show.slots.iter().map(|it| {
        json!({
            "product_id": it.product_id,
            "starts_at": rfc3339(it.starts_at),
            "ends_at": rfc3339(it.ends_at),
        })
    });
    json!({
        "room_id": show.room_id,
        "host_id": show.host_id,
        "title": show.title,
        "starts_at": rfc3339(show.starts_at),
        "ends_at": rfc3339(show.ends_at),
        "capacity": show.capacity,
        "push_budget": show.push_budget,
        "opens_before_s": 600,
        "phases": phases.collect::<Vec<_>>(),
        "slots": slots.collect::<Vec<_>>(),
        "value": {"enter": ENTRY_YUAN, "margin_pct": MARGIN_PCT},
    })
}

fn offered(show: &Show, slot: &Slot) -> Value {
    json!({
        "show_id": show.id,
        "product_id": slot.product_id,
        "price": money(slot.price_cents),
        "original_price": money(slot.original_cents),
        "stock": slot.stock,
        "opens_at": rfc3339(slot.starts_at),
        "ends_at": rfc3339(slot.offer_ends_at),
    })
}
