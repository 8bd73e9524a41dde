//! Bytes that nobody wrote: an error or a value, never a panic; and whatever decodes can be folded.

use crate::arbitrary;
use crate::codec::change;
use crate::prng::Prng;
use crate::say::{SHOP, WINDOW, at, bare, bytes, found};
use crate::snapshots::blocks;
use beckon_core::bytes::Get;
use beckon_core::director::Director;
use beckon_core::director::catalogue::Change;
use beckon_core::event::Event;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::shard::snapshot::Thaw;
use beckon_core::shard::{Input, Shard};
use beckon_core::time::Timestamp;

const CASES: usize = 100_000;

/// Flips, overwrites, cuts, doubles or replaces.
fn spoil(prng: &mut Prng, bytes: &mut Vec<u8>) {
    for _ in 0..1 + prng.below(3) {
        if bytes.is_empty() {
            return bytes.push(prng.next() as u8);
        }
        let at = prng.below(bytes.len());
        match prng.below(6) {
            0 => bytes[at] ^= 1 << prng.below(8),
            1 => bytes[at] = prng.next() as u8,
            2 => bytes[at] = 0xFF,
            3 => bytes.truncate(at),
            4 => bytes.insert(at, prng.next() as u8),
            _ => bytes.extend_from_within(at..(at + 16).min(bytes.len())),
        }
    }
}

fn noise(prng: &mut Prng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..prng.below(120)).map(|_| prng.next() as u8).collect();
    if let Some(first) = bytes.first_mut() {
        *first = prng.below(4) as u8; // past the version, often
    }
    bytes
}

#[test]
fn spoilt_events_are_refused_or_folded() {
    let mut prng = Prng(1);
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    let mut refused = 0;
    for case in 0..CASES {
        let mut event = if case % 4 == 0 { noise(&mut prng) } else { bytes(&arbitrary::event(&mut prng)) };
        spoil(&mut prng, &mut event);
        if let Ok(event) = Event::decode(&event) {
            event.for_each_name(|_, text| assert!(text.is_some()));
        }
        let before = shard.counts();
        let mut effects = Vec::new();
        let input = Input::Collected { source: SHOP, event: &event, default_offset_min: prng.next() as i16 };
        if shard.handle(Timestamp(case as i64), input, bare(), &mut effects).is_err() {
            refused += 1;
            assert_eq!((shard.counts(), effects.len()), (before, 0), "an error changes nothing");
        }
        if case % 1000 == 999 {
            shard = Shard::new(ShardId::of("ann"), WINDOW);
        }
    }
    assert!(refused > CASES / 2 && refused < CASES, "{refused} refused: both sides are to be seen");
}

#[test]
fn spoilt_messages_are_refused_or_folded() {
    let mut prng = Prng(2);
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    let (mut refused, mut sequence) = (0, 0);
    for case in 0..CASES {
        let mut out = Vec::new();
        if case % 4 == 0 {
            out = noise(&mut prng);
        } else {
            let event = bytes(&arbitrary::event(&mut prng));
            arbitrary::message(&mut prng, &event).encode(Timestamp(0), &mut out);
            spoil(&mut prng, &mut out);
        }
        sequence += 1;
        let told = Input::Told { from: MachineId(prng.next() as u8), sequence, message: &out };
        refused += usize::from(shard.handle(at(case as u32), told, bare(), &mut Vec::new()).is_err());
        if case % 1000 == 999 {
            shard.digest();
            shard = Shard::new(ShardId::of("ann"), WINDOW);
        }
    }
    assert!(refused > CASES / 4 && refused < CASES, "{refused} refused");
}

#[test]
fn spoilt_snapshot_blocks_are_refused_or_give_a_shard_that_works() {
    let mut prng = Prng(3);
    let mut shard = arbitrary::shard(&mut prng, 400);
    arbitrary::fold_more(&mut shard, &mut prng, 100);
    let blocks = blocks(&shard);
    assert!(blocks.len() >= 5, "every kind of block");
    let mut refused = 0;
    for _ in 0..CASES {
        let spoilt = prng.below(blocks.len());
        let mut thaw = Thaw::new(WINDOW);
        let mut result = Ok(());
        for (at, block) in blocks.iter().enumerate() {
            // The other blocks of pages and ids say nothing new about this one: the head is enough.
            if at != spoilt && at != 0 && at != blocks.len() - 1 {
                continue;
            }
            let mut block = block.clone();
            if at == spoilt {
                spoil(&mut prng, &mut block);
            }
            result = result.and(thaw.block(&block));
        }
        match result.and_then(|()| thaw.finish()) {
            Ok((mut shard, _)) if prng.once_in(20) => {
                arbitrary::fold_more(&mut shard, &mut prng, 10);
                found(&shard, "ann");
            }
            Ok(_) => {}
            Err(_) => refused += 1,
        }
    }
    assert!(refused > CASES / 4 && refused < CASES, "{refused} refused");
}

#[test]
fn a_snapshot_block_cut_anywhere_is_refused() {
    let mut prng = Prng(4);
    let shard = arbitrary::shard(&mut prng, 300);
    let blocks = blocks(&shard);
    for spoilt in 0..blocks.len() {
        for cut in (0..blocks[spoilt].len()).step_by(1 + blocks[spoilt].len() / 500) {
            let mut thaw = Thaw::new(WINDOW);
            let whole = blocks[..spoilt].iter().try_for_each(|block| thaw.block(block));
            assert_eq!(whole, Ok(()));
            assert!(thaw.block(&blocks[spoilt][..cut]).is_err(), "block {spoilt} cut at {cut}");
        }
    }
}

#[test]
fn spoilt_changes_and_directors_blocks_are_refused_or_applied() {
    let mut prng = Prng(5);
    for case in 0..CASES {
        let mut out = Vec::new();
        for _ in 0..1 + prng.below(3) {
            change(&mut prng).encode(&mut out);
        }
        spoil(&mut prng, &mut out);
        let mut director = Director::default();
        let _ = director.restore(&out, case % 2 == 0);
        let _ = Change::read(&mut Get::new(&noise(&mut prng)));
    }
}
