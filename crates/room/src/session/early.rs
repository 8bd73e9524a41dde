//! Speaks before it is told to. A browser names the address to use some 50 ms after it first reached us; but a
//! server has one address, and the first authenticated request shows that the client is reached by it. So that
//! request is taken as if it had named the pair (RFC 8445 allows sending on any valid pair, §12.1), and the
//! DTLS handshake starts a round of checks earlier.

use crate::stun::is_stun;
use str0m::IceCreds;
use str0m::crypto::CryptoProvider;
use str0m::ice::{StunMessage, StunMessageBuilder};

/// Longest request that is looked at: they are about 100 bytes.
const REQUEST_BYTES_MAX: usize = 548;

/// Names the first pair.
pub struct Early {
    ours: IceCreds,
    done: bool,
    crypto: CryptoProvider,
}

impl Early {
    /// For a session with these credentials; unless `wanted`, it keeps still.
    pub fn new(ours: IceCreds, wanted: bool) -> Self {
        Early { ours, done: !wanted, crypto: str0m::crypto::from_feature_flags() }
    }

    /// The same request with the pair named, if it is the first authenticated one.
    pub fn nominate(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.done || !is_stun(bytes) || bytes.len() > REQUEST_BYTES_MAX {
            return None;
        }
        let message = StunMessage::parse(bytes).ok()?;
        if !message.is_binding_request() {
            return None;
        }
        let sha1 = |key: &[u8], parts: &[&[u8]]| self.crypto.sha1_hmac_provider.sha1_hmac(key, parts);
        let (name, password) = (message.split_username()?, self.ours.pass.as_bytes());
        if name.0 != self.ours.ufrag || !message.verify(password, sha1) {
            return None;
        }
        self.done = true;
        if message.use_candidate() {
            return None;
        }
        let named = StunMessageBuilder::new()
            .binding()
            .request()
            .username(message.username()?)
            .prio(message.prio()?)
            .use_candidate()
            .ice_controlling(message.ice_controlling()?)
            .build(message.trans_id());
        let mut buffer = vec![0; REQUEST_BYTES_MAX + 64];
        let length = named.to_bytes(Some(password), &mut buffer, sha1).ok()?;
        buffer.truncate(length);
        Some(buffer)
    }
}
