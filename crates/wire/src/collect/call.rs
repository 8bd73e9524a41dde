//! One tracking call as it was sent: Segment's common fields.

use super::context::Context;
use super::json::{Fill, Pick, Value, fields, skip};
use super::properties::Properties;
use serde::de::MapAccess;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The kinds of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// Says who the shopper is.
    Identify,
    /// Says what the shopper did.
    Track,
    /// A page was seen.
    Page,
    /// A screen of an app was seen.
    Screen,
    /// The shopper belongs to a group.
    Group,
    /// Two ids are one shopper.
    Alias,
}

impl CallKind {
    /// The kind that goes by `word`, as in a body's `type`; in any case of letters.
    pub fn of(word: &str) -> Option<Self> {
        use CallKind::*;
        [Track, Page, Identify, Screen, Group, Alias]
            .into_iter()
            .find(|kind| kind.word().eq_ignore_ascii_case(word))
    }

    /// Its word: the last part of its path, and the name under which calls that have no own are counted.
    pub fn word(self) -> &'static str {
        match self {
            CallKind::Identify => "identify",
            CallKind::Track => "track",
            CallKind::Page => "page",
            CallKind::Screen => "screen",
            CallKind::Group => "group",
            CallKind::Alias => "alias",
        }
    }
}

/// What a path of the collect interface takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// One call of this kind.
    Call(CallKind),
    /// One call whose kind its body's `type` says.
    Unnamed,
    /// `{"batch": […]}`.
    Batch,
}

impl Route {
    /// The route of a path's last part: Segment's long and short words (`track`, `t`), `batch`, `b`,
    /// `import`, and Jitsu's `event` for "the body says". `None` for any other.
    pub fn of(segment: &str) -> Option<Self> {
        Some(match segment {
            "identify" | "i" => Route::Call(CallKind::Identify),
            "track" | "t" => Route::Call(CallKind::Track),
            "page" | "p" => Route::Call(CallKind::Page),
            "screen" | "s" => Route::Call(CallKind::Screen),
            "group" | "g" => Route::Call(CallKind::Group),
            "alias" | "a" => Route::Call(CallKind::Alias),
            "batch" | "b" | "import" => Route::Batch,
            "event" => Route::Unnamed,
            _ => return None,
        })
    }
}

fields! { Field {
    Kind = b"type",
    Event = b"event",
    UserId = b"userId",
    AnonymousId = b"anonymousId",
    PreviousId = b"previousId",
    MessageId = b"messageId",
    Timestamp = b"timestamp",
    OriginalTimestamp = b"originalTimestamp",
    SentAt = b"sentAt",
    Properties = b"properties",
    Traits = b"traits",
    Context = b"context",
    WriteKey = b"writeKey",
} }

/// The fields of a call that we read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call<'a> {
    pub kind: Value<'a>,
    pub event: Value<'a>,
    pub user_id: Value<'a>,
    pub anonymous_id: Value<'a>,
    pub previous_id: Value<'a>,
    pub message_id: Value<'a>,
    pub timestamp: Value<'a>,
    pub original_timestamp: Value<'a>,
    pub sent_at: Value<'a>,
    pub properties: Properties<'a>,
    pub traits: Option<&'a RawValue>,
    pub context: Context<'a>,
    pub write_key: Value<'a>,
}

impl<'de> Pick<'de> for Call<'de> {
    type Key = Field;

    fn take<A: MapAccess<'de>>(&mut self, key: Field, map: &mut A) -> Result<(), A::Error> {
        match key {
            Field::Kind => self.kind = map.next_value()?,
            Field::Event => self.event = map.next_value::<Value<'de>>()?.named(),
            Field::UserId => self.user_id = map.next_value::<Value<'de>>()?.named(),
            Field::AnonymousId => self.anonymous_id = map.next_value::<Value<'de>>()?.named(),
            Field::PreviousId => self.previous_id = map.next_value::<Value<'de>>()?.named(),
            Field::MessageId => self.message_id = map.next_value::<Value<'de>>()?.named(),
            Field::Timestamp => self.timestamp = map.next_value()?,
            Field::OriginalTimestamp => self.original_timestamp = map.next_value()?,
            Field::SentAt => self.sent_at = map.next_value()?,
            Field::Properties => map.next_value_seed(Fill(&mut self.properties))?,
            Field::Traits => self.traits = Some(map.next_value()?),
            Field::Context => map.next_value_seed(Fill(&mut self.context))?,
            Field::WriteKey => self.write_key = map.next_value()?,
            Field::Unknown => skip(map)?,
        }
        Ok(())
    }
}

