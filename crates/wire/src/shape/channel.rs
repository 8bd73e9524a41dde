//! Channels, as they are set up and as they are shown.

use super::Channel;
use super::field::invalid;
use crate::problem::Problem;
use beckon_core::show as core;
use serde::{Deserialize, Serialize};

/// Most messages a second that a channel may be set to.
const RATE_PER_S_MAX: u32 = 1_000_000;

/// Most messages of one request.
const BATCH_MAX: u16 = 1_000;

/// A channel, as it is put under its word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChannelInput {
    /// Whether it is in use.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where its requests go: `https`, or plain `http` within a private network. Only the webhook has one: Web Push
    /// goes where each subscription says, and the in-app channel calls nobody.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(format = "uri", max_length = 2048))]
    pub url: String,
    /// Of `web_push` only: whom a push service may write to, a `mailto:` or `https:` URL. Left out, the server's
    /// public URL if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = "uri", max_length = 2048))]
    pub contact: Option<String>,
    /// What its requests are signed with. Left out, the one there is stays, or one is made. Of `webhook`: `whsec_`
    /// and 24 to 64 bytes in base64; one that is made is shown once. Of `web_push`: a P-256 key, as PKCS #8 or as
    /// public and private key in base64url with a `.` between; another key makes all subscriptions useless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Requests may go into a private network.
    #[serde(default)]
    pub private_network: bool,
    /// Marketing pushes a device gets in a day over this channel; the vendor's own cap if left out. 0 is no bound here,
    /// while a policy's `day_cap` of 0 allows none: to send nothing over a channel, put `enabled: false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_cap: Option<u8>,
    /// Messages a second; the vendor's own if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000000))]
    pub rate_per_s: Option<u32>,
    /// Messages of one request; the vendor's own if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub batch_max: Option<u16>,
}

fn yes() -> bool {
    true
}

/// A channel, as it is shown. Its secret is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelPlan {
    /// Which.
    pub channel: Channel,
    /// Whether it is in use.
    pub enabled: bool,
    /// Where its requests go; only of `webhook`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Whom a push service may write to; of `web_push`, if there is anybody.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub contact: String,
    /// What browsers subscribe with, in base64url; of `web_push`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// The secret that was made just now: this is the one time that it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether there is a secret.
    pub is_signed: bool,
    /// Requests may go into a private network.
    pub private_network: bool,
    /// Marketing pushes a device gets in a day over this channel; 0 for no bound.
    pub day_cap: u8,
    /// Messages a second.
    pub rate_per_s: u32,
    /// Messages of one request.
    pub batch_max: u16,
}

impl ChannelInput {
    /// As the stage keeps it; `secret` is the secret's name in the secret store.
    pub fn into_core(self, channel: Channel, secret: &str) -> Result<core::ChannelPlan, Problem> {
        let usual = core::ChannelPlan::new(channel.into());
        let rate_per_s = self.rate_per_s.unwrap_or(usual.rate_per_s);
        if !(1..=RATE_PER_S_MAX).contains(&rate_per_s) {
            return Err(invalid("/rate_per_s", format!("1 to {RATE_PER_S_MAX}")));
        }
        let batch_max = self.batch_max.unwrap_or(usual.batch_max);
        if !(1..=BATCH_MAX).contains(&batch_max) {
            return Err(invalid("/batch_max", format!("1 to {BATCH_MAX}")));
        }
        Ok(core::ChannelPlan {
            enabled: self.enabled,
            url: if channel == Channel::WebPush { self.contact.unwrap_or_default() } else { self.url }.into(),
            secret: secret.into(),
            private_network: self.private_network,
            day_cap: self.day_cap.unwrap_or(usual.day_cap),
            rate_per_s,
            batch_max,
            ..usual
        })
    }
}

impl ChannelPlan {
    /// A channel; `is_signed` says whether its secret is there.
    pub fn of(it: &core::ChannelPlan, is_signed: bool) -> Self {
        let (mut url, mut contact) = (it.url.to_string(), String::new());
        if it.channel == Channel::WebPush.into() {
            std::mem::swap(&mut url, &mut contact);
        }
        ChannelPlan {
            channel: it.channel.into(),
            enabled: it.enabled,
            url,
            contact,
            public_key: None,
            secret: None,
            is_signed,
            private_network: it.private_network,
            day_cap: it.day_cap,
            rate_per_s: it.rate_per_s,
            batch_max: it.batch_max,
        }
    }
}

/// What browsers subscribe to Web Push with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushKey {
    /// A point on P-256 in base64url: the `applicationServerKey` of `PushManager.subscribe`.
    pub public_key: String,
}
