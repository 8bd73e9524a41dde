//! What is seldom touched: ids, devices, apps, free traits, and when each attribute was set.
//!
//! Cold rows share their parts by reference, so that a page of them is copied by counting references.

use super::called::{CALLED_MAX, Called};
use super::device::{Around, ClaimKey, Device, Devices, News, Released};
use super::{Attributes, HotView};
use crate::bytes::{Get, Malformed, Put};
use crate::event::{Act, Channel, Class, Connection, Event, Trait};
use crate::id::Term;
use crate::limits::{ANONYMOUS_IDS_MAX, APPS_MAX, TRAITS_MAX};
use crate::push::said::Said;
use std::sync::Arc;

/// One shopper's cold data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cold {
    /// The user id, or the anonymous id while he is not known; empty for a row that is free.
    pub id: Arc<str>,
    /// Whether `id` is a user id.
    pub known: bool,
    /// The rest, if there is any.
    pub details: Option<Arc<Details>>,
}

/// What only some shoppers have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// When each attribute was last set, by [`field`].
    dates: Vec<(u8, u32)>,
    /// Free traits, by name.
    pub traits: Vec<CustomTrait>,
    /// Devices.
    pub devices: Devices,
    /// Apps and sites, latest first, with when they were last used.
    pub apps: Vec<(Box<str>, u32)>,
    /// The anonymous ids whose history is in here.
    pub anonymous_ids: Vec<Box<str>>,
    /// Marketing pushes of the last days under those ids, in order.
    pub called: Vec<Called>,
}

/// A trait that has no meaning of its own to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomTrait {
    /// Its name.
    pub name: Box<str>,
    /// Its value as JSON text; `null` once it was taken away.
    pub json: Box<str>,
    /// When it was set (Unix seconds).
    pub at: u32,
}

/// Numbers of the attributes in the list of dates. Consents follow from [`field::CONSENT`] on.
mod field {
    pub const BIRTH_YEAR: u8 = 0;
    pub const SEX: u8 = 1;
    pub const REGION: u8 = 2;
    pub const CITY_TIER: u8 = 3;
    pub const LANGUAGE: u8 = 4;
    pub const SPENDING_POWER: u8 = 5;
    pub const CONSENT: u8 = 16;
}

/// The bit of a channel and class in the consent columns.
pub fn consent_bit(channel: Channel, class: Class) -> u8 {
    2 * channel as u8 + class as u8
}

/// The latest of two writes wins; of two within a second, the later arrival.
fn newer(dates: &mut Vec<(u8, u32)>, field: u8, at: u32) -> bool {
    match dates.binary_search_by_key(&field, |it| it.0) {
        Ok(place) if dates[place].1 > at => false,
        Ok(place) => {
            dates[place].1 = at;
            true
        }
        Err(place) => {
            dates.insert(place, (field, at));
            true
        }
    }
}

/// An hour, so that a device that is seen all day is written once an hour.
const SEEN_STEP_S: u32 = 3600;

impl Cold {
    /// Whether folding `event` would change anything in here: columns are touched by every event, cold
    /// rows by few.
    pub fn wants(&self, event: &Event<'_>) -> bool {
        match &event.act {
            Act::Identify { traits } if !traits.is_empty() => return true,
            Act::Connection(_) | Act::SignedOut => return event.context.device.is_some(),
            _ => {}
        }
        let at = event.at.secs();
        let details = self.details.as_deref();
        let app_is_new = event.context.app.is_some_and(|name| {
            !details.is_some_and(|it| it.apps.iter().any(|(app, seen)| **app == *name && *seen >= hour(at)))
        });
        let device_is_new = event
            .context
            .device
            .is_some_and(|device| details.is_none_or(|it| it.devices.wants(device, around(event))));
        let language_is_set = event.context.language.is_some()
            && details.is_none_or(|it| it.date(field::LANGUAGE).is_none_or(|set| set < hour(at)));
        app_is_new || device_is_new || language_is_set
    }

    /// Folds an event's traits, device, app and language, and writes the attributes they set. Says what it changed
    /// about who owns a device or a push address.
    pub fn fold(&mut self, event: &Event<'_>, hot: &mut HotView<'_>) -> News {
        let at = event.at.secs();
        let mut news = News::default();
        let details = Arc::make_mut(self.details.get_or_insert_default());
        if let Act::Identify { traits } = &event.act {
            for it in traits {
                details.set(it, at, hot.attributes);
            }
        }
        if event.context.language.is_some() && details.date(field::LANGUAGE).is_none_or(|set| set < hour(at))
        {
            details.set(&Trait::Language(event.context.language), hour(at), hot.attributes);
        }
        if let Some(app) = event.context.app {
            details.app(app, hour(at));
        }
        if let Some(device) = event.context.device {
            match event.act {
                Act::SignedOut => details.devices.signed_out(device.id, at, &mut news),
                _ => details.devices.seen(device, around(event), &mut news),
            }
            if let Act::Connection(it) = event.act {
                details.devices.connected(device.id, it, at);
            }
        }
        news
    }

