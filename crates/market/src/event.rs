//! What the market says: calls of Segment's tracking API, ready to be serialised.

use crate::instant::{ZONE, rfc3339};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The app that all shoppers have.
pub const APP: &str = "com.example.livemart";

/// The kind of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Says who a shopper is; its properties are traits.
    Identify,
    /// Says what a shopper did.
    Track,
}

/// The device that a call comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: String,
    /// `android` or `ios`.
    pub kind: &'static str,
    /// Where pushes to it go.
    pub token: String,
    /// BCP 47 tag of its user interface.
    pub locale: &'static str,
}

/// One call. It serialises to what `POST /v1/batch` takes as an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it happened, in Unix milliseconds.
    pub at_ms: u64,
    /// Identify or track.
    pub kind: Kind,
    /// Unique, and the same in each run of a seed.
    pub message_id: String,
    /// Who.
    pub user_id: Arc<str>,
    /// What: the event's name, empty for an identify.
    pub name: &'static str,
    /// Its properties, or an identify's traits.
    pub properties: Map<String, Value>,
    /// Where it comes from.
    pub device: Arc<Device>,
}

impl Event {
    /// The call as JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// A text among its properties; empty without it.
    pub fn text(&self, property: &str) -> &str {
        self.properties.get(property).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        match self.kind {
            Kind::Identify => {
                map.serialize_entry("type", "identify")?;
                map.serialize_entry("traits", &self.properties)?;
            }
            Kind::Track => {
                map.serialize_entry("type", "track")?;
                map.serialize_entry("event", self.name)?;
                map.serialize_entry("properties", &self.properties)?;
            }
        }
        map.serialize_entry("messageId", &self.message_id)?;
        map.serialize_entry("userId", &*self.user_id)?;
        map.serialize_entry("timestamp", &rfc3339(self.at_ms))?;
        map.serialize_entry("context", &Context { device: &self.device, with_token: self.says_token() })?;
        map.end()
    }
}

impl Event {
    /// SDKs know the token when they start: it comes with these calls.
    fn says_token(&self) -> bool {
        self.kind == Kind::Identify || self.name == "Application Opened"
    }
}

struct Context<'e> {
    device: &'e Device,
    with_token: bool,
}

impl Serialize for Context<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("timezone", ZONE)?;
        map.serialize_entry("locale", self.device.locale)?;
        map.serialize_entry("app", &One("namespace", APP))?;
        map.serialize_entry("device", &DeviceOf(self))?;
        map.end()
    }
}

struct One(&'static str, &'static str);

impl Serialize for One {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(self.0, self.1)?;
        map.end()
    }
}

struct DeviceOf<'e>(&'e Context<'e>);

impl Serialize for DeviceOf<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("id", &self.0.device.id)?;
        map.serialize_entry("type", self.0.device.kind)?;
        if self.0.with_token {
            map.serialize_entry("token", &self.0.device.token)?;
        }
        map.end()
    }
}
