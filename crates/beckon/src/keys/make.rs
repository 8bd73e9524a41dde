//! How keys look: made here, or brought along and looked over.

use super::Error;
use super::limits::*;
use ring::rand::{SecureRandom, SystemRandom};

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A write key: 25 characters that begin with `c`. `@jitsu/js` throws at any other form without a colon,
/// so this one works in every SDK that speaks the protocol.
pub(super) fn write_key() -> Result<String, Error> {
    random("c", WRITE_KEY_RANDOM)
}

/// A server key, by its `sk_` told from a write key at a glance.
pub(super) fn server_key() -> Result<String, Error> {
    random("sk_", SERVER_KEY_RANDOM)
}

/// A secret to sign shopper tokens with.
pub(super) fn shopper_secret() -> Result<String, Error> {
    random("ss_", SHOPPER_SECRET_RANDOM)
}

fn random(prefix: &str, count: usize) -> Result<String, Error> {
    // Of 256 values the first 252 fall evenly on 36 letters; the others are drawn again.
    let mut key = prefix.to_owned();
    let mut bytes = [0; 64];
    while key.len() < prefix.len() + count {
        SystemRandom::new().fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
        let even = bytes.iter().filter(|it| **it < 252);
        let letters = even.filter_map(|it| LETTERS.get(usize::from(it % 36))).map(|it| char::from(*it));
        key.extend(letters.take(prefix.len() + count - key.len()));
    }
    Ok(key)
}

/// Whether a write key that somebody brings along does.
pub fn check_write_key(key: &str) -> Result<(), Error> {
    // Basic authentication sends `key:`, and that colon is cut off.
    let more = ", none of them a colon at the end";
    check("write key", key, WRITE_KEY_BYTES_MIN, more, !key.ends_with(':'))
}

/// Whether a server key that somebody brings along does.
pub fn check_server_key(key: &str) -> Result<(), Error> {
    check("server key", key, SERVER_KEY_BYTES_MIN, "", true)
}

/// Whether a shopper secret that somebody brings along does.
pub(super) fn check_shopper_secret(secret: &str) -> Result<(), Error> {
    check("shopper secret", secret, SHOPPER_SECRET_BYTES_MIN, "", true)
}

fn check(what: &'static str, key: &str, least: usize, more: &'static str, rule: bool) -> Result<(), Error> {
    let sized = (least..=KEY_BYTES_MAX).contains(&key.len());
    let printable = key.bytes().all(|it| it.is_ascii_graphic());
    if sized && printable && rule { Ok(()) } else { Err(Error::BadKey { what, least, more }) }
}

/// Whether a name of a source or a server key does.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let sized = (1..=NAME_BYTES_MAX).contains(&name.len());
    let plain = name.trim() == name && !name.contains(char::is_control);
    if sized && plain { Ok(()) } else { Err(Error::BadName { name: name.to_owned() }) }
}
