//! The token of Web Push: the browser's subscription, as it came from somebody's page. It is untrusted text;
//! what is wrong with it is said in words that repeat nothing of it, for it is a secret of the shopper's.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::Uri;
use serde::Deserialize;
use std::borrow::Cow;

/// Bytes of a subscription's text at most. Browsers' are below 600.
pub const TOKEN_BYTES_MAX: usize = 4_096;

/// Bytes of an uncompressed point on P-256 (SEC 1, section 2.3.3).
pub const POINT_BYTES: usize = 65;

/// Bytes of the authentication secret (RFC 8291, section 3.2).
pub const AUTH_BYTES: usize = 16;

/// How an uncompressed point begins.
const UNCOMPRESSED: u8 = 4;

/// Subscriptions are passed around with and without padding.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text is no subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Longer than any browser's.
    #[error("the subscription has {0} bytes: at most {TOKEN_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not the JSON that `PushSubscription.toJSON()` gives.
    #[error("the subscription is not JSON with `endpoint`, `keys.p256dh` and `keys.auth`")]
    NotJson,
    /// The endpoint is no URL with a host.
    #[error("the subscription's endpoint is not a URL of the form https://HOST/PATH")]
    BadEndpoint,
    /// A key is not base64url.
    #[error("the subscription's {0} is not base64url")]
    NotBase64(&'static str),
    /// The public key is no uncompressed point.
    #[error("the subscription's p256dh is no uncompressed point of {POINT_BYTES} bytes")]
    NotAPoint,
    /// The secret has another length.
    #[error("the subscription's auth has {0} bytes in place of {AUTH_BYTES}")]
    AuthLength(usize),
}

/// What a message to one browser is encrypted with (RFC 8291, section 2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// The browser's public key. Whether it lies on the curve is seen when a key is agreed on.
    pub point: [u8; POINT_BYTES],
    /// The secret that only browser and application server know.
    pub auth: [u8; AUTH_BYTES],
}

/// Where and how one browser is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where messages to it go.
    pub endpoint: Uri,
    /// What they are encrypted with.
    pub keys: Keys,
}

impl std::fmt::Debug for Subscription {
    /// Whose service it is; the rest is the shopper's secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = self.endpoint.host().unwrap_or_default();
        f.debug_struct("Subscription").field("host", &host).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    endpoint: Cow<'a, str>,
    #[serde(borrow)]
    keys: TextKeys<'a>,
}

#[derive(Deserialize)]
struct TextKeys<'a> {
    #[serde(borrow)]
    p256dh: Cow<'a, str>,
    #[serde(borrow)]
    auth: Cow<'a, str>,
}

impl Subscription {
    /// Reads `{"endpoint":…,"keys":{"p256dh":…,"auth":…}}`; what else it holds is left alone.
    pub fn parse(token: &str) -> Result<Self, Error> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Error::TooLong(token.len()));
        }
        let text: Text<'_> = serde_json::from_str(token).map_err(|_| Error::NotJson)?;
        let endpoint: Uri = text.endpoint.parse().map_err(|_| Error::BadEndpoint)?;
        if endpoint.scheme().is_none() || endpoint.host().is_none_or(str::is_empty) {
            return Err(Error::BadEndpoint);
        }
        let decode = |name, text: &str| BASE64URL.decode(text).map_err(|_| Error::NotBase64(name));
        let point = decode("p256dh", &text.keys.p256dh)?;
        let point: [u8; POINT_BYTES] = point.try_into().map_err(|_| Error::NotAPoint)?;
        if point[0] != UNCOMPRESSED {
            return Err(Error::NotAPoint);
        }
        let auth = decode("auth", &text.keys.auth)?;
        let auth = auth.try_into().map_err(|auth: Vec<u8>| Error::AuthLength(auth.len()))?;
        Ok(Subscription { endpoint, keys: Keys { point, auth } })
    }
}

/// The origin of a URL (RFC 6454, section 6.2): scheme, host, and the port where it is not the scheme's own.
pub(super) fn origin(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or_default();
    let host = url.host().unwrap_or_default().to_ascii_lowercase();
    match url.port_u16() {
        Some(443) if scheme == "https" => format!("{scheme}://{host}"),
        Some(80) if scheme == "http" => format!("{scheme}://{host}"),
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}
