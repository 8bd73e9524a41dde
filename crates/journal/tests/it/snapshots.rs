//! A snapshot is whole or not used.

use crate::faulty::FaultyDisk;
use crate::workload::{Prng, record};
use beckon_journal::{Disk, Event, MemDisk, Monitor, Offset, SnapshotError, SnapshotStore, no_monitor};
use std::sync::{Arc, Mutex};

const MACHINE: u16 = 64;

fn store<D: Disk>(disk: D) -> SnapshotStore<D> {
    SnapshotStore::open(disk, no_monitor()).expect("the store opens")
}

fn take<D: Disk>(store: &mut SnapshotStore<D>, offset: u64) -> Result<(), SnapshotError> {
    let mut writer = store.begin(MACHINE, Offset(offset))?;
    for block in 0..offset % 7 + 1 {
        writer.block(&record(offset + block))?;
    }
    writer.finish()
}

/// The offset of the newest good snapshot, whose blocks are checked.
fn newest<D: Disk>(store: &mut SnapshotStore<D>) -> Option<u64> {
    let mut reader = store.newest_good(MACHINE).unwrap()?;
    let offset = reader.offset().0;
    for block in 0..reader.blocks() {
        assert_eq!(reader.block().unwrap().unwrap(), record(offset + block));
    }
    assert!(reader.block().unwrap().is_none());
    Some(offset)
}

fn hearing() -> (Monitor, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&events);
    (Box::new(move |event| ear.lock().unwrap().push(event)), events)
}

#[test]
fn the_newest_snapshot_of_each_machine_is_found() {
    let mut store = store(MemDisk::new());
    assert_eq!(newest(&mut store), None);
    for offset in [5, 900, 17] {
        take(&mut store, offset).unwrap();
    }
    store.begin(7, Offset(10_000)).unwrap().finish().unwrap();
    assert_eq!(newest(&mut store), Some(900));
    assert_eq!(store.machines().unwrap(), [7, MACHINE]);
    assert_eq!(store.offsets(MACHINE).unwrap(), [Offset(900), Offset(17), Offset(5)]);
    let empty = store.newest_good(7).unwrap().unwrap();
    assert_eq!((empty.blocks(), empty.bytes()), (0, 0));
}

#[test]
fn blocks_of_any_size_are_read_back_as_they_were_written() {
    let mut store = store(MemDisk::new());
    let sizes = [0, 1, 3 << 20, 7, 0, (1 << 20) - 8, 1 << 20, 100_000];
    let mut writer = store.begin(1, Offset(2)).unwrap();
    for size in sizes {
        writer.block(&vec![size as u8 | 1; size]).unwrap();
    }
    writer.finish().unwrap();
    let mut reader = store.newest_before(1, None).unwrap().unwrap();
    for size in sizes {
        assert!(reader.block().unwrap().unwrap() == vec![size as u8 | 1; size]);
    }
    assert!(reader.block().unwrap().is_none());
}

#[test]
fn a_snapshot_flipped_or_cut_anywhere_is_passed_over_for_an_older_one() {
    let mut whole = store(MemDisk::new());
    take(&mut whole, 10).unwrap();
    take(&mut whole, 22).unwrap();
    let disk = whole.into_disk();
    let file = "snap-00064-00000000000000000022.snap";
    let length = disk.file(file).unwrap().len();
    for at in 0..length {
        for cut in [false, true] {
            let mut damaged = disk.clone();
            let bytes = damaged.file_mut(file).unwrap();
            if cut {
                bytes.truncate(at)
            } else {
                bytes[at] ^= 1 << (at % 8)
            }
            let (monitor, events) = hearing();
            let mut store = SnapshotStore::open(damaged.clone(), monitor).unwrap();
            assert_eq!(newest(&mut store), Some(10));
            let heard = events.lock().unwrap();
            assert!(matches!(&heard[..], [Event::SnapshotDamaged { file: f, .. }] if f == file));
            assert_eq!(store.disk(), &damaged, "it stays where it is");
        }
    }
    let mut longer = disk.clone();
    longer.file_mut(file).unwrap().push(0);
    assert_eq!(newest(&mut store(longer)), Some(10));
}

