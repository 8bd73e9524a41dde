//! The same over a directory of the operating system.

use crate::workload::{check_all, commit_batches, open, segments};
use beckon_journal::{Disk, Log, Offset, RealDisk, SnapshotStore, no_monitor, verify};
use std::io::ErrorKind;
use std::path::PathBuf;

fn fresh_dir(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    dir.join("made").join("as needed")
}

#[test]
fn a_log_in_a_directory_survives_reopening_releasing_and_recycling() {
    let dir = fresh_dir("log");
    for round in 1..=12 {
        let mut log = open(RealDisk::open(&dir).unwrap());
        commit_batches(&mut log, 9, 2);
        log.prepare(u64::MAX).unwrap();
        log.seal().unwrap();
        log.release(Offset(log.next_offset().0 - 10)).unwrap();
        assert_eq!(check_all(&log).1, round * 18);
    }
    let disk = RealDisk::open_read_only(&dir).unwrap();
    assert!(verify(&disk).unwrap().is_sound());
    assert!(segments(&disk).len() <= 6);
}

#[test]
fn a_directory_opened_for_reading_takes_no_change() {
    let dir = fresh_dir("read-only");
    drop(open(RealDisk::open(&dir).unwrap()));
    let mut disk = RealDisk::open_read_only(&dir).unwrap();
    let file = segments(&disk).pop().unwrap();
    for refused in
        [disk.create("new"), disk.write_at(&file, 0, b"x"), disk.remove(&file), disk.rename(&file, "other")]
    {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    }
}

#[test]
fn a_name_that_leads_out_of_the_directory_is_refused() {
    let mut disk = RealDisk::open(fresh_dir("names")).unwrap();
    for name in ["", ".", "..", "../x", "/etc/passwd", "a/b"] {
        assert_eq!(disk.create(name).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(disk.len(name).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn snapshots_in_a_directory_are_found_again() {
    let dir = fresh_dir("snapshots");
    for offset in 1..=3 {
        let disk = RealDisk::open(&dir).unwrap();
        let mut store = SnapshotStore::open(disk, no_monitor()).unwrap();
        let mut writer = store.begin(3, Offset(offset)).unwrap();
        writer.block(&vec![offset as u8; 2 << 20]).unwrap();
        writer.finish().unwrap();
        store.prune(3, 2).unwrap();
        let mut reader = store.newest_good(3).unwrap().unwrap();
        assert!(reader.block().unwrap().unwrap() == vec![offset as u8; 2 << 20]);
    }
}
