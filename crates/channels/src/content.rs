//! What a message says, under the names that every payload of our own has: the webhook, a push to a browser and a
//! frame in the app. It stands once, so that a reader of one can read the others.

use crate::message::Message;
use crate::rfc3339::rfc3339;
use serde::Serialize;

/// A message without the shopper and the device: whoever reads it is them, or was told beside it. What is empty is
/// left out.
#[derive(Debug, Clone, Serialize)]
pub struct Content<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    show_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    room_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    product_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) body: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) image: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    link: &'a str,
    class: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    trigger: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    arm: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    language: &'a str,
    expires_at: String,
}

impl<'a> Content<'a> {
    /// What this message says.
    pub fn of(message: &'a Message) -> Self {
        Content {
            id: &message.id,
            show_id: &message.show_id,
            room_id: &message.room_id,
            product_id: &message.product_id,
            title: &message.title,
            body: &message.body,
            image: &message.image,
            link: &message.link,
            class: message.class.word(),
            trigger: &message.trigger,
            arm: &message.arm,
            language: &message.language,
            expires_at: rfc3339(message.expires_at_ms),
        }
    }
}
