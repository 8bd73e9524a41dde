//! An event counts once within the window: exactly.

use crate::prng::Prng;
use crate::say::*;
use crate::snapshots::restored;
use beckon_core::dedup::{Dedup, Window};
use beckon_core::event::Event;
use beckon_core::id::{ShardId, SourceId, message_key};
use beckon_core::limits::DEDUP_GENERATIONS;
use beckon_core::shard::{Input, Outcome, Reason, Shard};
use beckon_core::time::Timestamp;
use std::collections::HashMap;

fn keyed(key: u128, secs: u32) -> Event<'static> {
    Event { key, ..ann(secs, nothing()) }
}

fn offer(shard: &mut Shard, key: u128, now: i64) -> Outcome {
    collect(shard, Timestamp(now), &keyed(key, T0), &mut Vec::new())
}

#[test]
fn a_message_id_counts_once_a_source() {
    let key = message_key(SourceId(1), "m-1");
    assert_ne!(key, message_key(SourceId(2), "m-1"));
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    assert_eq!(offer(&mut shard, key, 0), Outcome::Folded);
    assert_eq!(offer(&mut shard, key, 1), Outcome::Repeated);
    assert_eq!(offer(&mut shard, message_key(SourceId(2), "m-1"), 2), Outcome::Folded);
    assert_eq!((shard.counts().events, shard.counts().repeated, shard.dedup_len()), (2, 1, 2));
    assert_eq!(found(&shard, "ann").unwrap().hot.activity.events, 2);
}

#[test]
fn events_without_a_key_are_not_compared() {
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    assert_eq!((offer(&mut shard, 0, 0), offer(&mut shard, 0, 0)), (Outcome::Folded, Outcome::Folded));
    assert_eq!(shard.dedup_len(), 0);
}

#[test]
fn keys_that_share_half_their_bits_are_told_apart() {
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    for key in [1, 1 << 64, 1 << 64 | 1, u128::MAX, u128::MAX << 64] {
        assert_eq!(offer(&mut shard, key, 0), Outcome::Folded);
    }
}

#[test]
fn an_event_that_does_not_decode_is_not_remembered() {
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    let whole = bytes(&keyed(7, T0));
    let cut = Input::Collected { source: SHOP, event: &whole[..whole.len() - 1], default_offset_min: 0 };
    assert!(shard.handle(Timestamp(0), cut, bare(), &mut Vec::new()).is_err());
    assert_eq!(offer(&mut shard, 7, 0), Outcome::Folded);
}

#[test]
fn the_window_survives_a_snapshot_and_goes_on_alike() {
    let window = Window { ids_max: 400, span_ms: 8_000 };
    let mut prng = Prng(1);
    let mut shard = Shard::new(ShardId::of("ann"), window);
    for now in 0..1_000 {
        offer(&mut shard, 1 + prng.below(500) as u128, now * 10);
    }
    let mut other = crate::snapshots::thawed(&crate::snapshots::blocks(&shard), window);
    assert_eq!(other.dedup_len(), shard.dedup_len());
    for now in 1_000..3_000 {
        let key = 1 + prng.below(500) as u128;
        assert_eq!(offer(&mut shard, key, now * 10), offer(&mut other, key, now * 10));
    }
    assert_eq!(other.next_deadline(), shard.next_deadline());
}

#[test]
fn a_tick_at_the_deadline_forgets_the_oldest_and_moves_the_deadline_on() {
    let window = Window { ids_max: 800, span_ms: 8_000 };
    let mut shard = Shard::new(ShardId::of("ann"), window);
    assert_eq!(shard.next_deadline(), None);
    offer(&mut shard, 1, 0);
    offer(&mut shard, 2, 1_500);
    assert_eq!(shard.next_deadline(), Some((Timestamp(8_000), Reason::DedupExpires)));
    let tick =
        |shard: &mut Shard, now| shard.handle(Timestamp(now), Input::Tick, bare(), &mut Vec::new()).unwrap();
    tick(&mut shard, 7_999);
    assert_eq!(shard.dedup_len(), 2);
    tick(&mut shard, 8_000);
    assert_eq!(shard.dedup_len(), 1);
    assert_eq!(shard.next_deadline(), Some((Timestamp(9_500), Reason::DedupExpires)));
    assert_eq!(
        (offer(&mut shard, 1, 8_001), offer(&mut shard, 2, 8_002)),
        (Outcome::Folded, Outcome::Repeated)
    );
    tick(&mut shard, 99_999);
    let deadline = shard.next_deadline().map(|it| it.1);
    assert_ne!(deadline, Some(Reason::DedupExpires), "nothing is left to expire");
    assert_eq!(restored(&shard).dedup_len(), 0);
}

#[test]
fn no_new_id_is_refused_and_none_is_forgotten_within_seven_eighths_of_the_window() {
    for seed in 0..50 {
        let mut prng = Prng(seed);
        let window = Window { ids_max: 160, span_ms: 16_000 };
        let mut dedup = Dedup::new(window);
        // When each id was last taken as new: at what time, and how many new ids ago.
        let mut taken: HashMap<u128, (i64, usize)> = HashMap::new();
        let (mut now, mut news) = (0, 0);
        for _ in 0..4_000 {
            now += prng.below(120) as i64;
            let id = 1 + prng.below(400) as u128;
            let new = dedup.is_new(id, Timestamp(now));
            match taken.get(&id) {
                None => assert!(new, "seed {seed}: an id never seen was refused"),
                Some((at, count)) if new => {
                    let kept_time =
                        window.span_ms * (DEDUP_GENERATIONS as i64 - 1) / DEDUP_GENERATIONS as i64;
                    let kept_ids = window.ids_max * (DEDUP_GENERATIONS - 1) / DEDUP_GENERATIONS;
                    assert!(
                        now - at >= kept_time || news - count >= kept_ids,
                        "seed {seed}: forgotten too soon"
                    );
                }
                Some(_) => {}
            }
            if new {
                taken.insert(id, (now, news));
                news += 1;
            }
            if prng.once_in(50) {
                dedup.expire(Timestamp(now));
            }
            assert!(dedup.len() <= window.ids_max);
        }
    }
}

#[test]
fn a_clock_that_went_back_or_far_ahead_does_not_upset_the_window() {
    let mut dedup = Dedup::new(Window { ids_max: 80, span_ms: 8_000 });
    for (id, now) in [(1, 0), (2, i64::MAX), (3, i64::MIN), (4, 5)] {
        assert!(dedup.is_new(id, Timestamp(now)));
        assert!(!dedup.is_new(id, Timestamp(now)));
    }
}

#[test]
fn a_budget_is_shared_by_the_shards() {
    let window = Window::of_budget(64 << 20, 64, 1);
    assert!(window.ids_max * 17 * 8 / 7 <= 1 << 20 && window.ids_max > 50_000);
    assert!(Window::of_budget(0, 64, 1).ids_max > 0);
}
