//! Message encryption for Web Push (RFC 8291) in the content coding `aes128gcm` (RFC 8188): one record, under a
//! key that is agreed on afresh for every message.
//!
//! Whoever encrypts hands randomness in. So the vector of RFC 8291 is tested on the very code that runs, with a
//! private key and a salt that are known.

use super::subscription::{AUTH_BYTES, Keys, POINT_BYTES};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::SecureRandom;

/// Bytes of a whole body: what every push service takes (RFC 8030, section 7.2).
pub const BODY_BYTES_MAX: usize = 4_096;

const SALT_BYTES: usize = 16;
/// Salt, record size, length of the key's name, and the key itself (RFC 8188, section 2.1).
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + POINT_BYTES;
const TAG_BYTES: usize = 16;
/// Ends the text of a last record; zeros follow it (RFC 8188, section 2).
const LAST: u8 = 2;
const RECORD_BYTES: u32 = 4_096;
const SECRET_BYTES: usize = 32;

/// Bytes of a text that fits.
pub const TEXT_BYTES_MAX: usize = BODY_BYTES_MAX - HEADER_BYTES - TAG_BYTES - 1;

/// A text is padded to at least so many bytes, and from there to powers of two: its length tells a push service
/// less.
const PADDED_BYTES_MIN: usize = 512;

/// Why a text cannot be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The browser's key is none.
    #[error("the subscription's p256dh lies not on the curve P-256")]
    NotOnCurve,
    /// It would not fit into one body.
    #[error("{0} bytes of text are more than the {TEXT_BYTES_MAX} that a push carries")]
    TooLong(usize),
    /// There is no randomness.
    #[error("the system has no randomness")]
    NoRandomness,
}

/// How long a text of `bytes` should be with its end mark and padding.
pub fn padded(bytes: usize) -> usize {
    (bytes + 1).next_power_of_two().clamp(PADDED_BYTES_MIN, TEXT_BYTES_MAX + 1)
}

struct NonceBytes;

impl KeyType for NonceBytes {
    fn len(&self) -> usize {
        NONCE_LEN
    }
}

/// The body for `text`, to whoever holds the private half of `to`. With its end mark the text is padded to
/// `padded_to` bytes, or not at all if it is longer. Draws twice: a private key, then the salt.
pub fn encrypt(
    random: &dyn SecureRandom,
    to: &Keys,
    text: &[u8],
    padded_to: usize,
) -> Result<Vec<u8>, Error> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Error::TooLong(text.len()));
    }
    let private = EphemeralPrivateKey::generate(&ECDH_P256, random).map_err(|_| Error::NoRandomness)?;
    let public = private.compute_public_key().map_err(|_| Error::NoRandomness)?;
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt).map_err(|_| Error::NoRandomness)?;

    let browser = UnparsedPublicKey::new(&ECDH_P256, &to.point);
    let secret = agree_ephemeral(private, &browser, |shared| combined(shared, to, public.as_ref()));
    let secret = secret.map_err(|_| Error::NotOnCurve)?;
    let prk = Salt::new(HKDF_SHA256, &salt).extract(&secret);
    // HKDF fails only for more than 255 digests of output.
    let key = prk.expand(&[b"Content-Encoding: aes128gcm\0"], &AES_128_GCM).expect("16 bytes are expanded");
    let key = LessSafeKey::new(UnboundKey::from(key));
    let mut nonce = [0; NONCE_LEN];
    let drawn = prk.expand(&[b"Content-Encoding: nonce\0"], NonceBytes);
    drawn.and_then(|it| it.fill(&mut nonce)).expect("12 bytes are expanded");

    let padded = padded_to.clamp(text.len() + 1, TEXT_BYTES_MAX + 1);
    let mut body = Vec::with_capacity(HEADER_BYTES + padded + TAG_BYTES);
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(POINT_BYTES as u8);
    body.extend_from_slice(public.as_ref());
    body.extend_from_slice(text);
    body.push(LAST);
    body.resize(HEADER_BYTES + padded, 0);
    // A nonce is used once: its key is of this message alone.
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut body[HEADER_BYTES..]);
    body.extend_from_slice(tag.expect("4 KiB are within what AES-GCM seals").as_ref());
    Ok(body)
}

/// The agreed secret together with the browser's own (RFC 8291, section 3.3 and 3.4).
fn combined(shared: &[u8], to: &Keys, public: &[u8]) -> [u8; SECRET_BYTES] {
    let mut secret = [0; SECRET_BYTES];
    let prk = Salt::new(HKDF_SHA256, &to.auth).extract(shared);
    let info: [&[u8]; 3] = [b"WebPush: info\0", &to.point, public];
    let okm = prk.expand(&info, HKDF_SHA256);
    okm.and_then(|it| it.fill(&mut secret)).expect("32 bytes are expanded");
    secret
}

const _: () = assert!(TEXT_BYTES_MAX == 3_993 && PADDED_BYTES_MIN < TEXT_BYTES_MAX);
const _: () = assert!(AUTH_BYTES == SALT_BYTES && HEADER_BYTES == 86);