    /// A device of his.
    pub fn device(&self, id: &str) -> Option<&Device> {
        self.details.as_deref()?.devices.get(id)
    }

    /// Another shopper has had a device or a push address of his since `at` (Unix seconds).
    pub fn release(&mut self, key: ClaimKey, at: u32) -> Released {
        match self.details.as_mut().filter(|it| it.devices.has(key)) {
            Some(details) => Arc::make_mut(details).devices.release(key, at),
            None => Released::Lost(None),
        }
    }

    /// A push address is dead, and stays so.
    pub fn bury(&mut self, key: ClaimKey) {
        Arc::make_mut(self.details.get_or_insert_default()).devices.bury(key);
    }

    /// Nobody was at the end of a device's in-app connection at `at` (Unix seconds).
    pub fn unreached(&mut self, device: &str, at: u32) {
        if self.device(device).is_some() {
            let details = Arc::make_mut(self.details.get_or_insert_default());
            details.devices.connected(device, Connection::Closed, at);
        }
    }

    /// Whether a visitor's id is known to be his.
    pub fn was(&self, anonymous: &str) -> bool {
        self.details.iter().flat_map(|it| &it.anonymous_ids).any(|it| **it == *anonymous)
    }

    /// What was sent to this shopper is to count under his next id as well.
    pub fn remember_calls(&mut self, calls: impl IntoIterator<Item = Called>) {
        let mut calls = calls.into_iter().peekable();
        if calls.peek().is_some() {
            Arc::make_mut(self.details.get_or_insert_default()).remember_calls(calls);
        }
    }

    /// Marketing pushes under former ids for which `counts`.
    pub fn count_calls(&self, counts: impl Fn(&Called) -> bool) -> usize {
        self.details.iter().flat_map(|it| &it.called).filter(|it| counts(it)).count()
    }

    /// What he was told for a show under former ids.
    pub fn calls_for(&self, show: Term) -> impl Iterator<Item = Said> {
        self.details.iter().flat_map(|it| &it.called).filter(move |it| it.show == show).map(|it| it.said)
    }

    /// Takes over another row's details; `theirs` are the attributes that belong to them.
    pub fn merge(&mut self, other: &Cold, mine: &mut Attributes, theirs: &Attributes) {
        let details = Arc::make_mut(self.details.get_or_insert_default());
        if let Some(other) = &other.details {
            details.merge(other, mine, theirs);
        }
        if !other.known {
            details.anonymous_id(&other.id);
        }
    }
}

pub(super) fn hour(at: u32) -> u32 {
    at / SEEN_STEP_S * SEEN_STEP_S
}

fn around<'a>(event: &Event<'a>) -> Around<'a> {
    let context = &event.context;
    Around { app: context.app, locale: context.language.text, at: event.at.secs() }
}

impl Details {
    /// When an attribute was last set.
    fn date(&self, field: u8) -> Option<u32> {
        self.dates.iter().find(|it| it.0 == field).map(|it| it.1)
    }

    /// Remembers that an anonymous id is this shopper.
    pub fn anonymous_id(&mut self, id: &str) {
        if !id.is_empty()
            && self.anonymous_ids.len() < ANONYMOUS_IDS_MAX
            && !self.anonymous_ids.iter().any(|it| **it == *id)
        {
            self.anonymous_ids.push(id.into());
            self.anonymous_ids.sort_unstable();
        }
    }

    fn set(&mut self, what: &Trait<'_>, at: u32, attributes: &mut Attributes) {
        let dates = &mut self.dates;
        match *what {
            Trait::BirthYear(year) if newer(dates, field::BIRTH_YEAR, at) => attributes.birth_year = year,
            Trait::Sex(sex) if newer(dates, field::SEX, at) => attributes.sex = sex as u8,
            Trait::Region(region) if newer(dates, field::REGION, at) => attributes.region = region.term.0,
            Trait::CityTier(tier) if newer(dates, field::CITY_TIER, at) => attributes.city_tier = tier,
            Trait::Language(tag) if newer(dates, field::LANGUAGE, at) => {
                attributes.language = tag.term.0;
                attributes.primary_language = super::primary_language(tag.text);
            }
            Trait::SpendingPower(power) if newer(dates, field::SPENDING_POWER, at) => {
                attributes.spending_power = power;
            }
            Trait::Consent { channel, class, granted } => {
                for it in Channel::ALL.iter().copied().filter(|it| channel.is_none_or(|only| only == *it)) {
                    let bit = consent_bit(it, class);
                    if newer(dates, field::CONSENT + bit, at) {
                        set_consent(attributes, bit, Some(granted));
                    }
                }
            }
            Trait::Custom { name, json } => self.custom(name, json, at),
            _ => {}
        }
    }

