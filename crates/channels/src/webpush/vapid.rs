//! Who sends (VAPID, RFC 8292): a token signed with ES256, one for each push service, and the key that signs.
//!
//! A signature costs half of what a message's encryption does, so tokens are kept. Endpoints are somebody's
//! input: how many push services are remembered is bounded.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderValue;
use ring::rand::SecureRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Seconds that a token is good for. At most a day is allowed (RFC 8292, section 2), and clocks differ.
pub const VALID_S: i64 = 12 * 3_600;

/// A token with fewer seconds left than this is made anew.
pub const RENEW_S: i64 = 3_600;

/// Push services whose tokens are kept. There are a handful; the rest is somebody's play.
pub const ORIGINS_MAX: usize = 1_024;

/// Bytes of a key's text at most.
const KEY_TEXT_BYTES_MAX: usize = 2_048;

/// The header of every token: `{"typ":"JWT","alg":"ES256"}`.
const HEAD: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9";

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is in neither of the forms.
    #[error(
        "it is not a P-256 key: give PKCS #8 (PEM, or its base64), or the public and the private key in \
         base64url with a `.` between, as `web-push generate-vapid-keys` makes them"
    )]
    Form,
    /// It is of another curve, or its halves do not belong together.
    #[error("it is a key of another kind than P-256, or its public half is not of its private half")]
    Unusable,
    /// There is no randomness to work with.
    #[error("the system has no randomness")]
    NoRandomness,
}

/// The key of an application server. It prints as dots.
#[derive(Clone)]
pub struct Key {
    pair: Arc<EcdsaKeyPair>,
    public: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("\"…\"")
    }
}

impl Key {
    /// Makes one, as text that [`Key::parse`] reads: base64 of PKCS #8.
    pub fn make(random: &dyn SecureRandom) -> Result<String, KeyError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random);
        Ok(STANDARD.encode(made.map_err(|_| KeyError::NoRandomness)?))
    }

    /// Reads PKCS #8 with the public key in it, as PEM or as the base64 in it; or the public and the private key in
    /// base64url, with a `.` between.
    pub fn parse(random: &dyn SecureRandom, text: &str) -> Result<Self, KeyError> {
        if text.len() > KEY_TEXT_BYTES_MAX {
            return Err(KeyError::Form);
        }
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = if let Some((public, private)) = text.trim().split_once('.') {
            let decode = |half: &str| URL_SAFE_NO_PAD.decode(half.trim().trim_end_matches('='));
            let public = decode(public).map_err(|_| KeyError::Form)?;
            let private = decode(private).map_err(|_| KeyError::Form)?;
            EcdsaKeyPair::from_private_key_and_public_key(algorithm, &private, &public, random)
        } else {
            let lines = text.lines().map(str::trim).filter(|it| !it.starts_with("-----"));
            let der = STANDARD.decode(lines.collect::<String>()).map_err(|_| KeyError::Form)?;
            EcdsaKeyPair::from_pkcs8(algorithm, &der, random)
        };
        let pair = pair.map_err(|_| KeyError::Unusable)?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key());
        Ok(Key { pair: Arc::new(pair), public })
    }

    /// The public half in base64url: what a browser subscribes with.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The value of `Authorization` for the push service at `origin`, with a token good until `expires_s` (Unix
    /// seconds). `contact` is whom the service may write to.
    pub fn authorization(
        &self,
        random: &dyn SecureRandom,
        origin: &str,
        expires_s: i64,
        contact: Option<&str>,
    ) -> Result<HeaderValue, KeyError> {
        let claims = Claims { aud: origin, exp: expires_s, sub: contact };
        let claims = serde_json::to_vec(&claims).expect("texts and a number are JSON");
        let mut token = format!("{HEAD}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(random, token.as_bytes()).map_err(|_| KeyError::NoRandomness)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        let value = HeaderValue::try_from(format!("vapid t={token}, k={}", self.public));
        let mut value = value.expect("base64url is header text");
        value.set_sensitive(true);
        Ok(value)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

/// The tokens that are in use, by origin.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<BTreeMap<String, Token>>);

#[derive(Debug)]
struct Token {
    value: HeaderValue,
    expires_s: i64,
}

impl Tokens {
    /// The token for `origin` at `now_s`, made by `make` (which is told when it expires) where there is none that
    /// lasts.
    pub(super) fn get(
        &self,
        origin: &str,
        now_s: i64,
        make: impl FnOnce(i64) -> Result<HeaderValue, KeyError>,
    ) -> Result<HeaderValue, KeyError> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lasts = |it: &Token| it.expires_s - now_s >= RENEW_S;
        if let Some(token) = tokens.get(origin).filter(|it| lasts(it)) {
            return Ok(token.value.clone());
        }
        let expires_s = now_s.saturating_add(VALID_S);
        let value = make(expires_s)?;
        if tokens.len() >= ORIGINS_MAX && !tokens.contains_key(origin) {
            tokens.retain(|_, it| lasts(it));
            if tokens.len() >= ORIGINS_MAX {
                tokens.clear();
            }
        }
        tokens.insert(origin.to_owned(), Token { value: value.clone(), expires_s });
        Ok(value)
    }
}

const _: () = assert!(RENEW_S < VALID_S && VALID_S <= 24 * 3_600 - 300);
