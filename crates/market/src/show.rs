//! Shows as they are planned: a room, a time, phases, product slots and their offers.

use crate::catalogue::Catalogue;
use crate::chance::{Key, Why};
use crate::instant::{MINUTE, day_of, on_day};

/// A part of a show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The host greets, tells what will come.
    WarmUp,
    /// The good offers.
    Climax,
    /// What is left.
    Closing,
}

impl Phase {
    /// All phases in their order.
    pub const ALL: [Phase; 3] = [Phase::WarmUp, Phase::Climax, Phase::Closing];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Phase::WarmUp => "warm_up",
            Phase::Climax => "climax",
            Phase::Closing => "closing",
        }
    }

    /// The phase of a name.
    pub fn of(name: &str) -> Option<Self> {
        Phase::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// A product's planned time in a show, with its offer.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The product.
    pub product_id: String,
    /// Planned begin, Unix ms.
    pub starts_at: u64,
    /// Planned end.
    pub ends_at: u64,
    /// The offer's id; empty where the product is shown at its usual price.
    pub offer_id: String,
    /// What it costs in the show.
    pub price_cents: u64,
    /// What it costs outside.
    pub original_cents: u64,
    /// Pieces.
    pub stock: u32,
    /// Planned end of the offer.
    pub offer_ends_at: u64,
}

/// A planned show.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// Its id.
    pub id: String,
    /// Where.
    pub room_id: String,
    /// Who.
    pub host_id: String,
    /// What it is called.
    pub title: String,
    /// Planned begin, Unix ms.
    pub starts_at: u64,
    /// Planned end.
    pub ends_at: u64,
    /// Planned begin of each phase.
    pub phases: Vec<(Phase, u64)>,
    /// What is shown when.
    pub slots: Vec<Slot>,
    /// How many shoppers the room holds.
    pub capacity: u32,
    /// How many pushes are paid for.
    pub push_budget: u32,
}

/// What an evening's shows are made of: id, room, host, title, begin and end (minutes of the day), categories in
/// which the slots go round, number of slots.
type Sketch =
    (&'static str, &'static str, &'static str, &'static str, u64, u64, &'static [&'static str], usize);

const EVENING: [Sketch; 3] = [
    (
        "show-food",
        "room-food",
        "host-dafei",
        "大飞开饭啦：产地直发夜市 Food night market",
        19 * 60,
        21 * 60,
        &["fresh", "snacks", "fresh", "tea", "snacks"],
        9,
    ),
    (
        "show-beauty",
        "room-beauty",
        "host-anran",
        "安然美妆之夜 Beauty night",
        19 * 60 + 30,
        22 * 60,
        &["beauty", "skincare", "beauty", "skincare"],
        10,
    ),
    (
        "show-style",
        "room-tech",
        "host-lin",
        "数码与穿搭专场 Gadgets and style",
        20 * 60 + 30,
        23 * 60,
        &["electronics", "fashion", "electronics", "appliances", "fashion"],
        8,
    ),
];

/// Minutes that a show greets before its first product.
const GREETING_MIN: u64 = 6;
/// Offers outlive their slot by so many minutes.
const OFFER_OVERTIME_MIN: u64 = 5;

/// The shows of the first evening after `start`: each of three with phases, slots and offers, for a market of
/// `shoppers`.
pub fn evening(key: Key, catalogue: &Catalogue, shoppers: usize, start: u64) -> Vec<Show> {
    let key = key.why(Why::Rundown);
    let first = EVENING[0].4;
    let day = if on_day(day_of(start), first) >= start { day_of(start) } else { day_of(start) + 1 };
    let shows = EVENING.iter().enumerate();
    shows.map(|(at, sketch)| planned(key.and(at as u64), catalogue, shoppers, day, sketch)).collect()
}

fn planned(key: Key, catalogue: &Catalogue, shoppers: usize, day: u64, sketch: &Sketch) -> Show {
    let &(id, room, host, title, begin, end, categories, count) = sketch;
    let slot_min = (end - begin - GREETING_MIN) / count as u64;
    let mut taken: Vec<usize> = Vec::new();
    let mut slots = Vec::new();
    for number in 0..count {
        let key = key.and(number as u64);
        let category = categories[number % categories.len()];
        let of_category = |it: &usize| catalogue.products[*it].category == category && !taken.contains(it);
        let choice: Vec<usize> = (0..catalogue.products.len()).filter(of_category).collect();
        let Some(&product) = choice.get(key.index(choice.len())) else { continue };
        taken.push(product);
        let product = &catalogue.products[product];
        let starts_at = on_day(day, begin + GREETING_MIN + slot_min * number as u64);
        let ends_at = starts_at + slot_min * MINUTE;
        let price = product.price_cents as f64 * key.and(1).between(0.45, 0.9) / 100.0;
        // Dear things come in few pieces; some offers are made to sell out.
        let per_mille = key.and(2).between(0.6, 4.5) / (1.0 + product.price_cents as f64 / 60_000.0);
        slots.push(Slot {
            product_id: product.id.clone(),
            starts_at,
            ends_at,
            offer_id: format!("offer-{}-{:02}", &id[5..], number + 1),
            price_cents: (price as u64).max(1) * 100 + 90,
            original_cents: product.price_cents,
            stock: ((shoppers as f64 * per_mille / 1_000.0) as u32).max(3),
            offer_ends_at: (ends_at + OFFER_OVERTIME_MIN * MINUTE).min(on_day(day, end)),
        });
    }
    let span = end - begin;
    Show {
        id: id.into(),
        room_id: room.into(),
        host_id: host.into(),
        title: title.into(),
        starts_at: on_day(day, begin),
        ends_at: on_day(day, end),
        phases: vec![
            (Phase::WarmUp, on_day(day, begin)),
            (Phase::Climax, on_day(day, begin + span / 5)),
            (Phase::Closing, on_day(day, begin + span * 4 / 5)),
        ],
        slots,
        capacity: (shoppers / 12).max(20) as u32,
        push_budget: (shoppers / 8).max(20) as u32,
    }
}
