//! Tap links: `/t/{token}`, short, signed and with an end.
//!
//! A token is 24 bytes in base64url (RFC 4648, section 5): a version, the shard, the push's number (48 bits), the
//! end (32 bits of Unix seconds), and the first twelve bytes of an HMAC-SHA256 over them. Who cannot sign
//! guesses one in 2⁹⁶.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon_core::id::ShardId;
use beckon_core::push::PushId;
use beckon_core::time::Timestamp;
use ring::hmac;

const VERSION: u8 = 1;
const SIGNED: usize = 12;
const MAC: usize = 12;

/// How long after its show a link still leads somewhere, in milliseconds.
const AFTER_SHOW_MS: i64 = 24 * 3600 * 1000;

/// Makes and reads tap links.
#[derive(Clone)]
pub struct TapLinks {
    base: String,
    key: hmac::Key,
}

/// Why a link leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadToken {
    /// It was not signed here.
    Forged,
    /// Its time is over.
    Expired(PushId),
}

impl TapLinks {
    /// Links under `base` (such as `https://tap.shop.example`), signed with `key`.
    pub fn new(base: &str, key: &[u8]) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        TapLinks { base, key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// The link of a push into a show that ends at `ends`.
    pub fn link(&self, push: PushId, ends: Timestamp) -> String {
        let until = Timestamp(ends.0.saturating_add(AFTER_SHOW_MS));
        format!("{}/t/{}", self.base, self.token(push, until))
    }

    /// A path of this server as clients reach it.
    pub fn under(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The token of a push, good until `until`.
    pub fn token(&self, push: PushId, until: Timestamp) -> String {
        let mut bytes = Vec::with_capacity(SIGNED + MAC);
        bytes.extend_from_slice(&[VERSION, push.shard.0]);
        bytes.extend_from_slice(&push.number.to_be_bytes()[2..]);
        bytes.extend_from_slice(&until.secs().to_be_bytes());
        let mac = hmac::sign(&self.key, &bytes);
        bytes.extend_from_slice(&mac.as_ref()[..MAC]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The push that a token names at `now`.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<PushId, BadToken> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadToken::Forged)?;
        let bytes: [u8; SIGNED + MAC] = bytes.try_into().map_err(|_| BadToken::Forged)?;
        let (signed, mac) = bytes.split_at(SIGNED);
        let expected = hmac::sign(&self.key, signed);
        // Compared in constant time, so that no byte can be guessed by itself.
        let differs = expected.as_ref()[..MAC].iter().zip(mac).fold(0, |sum, (a, b)| sum | (a ^ b));
        if differs != 0 || signed[0] != VERSION {
            return Err(BadToken::Forged);
        }
        let mut number = [0; 8];
        number[2..].copy_from_slice(&signed[2..8]);
        let push = PushId { shard: ShardId(signed[1]), number: u64::from_be_bytes(number) };
        let until = u32::from_be_bytes([signed[8], signed[9], signed[10], signed[11]]);
        if now.secs() < until { Ok(push) } else { Err(BadToken::Expired(push)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_push_until_its_end_and_no_bit_of_it_can_be_changed() {
        let links = TapLinks::new("https://tap.shop.example/", b"key");
        let push = PushId { shard: ShardId(63), number: 0x0001_0203_0405 };
        let token = links.token(push, Timestamp::from_secs(2_000));
        assert_eq!(token.len(), 32);
        assert_eq!(links.read(&token, Timestamp::from_secs(1_999)), Ok(push));
        assert_eq!(links.read(&token, Timestamp::from_secs(2_000)), Err(BadToken::Expired(push)));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(links.read(&changed, Timestamp::from_secs(1)), Err(BadToken::Forged), "bit {bit}");
        }
        let others = TapLinks::new("", b"another key");
        assert_eq!(others.read(&token, Timestamp::from_secs(1)), Err(BadToken::Forged));
        assert_eq!(links.link(push, Timestamp(0)).len(), "https://tap.shop.example/t/".len() + 32);
    }
}
