//! A machine's whole state as bytes that are equal for equal states.

use beckon_core::director::Director;
use beckon_core::shard::Shard;
use beckon_core::stage::Stage;
use std::convert::Infallible;

/// The kind of block whose ids have no order (`core::shard::snapshot`).
const DEDUP: u8 = 1;

/// All blocks of a shard's snapshot, with the stage it decides on. The ids of a generation of the dedup window are sorted: they lie in
/// a hash table, whose order follows from its history and means nothing.
pub fn of_shard(shard: &Shard, stage: &Stage) -> Vec<u8> {
    let mut image = Vec::new();
    let done: Result<(), Infallible> = shard.freeze(stage).write(|block| {
        image.extend_from_slice(&(block.len() as u64).to_le_bytes());
        let start = image.len();
        image.extend_from_slice(block);
        if block.first() == Some(&DEDUP) {
            sort_ids(&mut image[start..]);
        }
        Ok(())
    });
    match done {
        Ok(()) => image,
    }
}

/// The kind of the first block in which two images differ.
pub fn difference(one: &[u8], other: &[u8]) -> Option<u8> {
    let at = one.iter().zip(other).position(|(one, other)| one != other)?;
    let (mut start, mut kind) = (0, None);
    while let Some(len) = one.get(start..start + 8).filter(|_| start <= at) {
        kind = one.get(start + 8).copied();
        start += 8 + u64::from_le_bytes(len.try_into().ok()?) as usize;
    }
    kind
}

/// All blocks of the director's snapshot.
pub fn of_director(director: &Director) -> Vec<u8> {
    let mut image = Vec::new();
    let done: Result<(), Infallible> = director.write(|block| {
        image.extend_from_slice(&(block.len() as u64).to_le_bytes());
        image.extend_from_slice(block);
        Ok(())
    });
    match done {
        Ok(()) => image,
    }
}

/// Sorts the ids at the end of a block: all that is behind its head of varints.
fn sort_ids(block: &mut [u8]) {
    let mut at = 2;
    let mut count = 0;
    for _ in 0..3 {
        (count, at) = varint(block, at);
    }
    let ids = &mut block[at..];
    let mut sorted: Vec<[u8; 16]> =
        ids.chunks_exact(16).map(|it| it.try_into().unwrap_or_default()).collect();
    debug_assert_eq!(sorted.len() as u64, count, "the block is ids to the end");
    sorted.sort_unstable();
    ids.copy_from_slice(sorted.as_flattened());
}

fn varint(bytes: &[u8], mut at: usize) -> (u64, usize) {
    let (mut value, mut shift) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if *byte < 0x80 {
            break;
        }
    }
    (value, at)
}
