//! The days before: thin and uneven, as logs are. It is made of the same shoppers as the evening, so what it shows
//! of rhythm and taste holds later.

use crate::catalogue::Product;
use crate::chance::{Key, Why};
use crate::event::Event;
use crate::instant::{DAY, MINUTE, SECOND, ZONE, day_of, is_weekend};
use crate::limits::{HISTORY_DAYS, HISTORY_EVENTS_MAX};
use crate::market::{Market, object};
use crate::phone::Network;
use crate::rhythm::{intensity, place};
use crate::taste::dot;
use serde_json::{Map, Value, json};

/// Sessions in the days before, for a shopper of middle fondness (Weibull scale).
const SESSIONS: f64 = 1.15;
/// Things looked at in a session (Weibull scale).
const LOOKS: f64 = 2.2;
/// Draws of a time of day before the last is taken.
const HOUR_TRIES: u64 = 24;
/// The busiest that a shopper can be, against an average hour.
const BUSIEST: f64 = 3.4;

#[derive(Debug, Clone, Copy)]
enum Past {
    Is,
    Opened,
    State(Network),
    Viewed(usize),
    Added(usize),
    Ordered(usize),
    Entered(usize),
    Left(usize, u64),
    Followed(usize),
    Booked(usize),
    Backgrounded,
}

