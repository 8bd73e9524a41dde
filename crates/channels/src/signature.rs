//! Signatures of the Standard Webhooks specification (standardwebhooks.com, version 1.0.0): the receiver can
//! tell that a request is ours and new.
//!
//! What is signed is `id.timestamp.body`, with HMAC-SHA256; the header holds `v1,` and the result in base64,
//! once for every secret. While a secret is being replaced both sign, so that neither side has to change at
//! the same instant as the other.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use ring::hmac;

/// Header that names the request, the same when it is repeated.
pub const ID_HEADER: &str = "webhook-id";

/// Header with the time of the attempt, in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";

/// Header with the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far a request's time may lie from the receiver's, in seconds, before it is taken for a replay.
pub const TOLERANCE_S: i64 = 300;

/// Secrets that sign at once.
pub const SECRETS_MAX: usize = 4;

const PREFIX: &str = "whsec_";
const SCHEME: &str = "v1,";

/// Secrets are passed around with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bytes of a secret, as the specification has it.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not base64.
    #[error("it is not `whsec_` and then base64: copy the whole secret, or make one of 32 random bytes")]
    NotBase64,
    /// It is too short or too long.
    #[error("it holds {0} bytes: a secret has 24 to 64 of them, best 32 random ones")]
    Length(usize),
}

/// A signing secret. It prints as dots.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl Secret {
    /// Reads `whsec_` + base64; as in other implementations the prefix may be left out.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = LENIENT.decode(encoded).map_err(|_| SecretError::NotBase64)?;
        if !SECRET_BYTES.contains(&bytes.len()) {
            return Err(SecretError::Length(bytes.len()));
        }
        Ok(Secret(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// One signature, as it stands in the header.
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(head(id, timestamp_s).as_bytes());
        context.update(body);
        format!("{SCHEME}{}", STANDARD.encode(context.sign()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("\"…\"")
    }
}

/// The header's value: one signature a secret, with spaces between.
pub fn sign(secrets: &[Secret], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets.iter().map(|it| it.sign(id, timestamp_s, body)).collect();
    signatures.join(" ")
}

/// Why a request is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The timestamp is no number.
    #[error("the timestamp is not a number of Unix seconds")]
    Timestamp,
    /// The timestamp is too far from now.
    #[error("the timestamp lies more than {TOLERANCE_S} s from now: check the clocks, or it is a replay")]
    TooOldOrNew,
    /// No signature is by this secret over these bytes.
    #[error("no signature fits: check the secret, and verify the body as it came, before it is parsed")]
    Mismatch,
}

/// What a receiver does: is one of the `signatures` by `secret`, over these bytes, at this time? Compared in
/// constant time.
pub fn verify(
    secret: &Secret,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now_s: i64,
) -> Result<(), VerifyError> {
    let timestamp_s: i64 = timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
    if now_s.saturating_sub(timestamp_s).saturating_abs() > TOLERANCE_S {
        return Err(VerifyError::TooOldOrNew);
    }
    let mut signed = head(id, timestamp_s).into_bytes();
    signed.extend_from_slice(body);
    let fits = signatures
        .split(' ')
        .filter_map(|it| STANDARD.decode(it.strip_prefix(SCHEME)?).ok())
        .any(|it| hmac::verify(&secret.0, &signed, &it).is_ok());
    if fits { Ok(()) } else { Err(VerifyError::Mismatch) }
}

fn head(id: &str, timestamp_s: i64) -> String {
    format!("{id}.{timestamp_s}.")
}
