//! In the room: how long shoppers stay, what makes them buy, and what is left in stock for the others.

use super::browse::object;
use super::{Act, Market, Visit, WORLDS, World};
use crate::chance::Why;
use crate::cue::{Cue, money};
use crate::instant::SECOND;
use beckon_core::decay::{exp2, log2};
use serde_json::{Map, Value, json};

/// How much a thing must please to be bought in the room.
const BUY_AT: f64 = 1.45;
/// Less than that by so much, and it is only put into the cart.
const HESITATE: f64 = 0.35;
/// Still less, and its page is opened.
const CURIOUS: f64 = 0.9;
/// Middle stay, for a show that leaves a shopper cold, and doublings of it for one that does not.
const STAY_S: f64 = 110.0;
const STAY_DOUBLINGS: f64 = 1.1;
/// A stir (a like, a comment) is thought of once in so many seconds.
const STIR_EVERY: u64 = 75 * SECOND;
/// Share of the first stock at which it runs low.
const LOW_SHARE: u32 = 5;
/// Levels of stock that are told on the way.
const STOCK_LEVELS: u32 = 10;

impl Market {
    pub(super) fn enter(&mut self, now: u64, who: u32, world: World, show: usize, by: Option<u32>) {
        if !self.running[show].live {
            return;
        }
        let Some(life) = self.life(who, world) else { return };
        if life.gone || life.visit.is_some_and(|it| it.show == show) {
            return;
        }
        if let Some(other) = life.visit {
            self.leave(now, who, world, other.number);
        }
        let appeal = self.appeal(who, show, None);
        let shopper = &self.shoppers[who as usize];
        // The worlds may count their visits differently; how often the phone was taken up they agree on.
        let times_up = u64::from(self.hands[who as usize].episode.number);
        let luck = shopper.luck(Why::Stay).and(show as u64).and(times_up);
        let of = self.of(who, world);
        let Some(life) = self.life(who, world) else { return };
        life.visits += 1;
        let number = life.visits;
        life.visit = Some(Visit { show, number, since: now, by });
        life.seen |= 1 << show;
        let outcome = &mut life.outcomes[show];
        outcome.entered_at.get_or_insert(now);
        outcome.entries += 1;
        let stay_s = luck.weibull(0.75, STAY_S * exp2(STAY_DOUBLINGS * appeal));
        self.due(now + (stay_s as u64).clamp(3, 7_200) * SECOND, who, Act::Leave { of, visit: number });
        if let Some(product) = self.running[show].pinned {
            self.due(now + 15 * SECOND, who, Act::Weigh { of, visit: number, product: product as u32 });
        }
        if world == World::Real {
            let tally = &mut self.tallies[show];
            tally.entries += 1;
            tally.entries_by_push += u64::from(by.is_some());
            tally.inside += 1;
            tally.inside_max = tally.inside_max.max(tally.inside);
            if by.is_some() && !self.hands[who as usize].in_app {
                self.say(now, who, "Application Opened", Map::new());
            }
            let properties = self.of_room(show, by);
            self.say(now, who, "Live Room Entered", properties);
            self.due(now + STIR_EVERY, who, Act::Stir { visit: number, round: 1 });
        }
    }

    fn of_room(&self, show: usize, by: Option<u32>) -> Map<String, Value> {
        let plan = &self.setting.shows[show];
        let mut properties =
            object(json!({"show_id": plan.id, "room_id": plan.room_id, "host_id": plan.host_id}));
        if let Some(by) = by {
            properties.insert("message_id".into(), json!(self.pushes[by as usize].message_id));
        }
        properties
    }

