//! Who is who: shards, machines, sources, terms, and the hash that routes.

use crate::limits::SHARDS;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

/// One of the fixed number of virtual shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u8);

impl ShardId {
    /// The shard that an id routes to. A user and an anonymous visitor of the same spelling share a
    /// shard on purpose: `alias` does not say which of the two its `previousId` is.
    pub fn of(id: &str) -> Self {
        ShardId((xxh3_64(id.as_bytes()) % SHARDS as u64) as u8)
    }

    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = ShardId> {
        (0..SHARDS as u8).map(ShardId)
    }
}

/// A machine that sends or receives messages: a shard, or the director.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(pub u8);

impl MachineId {
    /// The director.
    pub const DIRECTOR: MachineId = MachineId(SHARDS as u8);
    /// Every worker's stage, as the receiver of the director's notices.
    pub const STAGES: MachineId = MachineId(SHARDS as u8 + 1);
}

impl From<ShardId> for MachineId {
    fn from(shard: ShardId) -> Self {
        MachineId(shard.0)
    }
}

/// A source of events: one write key's owner, e.g. the web shop or the order system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// A name of our world (a category, a host, an event's name …) as a number; 0 is "none".
///
/// Assigned from the text's hash by [`crate::names::Names`], so that equal journals give equal terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Term(pub u32);

impl Term {
    /// No term.
    pub const NONE: Term = Term(0);
}

/// The key by which an event counts once: a 128-bit hash of its `messageId` within its source.
///
/// Unequal ids collide with probability below 10⁻²⁰ in a window of 10⁹ events.
pub fn message_key(source: SourceId, message_id: &str) -> u128 {
    xxh3_128_with_seed(message_id.as_bytes(), u64::from(source.0))
}

pub(crate) fn hash_seeded(text: &str, seed: u64) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), seed)
}
