//! Who a shopper is: what an `identify` tells, and the latent rest that only behaviour shows.

use crate::catalogue::Catalogue;
use crate::chance::{Key, Why};
use crate::event::Device;
use crate::goods::CATEGORIES;
use crate::rhythm::{Habit, intensity};
use crate::taste::{Space, Vector, add, drawn, unit};
use beckon_core::decay::log2;
use std::sync::Arc;

/// What is known of a shopper with whom a market is to be peopled, e.g. of a profile: for rehearsals.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sketch {
    /// Who.
    pub user_id: String,
    /// Names of categories, brands and styles with how much they were touched.
    pub interests: Vec<(String, f64)>,
    /// Ids of hosts that are followed.
    pub hosts_followed: Vec<String>,
    /// How active, by hour of the day; all 0 where unknown.
    pub active_by_hour: [f64; 24],
    /// What the shopper usually pays for a thing.
    pub price_cents: Option<u64>,
    /// From 0, pays any price, to 1, buys only reduced things.
    pub price_sensitivity: Option<f64>,
    /// Does the shopper want marketing? Unknown without a word.
    pub consent: Option<bool>,
}

/// A shopper.
#[derive(Debug, Clone)]
pub struct Shopper {
    /// The id in events.
    pub user_id: Arc<str>,
    /// The phone.
    pub device: Arc<Device>,
    /// Year of birth.
    pub birth_year: u32,
    /// Woman or man.
    pub female: bool,
    /// 1 (the largest) to 5.
    pub city_tier: u32,
    /// Province.
    pub region: &'static str,
    /// 1 to 5, as the shop guesses it.
    pub spending_power: u32,
    /// What was said about marketing.
    pub consent: Option<bool>,
    pub(crate) key: Key,
    pub(crate) habit: Habit,
    pub(crate) shift_min: f64,
    /// Minutes between two looks at the phone, at an average hour.
    pub(crate) pocket_min: f64,
    /// Chance that a look at the phone opens the app.
    pub(crate) fondness: f64,
    /// Does the app tell the phone's state from the background?
    pub(crate) tells_state: bool,
    pub(crate) taste: Vector,
    /// log2 of the price, in cents, that feels right, and how many doublings around it still do.
    pub(crate) price_log2: f64,
    pub(crate) price_band: f64,
    /// The reduction, 0 to 1, below which a price does not feel reduced.
    pub(crate) reduction_min: f64,
    /// How much a reduction that does moves this shopper, 0 to 1.
    pub(crate) thrift: f64,
    pub(crate) impulse: f64,
    pub(crate) attention: f64,
    /// Pushes, as felt, that are borne before the app is thrown away.
    pub(crate) tolerance: f64,
    /// Milliseconds that a room may take to show a picture.
    pub(crate) patience_ms: f64,
    /// Positions of hosts that are followed.
    pub(crate) hosts: Vec<usize>,
}

const REGIONS: [(&str, f64); 8] = [
    ("Guangdong", 1.6),
    ("Zhejiang", 1.3),
    ("Jiangsu", 1.2),
    ("Shanghai", 0.8),
    ("Beijing", 0.8),
    ("Sichuan", 1.0),
    ("Henan", 0.9),
    ("Shandong", 1.0),
];
const TIERS: [f64; 5] = [0.2, 0.24, 0.26, 0.2, 0.1];

impl Shopper {
    /// The shopper of a number.
    pub fn drawn(key: Key, number: usize, catalogue: &Catalogue, space: &Space) -> Self {
        let key = key.and(number as u64);
        let of = |which: u64| key.why(Why::Trait).and(which);
        let female = of(1).happens(0.58);
        let age = (19.0 + of(2).weibull(1.7, 17.0)).min(78.0);
        let tier = of(3).weighted(&TIERS);
        let wealth = of(4).normal() * 0.9 - 0.25 * (tier as f64 - 1.5) + if age > 26.0 { 0.25 } else { -0.3 };
        let english = of(5).happens(0.06);
        let taste = taste(key.why(Why::Taste), female, age, space);
        let hosts = (0..catalogue.hosts.len())
            .filter(|it| {
                let liking = crate::taste::dot(&taste, &space.hosts[*it]);
                liking * 1.2 + of(40 + *it as u64).normal() > 2.1
            })
            .collect();
        Shopper {
            user_id: format!("u-{:06}", number + 1).into(),
            device: Arc::new(device(number, of(6), english)),
            birth_year: 2025 - age as u32,
            female,
            city_tier: tier as u32 + 1,
            region: REGIONS[of(7).weighted(&REGIONS.map(|it| it.1))].0,
            spending_power: (3.0 + wealth + of(8).normal() * 0.6 + 0.5).clamp(1.0, 5.0) as u32,
            consent: match of(9).unit() {
                it if it < 0.78 => Some(true),
                it if it < 0.88 => Some(false),
                _ => None,
            },
            key,
            habit: Habit::ALL[of(10).weighted(&Habit::ALL.map(|it| it.1))].0,
            shift_min: of(11).normal() * 35.0,
            pocket_min: 14.0 + of(12).weibull(1.8, 42.0),
            fondness: (0.02 + of(13).weibull(1.1, 0.12)).min(0.6),
            tells_state: of(14).happens(0.65),
            taste,
            price_log2: 13.4 + 0.7 * wealth + of(15).normal() * 0.5,
            price_band: of(16).between(0.8, 2.0),
            reduction_min: of(17).between(0.08, 0.5),
            thrift: (0.5 - 0.18 * wealth + of(18).normal() * 0.22).clamp(0.0, 1.0),
            impulse: of(19).normal(),
            attention: of(20).normal() * 0.6,
            tolerance: 0.9 + of(21).weibull(1.8, 7.0),
            patience_ms: of(22).weibull(1.5, 6_000.0) + 400.0,
            hosts,
        }
    }