fields! { RawKey { Properties = b"properties" } }

/// A call's properties as text: of an event that means nothing to us they are kept as they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawProperties<'a>(pub Option<&'a RawValue>);

impl<'de> Pick<'de> for RawProperties<'de> {
    type Key = RawKey;

    fn take<A: MapAccess<'de>>(&mut self, key: RawKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            RawKey::Properties => self.0 = Some(map.next_value()?),
            RawKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

fields! { SubscriptionKey {
    Properties = b"properties",
} }

/// A `Push Subscription Changed`'s properties.
#[derive(Debug, Clone, Default)]
pub(crate) struct SubscriptionCall<'a>(pub Subscription<'a>);

impl<'de> Pick<'de> for SubscriptionCall<'de> {
    type Key = SubscriptionKey;

    fn take<A: MapAccess<'de>>(&mut self, key: SubscriptionKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            SubscriptionKey::Properties => map.next_value_seed(Fill(&mut self.0))?,
            SubscriptionKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

fields! { TokenKey {
    Token = b"token" | b"subscription",
    Subscribed = b"subscribed",
    DeviceId = b"device_id" | b"deviceId",
    Platform = b"platform" | b"device_type",
    Channel = b"channel",
    Permission = b"permission",
} }

/// How to reach a device: a vendor's token, or a browser's `PushSubscription` as an object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subscription<'a> {
    token: Option<&'a RawValue>,
    subscribed: Option<bool>,
    pub device_id: Value<'a>,
    pub platform: Value<'a>,
    pub channel: Value<'a>,
    pub permission: Value<'a>,
}

impl<'de> Pick<'de> for Subscription<'de> {
    type Key = TokenKey;

    fn take<A: MapAccess<'de>>(&mut self, key: TokenKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            TokenKey::Token => self.token = Some(map.next_value()?),
            TokenKey::Subscribed => self.subscribed = map.next_value::<Value<'de>>()?.flag(),
            TokenKey::DeviceId => self.device_id = map.next_value::<Value<'de>>()?.named(),
            TokenKey::Platform => self.platform = map.next_value()?,
            TokenKey::Channel => self.channel = map.next_value()?,
            TokenKey::Permission => self.permission = map.next_value()?,
            TokenKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

impl<'a> Subscription<'a> {
    /// The token: a text as it is, an object as its JSON text. The empty text when the device can no longer
    /// be reached (`"token": null`, `"subscribed": false`).
    pub fn token(&self) -> Option<Cow<'a, str>> {
        if self.subscribed == Some(false) {
            return Some(Cow::Borrowed(""));
        }
        match self.token?.get() {
            "null" => Some(Cow::Borrowed("")),
            object if object.starts_with('{') => Some(compact(object)),
            other => match serde_json::from_str(other).unwrap_or_default() {
                Value::Text(token) if token.starts_with('{') => Some(compact(&token).into_owned().into()),
                Value::Text(token) => Some(token),
                _ => None,
            },
        }
    }
}

/// A browser's `PushSubscription` in one spelling, so that the same one is known again; what is none stays as it is.
pub(crate) fn compact(object: &str) -> Cow<'_, str> {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Keys<'k> {
        #[serde(borrow)]
        p256dh: Cow<'k, str>,
        #[serde(borrow)]
        auth: Cow<'k, str>,
    }
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Subscription<'k> {
        #[serde(borrow)]
        endpoint: Cow<'k, str>,
        #[serde(borrow)]
        keys: Keys<'k>,
    }
    let read = serde_json::from_str::<Subscription<'_>>(object).ok();
    let written = read.and_then(|it| serde_json::to_string(&it).ok());
    written.map_or(Cow::Borrowed(object), Cow::Owned)
}
