//! Consent in the forms that customers and consent managers send it.
//!
//! Our own: `{"marketing": true}` for every channel, `{"web_push": {"marketing": true}}` for one,
//! `{"web_push": false}` for both classes of one. Segment's: `{"categoryPreferences": {"marketing": true,
//! "web_push.service": false}}`, where categories that are named otherwise are not ours.

use super::json::{Object, Pick, Value, Word, fields, skip};
use super::traits::Consent;
use super::words;
use beckon_core::event::{Channel, Class};
use serde::de::MapAccess;
use serde_json::value::RawValue;

/// Reads a `consent` trait.
pub(crate) fn of_traits(json: &RawValue, consents: &mut Vec<Consent>) {
    if let Ok(Object(read)) = serde_json::from_str::<Object<ByChannel>>(json.get()) {
        consents.extend(read.0);
    }
}

/// Reads a `context.consent`.
pub(crate) fn of_context(json: &RawValue, consents: &mut Vec<Consent>) {
    if let Ok(Object(read)) = serde_json::from_str::<Object<Preferences>>(json.get()) {
        consents.extend(read.0);
    }
}

const CLASSES: [Class; 2] = [Class::Service, Class::Marketing];

#[derive(Clone, Copy)]
enum Name {
    Class(Class),
    Channel(Channel),
    Both(Channel, Class),
    Unknown,
}

impl Word for Name {
    fn of(text: &str) -> Self {
        if let Some(class) = words::class(text) {
            return Name::Class(class);
        }
        if let Some(channel) = words::channel(text) {
            return Name::Channel(channel);
        }
        let both = text
            .split_once('.')
            .and_then(|(channel, class)| Some(Name::Both(words::channel(channel)?, words::class(class)?)));
        both.unwrap_or(Name::Unknown)
    }
}

#[derive(Debug, Clone, Default)]
struct ByChannel(Vec<Consent>);

impl<'de> Pick<'de> for ByChannel {
    type Key = Name;

    fn take<A: MapAccess<'de>>(&mut self, key: Name, map: &mut A) -> Result<(), A::Error> {
        match key {
            Name::Channel(channel) => {
                let json: &RawValue = map.next_value()?;
                if let Some(granted) = flag(json) {
                    self.0.extend(CLASSES.map(|class| (Some(channel), class, granted)));
                } else if let Ok(Object(classes)) = serde_json::from_str::<Object<ByClass>>(json.get()) {
                    self.0.extend(
                        classes.0.into_iter().map(|(class, granted)| (Some(channel), class, granted)),
                    );
                }
            }
            other => single(&mut self.0, other, map)?,
        }
        Ok(())
    }
}

fn flag(json: &RawValue) -> Option<bool> {
    serde_json::from_str::<Value<'_>>(json.get()).ok()?.flag()
}

fn single<'de, A: MapAccess<'de>>(
    consents: &mut Vec<Consent>,
    name: Name,
    map: &mut A,
) -> Result<(), A::Error> {
    let Some(granted) = map.next_value::<Value<'de>>()?.flag() else { return Ok(()) };
    match name {
        Name::Class(class) => consents.push((None, class, granted)),
        Name::Both(channel, class) => consents.push((Some(channel), class, granted)),
        Name::Channel(channel) => consents.extend(CLASSES.map(|class| (Some(channel), class, granted))),
        Name::Unknown => {}
    }
    Ok(())
}

#[derive(Debug, Clone, Default)]
struct ByClass(Vec<(Class, bool)>);

impl<'de> Pick<'de> for ByClass {
    type Key = Name;

    fn take<A: MapAccess<'de>>(&mut self, key: Name, map: &mut A) -> Result<(), A::Error> {
        let granted = map.next_value::<Value<'de>>()?.flag();
        if let (Name::Class(class), Some(granted)) = (key, granted) {
            self.0.push((class, granted));
        }
        Ok(())
    }
}

fields! { PreferencesKey { Categories = b"categoryPreferences" } }

#[derive(Debug, Clone, Default)]
struct Preferences(Vec<Consent>);

impl<'de> Pick<'de> for Preferences {
    type Key = PreferencesKey;

    fn take<A: MapAccess<'de>>(&mut self, key: PreferencesKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            PreferencesKey::Categories => self.0 = map.next_value::<Object<Categories>>()?.0.0,
            PreferencesKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Default)]
struct Categories(Vec<Consent>);

impl<'de> Pick<'de> for Categories {
    type Key = Name;

    fn take<A: MapAccess<'de>>(&mut self, key: Name, map: &mut A) -> Result<(), A::Error> {
        single(&mut self.0, key, map)
    }
}
