//! What a room page shows of its show: how it stands, and its products with prices that are true now.
//!
//! The page's first state and every change that the live feed tells are made here, so that they cannot disagree. Prices
//! come written, as the words of a push write them.

use super::limits::{COMING_MAX, GOODS_MAX};
use beckon_copy::{Currency, Money};
use beckon_core::director::Director;
use beckon_core::director::catalogue::{Catalogue, Host, Product};
use beckon_core::id::Term;
use beckon_core::stage::{OnShow, Stage};
use beckon_core::time::Timestamp;
use beckon_wire::shape::show::State;
use serde::Serialize;
use std::sync::Arc;

/// Of products that do not say otherwise.
const CURRENCY_DEFAULT: &str = "CNY";

/// How a show stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Live {
    /// Where it is in its life.
    pub state: State,
    /// What the shoppers call it.
    pub title: String,
    /// The phase it is in, while it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'static str>,
    /// When it starts, or started; milliseconds since the epoch, as all times here.
    pub starts_at: i64,
    /// When it is over.
    pub ends_at: i64,
    /// The product on show, while it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// A cue has pinned it; else it is on by plan.
    pub pinned: bool,
    /// The slot after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// Pages that follow the show.
    pub viewers: usize,
    /// Shows to come, once this one is over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coming: Vec<Coming>,
}

/// The slot that comes next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Next {
    id: String,
    at: i64,
}

/// A show to come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coming {
    show: String,
    title: String,
    host: String,
    starts_at: i64,
}

/// A product of the show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Good {
    /// Its id.
    pub id: String,
    /// What the shoppers call it.
    pub title: String,
    /// URL of its picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// ISO 4217 code.
    pub currency: String,
    /// What it costs now, written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<f64>,
    /// What it cost before, where that was more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved: Option<String>,
    /// Pieces left, where somebody counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<i64>,
    /// The host said that it runs low.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub low: bool,
    /// When it is shown, by the plan as it has moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

/// All that a page shows of its show, and when the clock alone next changes some of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// How it stands.
    pub live: Live,
    /// Its products, by term.
    pub goods: Vec<(Term, Good)>,
    /// When to look again though nothing happens.
    pub until: Option<Timestamp>,
}

/// The show as a page shows it at `now`; `None` if there is no such show.
pub fn picture(director: &Director, show: Term, viewers: usize, now: Timestamp) -> Option<Picture> {
    let (stage, catalogue) = (director.stage(), director.catalogue());
    let on = stage.show(show)?;
    let live = live(stage, catalogue, on, viewers, now);
    let mut terms: Vec<Term> = on.show.slots.iter().map(|it| it.item.product.term).collect();
    terms.extend(on.pinned.map(|it| it.0));
    terms.extend(stage.offers_in(show).map(|it| it.1.offer.product.term));
    terms.sort();
    terms.dedup();
    let known = terms.into_iter().filter_map(|term| Some((term, catalogue.product(term)?)));
    let goods = known.take(GOODS_MAX).map(|(term, it)| (term, good(stage, on, it, now))).collect();
    Some(Picture { live, goods, until: until(stage, on, now) })
}

/// What the shoppers call a host.
pub fn host_name(host: Option<&Arc<Host>>, on: &OnShow) -> String {
    let name = host.map(|it| it.name.to_string()).filter(|it| !it.is_empty());
    name.unwrap_or_else(|| on.show.host.text.to_string())
}

fn live(stage: &Stage, catalogue: &Catalogue, on: &OnShow, viewers: usize, now: Timestamp) -> Live {
    let state = State::of(on, now);
    let is_on = state == State::OnAir;
    let delay = on.delay_ms();
    let slot = on.slot_at(now).filter(|_| is_on);
    let shown = on.pinned.filter(|_| is_on).map(|it| it.0).or(slot.map(|it| it.item.product.term));
    let next = on.show.slots.iter().find(|it| it.at.0 + delay > now.0 && Some(it.item.product.term) != shown);
    let product = |term: Term| catalogue.product(term).map(|it| it.id.text.to_string());
    Live {
        state,
        title: on.show.title.to_string(),
        phase: is_on.then(|| on.phase_at(now).word()),
        starts_at: on.started.unwrap_or(on.show.starts).0,
        ends_at: on.closes().0,
        shown: shown.and_then(product),
        pinned: is_on && on.pinned.is_some(),
        next: next
            .filter(|_| is_on)
            .and_then(|it| Some(Next { id: product(it.item.product.term)?, at: it.at.0 + delay })),
        viewers,
        coming: if state == State::Over { coming(stage, catalogue, on, now) } else { Vec::new() },
    }
}