impl Market {
    /// What shoppers did in the nine days before the start, in time order: who they are, and about eight things
    /// that each did. The same at each call.
    pub fn history(&mut self) -> impl Iterator<Item = Event> + use<'_> {
        let market = &*self;
        let mut all: Vec<(u64, u32, u32, Past)> = Vec::new();
        let mut own: Vec<(u64, Past)> = Vec::new();
        for who in 0..market.shoppers.len() as u32 {
            own.clear();
            market.days_of(who, &mut own);
            own.sort_by_key(|it| it.0);
            own.truncate(HISTORY_EVENTS_MAX);
            all.extend(own.iter().enumerate().map(|(said, (at, past))| (*at, who, said as u32, *past)));
        }
        all.sort_unstable_by_key(|it| (it.0, it.1, it.2));
        all.into_iter().map(|(at, who, said, past)| market.tell(at, who, said, past))
    }

    fn days_of(&self, who: u32, own: &mut Vec<(u64, Past)>) {
        let shopper = &self.shoppers[who as usize];
        let luck = shopper.luck(Why::History);
        let begin = self.start.saturating_sub(HISTORY_DAYS * DAY);
        own.push((begin + u64::from(who), Past::Is));
        let sessions = luck.weibull(0.9, SESSIONS * (0.5 + 5.0 * shopper.fondness)) + 0.6;
        for session in 0..sessions as u64 {
            let luck = luck.and(session);
            self.session(who, luck, self.time_of(who, begin, luck.and(1)), own);
        }
        for (at, host) in shopper.hosts.iter().enumerate() {
            let luck = luck.and(500 + at as u64);
            let at = self.time_of(who, begin, luck);
            let stay = luck.and(1).weibull(0.75, 240.0) as u64 + 10;
            own.push((at, Past::Entered(*host)));
            own.push((at + 8 * SECOND, Past::Followed(*host)));
            own.push((at + stay * SECOND, Past::Left(*host, stay)));
        }
        for (show, plan) in self.setting.shows.iter().enumerate() {
            let luck = luck.and(600 + show as u64);
            let host = self.setting.catalogue.host(&plan.host_id);
            let follows = host.is_some_and(|it| shopper.hosts.contains(&it));
            let drawn = dot(&shopper.taste, &self.show_taste[show]) + if follows { 0.7 } else { 0.0 };
            if drawn + luck.normal() > 2.75 {
                own.push((self.time_of(who, self.start.saturating_sub(2 * DAY), luck), Past::Booked(show)));
            }
        }
        own.retain(|it| it.0 < self.start);
    }

    /// A time between `begin` and the start at which this shopper is likely to be busy with the phone.
    fn time_of(&self, who: u32, begin: u64, luck: Key) -> u64 {
        let shopper = &self.shoppers[who as usize];
        let span = self.start - begin;
        let mut at = begin;
        for attempt in 0..HOUR_TRIES {
            let luck = luck.and(attempt);
            at = begin + (luck.unit() * span as f64) as u64;
            let weekend = if is_weekend(day_of(at)) { 1.0 } else { 0.85 };
            if luck.and(1).unit() * BUSIEST < weekend * intensity(shopper.habit, shopper.shift_min, at) {
                break;
            }
        }
        at
    }

    fn session(&self, who: u32, luck: Key, begin: u64, own: &mut Vec<(u64, Past)>) {
        let shopper = &self.shoppers[who as usize];
        own.push((begin, Past::Opened));
        if luck.and(2).happens(0.3) {
            let home = [Network::Wifi, Network::Fifth, Network::Fourth];
            own.push((begin + SECOND, Past::State(home[luck.and(3).weighted(&[0.6, 0.25, 0.15])])));
        }
        let mut at = begin;
        for look in 0..1 + luck.and(4).weibull(0.8, LOOKS) as u64 {
            let luck = luck.and(100 + look);
            at += (6.0 + luck.weibull(0.9, 40.0)) as u64 * SECOND;
            let found = self.find(who, luck);
            own.push((at, Past::Viewed(found.product)));
            if found.carted {
                own.push((at + 9 * SECOND, Past::Added(found.product)));
            }
            if found.ordered {
                own.push((at + 40 * SECOND, Past::Ordered(found.product)));
            }
        }
        let hosts = &self.space.hosts;
        if !hosts.is_empty() && luck.and(5).happens(0.12) {
            let host = luck.and(6).index(hosts.len());
            if dot(&shopper.taste, &hosts[host]) + 0.5 * luck.and(7).normal() > 0.3 {
                let stay = luck.and(8).weibull(0.75, 150.0) as u64 + 5;
                own.push((at + 5 * SECOND, Past::Entered(host)));
                at += (5 + stay) * SECOND;
                own.push((at, Past::Left(host, stay)));
            }
        }
        own.push((at + MINUTE, Past::Backgrounded));
    }

    fn tell(&self, at: u64, who: u32, said: u32, past: Past) -> Event {
        let (name, properties) = match past {
            Past::Is => ("", self.traits(who)),
            Past::Opened => ("Application Opened", Map::new()),
            Past::Backgrounded => ("Application Backgrounded", Map::new()),
            Past::State(network) => ("Device State Changed", self.state(who, at, network)),
            Past::Viewed(product) => ("Product Viewed", self.product_of(product)),
            Past::Added(product) => ("Product Added", self.carted(product)),
            Past::Ordered(product) => {
                let price = self.setting.catalogue.products[product].price_cents;
                let id = format!("o-h-{:08x}-{who:x}-{said:x}", self.run());
                // Some found it reduced: that is how price sensitivity shows.
                let shopper = &self.shoppers[who as usize];
                let reduced = shopper.luck(Why::History).and(at).happens(0.15 + 0.7 * shopper.thrift);
                let price = if reduced { price * 17 / 20 } else { price };
                ("Order Completed", self.order(&id, product, price))
            }
            Past::Entered(host) => ("Live Room Entered", self.earlier_show(host, at)),
            Past::Left(host, stay) => {
                let mut properties = self.earlier_show(host, at - stay * SECOND);
                properties.insert("dwell_seconds".into(), json!(stay));
                ("Live Room Left", properties)
            }
            Past::Followed(host) => ("Live Followed", self.earlier_show(host, at)),
            Past::Booked(show) => ("Live Reminder Booked", {
                let plan = &self.setting.shows[show];
                object(json!({"show_id": plan.id, "room_id": plan.room_id, "host_id": plan.host_id}))
            }),
        };
        let mut event = self.remember(at, who, said, name);
        event.properties = properties;
        event
    }

    fn earlier_show(&self, host: usize, at: u64) -> Map<String, Value> {
        let host = &self.setting.catalogue.hosts[host];
        let room = self.setting.catalogue.rooms.iter().find(|it| it.host_id == host.id);
        let room = room.map_or_else(|| format!("room-of-{}", host.id), |it| it.id.clone());
        object(json!({
            "show_id": format!("earlier-{}-{}", day_of(at), host.id),
            "room_id": room,
            "host_id": host.id,
            "style": host.style,
        }))
    }

    fn state(&self, who: u32, at: u64, network: Network) -> Map<String, Value> {
        let shopper = &self.shoppers[who as usize];
        let place = place(shopper.luck(Why::Day), shopper.habit, shopper.shift_min, at);
        let battery = shopper.luck(Why::History).and(at).between(0.2, 1.0);
        object(json!({
            "online": true,
            "app_state": "foreground",
            "network": network.name(),
            "battery_level": (battery * 100.0).floor() / 100.0,
            "charging": false,
            "place": place.name(),
        }))
    }

    fn traits(&self, who: u32) -> Map<String, Value> {
        let shopper = &self.shoppers[who as usize];
        let mut traits = object(json!({
            "birth_year": shopper.birth_year,
            "gender": if shopper.female { "female" } else { "male" },
            "region": shopper.region,
            "city_tier": shopper.city_tier,
            "spending_power": shopper.spending_power,
            "language": shopper.device.locale,
            "timezone": ZONE,
        }));
        if let Some(granted) = shopper.consent {
            traits.insert("consent".into(), json!({"marketing": granted, "service": true}));
        }
        traits
    }
}

impl Product {
    /// The body of its `PUT`.
    pub fn to_json(&self) -> Value {
        json!({
            "title": self.title,
            "category": self.category,
            "brand": self.brand,
            "host_id": self.host_id,
            "tags": self.tags,
            "price": crate::cue::money(self.price_cents),
            "list_price": crate::cue::money(self.price_cents),
            "currency": "CNY",
        })
    }
}
