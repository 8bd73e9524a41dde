//! A shard as blocks and back: the same state, the same behaviour, and other versions read as far as
//! they are understood.

use crate::arbitrary::{fold_more, shard};
use crate::prng::Prng;
use crate::say::*;
use beckon_core::bytes::{Get, Put};
use beckon_core::dedup::Window;
use beckon_core::event::{Act, Event, RoomAct};
use beckon_core::id::ShardId;
use beckon_core::limits::PAGE_ROWS;
use beckon_core::profile::columns::Columns;
use beckon_core::profile::{HistoryPage, HotPage};
use beckon_core::select::row::Row;
use beckon_core::shard::snapshot::{Frozen, Thaw};
use beckon_core::shard::{Input, Shard};

fn written(frozen: &Frozen) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    frozen
        .write(|block| {
            blocks.push(block.to_vec());
            Ok::<(), ()>(())
        })
        .unwrap();
    blocks
}

pub fn blocks(shard: &Shard) -> Vec<Vec<u8>> {
    written(&shard.freeze(bare()))
}

pub fn thawed(blocks: &[Vec<u8>], window: Window) -> Shard {
    let mut thaw = Thaw::new(window);
    blocks.iter().for_each(|block| thaw.block(block).unwrap());
    thaw.finish().unwrap().0
}

pub fn restored(shard: &Shard) -> Shard {
    thawed(&blocks(shard), WINDOW)
}

const DEDUP: u8 = 1;
const PAGES: u8 = 3;

/// The ids of a block of the dedup window in order: a hash table has none of its own.
fn with_ids_sorted(mut blocks: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    for block in blocks.iter_mut().filter(|it| it[0] == DEDUP) {
        let mut get = Get::new(&block[2..]);
        get.int("opened").unwrap();
        get.uint("all").unwrap();
        let count = get.uint("here").unwrap() as usize;
        let first = block.len() - get.rest().len();
        assert_eq!(block.len(), first + count * 16);
        let mut ids: Vec<[u8; 16]> = block[first..].chunks(16).map(|it| it.try_into().unwrap()).collect();
        ids.sort_unstable();
        block.truncate(first);
        ids.iter().for_each(|id| block.extend_from_slice(id));
    }
    blocks
}

#[test]
fn a_shard_that_was_written_and_read_is_the_same_and_behaves_the_same() {
    for seed in 0..30 {
        let mut prng = Prng(seed);
        let mut one = shard(&mut prng, 500);
        let mut other = restored(&one);
        let figures = |it: &Shard| (it.counts(), it.dedup_len(), it.store().len(), it.store().bindings());
        assert_eq!((other.digest(), figures(&other)), (one.digest(), figures(&one)), "seed {seed}");
        assert_eq!((other.names(), other.sequences()), (one.names(), one.sequences()));
        assert_eq!(with_ids_sorted(blocks(&other)), with_ids_sorted(blocks(&one)), "seed {seed}");
        let seen = fold_more(&mut one, &mut Prng(seed + 100), 1_000);
        let seen_by_other = fold_more(&mut other, &mut Prng(seed + 100), 1_000);
        assert!(!seen.is_empty() && seen == seen_by_other, "seed {seed}: other effects");
        assert_eq!(other.digest(), one.digest(), "seed {seed}");
        assert_eq!(
            with_ids_sorted(blocks(&other)),
            with_ids_sorted(blocks(&one)),
            "seed {seed}: other places"
        );
    }
}

#[test]
fn what_the_match_reads_follows_from_the_columns_after_folding_and_after_a_start() {
    let mut with_taste = 0;
    for seed in 0..30 {
        let mut one = shard(&mut Prng(seed), 500);
        fold_more(&mut one, &mut Prng(seed + 100), 500);
        for it in [&one, &restored(&one)] {
            let store = it.store();
            let rows: Vec<Row> = store.rows().stretches().flatten().copied().collect();
            let pages = store.hot_pages();
            let of = |at: usize| Row::of(pages[at / PAGE_ROWS].seen(at % PAGE_ROWS));
            let expected: Vec<Row> = (0..pages.len() * PAGE_ROWS).map(of).collect();
            assert_eq!(rows, expected, "seed {seed}");
            with_taste += rows.iter().filter(|it| it.inverse_length != 0).count();
        }
    }
    assert!(with_taste > 20, "{with_taste}");
}

#[test]
fn the_same_inputs_twice_give_the_same_blocks() {
    for seed in 0..20 {
        let (one, other) = (shard(&mut Prng(seed), 800), shard(&mut Prng(seed), 800));
        assert_eq!(with_ids_sorted(blocks(&one)), with_ids_sorted(blocks(&other)), "seed {seed}");
    }
}

#[test]
fn what_is_frozen_is_untouched_by_what_is_folded_after() {
    let mut prng = Prng(1);
    let mut shard = shard(&mut prng, 500);
    let (frozen, before, digest) = (shard.freeze(bare()), blocks(&shard), shard.digest());
    fold_more(&mut shard, &mut prng, 500);
    assert_ne!(shard.digest(), digest);
    let after = written(&frozen);
    assert_eq!(after, before);
    assert_eq!(thawed(&after, WINDOW).digest(), digest);
}

