//! An event's `context`: what its SDK knew of the device and its surroundings.

use super::json::{Fill, Pick, Value, fields, skip};
use super::words;
use beckon_core::event::Network;
use serde::de::MapAccess;
use serde_json::value::RawValue;

fields! { Field {
    Timezone = b"timezone",
    Locale = b"locale",
    App = b"app",
    Device = b"device",
    Network = b"network",
    Consent = b"consent",
    Traits = b"traits",
    ShopperToken = b"shopper_token" | b"shopperToken",
} }

/// The parts of `context` that we read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context<'a> {
    pub timezone: Value<'a>,
    pub locale: Value<'a>,
    pub app: App<'a>,
    pub device: Device<'a>,
    pub network: Connection<'a>,
    /// `{"categoryPreferences": {…}}`, read when an event can carry consent.
    pub consent: Option<&'a RawValue>,
    /// RudderStack sends an identify's traits here.
    pub traits: Option<&'a RawValue>,
    /// Says that the customer's server vouches for this shopper.
    pub shopper_token: Value<'a>,
}

impl<'de> Pick<'de> for Context<'de> {
    type Key = Field;

    fn take<A: MapAccess<'de>>(&mut self, key: Field, map: &mut A) -> Result<(), A::Error> {
        match key {
            Field::Timezone => self.timezone = map.next_value()?,
            Field::Locale => self.locale = map.next_value()?,
            Field::App => map.next_value_seed(Fill(&mut self.app))?,
            Field::Device => map.next_value_seed(Fill(&mut self.device))?,
            Field::Network => map.next_value_seed(Fill(&mut self.network))?,
            Field::Consent => self.consent = Some(map.next_value()?),
            Field::Traits => self.traits = Some(map.next_value()?),
            Field::ShopperToken => self.shopper_token = map.next_value()?,
            Field::Unknown => skip(map)?,
        }
        Ok(())
    }
}

fields! { AppKey { Namespace = b"namespace", Name = b"name" } }

/// `context.app`.
#[derive(Debug, Clone, Default)]
pub(crate) struct App<'a> {
    pub namespace: Value<'a>,
    pub name: Value<'a>,
}

impl<'de> Pick<'de> for App<'de> {
    type Key = AppKey;

    fn take<A: MapAccess<'de>>(&mut self, key: AppKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            AppKey::Namespace => self.namespace = map.next_value()?,
            AppKey::Name => self.name = map.next_value()?,
            AppKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

fields! { DeviceKey {
    Id = b"id",
    Kind = b"type",
    Token = b"token",
    Channel = b"channel",
    AdvertisingId = b"advertisingId",
} }

/// `context.device`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device<'a> {
    pub id: Value<'a>,
    pub kind: Value<'a>,
    pub token: Value<'a>,
    /// Whose token it is, in our word; Segment has none for it.
    pub channel: Value<'a>,
    pub advertising_id: Value<'a>,
}

impl<'de> Pick<'de> for Device<'de> {
    type Key = DeviceKey;

    fn take<A: MapAccess<'de>>(&mut self, key: DeviceKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            DeviceKey::Id => self.id = map.next_value::<Value<'de>>()?.named(),
            DeviceKey::Kind => self.kind = map.next_value()?,
            DeviceKey::Token => self.token = map.next_value()?,
            DeviceKey::Channel => self.channel = map.next_value()?,
            DeviceKey::AdvertisingId => self.advertising_id = map.next_value()?,
            DeviceKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

fields! { ConnectionKey {
    Wifi = b"wifi",
    Cellular = b"cellular",
    Bluetooth = b"bluetooth",
    Kind = b"type" | b"effectiveType" | b"effective_type",
} }

/// `context.network`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection<'a> {
    wifi: Option<bool>,
    cellular: Option<bool>,
    bluetooth: Option<bool>,
    kind: Value<'a>,
}

impl<'de> Pick<'de> for Connection<'de> {
    type Key = ConnectionKey;

    fn take<A: MapAccess<'de>>(&mut self, key: ConnectionKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            ConnectionKey::Wifi => self.wifi = map.next_value::<Value<'de>>()?.flag(),
            ConnectionKey::Cellular => self.cellular = map.next_value::<Value<'de>>()?.flag(),
            ConnectionKey::Bluetooth => self.bluetooth = map.next_value::<Value<'de>>()?.flag(),
            ConnectionKey::Kind => self.kind = map.next_value()?,
            ConnectionKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

impl Connection<'_> {
    /// The kind of network. That both radios are named as off means that the device was offline.
    pub fn kind(&self) -> Option<Network> {
        match (self.wifi, self.cellular) {
            (Some(true), _) => Some(Network::Wifi),
            _ if self.kind.text().is_some() => self.kind.text().and_then(words::network),
            (_, Some(true)) => Some(Network::Cellular),
            (Some(false), Some(false)) if self.bluetooth != Some(true) => Some(Network::Offline),
            _ => None,
        }
    }
}
