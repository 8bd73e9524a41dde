//! A push arrives, is noticed or not, is answered or not, and wears on the shopper.
//!
//! All decisions are thresholds: a latent inclination plus the moment's normal whim against zero (probit), with
//! kinks where people have them. The luck is that of the shopper's n-th push, whatever its message is called.

use super::{Act, Market};
use crate::chance::{Key, Why};
use crate::copy;
use crate::instant::{HOUR, MINUTE, SECOND, minute_of};
use crate::limits::{PASSED_OVER_MAX, TRAY_MAX};
use crate::phone::Network;
use crate::rhythm::{Habit, Place, intensity};
use beckon_core::decay::log2;
use serde_json::{Map, Value, json};

/// Inclination to tap what was noticed, for a show that leaves a shopper cold.
const TAP_BASE: f64 = -2.3;
/// How much a show's appeal adds to it.
const TAP_APPEAL: f64 = 0.85;
/// Below this inclination, whim included, a push is swiped away.
const SWIPE_BELOW: f64 = -2.7;
/// Inclination to notice what comes in while the screen is lit, and what lies there when it is taken up.
const NOTICE_LIT: f64 = 0.85;
const NOTICE_TRAY: f64 = 0.15;
/// What a push that was read, tapped, swiped away or that came at night adds to annoyance; and how much of it is
/// forgotten an hour, evenly.
const READ_ANNOYS: f64 = 0.7;
const TAPPED_ANNOYS: f64 = 0.15;
const SWIPED_ANNOYS: f64 = 1.4;
const NIGHT_ANNOYS: f64 = 1.5;
const FORGOTTEN_AN_HOUR: f64 = 0.055;

/// A push as a device sees it.
#[derive(Debug, Clone, Copy)]
pub struct PushView<'p> {
    /// The message's id.
    pub message_id: &'p str,
    /// Whom it is for.
    pub user_id: &'p str,
    /// Which show it calls into.
    pub show_id: &'p str,
    /// Which product it names; may be empty.
    pub product_id: &'p str,
    /// Why it was sent, e.g. `cart_hesitation`.
    pub trigger: &'p str,
    /// Its title.
    pub title: &'p str,
    /// Its text.
    pub body: &'p str,
}

/// What a push service would answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way to the device.
    Taken,
    /// The app is not there any more: forget the token.
    Gone,
    /// There is no such shopper here.
    UnknownShopper,
    /// There is no such show here.
    UnknownShow,
}

/// A push under way or arrived.
#[derive(Debug, Clone)]
pub(super) struct Push {
    pub message_id: Box<str>,
    pub show: usize,
    product: Option<usize>,
    /// It speaks of what the shopper left in the cart.
    of_cart: bool,
    title: Box<str>,
    body: Box<str>,
    luck: Key,
}

/// A notification that was not looked at yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread {
    push: u32,
    at: u64,
    passed_over: u8,
}

impl Market {
    /// A push for a device arrives at the vendor at `now_ms`. What comes of it is told by later [`Market::step`]s.
    pub fn receive(&mut self, now_ms: u64, push: PushView<'_>) -> Delivery {
        let Some(&who) = self.by_user.get(push.user_id) else { return Delivery::UnknownShopper };
        let Some(show) = self.setting.shows.iter().position(|it| it.id == push.show_id) else {
            return Delivery::UnknownShow;
        };
        if self.lives[who as usize].gone {
            return Delivery::Gone;
        }
        let hand = &mut self.hands[who as usize];
        hand.pushes += 1;
        let luck = self.shoppers[who as usize].luck(Why::Push).and(u64::from(hand.pushes));
        self.pushes.push(Push {
            message_id: push.message_id.into(),
            show,
            product: self.setting.catalogue.product(push.product_id),
            of_cart: push.trigger.to_ascii_lowercase().contains("cart"),
            title: push.title.into(),
            body: push.body.into(),
            luck,
        });
        let way = (300.0 + luck.and(1).weibull(0.8, 900.0)) as u64;
        self.due(now_ms + way, who, Act::Arrive(self.pushes.len() as u32 - 1));
        Delivery::Taken
    }

