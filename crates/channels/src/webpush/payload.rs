//! What a browser finds in a push: the message as JSON, with the names that the webhook uses, made to fit.
//!
//! A push carries 4 KB. What does not fit loses its picture first, then the end of its text; title and link are
//! what the shopper decides by, and stay.

use super::encryption::TEXT_BYTES_MAX;
use crate::content::Content;
use crate::message::Message;

/// Stands for the part of a text that was cut off.
const CUT: char = '…';

fn json(content: &Content<'_>) -> Vec<u8> {
    serde_json::to_vec(content).expect("texts are JSON")
}

/// The payload; the bytes that it would have, if it is too long even without picture and text.
pub(super) fn payload(message: &Message) -> Result<Vec<u8>, usize> {
    let mut content = Content::of(message);
    let written = json(&content);
    if written.len() <= TEXT_BYTES_MAX {
        return Ok(written);
    }
    content.image = "";
    let written = json(&content);
    if written.len() <= TEXT_BYTES_MAX {
        return Ok(written);
    }
    // A byte of text is a byte of JSON or several: cutting as many as there are too many is enough.
    let too_many = written.len() - TEXT_BYTES_MAX + CUT.len_utf8();
    let mut keep = message.body.len().saturating_sub(too_many);
    while !message.body.is_char_boundary(keep) {
        keep -= 1;
    }
    let kept = message.body[..keep].trim_end();
    let body = if kept.is_empty() { String::new() } else { format!("{kept}{CUT}") };
    content.body = &body;
    let written = json(&content);
    if written.len() <= TEXT_BYTES_MAX { Ok(written) } else { Err(written.len()) }
}
