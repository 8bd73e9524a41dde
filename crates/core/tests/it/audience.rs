//! Whom a rule lets in, what it says of those of whom nothing is known, and that it survives any bytes.

use crate::prng::Prng;
use crate::say::*;
use beckon_core::bytes::Get;
use beckon_core::event::{Channel, Class, DeviceState, OrderAct, RoomAct, Sex, Trait};
use beckon_core::id::Term;
use beckon_core::profile::HotPage;
use beckon_core::profile::cold::consent_bit;
use beckon_core::profile::columns::Columns;
use beckon_core::shard::store::Profile;
use beckon_core::show::audience::*;

const NOW: u32 = T0 + 10 * DAY;

fn truth(rule: &Predicate, of: &Profile) -> Truth {
    rule.truth(&of.hot.seen(), &of.history.seen(), NOW, 0)
}

fn measure(of: Measure, is: Compare, than: f64) -> Predicate {
    Predicate::Number { of: Number::Of(of), is, than }
}

fn share(word: &'static str, more_than: f64) -> Predicate {
    let of = Number::Share(Taste::Category, text(word).term);
    Predicate::Number { of, is: Compare::More, than: more_than }
}

fn not(rule: Predicate) -> Predicate {
    Predicate::Not(Box::new(rule))
}

#[test]
fn what_is_unknown_lets_nobody_in_not_even_negated() {
    let stranger = Profile::default();
    let rules = [
        measure(Measure::Age, Compare::Less, 30.0),
        measure(Measure::CityTier, Compare::NotEqual, 1.0),
        measure(Measure::DaysSincePurchase, Compare::More, 30.0),
        measure(Measure::PriceSensitivity, Compare::More, 0.5),
        Predicate::Flag(Flag::Online),
        Predicate::OneOf { of: Word::Sex, bits: 1 << Sex::Male as u8 },
        Predicate::Named { of: Name::Region, terms: [text("Zhejiang").term].into() },
        Predicate::Consent { bits: 1 << consent_bit(Channel::Webhook, Class::Marketing) },
    ];
    for rule in rules {
        assert_eq!(truth(&rule, &stranger), Truth::Unknown, "{rule:?}");
        let negated = not(rule);
        assert!(!negated.eval(&stranger.hot.seen(), &stranger.history.seen(), NOW, 0), "{negated:?}");
    }
    assert_eq!(truth(&measure(Measure::Purchases, Compare::Equal, 0.0), &stranger), Truth::Yes);
    assert_eq!(truth(&Predicate::Known(Measure::Age), &stranger), Truth::No);
}

#[test]
fn an_unknown_part_matters_only_where_the_others_leave_it_open() {
    let unknown = || Predicate::Flag(Flag::Online);
    let table = [
        (Predicate::All([unknown(), Predicate::Always(false)].into()), Truth::No),
        (Predicate::All([unknown(), Predicate::Always(true)].into()), Truth::Unknown),
        (Predicate::Any([unknown(), Predicate::Always(true)].into()), Truth::Yes),
        (Predicate::Any([unknown(), Predicate::Always(false)].into()), Truth::Unknown),
        (Predicate::All([].into()), Truth::Yes),
        (Predicate::Any([].into()), Truth::No),
    ];
    for (rule, expected) in table {
        assert_eq!(truth(&rule, &Profile::default()), expected, "{rule:?}");
    }
}

#[test]
fn attributes_counts_recency_and_lists_are_asked() {
    let traits = identify(&[
        Trait::BirthYear(1990),
        Trait::Sex(Sex::Female),
        Trait::CityTier(2),
        Trait::Region(text("Zhejiang")),
        Trait::Consent { channel: Some(Channel::Webhook), class: Class::Marketing, granted: true },
        Trait::Consent { channel: Some(Channel::Fcm), class: Class::Marketing, granted: false },
    ]);
    let ann = profile(&[
        ann(T0, traits),
        ann(T0, viewed("boot", "shoes")),
        ann(T0 + HOUR, viewed("boot", "shoes")),
        ann(T0 + DAY, viewed("scarf", "coats")),
        ann(T0 + 2 * DAY, order(OrderAct::Completed, 12_000, &[item("pot", "tea")])),
        ann(T0 + 3 * DAY, room(RoomAct::Followed, "room-1")),
        ann(NOW - 2 * HOUR, added("lantern", "lamps")),
    ]);
    let yes = [
        measure(Measure::Age, Compare::Equal, 33.0),
        measure(Measure::CityTier, Compare::AtMost, 2.0),
        measure(Measure::Spent, Compare::Equal, 120.0),
        measure(Measure::DaysSincePurchase, Compare::Equal, 8.0),
        measure(Measure::CartItems, Compare::Equal, 1.0),
        Predicate::OneOf { of: Word::Sex, bits: 1 << Sex::Female as u8 },
        Predicate::Named { of: Name::Region, terms: [text("en").term, text("Zhejiang").term].into() },
        Predicate::Has(List::Follows, text("lin").term),
        Predicate::Has(List::InCart, text("lantern").term),
        Predicate::Has(List::Viewed, text("boot").term),
        Predicate::Has(List::Bought, text("pot").term),
        Predicate::Consent { bits: 1 << consent_bit(Channel::Webhook, Class::Marketing) },
        share("tea", 0.3),
        not(share("toys", 0.0)),
    ];
    for rule in yes {
        assert_eq!(truth(&rule, &ann), Truth::Yes, "{rule:?}");
    }
    let no = [
        Predicate::Has(List::InCart, text("boot").term),
        Predicate::Consent { bits: 1 << consent_bit(Channel::Fcm, Class::Marketing) },
        share("shoes", 0.5),
    ];
    for rule in no {
        assert_eq!(truth(&rule, &ann), Truth::No, "{rule:?}");
    }
}

