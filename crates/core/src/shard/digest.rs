//! A fingerprint of what a shard knows: equal for equal event-time state, however it came about.
//!
//! Profiles, other names and counts of events go in; offsets, receipt times, message numbers, places in
//! the pages and the dedup window do not. The parts are added, so that their order does not matter.

use super::Shard;
use super::store::Profile;
use crate::bytes::Put;
use crate::profile::columns::row_bytes;
use crate::profile::{HistoryPage, HotPage};
use xxhash_rust::xxh3::xxh3_128;

/// The fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest(pub u128);

impl Digest {
    /// The fingerprint of both states together.
    pub fn plus(self, other: Digest) -> Digest {
        Digest(self.0.wrapping_add(other.0))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Profile {
    /// Appends all of the profile to `out`: equal profiles give equal bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        row_bytes::<HotPage>(&self.hot, out);
        row_bytes::<HistoryPage>(&self.history, out);
        self.cold.encode(out);
    }
}

impl Shard {
    /// The fingerprint of this shard.
    pub fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        let mut bytes = Vec::new();
        let mut add = |bytes: &mut Vec<u8>| {
            digest = digest.plus(Digest(xxh3_128(bytes)));
            bytes.clear();
        };
        for slot in self.store.slots() {
            // When he was pushed is a matter of the clock, not of his events.
            let mut profile = self.store.profile(slot);
            profile.hot.calls = Default::default();
            profile.encode(&mut bytes);
            add(&mut bytes);
        }
        for it in self.store.all_bindings() {
            bytes.push(it.known.into());
            bytes.put_str(&it.id);
            bytes.put_str(&it.user);
            bytes.put_uint(it.at.into());
            add(&mut bytes);
        }
        for ((source, name), count) in &self.names {
            for number in [self.id.0.into(), source.0.into(), name.0.into(), *count] {
                bytes.put_uint(number);
            }
            add(&mut bytes);
        }
        digest
    }
}
