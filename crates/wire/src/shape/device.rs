//! Devices, as the customer's server registers them and as they are shown.

use super::field::{fits, invalid};
use super::profile::attributes;
use super::{Channel, Permission};
use crate::limits::{LANGUAGE_BYTES_MAX, TOKEN_BYTES_MAX};
use crate::problem::Problem;
use beckon_core::limits::{ID_BYTES_MAX, NAME_BYTES_MAX};
use beckon_core::profile::cold::Cold;
use beckon_core::profile::device as core;
use serde::{Deserialize, Serialize};

/// A device, as it is put under its id. It replaces what was known of the device: left out means none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DeviceInput {
    /// Whose it is, if he is known. Either this or `anonymous_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub user_id: Option<String>,
    /// Whose it is, if he is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub anonymous_id: Option<String>,
    /// The app or site on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub app: Option<String>,
    /// `web`, `ios`, `android` …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub platform: Option<String>,
    /// Over which channel `token` is reached. Left out, `apns` for an `ios` and `fcm` for an `android` device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The push service's token. Either this or `subscription`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4096))]
    pub token: Option<String>,
    /// A browser's push subscription; its channel is `web_push`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<PushSubscription>,
    /// A BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 35))]
    pub locale: Option<String>,
    /// Whether it may show notifications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
}

/// A browser's push subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PushSubscription {
    /// Where its push service takes messages.
    #[cfg_attr(feature = "openapi", schema(format = "uri", min_length = 1, max_length = 2048))]
    pub endpoint: String,
    /// When it expires, if the browser says so, in milliseconds since the epoch. It is not looked at: the push service
    /// says when a subscription is gone.
    #[serde(default, rename = "expirationTime", skip_serializing)]
    pub expiration_time: Option<u64>,
    /// Its keys.
    pub keys: SubscriptionKeys,
}

/// What messages are encrypted for, in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubscriptionKeys {
    /// The browser's public key.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub p256dh: String,
    /// The shared secret.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub auth: String,
}

/// A device and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnedDevice {
    /// Whose it is, if he is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whose it is, if he is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The device.
    #[serde(flatten)]
    pub device: attributes::Device,
}

/// Where a push service finds a device: a channel, if one was named, and a token.
pub type Address = (Option<Channel>, String);

impl DeviceInput {
    /// Whose it is: the id, and whether it is a user's.
    pub fn shopper(&self) -> Result<(bool, &str), Problem> {
        let (known, id) = match (&self.user_id, &self.anonymous_id) {
            (Some(id), None) => (true, id),
            (None, Some(id)) => (false, id),
            (None, None) => return Err(invalid("/user_id", "either this or `anonymous_id` must be given")),
            (Some(_), Some(_)) => {
                let detail = "only one of this and `user_id`; `identify` says that both are one shopper";
                return Err(invalid("/anonymous_id", detail));
            }
        };
        let field = if known { "/user_id" } else { "/anonymous_id" };
        match id.len() {
            0 => Err(invalid(field, "must not be empty")),
            1..=ID_BYTES_MAX => Ok((known, id)),
            _ => Err(invalid(field, format!("at most {ID_BYTES_MAX} bytes"))),
        }
    }

    /// Its push address; `None` when it has none.
    pub fn address(&self) -> Result<Option<Address>, Problem> {
        for (field, text, max) in [
            ("/app", &self.app, NAME_BYTES_MAX),
            ("/platform", &self.platform, NAME_BYTES_MAX),
            ("/locale", &self.locale, LANGUAGE_BYTES_MAX),
            ("/token", &self.token, TOKEN_BYTES_MAX),
        ] {
            fits(field, text.as_deref().unwrap_or_default(), max)?;
        }
        if self.channel == Some(Channel::InApp) {
            return Err(invalid("/channel", "an in-app connection has no token: the app opens it by itself"));
        }
        match (&self.token, &self.subscription) {
            (Some(_), Some(_)) => Err(invalid("/subscription", "only one of this and `token`")),
            (Some(token), None) if token.is_empty() => Err(invalid("/token", "must not be empty")),
            (Some(token), None) => Ok(Some((self.channel, token.clone()))),
            (None, Some(it)) => {
                if self.channel.is_some_and(|it| it != Channel::WebPush) {
                    return Err(invalid("/channel", "a subscription is reached over `web_push`"));
                }
                let text = serde_json::to_string(it).unwrap_or_default();
                fits("/subscription", &text, TOKEN_BYTES_MAX)?;
                Ok(Some((Some(Channel::WebPush), text)))
            }
            (None, None) if self.channel.is_some() => {
                Err(invalid("/channel", "a channel is of a token or subscription, and there is none"))
            }
            (None, None) => Ok(None),
        }
    }
}

impl OwnedDevice {
    /// A device of the shopper behind `cold`.
    pub fn of(cold: &Cold, device: &core::Device) -> Self {
        let id = cold.id.to_string();
        let (user_id, anonymous_id) = if cold.known { (Some(id), None) } else { (None, Some(id)) };
        OwnedDevice { user_id, anonymous_id, device: attributes::Device::of(device) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let input: DeviceInput = serde_json::from_str(text).unwrap();
        input.shopper().map(|_| ()).and_then(|()| input.address().map(|_| ())).unwrap_err().field.unwrap()
    }

    #[test]
    fn what_cannot_be_a_device_is_refused_with_its_field() {
        assert_eq!(refused(r#"{}"#), "/user_id");
        assert_eq!(refused(r#"{"user_id":"u","anonymous_id":"a"}"#), "/anonymous_id");
        assert_eq!(refused(r#"{"user_id":""}"#), "/user_id");
        assert_eq!(refused(r#"{"user_id":"u","token":""}"#), "/token");
        assert_eq!(refused(r#"{"user_id":"u","channel":"fcm"}"#), "/channel");
        assert_eq!(refused(r#"{"user_id":"u","channel":"in_app","token":"t"}"#), "/channel");
        let both =
            r#"{"user_id":"u","token":"t","subscription":{"endpoint":"e","keys":{"p256dh":"p","auth":"a"}}}"#;
        assert_eq!(refused(both), "/subscription");
    }

    #[test]
    fn a_subscription_is_kept_in_one_spelling() {
        let token = r#"{"endpoint":"https://p/1","keys":{"p256dh":"p","auth":"a"}}"#;
        // The second is what a browser makes of its subscription as JSON.
        for subscription in [
            r#"{"keys":{"auth":"a","p256dh":"p"},"endpoint":"https://p/1"}"#,
            r#"{"endpoint":"https://p/1","expirationTime":null,"keys":{"p256dh":"p","auth":"a"}}"#,
            r#"{"endpoint":"https://p/1","expirationTime":1795348800000,"keys":{"p256dh":"p","auth":"a"}}"#,
        ] {
            let text = format!(r#"{{"user_id":"u","subscription":{subscription}}}"#);
            let input: DeviceInput = serde_json::from_str(&text).unwrap();
            assert_eq!(input.address().unwrap(), Some((Some(Channel::WebPush), token.to_owned())));
        }
    }
}
