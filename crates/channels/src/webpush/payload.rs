//! What a browser finds in a push: the message as JSON, with the names that the webhook uses, made to fit.
//!
//! A push carries 4 KB. What does not fit loses its picture first, then the end of its text; title and link are
//! what the shopper decides by, and stay.

use super::encryption::TEXT_BYTES_MAX;
use crate::message::Message;
use crate::rfc3339::rfc3339;
use serde::Serialize;

/// Stands for the part of a text that was cut off.
const CUT: char = '…';

#[derive(Serialize)]
struct Payload<'a> {
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
    body: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    image: &'a str,
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

impl Payload<'_> {
    fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts are JSON")
    }
}

/// The payload; the bytes that it would have, if it is too long even without picture and text.
pub(super) fn payload(message: &Message) -> Result<Vec<u8>, usize> {
    let mut payload = Payload {
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
    };
    let json = payload.json();
    if json.len() <= TEXT_BYTES_MAX {
        return Ok(json);
    }
    payload.image = "";
    let json = payload.json();
    if json.len() <= TEXT_BYTES_MAX {
        return Ok(json);
    }
    // A byte of text is a byte of JSON or several: cutting as many as there are too many is enough.
    let too_many = json.len() - TEXT_BYTES_MAX + CUT.len_utf8();
    let mut keep = message.body.len().saturating_sub(too_many);
    while !message.body.is_char_boundary(keep) {
        keep -= 1;
    }
    let kept = message.body[..keep].trim_end();
    let body = if kept.is_empty() { String::new() } else { format!("{kept}{CUT}") };
    payload.body = &body;
    let json = payload.json();
    if json.len() <= TEXT_BYTES_MAX { Ok(json) } else { Err(json.len()) }
}
