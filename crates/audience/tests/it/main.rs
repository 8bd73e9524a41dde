//! What a rule compiles to, how a bad one is refused, and that no text makes the compiler panic.

mod documented;
mod refused;

use beckon_audience::{Error, compile};
use beckon_core::event::{Channel, Class, Network, Sex};
use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::profile::cold::consent_bit;
use beckon_core::show::audience::{Compare, Flag, List, Measure, Name, Number, Predicate, Taste, Word};

/// A term that follows from kind and spelling.
fn term(kind: Kind, text: &str) -> Term {
    let start = 0x811C_9DC5 ^ kind as u32;
    Term(text.bytes().fold(start, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)).max(1))
}

fn rule(source: &str) -> Result<Predicate, Error> {
    compile(source, &term)
}

#[track_caller]
fn check(source: &str, expected: Predicate) {
    assert_eq!(rule(source), Ok(expected), "{source}");
}

fn number(of: Number, is: Compare, than: f64) -> Predicate {
    Predicate::Number { of, is, than }
}

fn measure(of: Measure, is: Compare, than: f64) -> Predicate {
    number(Number::Of(of), is, than)
}

fn share(taste: Taste, kind: Kind, name: &str) -> Number {
    Number::Share(taste, term(kind, name))
}

fn not(of: Predicate) -> Predicate {
    Predicate::Not(Box::new(of))
}

#[test]
fn the_example_of_the_design_compiles_to_two_comparisons() {
    let beauty = share(Taste::Category, Kind::Category, "beauty");
    let parts = [measure(Measure::CityTier, Compare::AtMost, 2.0), number(beauty, Compare::More, 0.5)];
    check(r#"profile.city_tier <= 2 && interest("beauty") > 0.5"#, Predicate::All(parts.into()));
}

#[test]
fn an_empty_rule_is_for_everyone() {
    check("", Predicate::EVERYONE);
    check(" \n", Predicate::EVERYONE);
    check("true", Predicate::EVERYONE);
}

#[test]
fn constants_may_stand_on_either_side() {
    check("18 <= profile.age", measure(Measure::Age, Compare::AtLeast, 18.0));
    check("-1.5 < profile.age", measure(Measure::Age, Compare::More, -1.5));
    check("profile.age != 3u", measure(Measure::Age, Compare::NotEqual, 3.0));
}

#[test]
fn chains_are_flat_and_keep_their_order() {
    let flags = |all: &[Flag]| all.iter().copied().map(Predicate::Flag).collect::<Box<_>>();
    let abc = flags(&[Flag::Online, Flag::Foreground, Flag::Charging]);
    check("live.online && live.foreground && live.charging", Predicate::All(abc.clone()));
    check("live.online || (live.foreground || live.charging)", Predicate::Any(abc));
    let mixed = [Predicate::Flag(Flag::Online), not(Predicate::Any(flags(&[Flag::InRoom, Flag::Charging])))];
    check("live.online && !(live.in_room || live.charging)", Predicate::All(mixed.into()));
}

#[test]
fn words_names_and_flags_are_compared_by_equality_and_in() {
    let female = 1 << Sex::Female as u8;
    check("profile.sex == 'female'", Predicate::OneOf { of: Word::Sex, bits: female });
    check("profile.sex != 'female'", not(Predicate::OneOf { of: Word::Sex, bits: female }));
    let quick = 1 << Network::Wifi as u8 | 1 << Network::Fastest as u8;
    check("live.network in ['wifi', 'fastest']", Predicate::OneOf { of: Word::Network, bits: quick });
    let regions = [term(Kind::Region, "浙江"), term(Kind::Region, "江苏")].into();
    check("profile.region in ['浙江', '江苏']", Predicate::Named { of: Name::Region, terms: regions });
    check("live.online == false", not(Predicate::Flag(Flag::Online)));
    let tiers = [1.0, 2.0].map(|it| measure(Measure::CityTier, Compare::Equal, it)).into();
    check("profile.city_tier in [1, 2]", Predicate::Any(tiers));
}

#[test]
fn functions_resolve_names_of_the_right_kind() {
    check("follows('lin')", Predicate::Has(List::Follows, term(Kind::Host, "lin")));
    check("in_cart('p1')", Predicate::Has(List::InCart, term(Kind::Product, "p1")));
    check("reminded('s1')", Predicate::Has(List::Reminded, term(Kind::Show, "s1")));
    let brand = share(Taste::Brand, Kind::Brand, "acme");
    check("interest('brand: acme') >= 0.2", number(brand, Compare::AtLeast, 0.2));
    // Only the five kinds are prefixes; any other colon is part of the name.
    let colon = share(Taste::Category, Kind::Category, "home: lamps");
    check("interest('home: lamps') > 0.0", number(colon, Compare::More, 0.0));
    let touches = Number::WeekTouches(term(Kind::Category, "tea"));
    check("touches_7d('tea') >= 3", number(touches, Compare::AtLeast, 3.0));
}

#[test]
fn consent_is_asked_for_one_channel_or_for_any() {
    let web = 1 << consent_bit(Channel::WebPush, Class::Marketing);
    check("consent('marketing', 'web_push')", Predicate::Consent { bits: web });
    let any = Channel::ALL.iter().map(|it| 1u32 << consent_bit(*it, Class::Service)).sum();
    check("consent('service')", Predicate::Consent { bits: any });
}

#[test]
fn has_asks_whether_something_is_known() {
    check("has(profile.age)", Predicate::Known(Measure::Age));
    check("has(profile.sex)", Predicate::OneOf { of: Word::Sex, bits: 0 });
    check("has(profile.region)", Predicate::Named { of: Name::Region, terms: [].into() });
}