    pub(super) fn leave(&mut self, now: u64, who: u32, world: World, visit: u32) {
        let Some(show) = self.is_inside(who, world, visit) else { return };
        let Some(life) = self.life(who, world) else { return };
        let Some(visit) = life.visit.take() else { return };
        let stay = now - visit.since;
        life.outcomes[show].stay_ms += stay;
        if world == World::Real {
            self.tallies[show].inside -= 1;
            let mut properties = self.of_room(show, visit.by);
            properties.insert("dwell_seconds".into(), json!(stay / SECOND));
            self.say(now, who, "Live Room Left", properties);
            let hand = &self.hands[who as usize];
            let (in_app, lit) = (hand.in_app, hand.lit);
            if !in_app {
                self.say(now, who, "Application Backgrounded", Map::new());
            }
            if !lit {
                self.tell_state(now, who, false);
            }
        }
    }

    /// Those in the room of a show look at a product anew: it is pinned, or its offer opens or changes.
    pub(super) fn wake_room(&mut self, now: u64, show: usize, product: usize) {
        for who in 0..self.shoppers.len() as u32 {
            for world in WORLDS {
                let Some(visit) = self.visit_in(who, world, show) else { continue };
                let luck = self.shoppers[who as usize].luck(Why::Stay).and(now).and(product as u64);
                let at = now + luck.between(4.0, 70.0) as u64 * SECOND;
                self.due(at, who, Act::Weigh { of: self.of(who, world), visit, product: product as u32 });
            }
        }
    }

    /// The show is over: all leave, some at once.
    pub(super) fn empty_room(&mut self, now: u64, show: usize) {
        for who in 0..self.shoppers.len() as u32 {
            for world in WORLDS {
                let Some(visit) = self.visit_in(who, world, show) else { continue };
                let luck = self.shoppers[who as usize].luck(Why::Stay).and(now);
                let at = now + luck.between(0.0, 25.0) as u64 * SECOND;
                self.due(at, who, Act::Leave { of: self.of(who, world), visit });
            }
        }
    }

    fn visit_in(&mut self, who: u32, world: World, show: usize) -> Option<u32> {
        self.life(who, world)?.visit.filter(|it| it.show == show).map(|it| it.number)
    }

    /// How much a shopper wants a thing at a price, before the moment's whim: liking, a reduction that is felt only
    /// beyond a threshold, and a price that fits within a band.
    pub(crate) fn wish(&self, who: u32, product: usize, price_cents: u64) -> f64 {
        let shopper = &self.shoppers[who as usize];
        let list = self.setting.catalogue.products[product].price_cents.max(1) as f64;
        let reduction = 1.0 - price_cents as f64 / list;
        let pull = if reduction >= shopper.reduction_min { 0.25 + 0.7 * shopper.thrift } else { 0.0 };
        let off = (log2(price_cents.max(1) as f64) - shopper.price_log2).abs() - shopper.price_band;
        0.95 * self.liking(who, product) + pull + 0.18 * shopper.impulse - 0.35 * off.max(0.0)
    }

    pub(super) fn weigh(&mut self, now: u64, who: u32, world: World, visit: u32, product: u32) {
        let Some(show) = self.is_inside(who, world, visit) else { return };
        if self.life(who, world).is_none_or(|it| it.taken.contains(&product)) {
            return;
        }
        let offer = self.running[show].offer_of(product as usize).map(|it| it.1);
        let has_offer = offer.is_some();
        let listed = self.setting.catalogue.products[product as usize].price_cents;
        let price = offer.map_or(listed, |it| it.price_cents);
        let luck = self.shoppers[who as usize].luck(Why::Buy).and(u64::from(product));
        let hurry = offer.is_some_and(|it| it.stock * LOW_SHARE <= it.stock_first);
        let wish = self.wish(who, product as usize, price)
            + 0.6 * luck.normal()
            + if has_offer { 0.0 } else { -0.4 }
            + if hurry { 0.15 } else { 0.0 };
        let by = self.life(who, world).and_then(|it| it.visit).and_then(|it| it.by);
        if world == World::Real && wish > BUY_AT - CURIOUS {
            let mut properties = self.product_of(product as usize);
            properties.append(&mut self.of_room(show, by));
            self.say(now, who, "Product Viewed", properties.clone());
            if wish > BUY_AT - HESITATE {
                properties.insert("price".into(), money(price));
                properties.insert("quantity".into(), json!(1));
                self.say(now, who, "Product Added", properties);
            }
        }
        if wish > BUY_AT {
            if let Some(life) = self.life(who, world) {
                life.taken.push(product);
            }
            let at = now + luck.and(1).between(12.0, 120.0) as u64 * SECOND;
            self.due(at, who, Act::Pay { of: self.of(who, world), show: show as u32, product });
        }
    }

