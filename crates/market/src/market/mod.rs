//! The market as a machine: timers in one order, each handled with its own time. Pushes and cues come in, events
//! come out; nothing else moves it.

mod browse;
mod push;
mod room;

pub(crate) use browse::object;
pub use push::{Delivery, PushView};

use crate::catalogue::Catalogue;
use crate::chance::{Key, Why};
use crate::cue::{Cue, Running};
use crate::event::{Event, Kind};
use crate::limits::{SHOPPERS_MAX, SHOWS_MAX};
use crate::phone::{Episode, Network};
use crate::shopper::{Shopper, Sketch};
use crate::show::{Show, evening};
use crate::taste::{Space, Vector, add, dot, unit};
use crate::truth::{Outcome, Truth};
use push::{Push, Unread};
use serde_json::{Map, Value};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

/// Which of two worlds something happens in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum World {
    /// The one that events tell of.
    Real,
    /// The one of the twin who was never pushed.
    Without,
}

const WORLDS: [World; 2] = [World::Real, World::Without];

/// In which worlds something is due: what was set going before the first push goes on in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Both,
    One(World),
}

impl Of {
    fn worlds(self) -> &'static [World] {
        match self {
            Of::Both => &WORLDS,
            Of::One(World::Real) => &WORLDS[..1],
            Of::One(World::Without) => &WORLDS[1..],
        }
    }
}

/// What is due. The order breaks ties within a millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Cue(u32),
    Up,
    Open,
    Look(u32),
    Close,
    Down,
    Arrive(u32),
    Notice(u32),
    Answer(u32),
    EnterBy(u32),
    Cart(u32),
    Order(u32),
    Weigh { of: Of, visit: u32, product: u32 },
    Stir { visit: u32, round: u32 },
    Pay { of: Of, show: u32, product: u32 },
    Leave { of: Of, visit: u32 },
}

/// A stay in a room.
#[derive(Debug, Clone, Copy)]
struct Visit {
    show: usize,
    number: u32,
    since: u64,
    by: Option<u32>,
}

/// What a shopper did and feels in one of the worlds.
#[derive(Debug, Clone, Default)]
struct Life {
    visit: Option<Visit>,
    visits: u32,
    annoyance: f64,
    annoyed_at: u64,
    gone: bool,
    /// Products that are paid for or about to be.
    taken: Vec<u32>,
    /// Shows of which a push reminded, though it was not tapped: one bit each.
    reminded: u64,
    seen: u64,
    outcomes: Vec<Outcome>,
}

/// The phone of a shopper and what lies on it; the same in both worlds but for the pushes.
#[derive(Debug, Clone)]
struct Hand {
    episode: Episode,
    lit: bool,
    in_app: bool,
    network: Network,
    said: u32,
    orders: u32,
    pushes: u32,
    pushed_at: u64,
    pushes_by_show: Vec<u16>,
    waiting: Vec<u32>,
    tray: Vec<Unread>,
}

/// What is sold, and the shows in which it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Setting {
    /// Products, hosts, rooms.
    pub catalogue: Catalogue,
    /// The shows of the evening; the first 64 are played.
    pub shows: Vec<Show>,
}

/// What became of a show, over all shoppers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries.
    pub entries: u64,
    /// Entries from a push.
    pub entries_by_push: u64,
    /// Orders.
    pub orders: u64,
    /// What they came to.
    pub paid_cents: u64,
    /// Shoppers in the room now.
    pub inside: u64,
    /// The most there were at once.
    pub inside_max: u64,
}