#[test]
fn a_writer_that_fails_stops_the_writing() {
    let frozen = shard(&mut Prng(1), 100).freeze(bare());
    let mut calls = 0;
    let mut sink = |_: &[u8]| {
        calls += 1;
        if calls == 2 { Err("disk full") } else { Ok(()) }
    };
    assert_eq!(frozen.write(&mut sink), Err("disk full"));
    assert_eq!(calls, 2);
}

#[test]
fn a_snapshot_without_its_head_or_its_end_is_refused() {
    let all = blocks(&shard(&mut Prng(1), 100));
    let finish = |blocks: &[Vec<u8>]| {
        let mut thaw = Thaw::new(WINDOW);
        blocks.iter().try_for_each(|block| thaw.block(block)).and_then(|()| thaw.finish().map(|_| ()))
    };
    assert_eq!(finish(&all), Ok(()));
    assert!(finish(&all[1..]).is_err());
    assert!(finish(&all[..all.len() - 1]).is_err());
    assert!(finish(&[]).is_err());
    let mut other = all;
    other[0][1] += 1;
    assert!(finish(&other).is_err(), "a version of blocks that is not known");
}

#[test]
fn places_that_became_free_are_filled_again_in_the_same_order() {
    let id = ShardId::of("ann");
    let mut shard = Shard::new(id, WINDOW);
    let visit = |shard: &mut Shard, name: &'static str| {
        let event = event(T0, None, Some(name), nothing());
        collect(shard, at(T0), &event, &mut Vec::new());
    };
    let names: Vec<&'static str> = (0..40).map(|i| &*Box::leak(format!("n{i}").into_boxed_str())).collect();
    names[..20].iter().for_each(|it| visit(&mut shard, it));
    for gone in [3, 17, 4] {
        shard.handle(at(T0), Input::Erase { id: names[gone] }, bare(), &mut Vec::new()).unwrap();
    }
    let mut other = restored(&shard);
    for it in [&mut shard, &mut other] {
        names[20..40].iter().for_each(|name| visit(it, name));
        assert_eq!(it.store().len(), 37);
        assert_eq!(
            it.store().slots().map(|slot| it.store().cold(slot).id.clone()).take(5).collect::<Vec<_>>(),
            ["n0", "n1", "n2", "n20", "n21"].map(Into::into)
        );
    }
    assert_eq!(blocks(&shard), blocks(&other));
}

/// The columns of a head: name, version, size, for the hot ones and for the history.
struct Head {
    before: Vec<u8>,
    columns: [Vec<(String, u64, usize)>; 2],
}

impl Head {
    fn read(block: &[u8]) -> Self {
        let mut get = Get::new(block);
        get.take(3, "kind, version, shard").unwrap();
        for _ in 0..5 {
            get.uint("count").unwrap();
        }
        for _ in 0..get.uint("names").unwrap() {
            for _ in 0..3 {
                get.uint("name").unwrap();
            }
        }
        for _ in 0..get.uint("tombstones").unwrap() {
            get.uint("key").unwrap();
            get.int("time").unwrap();
        }
        for _ in 0..2 * 65 {
            get.uint("sequence").unwrap();
        }
        let before = block[..block.len() - get.rest().len()].to_vec();
        let mut columns = || {
            let count = get.uint("columns").unwrap();
            let column = |get: &mut Get<'_>| {
                let name = get.str("name").unwrap().to_owned();
                (name, get.uint("version").unwrap(), get.uint("size").unwrap() as usize)
            };
            (0..count).map(|_| column(&mut get)).collect()
        };
        Head { before, columns: [columns(), columns()] }
    }

    fn write(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        for columns in &self.columns {
            out.put_uint(columns.len() as u64);
            for (name, version, size) in columns {
                out.put_str(name);
                out.put_uint(*version);
                out.put_uint(*size as u64);
            }
        }
        out
    }
}

/// Where the bytes of a column (of the hot ones, 0, or the history, 1) lie in a block of pages.
fn place(head: &Head, block: &[u8], group: usize, column: usize) -> std::ops::Range<usize> {
    let mut get = Get::new(&block[1..]);
    let rows = get.uint("pages").unwrap() as usize * PAGE_ROWS;
    let first = block.len() - get.rest().len();
    let sizes = |columns: &[(String, u64, usize)]| columns.iter().map(|it| it.2 * rows).sum::<usize>();
    let before = if group == 0 { 0 } else { sizes(&head.columns[0]) } + sizes(&head.columns[group][..column]);
    let start = first + before;
    start..start + head.columns[group][column].2 * rows
}

/// A shopper with something in every column that these tests take away.
fn ann_with_all() -> Shard {
    let mut events = vec![ann(T0, viewed("boot", "shoes")), ann(T0 + 1, added("boot", "shoes"))];
    events.push(ann(T0 + 2, room(RoomAct::Followed, "room-1")));
    events.push(ann(T0 + 3, Act::Category { category: text("tea") }));
    shard_of_ann(&events)
}

