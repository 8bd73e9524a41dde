//! Shopper tokens: the customer's server vouches for a shopper, so that a web page or an app can speak for a
//! known one although everybody can read its write key.
//!
//! A shopper token is a JSON Web Token (RFC 7519) signed with HS256 and the source's shopper secret, which
//! `beckon keys` makes. Claims: `sub`, the `userId`; `exp`, required, the end of its life in Unix seconds;
//! `nbf`, honoured, its begin. Others are passed over. The customer's server makes one when a shopper logs
//! in, and the page sends it along as `X-Shopper-Token`.
//!
//! In Python, with PyJWT:
//!
//! ```python
//! import jwt, time
//! token = jwt.encode({"sub": "user-42", "exp": int(time.time()) + 3600}, SHOPPER_SECRET, algorithm="HS256")
//! ```
//!
//! In Node, with nothing else installed:
//!
//! ```js
//! import { createHmac } from 'node:crypto';
//! const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
//! const signed = part({ alg: 'HS256', typ: 'JWT' }) + '.' +
//!   part({ sub: 'user-42', exp: Math.floor(Date.now() / 1000) + 3600 });
//! const token = signed + '.' + createHmac('sha256', SHOPPER_SECRET).update(signed).digest('base64url');
//! ```

use super::Source;
use super::limits::{TOKEN_BYTES_MAX, TOKEN_LEEWAY_SECS};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon_core::limits::ID_BYTES_MAX;
use beckon_core::time::Timestamp;
use ring::hmac;
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that a reader must understand (RFC 7515, section 4.1.11): we understand none.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    nbf: Option<f64>,
}

/// The `userId` that `token` vouches for, if it was signed for this source and is valid at `now`.
///
/// The algorithm is HS256 whatever the token says, the signature is compared in constant time, and nothing
/// of the claims is read before it is right.
pub fn verify_shopper_token(source: &Source, token: &str, now: Timestamp) -> Option<String> {
    let key = source.shopper.as_ref()?;
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    hmac::verify(key, signed.as_bytes(), &signature).ok()?;

    let header: Header = part(header)?;
    if header.alg != "HS256" || header.crit.is_some() {
        return None;
    }
    let claims: Claims = part(claims)?;
    let now = now.0 as f64 / 1000.0;
    let begun = claims.nbf.is_none_or(|it| it <= now + TOKEN_LEEWAY_SECS);
    let over = claims.exp + TOKEN_LEEWAY_SECS <= now;
    let named = (1..=ID_BYTES_MAX).contains(&claims.sub.len());
    (begun && !over && named).then_some(claims.sub)
}

fn part<T: for<'de> Deserialize<'de>>(encoded: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}
