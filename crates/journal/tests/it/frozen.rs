//! A journal written by version 1 of the format stays readable, and is still written to the byte.

use crate::workload::{check_all, commit_batches, open};
use beckon_journal::{Disk, Log, MemDisk, Offset, RealDisk, SnapshotStore, no_monitor};

const FROZEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/v1");

/// What the frozen directory holds: 9 commits of 2 records, a seal, and a snapshot at record 12.
fn written_now<D: Disk>(disk: D) -> D {
    let mut log = open(disk);
    commit_batches(&mut log, 9, 2);
    log.seal().unwrap();
    let mut store = SnapshotStore::open(log.into_disk(), no_monitor()).unwrap();
    let mut writer = store.begin(5, Offset(12)).unwrap();
    writer.block(b"the state of machine 5").unwrap();
    writer.block(b"").unwrap();
    writer.finish().unwrap();
    store.into_disk()
}

fn frozen() -> MemDisk {
    let disk = RealDisk::open_read_only(FROZEN).unwrap();
    let mut copy = MemDisk::new();
    for file in disk.list().unwrap() {
        let mut bytes = vec![0; disk.len(&file).unwrap() as usize];
        assert_eq!(disk.read_at(&file, 0, &mut bytes).unwrap(), bytes.len());
        copy.put(&file, bytes);
    }
    copy
}

#[test]
fn a_journal_of_format_1_is_read() {
    let log = open(frozen());
    assert_eq!(check_all(&log), (0, 18));
    let mut store = SnapshotStore::open(log.into_disk(), no_monitor()).unwrap();
    let mut reader = store.newest_good(5).unwrap().unwrap();
    assert_eq!(reader.offset(), Offset(12));
    assert_eq!(reader.block().unwrap().unwrap(), b"the state of machine 5");
}

#[test]
fn format_1_is_still_what_is_written() {
    assert!(written_now(MemDisk::new()) == frozen());
}
