//! What the director keeps of each show: its price, and what is on its way to it.

use crate::bytes::{Get, Malformed, Put};
use crate::decide::histogram::Histogram;
use crate::decide::price::Price;
use crate::id::Term;
use crate::limits::SHARDS;
use crate::show::Show;
use crate::stage::{Notice, PRICE_CLOSED, Stage};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// A show's budget, and how it is spent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ShowBook {
    values: Histogram,
    /// Shards whose spread is known, by bit.
    heard: u64,
    price: Option<Price>,
    pushes: u64,
    entries: f64,
    purchases: BTreeMap<Term, f64>,
    /// Up to when pushes were held against the pace.
    paced: Timestamp,
    /// Pushes at that time.
    paced_pushes: u64,
}

/// How often the price follows the pace, in milliseconds.
const PACE_MS: i64 = 60_000;

impl ShowBook {
    /// A shard told how values are spread; once all have, the price is set.
    pub fn spread(&mut self, show: &Show, shard: usize, values: &Histogram) -> Option<Notice> {
        let bit = 1u64 << shard;
        if self.heard & bit != 0 {
            return None;
        }
        self.heard |= bit;
        self.values.merge(values);
        if self.heard != ALL || self.price.is_some() {
            return None;
        }
        let planned = budget(show).unwrap_or(u64::MAX);
        let price = Price::start(&self.values, planned);
        let price_cents = price.lambda();
        self.price = Some(price);
        Some(Notice::Price { show: show.id.term, price_cents })
    }

    /// A shard told what it sent.
    pub fn sent(&mut self, pushes: u64, entries: f64, purchases: &[(Term, f64)]) {
        self.pushes += pushes;
        self.entries += entries;
        for (offer, expected) in purchases {
            *self.purchases.entry(*offer).or_default() += expected;
        }
    }

    /// Lets the price follow the pace, and closes what is spoken for.
    pub fn pace(&mut self, stage: &Stage, show: &Show, now: Timestamp, notices: &mut Vec<Notice>) {
        let term = show.id.term;
        if let (Some(budget), Some(price)) = (budget(show), &mut self.price)
            && now.0 - self.paced.0 >= PACE_MS
        {
            let (opens, closes) = (show.opens().0, show.ends.0);
            let left = |at: i64| (closes - at.clamp(opens, closes)).max(1) as f64;
            let from = self.paced.0.max(opens);
            let to_go = budget.saturating_sub(self.paced_pushes) as f64;
            let target = to_go * (1.0 - left(now.0) / left(from)).clamp(0.0, 1.0);
            let before = price.lambda();
            price.follow(target, (self.pushes - self.paced_pushes) as f64);
            (self.paced, self.paced_pushes) = (now, self.pushes);
            let price_cents = if self.pushes >= budget { PRICE_CLOSED } else { price.lambda() };
            if price_cents != before {
                notices.push(Notice::Price { show: term, price_cents });
            }
        }
        self.close(stage, show, notices);
    }

    /// Closes the room and the offers that are spoken for by what is on its way, or opens them again.
    pub fn close(&self, stage: &Stage, show: &Show, notices: &mut Vec<Notice>) {
        let term = show.id.term;
        let full = show.capacity > 0 && self.entries >= f64::from(show.capacity);
        close(stage, term, None, full, notices);
        for (offer, expected) in &self.purchases {
            let stock = stage.offer(*offer).and_then(|it| it.offer.stock);
            // Half a piece on its way is a piece spoken for.
            let spoken = stock.is_some_and(|left| expected + 0.5 >= f64::from(left));
            close(stage, term, Some(*offer), spoken, notices);
        }
    }

    /// An offer's stock was told anew: what was on its way before is in it or lost.
    pub fn restocked(&mut self, offer: Term) {
        self.purchases.remove(&offer);
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        self.values.encode(out);
        out.put_uint(self.heard);
        out.push(self.price.is_some().into());
        if let Some(price) = &self.price {
            price.encode(out);
        }
        out.put_uint(self.pushes);
        out.extend_from_slice(&self.entries.to_le_bytes());
        out.put_uint(self.purchases.len() as u64);
        for (offer, expected) in &self.purchases {
            out.put_uint(offer.0.into());
            out.extend_from_slice(&expected.to_le_bytes());
        }
        out.put_int(self.paced.0);
        out.put_uint(self.paced_pushes);
    }

    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (values, heard) = (Histogram::decode(get)?, get.uint("shards heard")?);
        let price = if get.u8("price flag")? != 0 { Some(Price::decode(get)?) } else { None };
        let pushes = get.uint("pushes")?;
        let entries = f64::from_le_bytes(get.array("entries")?);
        let mut purchases = BTreeMap::new();
        for _ in 0..get.len("offers")? {
            purchases.insert(Term(get.u32("offer")?), f64::from_le_bytes(get.array("purchases")?));
        }
        let (paced, paced_pushes) = (Timestamp(get.int("pace")?), get.uint("pace")?);
        Ok(ShowBook { values, heard, price, pushes, entries, purchases, paced, paced_pushes })
    }
}

const ALL: u64 = u64::MAX;
const _: () = assert!(SHARDS == 64, "a bit a shard");

/// Pushes that may be sent for a show in all, if that is bounded.
fn budget(show: &Show) -> Option<u64> {
    (show.push_budget > 0).then_some(show.push_budget)
}

fn close(stage: &Stage, show: Term, offer: Option<Term>, closed: bool, notices: &mut Vec<Notice>) {
    if stage.is_closed(show, offer) != closed {
        notices.push(Notice::Closed { show, offer, closed });
    }
}