    pub(super) fn arrive(&mut self, now: u64, who: u32, number: u32) {
        if self.lives[who as usize].gone {
            return;
        }
        if self.hands[who as usize].network == Network::Offline {
            self.hands[who as usize].waiting.push(number);
            return;
        }
        self.part(now, who);
        let show = self.pushes[number as usize].show;
        self.hands[who as usize].pushes_by_show[show] += 1;
        self.say(now, who, "Push Notification Received", self.of_push(number));
        let shopper = &self.shoppers[who as usize];
        let attention = shopper.attention;
        if intensity(shopper.habit, shopper.shift_min, now) < 0.1 {
            self.annoy(now, who, NIGHT_ANNOYS);
        }
        let (hand, luck) = (&self.hands[who as usize], self.pushes[number as usize].luck);
        let watching = self.lives[who as usize].visit.is_some();
        let lit = hand.lit || watching;
        let at_hand = match hand.episode.place {
            Place::Work => -0.4,
            Place::Commute => 0.2,
            Place::Home | Place::Elsewhere => 0.0,
        } + if hand.in_app { 0.3 } else { 0.0 }
            + if watching { -0.6 } else { 0.0 };
        if lit && attention + NOTICE_LIT + at_hand + luck.and(2).normal() > 0.0 {
            self.due(now + luck.and(3).between(1.0, 7.0) as u64 * SECOND, who, Act::Notice(number));
            return;
        }
        let tray = &mut self.hands[who as usize].tray;
        if tray.len() == TRAY_MAX {
            tray.remove(0);
        }
        tray.push(Unread { push: number, at: now, passed_over: 0 });
    }

    /// The first push parts the two worlds: from here on the twin lives without.
    fn part(&mut self, now: u64, who: u32) {
        if self.twins.contains_key(&who) {
            return;
        }
        let life = &mut self.lives[who as usize];
        life.outcomes.iter_mut().for_each(|it| *it = Default::default());
        let twin = life.clone();
        self.twins.insert(who, twin);
        self.hands[who as usize].pushed_at = now;
    }

    /// The phone is taken up: late pushes come in, unread ones are looked at or passed over.
    pub(super) fn glance(&mut self, now: u64, who: u32) {
        let hand = &mut self.hands[who as usize];
        let waiting =
            if hand.network == Network::Offline { Vec::new() } else { std::mem::take(&mut hand.waiting) };
        for number in waiting {
            self.arrive(now, who, number);
        }
        let mut tray = std::mem::take(&mut self.hands[who as usize].tray);
        let (lying, episode) = (tray.len(), self.hands[who as usize].episode.number);
        let attention = self.shoppers[who as usize].attention;
        let mut noticed = Vec::new();
        for (above, unread) in tray.iter_mut().rev().enumerate() {
            let luck = self.pushes[unread.push as usize].luck.and(10 + u64::from(episode));
            let age_min = now.saturating_sub(unread.at) as f64 / MINUTE as f64;
            // Each doubling of its age beyond ten minutes, and each one above it, hides it further.
            let age = 0.3 * log2(1.0 + age_min / 10.0);
            let inclination = NOTICE_TRAY + attention - age - 0.25 * above as f64;
            unread.passed_over += 1;
            if inclination + luck.normal() > 0.0 {
                noticed.push((luck.and(1).between(2.0, 14.0) as u64 * SECOND, unread.push));
                unread.passed_over = PASSED_OVER_MAX;
            }
        }
        debug_assert!(lying <= TRAY_MAX);
        tray.retain(|it| it.passed_over < PASSED_OVER_MAX);
        self.hands[who as usize].tray = tray;
        for (after, number) in noticed {
            self.due(now + after, who, Act::Notice(number));
        }
    }

    pub(super) fn notice(&mut self, now: u64, who: u32, number: u32) {
        let luck = self.pushes[number as usize].luck;
        self.due(now + luck.and(4).between(800.0, 4_500.0) as u64, who, Act::Answer(number));
    }