    pub(super) fn pay(&mut self, now: u64, who: u32, world: World, show: u32, product: u32) {
        let at_show = show as usize;
        let offer = self.running[at_show].offer_of(product as usize);
        let offer = offer.map(|(id, it)| (id.to_owned(), it.price_cents, it.stock));
        // Wanted at the offer's price or not at all; what has no offer is sold at its own.
        let planned = self.running[at_show].offers.values().any(|it| it.product == product as usize);
        let price = match &offer {
            Some((_, _, 0)) => return,
            Some((_, price, _)) => *price,
            None if planned => return,
            None => self.setting.catalogue.products[product as usize].price_cents,
        };
        let Some(life) = self.life(who, world).filter(|it| !it.gone) else { return };
        let outcome = &mut life.outcomes[at_show];
        outcome.ordered_at.get_or_insert(now);
        outcome.orders += 1;
        outcome.paid_cents += price;
        if world == World::Without {
            return;
        }
        let by = life.visit.and_then(|it| it.by);
        self.tallies[at_show].orders += 1;
        self.tallies[at_show].paid_cents += price;
        let order = self.order_id(who);
        let mut properties = self.order(&order, product as usize, price);
        properties.append(&mut self.of_room(at_show, by));
        self.say(now, who, "Order Completed", properties);
        if let Some((id, _, _)) = offer {
            self.take_one(now, at_show, &id);
        }
    }

    fn take_one(&mut self, now: u64, show: usize, offer_id: &str) {
        let Some(offer) = self.running[show].offers.get_mut(offer_id) else { return };
        offer.stock = offer.stock.saturating_sub(1);
        let (stock, first) = (offer.stock, offer.stock_first);
        let is_low = stock > 0 && !offer.told_low && stock * LOW_SHARE <= first;
        offer.told_low |= is_low;
        let offer_id = || offer_id.to_owned();
        let mut cues = Vec::new();
        if is_low {
            cues.push(Cue::OfferLow { offer_id: offer_id(), stock });
        } else if stock == 0 || stock.is_multiple_of((first / STOCK_LEVELS).max(1)) {
            cues.push(Cue::Stock { offer_id: offer_id(), stock });
        }
        if stock == 0 {
            offer.open = false;
            cues.push(Cue::OfferEnded { offer_id: offer_id() });
        }
        let path = format!("/api/v1/shows/{}/cues", self.setting.shows[show].id);
        for cue in cues {
            self.sales.extend(cue.to_posts().into_iter().map(|body| (now, path.clone(), body)));
        }
    }

    pub(super) fn stir(&mut self, now: u64, who: u32, visit: u32, round: u32) {
        let Some(show) = self.is_inside(who, World::Real, visit) else { return };
        let luck = self.shoppers[who as usize].luck(Why::Stay).and(u64::from(visit)).and(u64::from(round));
        let warmth = self.appeal(who, show, None) + luck.normal();
        let name = match luck.and(1).unit() {
            it if it < 0.66 => "Live Liked",
            it if it < 0.9 => "Live Commented",
            it if it < 0.95 => "Live Shared",
            _ => "Live Followed",
        };
        if warmth > 1.9 {
            let properties = self.of_room(show, None);
            self.say(now, who, name, properties);
        }
        self.due(now + STIR_EVERY, who, Act::Stir { visit, round: round + 1 });
    }
}
