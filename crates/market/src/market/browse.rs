//! What shoppers do of themselves: take up the phone, open the app, look at things, come upon a show.

use super::{Act, Market, WORLDS, World};
use crate::chance::{Key, Why};
use crate::cue::money;
use crate::instant::SECOND;
use crate::limits::BROWSE_CHOICES;
use crate::phone::Network;
use serde_json::{Map, Value, json};

/// How much a show must draw a shopper who comes upon it in the app, in standard deviations of the moment's whim.
const WALK_IN: f64 = 3.35;
/// What a pushed reminder that was read but not tapped takes off that.
const REMINDED: f64 = 0.35;
/// What one who was in the show already adds to it.
const SEEN_IT: f64 = 0.5;
/// How much a thing must please to be put into the cart while browsing, and to be bought at once.
const CART_AT: f64 = 1.45;
const ORDER_AT: f64 = 2.0;

/// Properties of an event, from a JSON object.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What came of looking at a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub product: usize,
    pub carted: bool,
    pub ordered: bool,
}

impl Market {
    pub(super) fn up(&mut self, now: u64, who: u32) {
        let hand = &mut self.hands[who as usize];
        let episode = hand.episode;
        hand.lit = true;
        hand.network = episode.network;
        self.tell_state(now, who, true);
        if let Some((open, close)) = episode.app {
            self.due(open, who, Act::Open);
            for (number, at) in episode.looks() {
                self.due(at, who, Act::Look(number));
            }
            self.due(close, who, Act::Close);
        }
        self.due(episode.down, who, Act::Down);
        self.glance(now, who);
    }

    pub(super) fn open(&mut self, now: u64, who: u32) {
        self.hands[who as usize].in_app = true;
        if !self.is_away(who) {
            self.say(now, who, "Application Opened", Map::new());
        }
    }

    pub(super) fn close(&mut self, now: u64, who: u32) {
        self.hands[who as usize].in_app = false;
        if !self.is_away(who) {
            self.say(now, who, "Application Backgrounded", Map::new());
        }
    }

    pub(super) fn down(&mut self, now: u64, who: u32) {
        self.hands[who as usize].lit = false;
        if self.lives[who as usize].visit.is_none() {
            self.tell_state(now, who, false);
        }
        let next = self.shoppers[who as usize].episode(self.hands[who as usize].episode.number + 1, now);
        self.hands[who as usize].episode = next;
        self.due(next.up, who, Act::Up);
    }

    /// In a room, where the app is open anyway, or without the app.
    fn is_away(&self, who: u32) -> bool {
        let life = &self.lives[who as usize];
        life.visit.is_some() || life.gone
    }

    /// What apps tell from the background, on the phones that let them.
    pub(super) fn tell_state(&mut self, now: u64, who: u32, online: bool) {
        let episode = self.hands[who as usize].episode;
        let tells = self.shoppers[who as usize].tells_state;
        if !tells || self.lives[who as usize].gone || episode.network == Network::Offline {
            return;
        }
        let properties = if online {
            json!({
                "online": true,
                "app_state": "background",
                "network": episode.network.name(),
                "battery_level": (episode.battery * 100.0).floor() / 100.0,
                "charging": false,
                "place": episode.place.name(),
            })
        } else {
            json!({"online": false})
        };
        self.say(now, who, "Device State Changed", object(properties));
    }

    pub(super) fn look(&mut self, now: u64, who: u32, number: u32) {
        let episode = self.hands[who as usize].episode.number;
        let luck = self.shoppers[who as usize].luck(Why::Walk).and(u64::from(episode)).and(u64::from(number));
        for world in WORLDS {
            let Some(life) = self.life(who, world) else { continue };
            if life.gone || life.visit.is_some() {
                continue;
            }
            let (reminded, seen) = (life.reminded, life.seen);
            let drawn_in = (0..self.running.len()).find(|show| {
                let bit = 1u64 << show;
                let seen = if seen & bit != 0 { SEEN_IT } else { 0.0 };
                let reminded = if reminded & bit != 0 { REMINDED } else { 0.0 };
                self.running[*show].live
                    && self.appeal(who, *show, None) + luck.and(*show as u64).normal()
                        > WALK_IN + seen - reminded
            });
            if let Some(show) = drawn_in {
                self.enter(now, who, world, show, None);
            }
        }
        if !self.is_away(who) {
            let luck =
                self.shoppers[who as usize].luck(Why::Browse).and(u64::from(episode)).and(u64::from(number));
            let found = self.find(who, luck);
            self.say(now, who, "Product Viewed", self.product_of(found.product));
            if found.carted {
                self.due(now + 9 * SECOND, who, Act::Cart(found.product as u32));
            }
            if found.ordered {
                self.due(now + 40 * SECOND, who, Act::Order(found.product as u32));
            }
        }
    }

    pub(super) fn cart(&mut self, now: u64, who: u32, product: u32) {
        self.say(now, who, "Product Added", self.carted(product as usize));
    }

    /// An order outside of the shows, at the usual price.
    pub(super) fn order_aside(&mut self, now: u64, who: u32, product: u32) {
        let order = self.order_id(who);
        let price = self.setting.catalogue.products[product as usize].price_cents;
        let properties = self.order(&order, product as usize, price);
        self.say(now, who, "Order Completed", properties);
    }

    /// What a shopper stops at when browsing: the best of a few things that come along.
    pub(crate) fn find(&self, who: u32, luck: Key) -> Found {
        let products = self.setting.catalogue.products.len();
        let best = (0..BROWSE_CHOICES)
            .map(|it| {
                let product = luck.and(1).and(it).index(products);
                (self.liking(who, product) + 0.3 * luck.and(2).and(it).normal(), product)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let product = best.map_or(0, |it| it.1);
        let wish = self.wish(who, product, self.setting.catalogue.products[product].price_cents)
            + 0.6 * luck.and(3).normal();
        Found { product, carted: wish > CART_AT, ordered: wish > ORDER_AT }
    }

    pub(super) fn order_id(&mut self, who: u32) -> String {
        let hand = &mut self.hands[who as usize];
        hand.orders += 1;
        format!("o-{:08x}-{who:x}-{}", self.run, hand.orders)
    }

    /// The properties of an event about a product.
    pub(crate) fn product_of(&self, product: usize) -> Map<String, Value> {
        let product = &self.setting.catalogue.products[product];
        object(json!({
            "product_id": product.id,
            "name": product.title,
            "category": product.category,
            "brand": product.brand,
            "price": money(product.price_cents),
            "currency": "CNY",
        }))
    }

    pub(crate) fn carted(&self, product: usize) -> Map<String, Value> {
        let mut properties = self.product_of(product);
        properties.insert("quantity".into(), json!(1));
        properties
    }

    pub(crate) fn order(&self, order_id: &str, product: usize, price_cents: u64) -> Map<String, Value> {
        let list_price = self.setting.catalogue.products[product].price_cents;
        let mut line = self.product_of(product);
        line.insert("price".into(), money(price_cents));
        line.insert("list_price".into(), money(list_price));
        line.insert("quantity".into(), json!(1));
        object(json!({
            "order_id": order_id,
            "total": money(price_cents),
            "currency": "CNY",
            "products": [line],
        }))
    }

    pub(super) fn is_inside(&self, who: u32, world: World, visit: u32) -> Option<usize> {
        let life = match world {
            World::Real => self.lives.get(who as usize),
            World::Without => self.twins.get(&who),
        };
        life?.visit.filter(|it| it.number == visit).map(|it| it.show)
    }
}
