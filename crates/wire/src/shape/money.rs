//! Money as JSON numbers of the whole unit (`19.9`), and as the core's hundredths.

use serde::{Deserialize, Deserializer, Serializer};

/// Most hundredths that a number holds exactly.
const CENTS_MAX: f64 = 9e15;

/// Hundredths as a number of whole units.
pub(super) fn serialize<S: Serializer>(cents: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(*cents as f64 / 100.0)
}

/// A number of whole units, not negative, as hundredths.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let cents = (f64::deserialize(deserializer)? * 100.0).round();
    if (0.0..=CENTS_MAX).contains(&cents) {
        Ok(cents as u64)
    } else {
        Err(serde::de::Error::custom("an amount of money is 0 to 90000000000000"))
    }
}

/// 0 stands for "unknown".
pub(super) fn is_unknown(cents: &u64) -> bool {
    *cents == 0
}