#[test]
fn a_streaming_reader_falls_back_by_asking_for_an_older_one() {
    let mut whole = store(MemDisk::new());
    take(&mut whole, 10).unwrap();
    take(&mut whole, 22).unwrap();
    let mut disk = whole.into_disk();
    disk.file_mut("snap-00064-00000000000000000022.snap").unwrap()[90] ^= 4;
    let mut store = store(disk);
    let mut before = None;
    loop {
        let reader = store.newest_before(MACHINE, before).unwrap().unwrap();
        let offset = reader.offset();
        if reader.verify().is_ok() {
            assert_eq!(offset, Offset(10));
            break;
        }
        before = Some(offset);
    }
}

#[test]
fn blocks_in_another_order_are_damage() {
    let mut plain = store(MemDisk::new());
    let mut writer = plain.begin(1, Offset(1)).unwrap();
    writer.block(b"one").unwrap();
    writer.block(b"two").unwrap();
    writer.finish().unwrap();
    let mut disk = plain.into_disk();
    let file = disk.list().unwrap().pop().unwrap();
    let bytes = disk.file_mut(&file).unwrap();
    let (first, second) = bytes[64..86].split_at_mut(11);
    first.swap_with_slice(second);
    assert!(store(disk).newest_good(1).unwrap().is_none());
}

#[test]
fn pruning_keeps_the_newest_whole_ones_and_tells_what_it_removed() {
    let mut full = store(MemDisk::new());
    for offset in [1, 2, 3, 4, 5] {
        take(&mut full, offset).unwrap();
    }
    let mut disk = full.into_disk();
    disk.file_mut("snap-00064-00000000000000000005.snap").unwrap().pop();
    disk.file_mut("snap-00064-00000000000000000002.snap").unwrap().pop();
    let (monitor, events) = hearing();
    let mut store = SnapshotStore::open(disk, monitor).unwrap();
    assert_eq!(store.prune(MACHINE, 2).unwrap(), 2);
    assert_eq!(store.offsets(MACHINE).unwrap(), [Offset(5), Offset(4), Offset(3)]);
    let damaged: Vec<bool> = events
        .lock()
        .unwrap()
        .iter()
        .map(|event| matches!(event, Event::SnapshotPruned { damaged: true, .. }))
        .collect();
    assert_eq!(damaged, [true, false]);
    assert_eq!(store.prune(MACHINE, 0).unwrap(), 1);
    assert_eq!(newest(&mut store), Some(4));
}

#[test]
fn an_unfinished_snapshot_leaves_nothing() {
    let mut disk = MemDisk::new();
    disk.put("snap-00064-00000000000000000009.tmp", vec![1, 2, 3]);
    let mut store = store(disk);
    store.begin(MACHINE, Offset(3)).unwrap().block(b"half").unwrap();
    assert!(store.disk().list().unwrap().is_empty());
}

#[test]
fn a_crash_or_failure_at_any_step_leaves_the_older_or_the_newer_one() {
    for seed in 0..30 {
        let mut prng = Prng(seed);
        for step in 0..14 {
            let disk = FaultyDisk::new(prng.next());
            let mut store = SnapshotStore::open(disk.clone(), no_monitor()).unwrap();
            take(&mut store, 10).unwrap();
            if prng.one_in(2) {
                disk.stop_at(disk.steps() + step);
            } else {
                disk.fail_at(disk.steps() + step, std::io::ErrorKind::StorageFull);
            }
            let taken = take(&mut store, 22).is_ok();
            let _ = store.prune(MACHINE, 1);
            drop(store);
            disk.lose_power();
            let mut store = SnapshotStore::open(disk, no_monitor()).unwrap();
            let found = newest(&mut store).unwrap();
            assert!(found == 22 || (found == 10 && !taken), "seed {seed} step {step}");
        }
    }
}