/// What comes after a show: the next ones of its room or its host, those on air first.
fn coming(stage: &Stage, catalogue: &Catalogue, over: &OnShow, now: Timestamp) -> Vec<Coming> {
    let show = &over.show;
    let near = |it: &OnShow| it.show.room.term == show.room.term || it.show.host.term == show.host.term;
    let open = |it: &OnShow| matches!(State::of(it, now), State::Planned | State::Late | State::OnAir);
    let others = stage.shows().filter(|(term, it)| *term != show.id.term && near(it) && open(it));
    let mut others: Vec<&OnShow> = others.map(|it| it.1).collect();
    others.sort_by_key(|it| (it.show.starts, it.show.id.term));
    let coming = |it: &OnShow| Coming {
        show: it.show.id.text.to_string(),
        title: it.show.title.to_string(),
        host: host_name(catalogue.host(it.show.host.term), it),
        starts_at: it.started.unwrap_or(it.show.starts).0,
    };
    others.into_iter().take(COMING_MAX).map(coming).collect()
}

/// A product as it can be had in a show at `now`.
pub fn good(stage: &Stage, on: &OnShow, product: &Product, now: Timestamp) -> Good {
    let term = product.id.term;
    let show = on.show.id.term;
    let open = stage.offer_of(show, term, now).map(|it| it.1);
    // What was sold out a moment ago is still spoken of.
    let gone = || {
        let of_product = stage.offers_in(show).map(|it| it.1).filter(|it| it.offer.product.term == term);
        of_product
            .filter(|it| it.offer.stock == Some(0) && !it.ended && now < it.offer.ends)
            .min_by_key(|it| it.offer.price_cents)
    };
    // An offer holds as long as its show, also where that ends before its time.
    let offer = open.or_else(gone).filter(|_| State::of(on, now) != State::Over);
    let code = if product.currency.is_empty() { CURRENCY_DEFAULT } else { &*product.currency };
    let written = |cents: u64| {
        let money = Currency::of(code).map(|currency| Money { cents, currency });
        money.filter(|_| cents > 0).map(|it| it.written(true))
    };
    let cents = offer.map_or(product.price_cents, |it| it.offer.price_cents);
    let before = match offer.map(|it| it.offer.original_cents) {
        Some(before) if before > 0 => before,
        Some(_) => product.price_cents,
        None => product.list_price_cents,
    };
    let was = Some(before).filter(|it| cents > 0 && *it > cents);
    let slot = on.show.slot_of(term);
    let moved = |at: Timestamp| at.0 + on.delay_ms();
    Good {
        id: product.id.text.to_string(),
        title: if product.title.is_empty() { product.id.text.to_string() } else { product.title.to_string() },
        image: product.image.to_string(),
        currency: code.to_owned(),
        price: written(cents),
        amount: (cents > 0).then_some(cents as f64 / 100.0),
        was: was.and_then(written),
        saved: was.and_then(|it| written(it - cents)),
        stock: offer.and_then(|it| it.offer.stock),
        offer: offer.map(|it| it.offer.id.text.to_string()),
        ends_at: offer.map(|it| it.offer.ends.0),
        low: offer.is_some_and(|it| it.low),
        at: slot.map(|it| moved(it.at)),
        until: slot.map(|it| moved(it.until)),
    }
}

/// The next instant after `now` at which something changes by itself.
fn until(stage: &Stage, on: &OnShow, now: Timestamp) -> Option<Timestamp> {
    if on.ended.is_some() {
        return None;
    }
    let delay = on.delay_ms();
    let planned = |at: Timestamp| Timestamp(at.0 + delay);
    let mut times = vec![on.show.starts, on.closes()];
    times.extend(on.show.phases.iter().map(|it| planned(it.at)));
    times.extend(on.show.slots.iter().flat_map(|it| [planned(it.at), planned(it.until)]));
    times.extend(stage.offers_in(on.show.id.term).flat_map(|(_, it)| [it.offer.opens, it.offer.ends]));
    times.into_iter().filter(|it| *it > now).min()
}