/// A simulated market. The same seed, number of shoppers and start give the same bytes; so do the same pushes
/// and cues at the same times after that.
#[derive(Debug, Clone)]
pub struct Market {
    run: u32,
    pub(crate) key: Key,
    pub(crate) start: u64,
    now: u64,
    pub(crate) setting: Setting,
    pub(crate) space: Space,
    pub(crate) show_taste: Vec<Vector>,
    running: Vec<Running>,
    tallies: Vec<Tally>,
    pub(crate) shoppers: Vec<Shopper>,
    by_user: BTreeMap<Arc<str>, u32>,
    hands: Vec<Hand>,
    lives: Vec<Life>,
    twins: BTreeMap<u32, Life>,
    timers: BinaryHeap<Reverse<(u64, u32, Act)>>,
    pushes: Vec<Push>,
    cues: Vec<(usize, Cue)>,
    sales: Vec<(u64, String, Value)>,
    out: Vec<Event>,
}

impl Market {
    /// The demo's market: `shoppers` drawn from a seed, three hundred products, and three shows on the first
    /// evening after `start` (Unix ms). Its history lies before `start`, its life after.
    pub fn new(seed: u64, shoppers: usize, start: u64) -> Self {
        let shoppers = shoppers.min(SHOPPERS_MAX);
        let key = Key::new(seed);
        let catalogue = Catalogue::drawn(key);
        let shows = evening(key, &catalogue, shoppers, start);
        let space = Space::new(key, &catalogue);
        let people = (0..shoppers).map(|it| Shopper::drawn(key, it, &catalogue, &space)).collect();
        Market::peopled(key, start, Setting { catalogue, shows }, space, people)
    }

    /// A market for a rehearsal: the shoppers, products and shows that there are, with what is not known of them
    /// drawn from a seed.
    pub fn rehearsal(seed: u64, start: u64, setting: Setting, sketches: &[Sketch]) -> Self {
        let key = Key::new(seed);
        let space = Space::new(key, &setting.catalogue);
        let sketches = sketches.iter().take(SHOPPERS_MAX).enumerate();
        let people =
            sketches.map(|(at, it)| Shopper::sketched(key, at, it, &setting.catalogue, &space)).collect();
        Market::peopled(key, start, setting, space, people)
    }

    fn peopled(key: Key, start: u64, mut setting: Setting, space: Space, shoppers: Vec<Shopper>) -> Self {
        setting.shows.truncate(SHOWS_MAX);
        let shows = setting.shows.len();
        let show_taste = (setting.shows.iter())
            .map(|show| {
                let mut taste = Vector::default();
                let products = show.slots.iter().filter_map(|it| setting.catalogue.product(&it.product_id));
                products.for_each(|it| add(&mut taste, &space.products[it], 1.0));
                unit(taste)
            })
            .collect();
        let hand = |shopper: &Shopper| {
            let episode = shopper.episode(0, start);
            Hand {
                episode,
                lit: false,
                in_app: false,
                network: Network::Wifi,
                said: 0,
                orders: 0,
                pushes: 0,
                pushed_at: 0,
                pushes_by_show: vec![0; shows],
                waiting: Vec::new(),
                tray: Vec::new(),
            }
        };
        let hands: Vec<Hand> = shoppers.iter().map(hand).collect();
        let timers =
            hands.iter().enumerate().map(|(at, it)| Reverse((it.episode.up, at as u32, Act::Up))).collect();
        let life = Life { outcomes: vec![Outcome::default(); shows], ..Life::default() };
        Market {
            run: key.and(start).bits() as u32,
            key,
            start,
            now: start,
            space,
            show_taste,
            running: vec![Running::default(); shows],
            tallies: vec![Tally::default(); shows],
            by_user: shoppers.iter().enumerate().map(|(at, it)| (it.user_id.clone(), at as u32)).collect(),
            lives: vec![life; shoppers.len()],
            hands,
            shoppers,
            setting,
            twins: BTreeMap::new(),
            timers,
            pushes: Vec::new(),
            cues: Vec::new(),
            sales: Vec::new(),
            out: Vec::new(),
        }
    }

    pub(crate) fn run(&self) -> u32 {
        self.run
    }

    /// What is sold, and in which shows.
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// Its shoppers.
    pub fn shoppers(&self) -> &[Shopper] {
        &self.shoppers
    }