    /// A shopper as a sketch describes; what it leaves open is drawn.
    pub fn sketched(key: Key, number: usize, sketch: &Sketch, catalogue: &Catalogue, space: &Space) -> Self {
        let mut shopper = Shopper::drawn(key, number, catalogue, space);
        shopper.user_id = sketch.user_id.as_str().into();
        shopper.consent = sketch.consent;
        let mut liked = Vector::default();
        for (name, weight) in &sketch.interests {
            add(&mut liked, &space.name(name), *weight);
        }
        if !sketch.interests.is_empty() {
            let mut taste = unit(liked);
            add(&mut taste, &drawn(shopper.key.why(Why::Taste).and(90)), 0.35);
            shopper.taste = unit(taste);
        }
        shopper.hosts = sketch.hosts_followed.iter().filter_map(|it| catalogue.host(it)).collect();
        if sketch.active_by_hour.iter().any(|it| *it > 0.0) {
            shopper.habit = habit_of(&sketch.active_by_hour);
        }
        if let Some(cents) = sketch.price_cents.filter(|it| *it > 0) {
            shopper.price_log2 = log2(cents as f64);
        }
        if let Some(sensitivity) = sketch.price_sensitivity {
            shopper.thrift = sensitivity.clamp(0.0, 1.0);
        }
        shopper
    }

    /// The luck of this shopper for one purpose.
    pub(crate) fn luck(&self, why: Why) -> Key {
        self.key.why(why)
    }
}

fn taste(key: Key, female: bool, age: f64, space: &Space) -> Vector {
    let sex = if female { 0.5 } else { -0.5 };
    let youth = (35.0 - age) / 10.0;
    let mut liking: Vec<(f64, usize)> = (CATEGORIES.iter().enumerate())
        .map(|(at, it)| {
            let lean = it.female * sex + it.young * youth * 0.5;
            (log2(it.weight) + lean + key.and(at as u64).normal(), at)
        })
        .collect();
    liking.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut taste = drawn(key.and(80)).map(|it| it * 0.45);
    for ((_, category), weight) in liking.iter().zip([1.0, 0.65, 0.35]) {
        let category = &CATEGORIES[*category];
        add(&mut taste, &space.name(category.name), weight);
        let brand = category.brands[key.and(81).and(weight.to_bits()).index(category.brands.len())];
        add(&mut taste, &space.name(brand), weight * 0.4);
    }
    let style = ["calm", "lively", "expert", "funny"][key.and(82).index(4)];
    add(&mut taste, &space.name(style), 0.4);
    unit(taste)
}

fn device(number: usize, key: Key, english: bool) -> Device {
    Device {
        id: format!("d-{:06}", number + 1),
        kind: if key.happens(0.72) { "android" } else { "ios" },
        token: format!("tok-{:016x}", key.and(1).bits()),
        locale: if english { "en-US" } else { "zh-CN" },
    }
}

/// The habit whose weekday is most like what was seen.
fn habit_of(active_by_hour: &[f64; 24]) -> Habit {
    let likeness = |habit: Habit| {
        // A Thursday.
        let hours: Vec<f64> =
            (0..24).map(|it| intensity(habit, 0.0, crate::instant::on_day(0, it * 60 + 30))).collect();
        let length = hours.iter().map(|it| it * it).sum::<f64>().sqrt();
        hours.iter().zip(active_by_hour).map(|(a, b)| a * b).sum::<f64>() / length
    };
    let habits = Habit::ALL.into_iter().map(|it| (likeness(it.0), it.0));
    habits.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(Habit::Evening, |it| it.1)
}
