//! A last write that was cut short is taken away, and nothing before it.

use crate::workload::{
    Prng, check_all, commit_batches, newest_segment, open, record, segments, small, written,
};
use beckon_journal::{Disk, Event, FileLog, MemDisk, Offset, ReadOnlyLog, verify};
use std::sync::{Arc, Mutex};

fn open_hearing(disk: MemDisk) -> (FileLog<MemDisk>, Vec<Event>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let monitor = Box::new(move |event| heard.lock().unwrap().push(event));
    let log = FileLog::open(disk, small(), monitor).expect("a torn tail is no corruption");
    let events = std::mem::take(&mut *events.lock().unwrap());
    (log, events)
}

/// A disk before and after its last commit, and where the two differ.
fn last_commit(commits: u64) -> (MemDisk, MemDisk, String, std::ops::Range<usize>) {
    let before = written(commits);
    let mut log = open(before.clone());
    commit_batches(&mut log, 1, 2);
    let after = log.into_disk();
    let file = newest_segment(&after);
    assert_eq!(segments(&before), segments(&after));
    let (old, new) = (before.file(&file).unwrap(), after.file(&file).unwrap());
    let differs: Vec<usize> = (0..new.len()).filter(|at| old[*at] != new[*at]).collect();
    let range = differs[0]..differs[differs.len() - 1] + 1;
    (before, after, file, range)
}

#[test]
fn a_write_cut_at_any_byte_leaves_all_that_was_before() {
    let (before, after, file, range) = last_commit(1);
    for cut in range.clone() {
        let mut disk = after.clone();
        disk.file_mut(&file).unwrap()[cut..].fill(0);
        let (mut log, events) = open_hearing(disk);
        assert_eq!(check_all(&log), (0, 1));
        if cut > range.start {
            assert!(matches!(&events[..], [Event::TornTailCut { at, .. }]
                if *at as usize == range.start));
        }
        assert_eq!(log.disk(), &before, "what was torn is zeros again");
        commit_batches(&mut log, 1, 1);
        assert_eq!(check_all(&open(log.into_disk())), (0, 2));
    }
}

#[test]
fn a_write_of_which_any_sectors_are_missing_is_cut() {
    let (before, after, file, range) = last_commit(1);
    let mut prng = Prng(1);
    for _ in 0..2000 {
        let mut disk = after.clone();
        let bytes = disk.file_mut(&file).unwrap();
        let mut lost = false;
        for sector in range.clone().step_by(512) {
            if prng.one_in(2) {
                let end = (sector + 512).min(bytes.len());
                lost |= bytes[sector..end].iter().any(|byte| *byte != 0);
                bytes[sector..end].fill(0);
            }
        }
        let (log, _) = open_hearing(disk);
        assert_eq!(check_all(&log), (0, if lost { 1 } else { 3 }));
        if lost {
            assert_eq!(log.disk(), &before);
        }
    }
}

#[test]
fn looking_at_a_torn_tail_does_not_cut_it() {
    let (_, mut disk, file, range) = last_commit(1);
    disk.file_mut(&file).unwrap()[range.end - 1] ^= 1;
    let report = verify(&disk).unwrap();
    assert!(report.is_sound());
    assert_eq!(report.torn_tail.unwrap().at as usize, range.start);
    let log = ReadOnlyLog::open(disk, beckon_journal::Check::All).unwrap();
    assert_eq!(log.next_offset(), Offset(1));
    let mut reader = log.read(Offset(0)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().1, record(0));
    assert!(reader.next().unwrap().is_none());
}

#[test]
fn a_log_killed_while_it_was_made_is_made_again() {
    let mut disk = MemDisk::new();
    disk.create("spare-00000000000000000000.tmp").unwrap();
    let (mut log, events) = open_hearing(disk);
    assert!(matches!(&events[..], [Event::LeftoverRemoved { .. }, Event::SegmentCreated { .. }]));
    commit_batches(&mut log, 1, 1);
    assert_eq!(check_all(&open(log.into_disk())), (0, 1));
}