    /// Until when it was played, Unix ms.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Plays on until `to_ms`, included, and says what shoppers did, in time order.
    pub fn step(&mut self, to_ms: u64) -> Vec<Event> {
        while let Some(&Reverse((at, who, act))) = self.timers.peek() {
            if at > to_ms {
                break;
            }
            self.timers.pop();
            self.now = self.now.max(at);
            self.act(self.now, who, act);
        }
        self.now = self.now.max(to_ms);
        std::mem::take(&mut self.out)
    }

    /// Something happens in a show: what shoppers do from `now_ms` on follows from it. False when there is no such
    /// show. What [`Market::sales`] tells needs no cue: the market knows it.
    pub fn cue(&mut self, now_ms: u64, show_id: &str, cue: Cue) -> bool {
        let Some(show) = self.setting.shows.iter().position(|it| it.id == show_id) else { return false };
        self.cues.push((show, cue));
        self.due(now_ms, 0, Act::Cue(self.cues.len() as u32 - 1));
        true
    }

    /// Is a cue of the script still true? An offer that was sold out is not changed or ended any more.
    pub fn is_still_true(&self, show_id: &str, cue: &Cue) -> bool {
        let (Cue::Offer { changed: true, offer_id, .. } | Cue::OfferEnded { offer_id }) = cue else {
            return true;
        };
        let show = self.setting.shows.iter().position(|it| it.id == show_id);
        show.and_then(|it| self.running[it].offers.get(offer_id)).is_some_and(|it| it.open)
    }

    /// Cues that follow from what was sold since the last call: (Unix ms, path, body) of a `POST`.
    pub fn sales(&mut self) -> Vec<(u64, String, Value)> {
        std::mem::take(&mut self.sales)
    }

    /// Is this shopper in the room of this show now?
    pub fn is_in_room(&self, user_id: &str, show_id: &str) -> bool {
        let who = self.by_user.get(user_id).map(|it| *it as usize);
        let visit = who.and_then(|it| self.lives[it].visit);
        visit.is_some_and(|it| self.setting.shows[it.show].id == show_id)
    }

    /// Does this shopper want marketing? None where he never said, or is not known.
    pub fn consent(&self, user_id: &str) -> Option<bool> {
        self.by_user.get(user_id).and_then(|it| self.shoppers[*it as usize].consent)
    }

    /// Shoppers who threw the app away.
    pub fn uninstalled(&self) -> u64 {
        self.lives.iter().filter(|it| it.gone).count() as u64
    }

    /// What became of each show so far, in the order of [`Setting::shows`].
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// What the pushes so far really did: each pushed shopper with each show, in the order of shoppers.
    pub fn truth(&self) -> Vec<Truth> {
        let mut truths = Vec::new();
        for (who, twin) in &self.twins {
            let (life, hand) = (&self.lives[*who as usize], &self.hands[*who as usize]);
            for (at, show) in self.setting.shows.iter().enumerate() {
                truths.push(Truth {
                    user_id: self.shoppers[*who as usize].user_id.to_string(),
                    show_id: show.id.clone(),
                    pushes: u32::from(hand.pushes_by_show[at]),
                    pushed_at: hand.pushed_at,
                    with: life.outcomes[at],
                    without: twin.outcomes[at],
                    uninstalled: life.gone,
                });
            }
        }
        truths
    }

    fn act(&mut self, now: u64, who: u32, act: Act) {
        match act {
            Act::Cue(number) => self.play(now, number),
            Act::Up => self.up(now, who),
            Act::Open => self.open(now, who),
            Act::Look(number) => self.look(now, who, number),
            Act::Close => self.close(now, who),
            Act::Down => self.down(now, who),
            Act::Arrive(push) => self.arrive(now, who, push),
            Act::Notice(push) => self.notice(now, who, push),
            Act::Answer(push) => self.answer(now, who, push),
            Act::EnterBy(push) => {
                self.enter(now, who, World::Real, self.pushes[push as usize].show, Some(push))
            }
            Act::Cart(product) => self.cart(now, who, product),
            Act::Order(product) => self.order_aside(now, who, product),
            Act::Weigh { of, visit, product } => {
                of.worlds().iter().for_each(|it| self.weigh(now, who, *it, visit, product));
            }
            Act::Stir { visit, round } => self.stir(now, who, visit, round),
            Act::Pay { of, show, product } => {
                of.worlds().iter().for_each(|it| self.pay(now, who, *it, show, product));
            }
            Act::Leave { of, visit } => {
                of.worlds().iter().for_each(|it| self.leave(now, who, *it, visit));
            }
        }
    }

