//! Late and out-of-order events give the profile that punctual ones would have given; and where that is
//! not defined.

use crate::prng::Prng;
use crate::say::*;
use beckon_core::decay::Level;
use beckon_core::event::*;
use beckon_core::id::Term;
use beckon_core::profile::lists::Ranked;
use beckon_core::profile::rhythm::Rhythm;
use beckon_core::select::taste::Taste;
use beckon_core::select::vector::{DIMENSIONS, Direction, add};
use beckon_core::shard::store::Profile;

/// An act that stays within the bounds of every list, whatever is done how often.
pub fn act(prng: &mut Prng) -> Act<'static> {
    match prng.below(13) {
        0 => nothing(),
        12 => Act::Connection(prng.pick(Connection::ALL)),
        1 => identify(&[some_trait(prng), some_trait(prng)]),
        2..=5 => product(prng.pick(ProductAct::ALL), some_product(prng)),
        6 => Act::Category { category: text(prng.pick(&["shoes", "tea", "coats"])) },
        7 => Act::Order {
            what: prng.pick(OrderAct::ALL),
            total_cents: prng.below(50_000) as u64,
            discount_cents: prng.below(2) as u64 * 500,
            coupon: prng.once_in(3),
            products: (0..prng.below(3)).map(|_| some_product(prng)).collect(),
        },
        8 => {
            let (host, style) = prng.pick(&[("lin", "calm"), ("mei", "auction"), ("ola", "calm")]);
            Act::Room {
                what: prng.pick(RoomAct::ALL),
                room: text(prng.pick(&["room-1", "room-2"])),
                host: text(host),
                style: text(style),
                show: text(prng.pick(&["show-1", "show-2"])),
                dwell_s: prng.below(4_000) as u32,
            }
        }
        9 => Act::Device(crate::arbitrary::device_state(prng)),
        10 => Act::App(prng.pick(AppAct::ALL)),
        _ => Act::Push { what: prng.pick(PushAct::ALL), message: "m" },
    }
}

/// An act that touches no name: all that it changes is exact.
pub fn nameless_act(prng: &mut Prng) -> Act<'static> {
    match act(prng) {
        Act::Product { .. } | Act::Category { .. } | Act::Room { .. } => nothing(),
        Act::Order { what, total_cents, discount_cents, coupon, .. } => {
            Act::Order { what, total_cents, discount_cents, coupon, products: Vec::new() }
        }
        other => other,
    }
}

/// Three products; the category is sometimes left out.
fn some_product(prng: &mut Prng) -> ProductRef<'static> {
    let (id, category, brand, tag, price_cents) = prng.pick(&[
        ("boot", "shoes", "acme", "new", 5_00),
        ("pot", "tea", "orient", "sale", 20_00),
        ("scarf", "coats", "crane", "silk", 90_00),
    ]);
    ProductRef {
        category: text(if prng.once_in(4) { "" } else { category }),
        brand: text(brand),
        host: text(prng.pick(&["", "lin", "pia"])),
        tags: if prng.once_in(2) { vec![text(tag), text("red")] } else { vec![] },
        price_cents,
        list_price_cents: price_cents + prng.below(2) as u64,
        quantity: prng.below(4) as u32,
        ..item(id, "")
    }
}

fn some_trait(prng: &mut Prng) -> Trait<'static> {
    match prng.below(8) {
        0 => Trait::BirthYear(1950 + prng.below(60) as u16),
        1 => Trait::Sex(prng.pick(Sex::ALL)),
        2 => Trait::Region(text(prng.pick(&["", "Zhejiang"]))),
        3 => Trait::CityTier(1 + prng.below(6) as u8),
        4 => Trait::SpendingPower(1 + prng.below(5) as u8),
        5 => Trait::Consent {
            channel: prng.maybe(|it| it.pick(Channel::ALL)),
            class: prng.pick(Class::ALL),
            granted: prng.once_in(2),
        },
        _ => {
            Trait::Custom { name: prng.pick(&["plan", "size", "pet"]), json: prng.pick(&["1", "2", "null"]) }
        }
    }
}

