//! An identify's traits: who the shopper is, as far as the customer says.
//!
//! What we know how to use becomes a typed trait; everything else is kept as JSON text under its name,
//! as is a known trait whose value we cannot read.

use super::instant::year_of;
use super::json::{Object, Pick, Value, fields, skip};
use super::kept::kept;
use super::text::{self, language};
use super::{Edge, consent, words};
use crate::limits::CONSENTS_MAX;
use beckon_core::event::{Channel, Class, Sex, Trait};
use beckon_core::limits::{NAME_BYTES_MAX, TRAIT_BYTES_MAX, TRAITS_MAX};
use beckon_core::names::Kind;
use beckon_core::time::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A consent, given or refused.
pub(crate) type Consent = (Option<Channel>, Class, bool);

/// Traits as read, before names are looked up.
#[derive(Debug, Default)]
pub(crate) struct Traits<'a> {
    birth_year: Option<(Rank, u16)>,
    sex: Option<Sex>,
    region: Value<'a>,
    city_tier: Option<u8>,
    language: Value<'a>,
    spending_power: Option<u8>,
    pub timezone: Value<'a>,
    pub consents: Vec<Consent>,
    custom: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Custom traits that were too long or too many.
    pub left_out: u32,
}

/// How exactly a trait tells the year of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Age,
    Birthday,
    Year,
}

/// Oldest shopper whose age is believed, in years.
const AGE_MAX: i64 = 120;

impl<'a> Traits<'a> {
    /// Adds the traits of an object; anything else has none. `at` turns an age into a year.
    pub fn read(&mut self, traits: &'a RawValue, at: Timestamp) {
        let Ok(Pairs(pairs)) = serde_json::from_str(traits.get()) else { return };
        for (name, json) in pairs {
            if !self.known(&name, json, at) {
                self.keep(name, json);
            }
        }
    }

    /// Takes a trait that we use. `false` if it is none, or is not written in a way we can read.
    fn known(&mut self, name: &str, json: &'a RawValue, at: Timestamp) -> bool {
        let value = || serde_json::from_str::<Value<'a>>(json.get()).unwrap_or_default();
        match name {
            "birthday" | "birth_year" | "birthYear" | "age" => self.born(name, &value(), at),
            "gender" | "sex" => set(&mut self.sex, value().text().and_then(words::sex)),
            "region" => set_value(&mut self.region, value().named()),
            "city_tier" | "cityTier" => set(&mut self.city_tier, step(&value(), 6)),
            "language" | "locale" => set_value(&mut self.language, value()),
            "spending_power" | "spendingPower" => set(&mut self.spending_power, step(&value(), 5)),
            "timezone" => set_value(&mut self.timezone, value()),
            "consent" => {
                let before = self.consents.len();
                consent::of_traits(json, &mut self.consents);
                self.consents.truncate(CONSENTS_MAX);
                self.consents.len() > before
            }
            "address" => {
                let Object(address) =
                    serde_json::from_str::<Object<Address<'a>>>(json.get()).unwrap_or_default();
                let region = address.state.or(address.region.or(&address.city)).clone();
                if self.region == Value::Absent {
                    self.region = region;
                }
                // The street and the rest of it stay under `address`.
                false
            }
            _ => false,
        }
    }

    fn born(&mut self, name: &str, value: &Value<'_>, at: Timestamp) -> bool {
        let now = year_of(at);
        let (rank, year) = match name {
            "age" => (Rank::Age, value.count(u32::MAX).map(|age| now - i64::from(age))),
            "birthday" => (Rank::Birthday, value.text().and_then(leading_year)),
            _ => (Rank::Year, value.count(u32::MAX).map(i64::from)),
        };
        let Some(year) = year.filter(|it| (now - AGE_MAX..=now).contains(it)) else { return false };
        if self.birth_year.is_none_or(|(before, _)| rank >= before) {
            self.birth_year = Some((rank, year as u16));
        }
        true
    }

    fn keep(&mut self, name: Cow<'a, str>, json: &'a RawValue) {
        let json = kept(json.get());
        let fits = json.len() <= TRAIT_BYTES_MAX && (1..=NAME_BYTES_MAX).contains(&name.len());
        let same = self.custom.iter().position(|(kept, _)| *kept == name);
        if let (true, Some(same)) = (fits, same) {
            self.custom[same].1 = json;
        } else if fits && self.custom.len() < TRAITS_MAX {
            self.custom.push((name, json));
        } else {
            self.left_out += 1;
        }
    }

    /// The traits as an event carries them.
    pub fn list(&self, edge: &dyn Edge) -> Vec<Trait<'_>> {
        let mut list = Vec::new();
        list.extend(self.birth_year.map(|(_, year)| Trait::BirthYear(year)));
        list.extend(self.sex.map(Trait::Sex));
        list.extend(self.region.text().map(|it| Trait::Region(text::named(edge, Kind::Region, it))));
        list.extend(self.city_tier.map(Trait::CityTier));
        list.extend(
            language(self.language.text()).map(|it| Trait::Language(text::named(edge, Kind::Language, it))),
        );
        list.extend(self.spending_power.map(Trait::SpendingPower));
        list.extend(self.consents.iter().map(|&(channel, class, granted)| Trait::Consent {
            channel,
            class,
            granted,
        }));
        list.extend(self.custom.iter().map(|(name, json)| Trait::Custom { name, json }));
        list
    }
}

fn set<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let read = value.is_some();
    if read {
        *slot = value;
    }
    read
}

fn set_value<'a>(slot: &mut Value<'a>, value: Value<'a>) -> bool {
    let read = value.text().is_some();
    if read {
        *slot = value;
    }
    read
}

/// A whole number from 1 to `max`.
fn step(value: &Value<'_>, max: u8) -> Option<u8> {
    value.number().filter(|it| it.fract() == 0.0 && (1.0..=f64::from(max)).contains(it)).map(|it| it as u8)
}

/// The year that a date begins with: `1990-05-04`, `1990/5/4`, `19900504`, `1990年5月4日`.
fn leading_year(date: &str) -> Option<i64> {
    let (year, _) = date.split_at_checked(4)?;
    year.bytes().all(|it| it.is_ascii_digit()).then(|| year.parse().ok())?
}

fields! { AddressKey { State = b"state" | b"province", Region = b"region", City = b"city" } }

#[derive(Debug, Clone, Default)]
struct Address<'a> {
    state: Value<'a>,
    region: Value<'a>,
    city: Value<'a>,
}

impl<'de> Pick<'de> for Address<'de> {
    type Key = AddressKey;

    fn take<A: MapAccess<'de>>(&mut self, key: AddressKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            AddressKey::State => self.state = map.next_value()?,
            AddressKey::Region => self.region = map.next_value()?,
            AddressKey::City => self.city = map.next_value()?,
            AddressKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

/// An object's fields in their order, with their values as text.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, json)) = map.next_entry::<Value<'de>, &'de RawValue>()? {
            if let Value::Text(name) = name {
                pairs.push((name, json));
            }
        }
        Ok(Pairs(pairs))
    }
}
