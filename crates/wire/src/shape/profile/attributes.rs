//! Who a shopper is: what he or the customer stated, and how he can be reached.

use super::{Lens, instant, word};
use crate::shape::{Channel, Permission};
use beckon_core::event::{self, Class, Sex};
use beckon_core::profile::cold::{Details, consent_bit};
use beckon_core::profile::device as core_device;
use beckon_core::profile::{self as core, Clock};
use beckon_core::shard::store;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Who he is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attributes {
    /// Year of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_year: Option<u16>,
    /// The age he reaches this year: only the year of birth is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u32>,
    /// `female`, `male` or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// Region, as the customer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// 1 (largest cities) to 6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city_tier: Option<u8>,
    /// BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// His clock.
    pub time_zone: TimeZone,
    /// 1 (least) to 5 (most).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spending_power: Option<u8>,
    /// What he allowed and what he refused, by channel and class. What is not listed is unknown, and
    /// unknown means no marketing.
    pub consent: Vec<Consent>,
    /// Apps and sites he uses, latest first.
    pub apps: Vec<App>,
    /// His devices.
    pub devices: Vec<Device>,
    /// Traits that have no meaning of their own to us, by name.
    pub traits: BTreeMap<String, Value>,
}

/// A shopper's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimeZone {
    /// The zone. Absent while it is unknown: then the offset is the configured default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Minutes east of UTC now.
    pub utc_offset_minutes: i16,
    /// When an event last told the zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub since: Option<String>,
}

/// What a shopper said to one class of messages over one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Consent {
    /// The channel, e.g. `web_push`.
    pub channel: String,
    /// `service` or `marketing`.
    pub class: String,
    /// What he said.
    pub state: ConsentState,
}

/// Whether he consented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Yes.
    Given,
    /// No.
    Refused,
}

/// An app or site that a shopper uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct App {
    /// Its name.
    pub name: String,
    /// The hour in which it was last used.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub last_used: String,
}

/// A device that belongs to a shopper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    /// Its id.
    pub id: String,
    /// Its platform, as the SDK says it, e.g. `ios`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The app on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The language of the app on it, a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Whether it may show notifications, as far as it was told. It is the system's word, and no consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
    /// Over which channel it can be pushed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Whether it has a push token or subscription.
    pub has_token: bool,
    /// A fingerprint of the token, by which it is known again; the token itself is in the export alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_fingerprint: Option<String>,
    /// When the token was told, or taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub token_since: Option<String>,
    /// Its in-app connection; absent when it never had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The hour in which the device was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub last_seen: Option<String>,
}

/// The in-app connection of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Connection {
    /// How it is.
    pub state: ConnectionState,
    /// Since when.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub since: String,
}

/// How an in-app connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// There is none.
    Closed,
    /// Open, and the app is not on screen.
    Background,
    /// Open, and the app is on screen.
    Foreground,
}

impl Attributes {
    pub(super) fn of(profile: &store::Profile, lens: Lens<'_>) -> Self {
        let told = &profile.hot.attributes;
        let details = profile.cold.details.as_deref();
        let apps = details.iter().flat_map(|it| &it.apps);
        let devices = details.iter().flat_map(|it| it.devices.iter());
        Attributes {
            birth_year: (told.birth_year != 0).then_some(told.birth_year),
            age: age(told.birth_year, lens.now),
            sex: Sex::from_number(told.sex).map(|it| word(it.word())),
            region: lens.named(told.region),
            city_tier: (told.city_tier != 0).then_some(told.city_tier),
            language: lens.named(told.language),
            time_zone: TimeZone::of(&profile.history.clock, lens),
            spending_power: (told.spending_power != 0).then_some(told.spending_power),
            consent: consents(told),
            apps: apps
                .map(|(name, used)| App { name: name.to_string(), last_used: instant::rfc3339(*used) })
                .collect(),
            devices: devices.map(Device::of).collect(),
            traits: details.map(traits).unwrap_or_default(),
        }
    }
}

fn age(birth_year: u16, now: u32) -> Option<u32> {
    let born = u32::from(birth_year);
    (born != 0).then(|| instant::year_of(now).checked_sub(born))?
}

impl TimeZone {
    fn of(clock: &Clock, lens: Lens<'_>) -> Self {
        TimeZone {
            name: lens.named(clock.zone),
            utc_offset_minutes: clock.offset_min(lens.now, lens.default_offset_min),
            since: instant::told(clock.at),
        }
    }
}

fn consents(told: &core::Attributes) -> Vec<Consent> {
    let mut all = Vec::new();
    for channel in event::Channel::ALL {
        for class in Class::ALL {
            let mask = 1u32 << consent_bit(*channel, *class);
            let state = match (told.consent_given & mask != 0, told.consent_refused & mask != 0) {
                (true, _) => ConsentState::Given,
                (_, true) => ConsentState::Refused,
                (false, false) => continue,
            };
            all.push(Consent { channel: word(channel.word()), class: word(class.word()), state });
        }
    }
    all
}

/// A trait that was taken away is kept as `null`, to outlive late news of it; it is not shown.
fn traits(details: &Details) -> BTreeMap<String, Value> {
    let all = details.traits.iter().map(|it| (it.name.to_string(), value(&it.json)));
    all.filter(|(_, value)| !value.is_null()).collect()
}

/// A trait's value; what is no JSON is shown as the text that it is.
fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::from(json))
}

impl Device {
    /// A device as it is shown.
    pub fn of(device: &core_device::Device) -> Self {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let address = device.address.as_ref();
        Device {
            id: device.id.to_string(),
            platform: given(&device.platform),
            app: given(&device.app.0),
            locale: given(&device.locale.0),
            permission: device.permission.map(|it| it.0.into()),
            channel: address.map(|it| it.channel.into()),
            has_token: address.is_some(),
            token_fingerprint: address.map(|it| fingerprint(it.key())),
            token_since: instant::told(device.address_at),
            connection: device.connection.map(|(state, since)| Connection {
                state: match state {
                    event::Connection::Closed => ConnectionState::Closed,
                    event::Connection::Background => ConnectionState::Background,
                    event::Connection::Foreground => ConnectionState::Foreground,
                },
                since: instant::rfc3339(since),
            }),
            last_seen: instant::told(device.seen_at),
        }
    }
}

/// Twelve hexadecimal digits of an address's hash.
fn fingerprint(key: core_device::ClaimKey) -> String {
    format!("{:012x}", key.0 >> 16)
}