    fn custom(&mut self, name: &str, json: &str, at: u32) {
        let new = || CustomTrait { name: name.into(), json: json.into(), at };
        match self.traits.binary_search_by(|it| (*it.name).cmp(name)) {
            Ok(place) if self.traits[place].at > at => {}
            Ok(place) => self.traits[place] = new(),
            Err(place) => self.traits.insert(place, new()),
        }
        if self.traits.len() > TRAITS_MAX {
            let oldest = (0..self.traits.len()).min_by_key(|it| (self.traits[*it].at, *it)).unwrap_or(0);
            self.traits.remove(oldest);
        }
    }

    fn app(&mut self, name: &str, seen: u32) {
        match self.apps.iter_mut().find(|it| *it.0 == *name) {
            Some(app) => app.1 = app.1.max(seen),
            None => self.apps.push((name.into(), seen)),
        }
        self.apps.sort_unstable_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        self.apps.truncate(APPS_MAX);
    }

    fn merge(&mut self, other: &Details, mine: &mut Attributes, theirs: &Attributes) {
        for (field, at) in &other.dates {
            // Of equal dates the owner's stays: the other was there first.
            if self.date(*field).is_none_or(|set| set < *at) {
                newer(&mut self.dates, *field, *at);
                take_attribute(*field, mine, theirs);
            }
        }
        for it in &other.traits {
            if !self.traits.iter().any(|own| own.name == it.name && own.at >= it.at) {
                self.custom(&it.name, &it.json, it.at);
            }
        }
        self.devices.merge(&other.devices);
        other.apps.iter().for_each(|(app, seen)| self.app(app, *seen));
        other.anonymous_ids.iter().for_each(|id| self.anonymous_id(id));
        self.remember_calls(other.called.iter().cloned());
    }

    fn remember_calls(&mut self, calls: impl IntoIterator<Item = Called>) {
        self.called.extend(calls);
        self.called.sort_unstable();
        let beyond = self.called.len().saturating_sub(CALLED_MAX);
        self.called.drain(..beyond);
    }
}

fn set_consent(attributes: &mut Attributes, bit: u8, granted: Option<bool>) {
    let mask = 1u32 << bit;
    attributes.consent_given &= !mask;
    attributes.consent_refused &= !mask;
    match granted {
        Some(true) => attributes.consent_given |= mask,
        Some(false) => attributes.consent_refused |= mask,
        None => {}
    }
}

fn take_attribute(field: u8, mine: &mut Attributes, theirs: &Attributes) {
    match field {
        field::BIRTH_YEAR => mine.birth_year = theirs.birth_year,
        field::SEX => mine.sex = theirs.sex,
        field::REGION => mine.region = theirs.region,
        field::CITY_TIER => mine.city_tier = theirs.city_tier,
        field::LANGUAGE => {
            mine.language = theirs.language;
            mine.primary_language = theirs.primary_language;
        }
        field::SPENDING_POWER => mine.spending_power = theirs.spending_power,
        bit => {
            let bit = bit.saturating_sub(field::CONSENT).min(31);
            let given = theirs.consent_given & 1 << bit != 0;
            set_consent(mine, bit, Some(given));
        }
    }
}

impl Cold {
    /// Appends this row to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_str(&self.id);
        out.push(u8::from(self.known) | u8::from(self.details.is_some()) << 1);
        let Some(details) = &self.details else { return };
        out.put_uint(details.dates.len() as u64);
        for (field, at) in &details.dates {
            out.push(*field);
            out.put_uint((*at).into());
        }
        out.put_uint(details.traits.len() as u64);
        for it in &details.traits {
            out.put_str(&it.name);
            out.put_str(&it.json);
            out.put_uint(it.at.into());
        }
        details.devices.encode(out);
        out.put_uint(details.apps.len() as u64);
        for (app, seen) in &details.apps {
            out.put_str(app);
            out.put_uint((*seen).into());
        }
        out.put_uint(details.anonymous_ids.len() as u64);
        details.anonymous_ids.iter().for_each(|id| out.put_str(id));
        out.put_uint(details.called.len() as u64);
        details.called.iter().for_each(|it| it.encode(out));
    }

    /// Reads what [`Cold::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let id = Arc::from(get.str("shopper id")?);
        let flags = get.u8("cold flags")?;
        let mut cold = Cold { id, known: flags & 1 != 0, details: None };
        if flags & 2 == 0 {
            return Ok(cold);
        }
        let mut details = Details::default();
        for _ in 0..get.len("dates")? {
            details.dates.push((get.u8("field")?, get.u32("date")?));
        }
        for _ in 0..get.len("traits")? {
            let (name, json) = (get.str("trait name")?.into(), get.str("trait value")?.into());
            details.traits.push(CustomTrait { name, json, at: get.u32("trait date")? });
        }
        details.devices = Devices::read(get)?;
        for _ in 0..get.len("apps")? {
            details.apps.push((get.str("app")?.into(), get.u32("app date")?));
        }
        for _ in 0..get.len("anonymous ids")? {
            details.anonymous_ids.push(get.str("anonymous id")?.into());
        }
        for _ in 0..get.len("calls")? {
            details.called.push(Called::read(get)?);
        }
        cold.details = Some(Arc::new(details));
        Ok(cold)
    }
}