#[test]
fn shares_sum_to_one_and_a_strength_halves_in_a_half_life() {
    let ann = profile(&[ann(NOW - 14 * DAY, viewed("boot", "shoes")), ann(NOW, viewed("pot", "tea"))]);
    let strength = |word, is, than| {
        let of = Number::Strength(Taste::Category, text(word).term);
        truth(&Predicate::Number { of, is, than }, &ann)
    };
    assert_eq!(strength("shoes", Compare::More, 0.499), Truth::Yes);
    assert_eq!(strength("shoes", Compare::Less, 0.501), Truth::Yes);
    assert_eq!(truth(&share("tea", 0.66), &ann), Truth::Yes);
    assert_eq!(truth(&share("tea", 0.67), &ann), Truth::No);
}

#[test]
fn live_state_is_unknown_once_it_is_stale() {
    let online = DeviceState { online: Some(true), ..DeviceState::default() };
    let fresh = profile(&[ann(NOW - 60, beckon_core::event::Act::Device(online))]);
    let stale = profile(&[ann(NOW - 301, beckon_core::event::Act::Device(online))]);
    assert_eq!(truth(&Predicate::Flag(Flag::Online), &fresh), Truth::Yes);
    assert_eq!(truth(&Predicate::Flag(Flag::Online), &stale), Truth::Unknown);
}

#[test]
fn a_page_and_a_row_give_the_same_answer() {
    let ann = profile(&[ann(T0, viewed("boot", "shoes"))]);
    let mut page = HotPage::default();
    page.set_row(7, &ann.hot);
    let rule = share("shoes", 0.9);
    assert!(rule.eval(&page.seen(7), &ann.history.seen(), NOW, 0));
    assert!(!rule.eval(&page.seen(6), &ann.history.seen(), NOW, 0));
}

fn arbitrary(random: &mut Prng, depth: usize) -> Predicate {
    let pick = if depth == 0 { 3 + random.below(7) } else { random.below(10) };
    match pick {
        0 => Predicate::All(parts(random, depth - 1)),
        1 => Predicate::Any(parts(random, depth - 1)),
        2 => Predicate::Not(Box::new(arbitrary(random, depth - 1))),
        3 => Predicate::Always(random.below(2) == 0),
        4 => {
            measure(Measure::ALL[random.below(Measure::ALL.len())], Compare::AtLeast, random.below(9) as f64)
        }
        5 => share("tea", 0.25),
        6 => Predicate::Flag(Flag::ALL[random.below(Flag::ALL.len())]),
        7 => Predicate::OneOf { of: Word::Network, bits: random.below(1 << 16) as u16 },
        8 => Predicate::Named {
            of: Name::Language,
            terms: (0..random.below(5)).map(|it| Term(it as u32)).collect(),
        },
        _ => Predicate::Has(List::Wished, Term(random.below(99) as u32)),
    }
}

fn parts(random: &mut Prng, depth: usize) -> Box<[Predicate]> {
    (0..random.below(4)).map(|_| arbitrary(random, depth)).collect()
}

#[test]
fn a_rule_that_was_written_is_read_back_and_arbitrary_bytes_are_an_error_or_a_rule() {
    let mut random = Prng(7);
    for _ in 0..500 {
        let rule = arbitrary(&mut random, 4);
        let mut bytes = Vec::new();
        rule.encode(&mut bytes);
        let mut get = Get::new(&bytes);
        assert_eq!(Predicate::decode(&mut get).as_ref(), Ok(&rule));
        assert!(get.is_empty() && rule.is_within_bounds());
        for cut in 0..bytes.len() {
            assert!(Predicate::decode(&mut Get::new(&bytes[..cut])).is_err(), "a cut at {cut} went unseen");
        }
        let at = random.below(bytes.len());
        bytes[at] = random.below(256) as u8;
        if let Ok(changed) = Predicate::decode(&mut Get::new(&bytes)) {
            assert!(changed.is_within_bounds());
            truth(&changed, &Profile::default());
        }
    }
}

#[test]
fn a_rule_beyond_the_bounds_is_refused() {
    let mut deep = Predicate::Always(true);
    for _ in 0..DEPTH_MAX {
        deep = not(deep);
    }
    let wide = Predicate::All((0..NODES_MAX).map(|_| Predicate::Always(true)).collect());
    for rule in [deep, wide] {
        assert!(!rule.is_within_bounds());
        let mut bytes = Vec::new();
        rule.encode(&mut bytes);
        assert!(Predicate::decode(&mut Get::new(&bytes)).is_err());
    }
}
