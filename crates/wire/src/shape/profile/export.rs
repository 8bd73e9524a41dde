//! Everything that is held of a shopper: his readable profile, and beside it what that leaves out or
//! rounds, down to the bytes of every column.

use super::{Lens, Profile, instant, word};
use beckon_core::bytes::{Get, Malformed};
use beckon_core::decay::Level;
use beckon_core::event::{Channel, Class};
use beckon_core::id::Term;
use beckon_core::profile::cold::{Cold, consent_bit};
use beckon_core::profile::columns::{Columns, row_bytes};
use beckon_core::profile::lists::{Ranked, Week};
use beckon_core::profile::{HistoryPage, HotPage};
use beckon_core::shard::store;
use beckon_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A profile for the one it is about: with his device tokens, all dates and everything raw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    /// What the profile shows.
    #[serde(flatten)]
    pub profile: Profile,
    /// What it leaves out or rounds.
    pub held: Held,
}

/// What is held, raw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Held {
    /// When each attribute was last set.
    pub attributes_set: Vec<AttributeSet>,
    /// Traits, word for word; `null` is one that was taken away.
    pub traits: Vec<HeldTrait>,
    /// Devices with their push tokens or subscriptions.
    pub devices: Vec<HeldDevice>,
    /// Interests as they are kept.
    pub interests: Vec<HeldInterest>,
    /// Categories touched lately, day by day.
    pub days: Vec<HeldDays>,
    /// Every column, byte for byte.
    pub columns: Vec<HeldColumn>,
}

/// When an attribute was last set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeSet {
    /// Which; a consent as `consent.web_push.marketing`.
    pub attribute: String,
    /// When.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub at: String,
}

/// A trait, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldTrait {
    /// Its name.
    pub name: String,
    /// Its value as JSON text.
    pub json: String,
    /// When it was set.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub at: String,
}

/// A device with its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldDevice {
    /// Its id.
    pub id: String,
    /// Its push token or subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// An interest as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldInterest {
    /// In which list: `categories`, `brands`, `hosts`, `hosting_styles`, `tags` or `price_bands`.
    pub list: String,
    /// The number that stands for the name; of a price band, its number from 1.
    pub term: u32,
    /// The name; a price band has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The logarithm of the decayed sum, in steps of 2⁻²⁰.
    pub level: u32,
}

/// How often a category was touched, day by day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldDays {
    /// The number that stands for the category.
    pub term: u32,
    /// The category.
    pub category: String,
    /// The last day it was touched, on his own clock.
    #[cfg_attr(feature = "openapi", schema(format = Date))]
    pub last_day: String,
    /// Touches on that day, the day before, and so on for seven days; each stops at 15.
    pub touches: Vec<u32>,
}

/// A column, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldColumn {
    /// Its name.
    pub name: String,
    /// The version of its shape.
    pub version: u16,
    /// Its bytes, in hexadecimal digits.
    pub bytes: String,
}

impl Export {
    /// Everything held of a shopper, at `now`. `names` is the dictionary; `default_offset_min` is the
    /// clock of a shopper whose zone is unknown, in minutes east of UTC.
    pub fn of(
        profile: &store::Profile,
        names: &dyn Fn(Term) -> Option<String>,
        now: Timestamp,
        default_offset_min: i16,
    ) -> Export {
        let lens = Lens { now: now.secs(), default_offset_min, names };
        Export { profile: Profile::seen(profile, lens), held: Held::of(profile, lens) }
    }
}

impl Held {
    fn of(profile: &store::Profile, lens: Lens<'_>) -> Self {
        let store::Profile { hot, history, cold } = profile;
        let details = cold.details.as_deref();
        let traits = details.iter().flat_map(|it| &it.traits).map(|it| HeldTrait {
            name: it.name.to_string(),
            json: it.json.to_string(),
            at: instant::rfc3339(it.at),
        });
        let devices = details.iter().flat_map(|it| it.devices.iter()).map(|it| HeldDevice {
            id: it.id.to_string(),
            token: it.address.as_ref().map(|it| it.token.to_string()),
        });
        let mut interests = Vec::new();
        put_interests(&mut interests, "categories", &hot.categories, |it| Some(lens.name(it)));
        put_interests(&mut interests, "brands", &hot.brands, |it| Some(lens.name(it)));
        put_interests(&mut interests, "hosts", &hot.hosts, |it| Some(lens.name(it)));
        put_interests(&mut interests, "hosting_styles", &hot.styles, |it| Some(lens.name(it)));
        put_interests(&mut interests, "tags", &hot.tags, |it| Some(lens.name(it)));
        put_interests(&mut interests, "price_bands", &history.price_bands, |_| None);
        let mut columns = Vec::new();
        put_columns::<HotPage>(&mut columns, hot);
        put_columns::<HistoryPage>(&mut columns, history);
        Held {
            attributes_set: dates(cold).unwrap_or_default(),
            traits: traits.collect(),
            devices: devices.collect(),
            interests,
            days: history.days.iter().map(|it| HeldDays::of(it, lens)).collect(),
            columns,
        }
    }
}

fn put_interests<const N: usize>(
    out: &mut Vec<HeldInterest>,
    list: &str,
    ranked: &Ranked<N>,
    name: impl Fn(Term) -> Option<String>,
) {
    out.extend(ranked.iter().map(|(term, Level(level))| HeldInterest {
        list: list.into(),
        term: term.0,
        name: name(term),
        level,
    }));
}

fn put_columns<P: Columns>(out: &mut Vec<HeldColumn>, row: &P::Row) {
    let mut bytes = Vec::new();
    row_bytes::<P>(row, &mut bytes);
    let mut rest = &bytes[..];
    for column in P::COLUMNS {
        let (here, after) = rest.split_at(column.size);
        rest = after;
        out.push(HeldColumn { name: column.name.into(), version: column.version, bytes: hex(here) });
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

impl HeldDays {
    fn of(week: &Week, lens: Lens<'_>) -> Self {
        HeldDays {
            term: week.term,
            category: lens.name(Term(week.term)),
            last_day: instant::date(week.day),
            touches: (0..7).map(|back| week.counts >> (back * 4) & 15).collect(),
        }
    }
}

/// When each attribute was set, as a cold row writes it down (see [`Cold::encode`]): it is kept to settle
/// which of two values is newer, so the row has no other use for it than that and this.
fn dates(cold: &Cold) -> Result<Vec<AttributeSet>, Malformed> {
    let mut row = Vec::new();
    cold.encode(&mut row);
    let mut get = Get::new(&row);
    get.str("shopper id")?;
    get.u8("cold flags")?;
    if cold.details.is_none() {
        return Ok(Vec::new());
    }
    let mut dates = Vec::new();
    for _ in 0..get.len("dates")? {
        let attribute = attribute(get.u8("field")?);
        dates.push(AttributeSet { attribute, at: instant::rfc3339(get.u32("date")?) });
    }
    Ok(dates)
}

/// The attribute that a cold row numbers so.
fn attribute(field: u8) -> String {
    const FIRST: [&str; 6] = ["birth_year", "sex", "region", "city_tier", "language", "spending_power"];
    if let Some(name) = FIRST.get(usize::from(field)) {
        return (*name).into();
    }
    for channel in Channel::ALL {
        for class in Class::ALL {
            if CONSENT_FROM + consent_bit(*channel, *class) == field {
                return format!("consent.{}.{}", word(channel.word()), word(class.word()));
            }
        }
    }
    format!("#{field}")
}

/// The number of the first consent among a cold row's dates.
const CONSENT_FROM: u8 = 16;
