//! Who may publish in a room and who may watch. Both are signed with what signs tap links, under names of their
//! own, so that none can be used for another.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon_core::time::Timestamp;
use ring::hmac;

/// Bytes of a publish token.
const PUBLISH_BYTES: usize = 24;
/// Bytes of a ticket: when it ends, then the signature.
const ENDS: usize = 4;
const MAC: usize = 16;

/// Makes and checks them.
#[derive(Clone)]
pub struct Tokens(hmac::Key);

impl Tokens {
    /// From the key of tap links.
    pub fn new(key: &[u8]) -> Self {
        let parent = hmac::Key::new(hmac::HMAC_SHA256, key);
        Tokens(hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&parent, b"live room").as_ref()))
    }

    fn sign(&self, what: &str, room: &str, ends: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(what.as_bytes());
        context.update(&[0]);
        context.update(ends);
        context.update(room.as_bytes());
        context.sign()
    }

    /// What a host's encoder shows to publish in a room. It stays the same for as long as the secrets do.
    pub fn publish(&self, room: &str) -> String {
        URL_SAFE_NO_PAD.encode(&self.sign("publish", room, &[]).as_ref()[..PUBLISH_BYTES])
    }

    /// Whether a token lets one publish in a room.
    pub fn may_publish(&self, room: &str, token: &str) -> bool {
        let tag = self.sign("publish", room, &[]);
        URL_SAFE_NO_PAD.decode(token).is_ok_and(|bytes| same(&bytes, &tag.as_ref()[..PUBLISH_BYTES]))
    }

    /// A ticket to watch a room until `ends`.
    pub fn ticket(&self, room: &str, ends: Timestamp) -> String {
        let ends = ends.secs().to_be_bytes();
        let mut bytes = ends.to_vec();
        bytes.extend(&self.sign("watch", room, &ends).as_ref()[..MAC]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a ticket lets one watch a room at `now`.
    pub fn may_watch(&self, room: &str, ticket: &str, now: Timestamp) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(ticket) else { return false };
        let Some((ends, mac)) = bytes.split_at_checked(ENDS) else { return false };
        let until = u32::from_be_bytes([ends[0], ends[1], ends[2], ends[3]]);
        let tag = self.sign("watch", room, ends);
        same(mac, &tag.as_ref()[..MAC]) && now.secs() < until
    }
}

/// Compares in constant time, so that no byte can be guessed by itself.
fn same(given: &[u8], expected: &[u8]) -> bool {
    given.len() == expected.len() && given.iter().zip(expected).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_room_and_its_purpose_and_a_ticket_until_its_end() {
        let tokens = Tokens::new(b"key");
        let publish = tokens.publish("r1");
        assert!(tokens.may_publish("r1", &publish) && !tokens.may_publish("r2", &publish));
        assert!(!Tokens::new(b"other").may_publish("r1", &publish));
        let ticket = tokens.ticket("r1", Timestamp::from_secs(100));
        assert!(tokens.may_watch("r1", &ticket, Timestamp::from_secs(99)));
        assert!(!tokens.may_watch("r1", &ticket, Timestamp::from_secs(100)));
        assert!(!tokens.may_watch("r2", &ticket, Timestamp::from_secs(99)));
        assert!(!tokens.may_publish("r1", &ticket) && !tokens.may_watch("r1", &publish, Timestamp(0)));
        for garbage in ["", "x", "AAAA", "not base64!"] {
            assert!(!tokens.may_watch("r1", garbage, Timestamp(0)) && !tokens.may_publish("r1", garbage));
        }
    }
}