/// Ann's profile after the snapshot was changed by `edit`.
fn edited(edit: impl Fn(&mut Head, &mut Vec<u8>)) -> beckon_core::shard::store::Profile {
    let mut blocks = blocks(&ann_with_all());
    let mut head = Head::read(&blocks[0]);
    let pages = blocks.iter().position(|it| it[0] == PAGES).unwrap();
    edit(&mut head, &mut blocks[pages]);
    blocks[0] = head.write();
    found(&thawed(&blocks, WINDOW), "ann").unwrap()
}

fn column(columns: &[beckon_core::profile::columns::Column], name: &str) -> usize {
    columns.iter().position(|it| it.name == name).unwrap()
}

#[test]
fn a_head_that_was_read_and_written_by_these_tests_is_the_same() {
    let whole = found(&ann_with_all(), "ann").unwrap();
    assert_eq!(edited(|_, _| {}), whole);
}

#[test]
fn a_column_that_nobody_knows_any_more_is_passed_over() {
    let whole = found(&ann_with_all(), "ann").unwrap();
    for (group, at) in [(0, 0), (0, 3), (1, 2)] {
        let with_unknown = edited(|head, pages| {
            let place = place(head, pages, group, at).start;
            pages.splice(place..place, [0xAB; 12 * PAGE_ROWS]);
            head.columns[group].insert(at, ("zodiac".to_owned(), 1, 12));
        });
        assert_eq!(with_unknown, whole);
    }
}

#[test]
fn a_column_of_another_version_or_size_starts_empty_and_the_others_do_not() {
    let mut expected = found(&ann_with_all(), "ann").unwrap();
    assert!(expected.history.cart.lines().count() == 1 && expected.hot.categories.iter().count() == 2);
    expected.history.cart = Default::default();
    expected.hot.categories = Default::default();
    let (cart, categories) = (column(HistoryPage::COLUMNS, "cart"), column(HotPage::COLUMNS, "categories"));
    let other_version = edited(|head, _| {
        head.columns[1][cart].1 += 1;
        head.columns[0][categories].1 = 0;
    });
    assert_eq!(other_version, expected);
    let other_size = edited(|head, pages| {
        let end = place(head, pages, 1, cart).end;
        pages.splice(end..end, [1; 4 * PAGE_ROWS]);
        head.columns[1][cart].2 += 4;
        head.columns[0][categories].0 = "kategorien".to_owned();
    });
    assert_eq!(other_size, expected);
}

#[test]
fn a_column_that_a_snapshot_does_not_have_yet_starts_empty() {
    let mut expected = found(&ann_with_all(), "ann").unwrap();
    assert_eq!(expected.history.followed.on().count(), 1);
    expected.history.followed = Default::default();
    let followed = column(HistoryPage::COLUMNS, "followed");
    let without = edited(|head, pages| {
        pages.drain(place(head, pages, 1, followed));
        head.columns[1].remove(followed);
    });
    assert_eq!(without, expected);
}

#[test]
fn columns_in_another_order_find_their_place() {
    let whole = found(&ann_with_all(), "ann").unwrap();
    let moved = edited(|head, pages| {
        let bytes: Vec<u8> = pages.drain(place(head, pages, 1, 0)).collect();
        let first = head.columns[1].remove(0);
        let end = place(head, pages, 1, head.columns[1].len() - 1).end;
        pages.splice(end..end, bytes);
        head.columns[1].push(first);
    });
    assert_eq!(moved, whole);
}

#[test]
fn ids_of_more_than_one_block_come_back() {
    let mut shard = Shard::new(ShardId::of("ann"), Window { ids_max: 1 << 20, span_ms: 1 << 40 });
    for key in 1..=80_000u128 {
        let event = Event { key: key << 60, ..ann(T0, nothing()) };
        collect(&mut shard, at(T0), &event, &mut Vec::new());
    }
    let blocks = blocks(&shard);
    assert!(blocks.iter().filter(|it| it[0] == DEDUP).count() >= 3);
    assert_eq!(thawed(&blocks, WINDOW).dedup_len(), 80_000);
}

#[test]
fn the_digest_does_not_depend_on_places_receipt_or_the_dedup_window() {
    let look = |key, id| Event { key, ..event(T0, None, Some(id), viewed("boot", "shoes")) };
    let fold = |events: &[Event<'static>], now| {
        let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
        for it in events {
            collect(&mut shard, at(now), it, &mut Vec::new());
        }
        shard.digest()
    };
    let digest = fold(&[look(1, "v1"), look(2, "v2")], T0);
    assert_eq!(fold(&[look(3, "v2"), look(4, "v1")], T0 + DAY), digest);
    assert_ne!(fold(&[look(1, "v1"), look(2, "v3")], T0), digest);
    assert_ne!(fold(&[look(1, "v1")], T0), digest);
}

#[test]
fn an_arbitrary_shards_memory_is_counted() {
    let memory = shard(&mut Prng(1), 300).store().memory();
    assert!(memory.iter().all(|it| *it > 0));
    assert!(memory[0] >= column_bytes() * PAGE_ROWS / 4);
}