    fn due(&mut self, at: u64, who: u32, act: Act) {
        self.timers.push(Reverse((at.max(self.now), who, act)));
    }

    /// In which worlds goes on what is set going in `world` now.
    fn of(&self, who: u32, world: World) -> Of {
        if world == World::Real && !self.twins.contains_key(&who) { Of::Both } else { Of::One(world) }
    }

    fn life(&mut self, who: u32, world: World) -> Option<&mut Life> {
        match world {
            World::Real => self.lives.get_mut(who as usize),
            World::Without => self.twins.get_mut(&who),
        }
    }

    fn say(&mut self, now: u64, who: u32, name: &'static str, properties: Map<String, Value>) {
        let (shopper, hand) = (&self.shoppers[who as usize], &mut self.hands[who as usize]);
        hand.said += 1;
        self.out.push(Event {
            at_ms: now,
            kind: Kind::Track,
            message_id: format!("{:08x}-{who:x}-{:x}", self.run, hand.said),
            user_id: shopper.user_id.clone(),
            name,
            properties,
            device: shopper.device.clone(),
        });
    }

    /// As [`Market::say`], of the days before: ids of their own, so that they can be told again.
    pub(crate) fn remember(&self, at: u64, who: u32, said: u32, name: &'static str) -> Event {
        let shopper = &self.shoppers[who as usize];
        Event {
            at_ms: at,
            kind: if name.is_empty() { Kind::Identify } else { Kind::Track },
            message_id: format!("{:08x}-h-{who:x}-{said:x}", self.run),
            user_id: shopper.user_id.clone(),
            name,
            properties: Map::new(),
            device: shopper.device.clone(),
        }
    }

    /// How much a shopper likes a product for its own sake.
    pub(crate) fn liking(&self, who: u32, product: usize) -> f64 {
        let shopper = &self.shoppers[who as usize];
        let own = shopper.luck(Why::Taste).and(1_000 + product as u64).normal();
        dot(&shopper.taste, &self.space.products[product]) + 0.25 * own
    }

    /// How much a show draws a shopper, with what it shows now or with the product that a push names.
    fn appeal(&self, who: u32, show: usize, product: Option<usize>) -> f64 {
        let shopper = &self.shoppers[who as usize];
        let plan = &self.setting.shows[show];
        let running = &self.running[show];
        let whole = dot(&shopper.taste, &self.show_taste[show]);
        let now = product.or(running.pinned).map_or(whole, |it| self.liking(who, it));
        let host = self.setting.catalogue.host(&plan.host_id);
        let host = host.map_or(0.0, |it| {
            let follows = if shopper.hosts.contains(&it) { 0.8 } else { 0.0 };
            0.35 * dot(&shopper.taste, &self.space.hosts[it]) + follows
        });
        let phase = match running.phase {
            Some(crate::show::Phase::Climax) => 0.12,
            Some(crate::show::Phase::Closing) => -0.08,
            _ => 0.0,
        };
        let mood = 0.45 * shopper.luck(Why::Mood).and(show as u64).normal();
        0.55 * whole + 0.75 * now + host + phase + mood
    }

    fn play(&mut self, now: u64, number: u32) {
        let (show, cue) = self.cues[number as usize].clone();
        if let Some(product) = self.running[show].play(&cue, &self.setting, show) {
            self.wake_room(now, show, product);
        }
        if cue == Cue::End {
            self.empty_room(now, show);
        }
    }
}