/// One clock and one language; a few devices and apps.
pub fn context(prng: &mut Prng) -> Context<'static> {
    Context {
        zone: Some(zone("Asia/Kolkata", 330)),
        language: text(if prng.once_in(3) { "en" } else { "" }),
        app: prng.maybe(|it| it.pick(&["app", "site"])),
        device: prng.maybe(|prng| Device {
            permission: prng.maybe(|it| it.pick(Permission::ALL)),
            ..a_device(
                prng.pick(&["d1", "d2", "d3"]),
                prng.pick(&["", "ios"]),
                prng.maybe(|it| it.pick(&["", "t1", "t2"])),
            )
        }),
        network: prng.maybe(|it| it.pick(Network::ALL)),
    }
}

/// What Ann did within so many seconds, each at a second of its own, in order.
fn life(prng: &mut Prng, events: usize, span: u32) -> Vec<Event<'static>> {
    let mut times = std::collections::BTreeSet::new();
    while times.len() < events {
        times.insert(T0 + prng.below(span as usize) as u32);
    }
    times.into_iter().map(|at| Event { context: context(prng), ..ann(at, act(prng)) }).collect()
}

/// Equal to the byte, but for decayed weights, which agree within what rounding may add up to: 2⁻¹⁹ of
/// a half-life for each of `adds` additions to an interest, and for a bin of the rhythm 1/512 of an hour
/// for each hour and week that went in (`hours`).
pub fn assert_same(one: &Profile, other: &Profile, adds: usize, hours: usize, what: &str) {
    let exact = |profile: &Profile| {
        let mut it = profile.clone();
        (it.hot.categories, it.hot.brands, it.hot.hosts) = Default::default();
        (it.hot.styles, it.hot.tags) = Default::default();
        (it.history.price_bands, it.history.rhythm) = Default::default();
        it.hot.taste = Default::default();
        it
    };
    assert_eq!(exact(one), exact(other), "{what}");
    same_weights(&one.hot.categories, &other.hot.categories, adds, what);
    same_weights(&one.hot.brands, &other.hot.brands, adds, what);
    same_weights(&one.hot.hosts, &other.hot.hosts, adds, what);
    same_weights(&one.hot.styles, &other.hot.styles, adds, what);
    same_weights(&one.hot.tags, &other.hot.tags, adds, what);
    same_weights(&one.history.price_bands, &other.history.price_bands, adds, what);
    same_rhythm(&one.history.rhythm, &other.history.rhythm, hours, what);
    same_taste(&one.hot.taste, &other.hot.taste, what);
}

/// A taste leans the same way: a coordinate is a byte, and each step of the sum rounds it.
fn same_taste(one: &Taste, other: &Taste, what: &str) {
    assert_eq!(one.is_empty(), other.is_empty(), "{what}");
    for term in 1..=32 {
        let mut vector = [0.0; DIMENSIONS];
        add(&mut vector, Term(term), 1.0);
        let direction = Direction::of(&vector);
        let (a, b) = (one.cosine(&direction), other.cosine(&direction));
        assert!((a - b).abs() <= 0.1, "{what}: a taste leans {a} and {b} to one direction");
    }
}

fn same_weights<const N: usize>(one: &Ranked<N>, other: &Ranked<N>, adds: usize, what: &str) {
    let by_name = |list: &Ranked<N>| {
        let mut all: Vec<(Term, Level)> = list.iter().collect();
        all.sort_unstable();
        all
    };
    let (one, other) = (by_name(one), by_name(other));
    assert_eq!(one.len(), other.len(), "{what}");
    for ((term, level), (other_term, other_level)) in one.into_iter().zip(other) {
        let off = level.0.abs_diff(other_level.0) as usize;
        assert!(term == other_term && off <= 2 * adds, "{what}: {} is off by {off} steps", word(term));
    }
}

fn same_rhythm(one: &Rhythm, other: &Rhythm, hours: usize, what: &str) {
    for bin in 0..48 {
        let off = (one.hours(bin) - other.hours(bin)).abs() * 512.0;
        assert!(off <= hours as f64, "{what}: bin {bin} is off by {off}/512 hours");
    }
    // Which hours are remembered, which is the latest, and the week: exact.
    let edges = |it: &Rhythm| {
        let bytes = bytemuck::bytes_of(it);
        [&bytes[..8], &bytes[bytes.len() - 8..]].concat()
    };
    assert_eq!(edges(one), edges(other), "{what}");
}