    pub(super) fn answer(&mut self, now: u64, who: u32, number: u32) {
        let push = self.pushes[number as usize].clone();
        let life = &self.lives[who as usize];
        if life.gone || life.visit.is_some_and(|it| it.show == push.show) {
            return;
        }
        let inclination = self.inclination(now, who, &push) + push.luck.and(5).normal();
        if inclination > 0.0 {
            self.say(now, who, "Push Notification Tapped", self.of_push(number));
            self.annoy(now, who, TAPPED_ANNOYS);
            let network = self.hands[who as usize].network;
            let wait = network.wait_ms() * push.luck.and(6).weibull(1.5, 1.1);
            // Attention is gone before the picture is there: nobody enters.
            if self.running[push.show].live && wait < self.shoppers[who as usize].patience_ms {
                self.due(now + wait as u64, who, Act::EnterBy(number));
            }
        } else if inclination < SWIPE_BELOW {
            self.say(now, who, "Push Notification Dismissed", self.of_push(number));
            self.annoy(now, who, SWIPED_ANNOYS);
        } else {
            self.lives[who as usize].reminded |= 1 << push.show;
            self.annoy(now, who, READ_ANNOYS);
        }
    }

    fn inclination(&self, now: u64, who: u32, push: &Push) -> f64 {
        let (shopper, hand, life) =
            (&self.shoppers[who as usize], &self.hands[who as usize], &self.lives[who as usize]);
        let running = &self.running[push.show];
        let product = push.product.or(running.pinned);
        let liking = product.map_or(0.0, |it| self.liking(who, it));
        let goods = product.map(|it| &self.setting.catalogue.products[it]);
        let words = copy::fit(shopper, liking, goods, &push.title, &push.body);
        let offer = product.and_then(|it| Some((it, running.offer_of(it)?.1.price_cents)));
        let bargain = offer.map_or(0.0, |(it, price)| 0.3 * self.wish(who, it, price).clamp(0.0, 1.5));
        // Known and nearly bought before: what is spoken of is on one's mind.
        let cart = if push.of_cart { 0.25 + 0.4 * liking } else { 0.0 };
        let state = match hand.episode.place {
            Place::Home => 0.12,
            Place::Work => -0.4,
            Place::Commute => -0.08,
            Place::Elsewhere => -0.15,
        } + if hand.episode.battery < 0.15 { -0.5 } else { 0.0 }
            + if hand.network <= Network::Third { -0.3 } else { 0.0 }
            + if minute_of(now) > 22.7 * 60.0 && shopper.habit != Habit::Owl { -0.25 } else { 0.0 };
        // Whoever has just taken up the phone wants something else; later on attention thins out.
        let lit_min = now.saturating_sub(hand.episode.up) as f64 / MINUTE as f64;
        let lag = if lit_min < 0.7 { -0.22 } else { -(0.05 * (lit_min - 6.0)).clamp(0.0, 0.5) };
        let elsewhere = if life.visit.is_some() { -0.7 } else { 0.0 };
        let too_late = if running.over { -1.3 } else { 0.0 };
        TAP_BASE
            + TAP_APPEAL * self.appeal(who, push.show, product)
            + words
            + bargain
            + cart
            + state
            + lag
            + elsewhere
            + too_late
            - 0.4 * self.annoyance(now, who)
    }

    fn annoyance(&self, now: u64, who: u32) -> f64 {
        let life = &self.lives[who as usize];
        let hours = now.saturating_sub(life.annoyed_at) as f64 / HOUR as f64;
        (life.annoyance - FORGOTTEN_AN_HOUR * hours).max(0.0)
    }

    fn annoy(&mut self, now: u64, who: u32, more: f64) {
        let annoyance = self.annoyance(now, who) + more;
        let tolerance = self.shoppers[who as usize].tolerance;
        let pushes = u64::from(self.hands[who as usize].pushes);
        let luck = self.shoppers[who as usize].luck(Why::Push).and(1_000_000 + pushes);
        let life = &mut self.lives[who as usize];
        life.annoyance = annoyance;
        life.annoyed_at = now;
        if more > TAPPED_ANNOYS && annoyance > tolerance && luck.happens(0.5) && life.visit.is_none() {
            life.gone = true;
            self.say(now, who, "Application Uninstalled", Map::new());
        }
    }

    fn of_push(&self, number: u32) -> Map<String, Value> {
        let push = &self.pushes[number as usize];
        let mut properties = Map::new();
        properties.insert("message_id".into(), json!(push.message_id));
        properties.insert("show_id".into(), json!(self.setting.shows[push.show].id));
        if let Some(product) = push.product {
            properties.insert("product_id".into(), json!(self.setting.catalogue.products[product].id));
        }
        properties
    }
}