#[test]
fn events_of_sixty_hours_give_the_same_profile_in_any_order() {
    for seed in 0..300 {
        let mut prng = Prng(seed);
        // Across the turn of a rhythm's week, which is a Thursday's midnight.
        let mut events = life(&mut prng, 120, 60 * HOUR);
        events.iter_mut().for_each(|it| it.at = at(it.at.secs() + 2 * DAY));
        let ordered = profile(&events);
        prng.shuffle(&mut events);
        assert_same(&ordered, &profile(&events), 3 * events.len(), 60, &format!("seed {seed}"));
    }
}

#[test]
fn events_of_two_months_give_the_same_profile_in_any_order_but_for_the_rhythm() {
    for seed in 0..200 {
        let mut prng = Prng(seed);
        let mut events = life(&mut prng, 200, 60 * DAY);
        let mut ordered = profile(&events);
        prng.shuffle(&mut events);
        let mut shuffled = profile(&events);
        for it in [&mut ordered, &mut shuffled] {
            it.history.rhythm = Rhythm::default();
        }
        assert_same(&ordered, &shuffled, 3 * events.len(), 0, &format!("seed {seed}"));
    }
}

#[test]
fn events_up_to_64_hours_late_give_the_same_rhythm_over_two_months() {
    for seed in 0..200 {
        let mut prng = Prng(seed);
        let mut events = life(&mut prng, 300, 60 * DAY);
        let ordered = profile(&events);
        // Each arrives up to 60 hours after it happened.
        let mut late: Vec<_> =
            events.drain(..).map(|it| (it.at.secs() + prng.below(60 * HOUR as usize) as u32, it)).collect();
        late.sort_by_key(|it| it.0);
        let late: Vec<_> = late.into_iter().map(|it| it.1).collect();
        assert_same(&ordered, &profile(&late), 3 * late.len(), 60, &format!("seed {seed}"));
    }
}

#[test]
fn acts_that_touch_no_name_give_the_same_bytes_in_any_order() {
    for seed in 0..200 {
        let mut prng = Prng(seed);
        let mut events = life(&mut prng, 100, 60 * HOUR);
        events.iter_mut().for_each(|it| it.act = nameless_act(&mut prng));
        let ordered = shard_of_ann(&events).digest();
        prng.shuffle(&mut events);
        assert_eq!(shard_of_ann(&events).digest(), ordered, "seed {seed}");
    }
}

#[test]
fn not_defined_within_one_second_the_later_arrival_wins() {
    let put = ann(T0, added("boot", "shoes"));
    let take = ann(T0, removed("boot", "shoes"));
    assert_eq!(profile(&[put.clone(), take.clone()]).history.cart.lines().count(), 0);
    assert_eq!(profile(&[take, put]).history.cart.lines().count(), 1);
    let year = |year| ann(T0, identify(&[Trait::BirthYear(year)]));
    assert_eq!(profile(&[year(1980), year(1990)]).hot.attributes.birth_year, 1990);
    assert_eq!(profile(&[year(1990), year(1980)]).hot.attributes.birth_year, 1980);
}

#[test]
fn not_defined_an_event_without_a_zone_takes_the_clock_that_is_known_when_it_arrives() {
    let context = Context { zone: Some(zone("Asia/Shanghai", 480)), ..Context::default() };
    let zoned = Event { context, ..ann(T0, nothing()) };
    let bare = ann(T0 + 2 * HOUR, nothing());
    let peaks = |events: &[Event<'static>]| {
        let rhythm = profile(events).history.rhythm;
        (0..48).filter(|bin| rhythm.hours(*bin) > 0.0).collect::<Vec<_>>()
    };
    assert_eq!(peaks(&[zoned.clone(), bare.clone()]), [8, 10]);
    assert_eq!(peaks(&[bare, zoned]), [2, 8]);
}

#[test]
fn not_defined_beyond_the_bound_of_the_days_a_category_that_fell_off_starts_anew() {
    let look = |day: u32, category| ann(T0 + day * DAY, viewed("boot", category));
    let mut events: Vec<_> = ["shoes", "tea", "coats", "lamps", "toys", "red", "shoes"]
        .into_iter()
        .zip(0..)
        .map(|(category, day)| look(day, category))
        .collect();
    let touches = |events: &[Event<'static>]| {
        profile(events).history.days.get(text("shoes").term).map(|it| it.in_week_of(T0 / DAY + 6))
    };
    assert_eq!(touches(&events), Some(1));
    events.reverse();
    assert_eq!(touches(&events), Some(2));
}
