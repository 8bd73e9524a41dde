//! Segments used again never bring old records back, and never look like damage.

use crate::workload::{batch_at, check_all, commit_batches, newest_segment, open, segments, small};
use beckon_journal::{Disk, Event, FileLog, Log, MemDisk, Offset, Options, no_monitor, verify};
use std::sync::{Arc, Mutex};

/// A log whose newest segment is a recycled one with a few new frames.
fn recycled(new_commits: u64) -> FileLog<MemDisk> {
    let mut log = open(MemDisk::new());
    commit_batches(&mut log, 30, 1);
    log.release(log.next_offset()).unwrap();
    let name = newest_segment(log.disk());
    while newest_segment(log.disk()) == name {
        commit_batches(&mut log, 1, 1);
    }
    commit_batches(&mut log, new_commits, 1);
    log
}

#[test]
fn old_frames_behind_the_new_tail_are_not_read() {
    for new_commits in 0..3 {
        let log = recycled(new_commits);
        let end = log.next_offset().0;
        let disk = log.into_disk();
        let bytes = disk.file(&newest_segment(&disk)).unwrap();
        assert_eq!(u32::from_le_bytes(bytes[12..16].try_into().unwrap()), 1, "it is a recycled one");
        assert_eq!(check_all(&open(disk)).1, end);
    }
}

#[test]
fn a_write_cut_at_any_byte_in_a_recycled_segment_leaves_all_that_was_before() {
    let log = recycled(0);
    let end = log.next_offset();
    let before = log.into_disk();
    let mut log = open(before.clone());
    log.commit(&mut batch_at(end, 1)).unwrap();
    let after = log.into_disk();
    let file = newest_segment(&before);
    assert_eq!(file, newest_segment(&after));
    let (old, new) = (before.file(&file).unwrap(), after.file(&file).unwrap());
    let differs: Vec<usize> = (0..new.len()).filter(|at| old[*at] != new[*at]).collect();
    for cut in differs {
        let mut disk = after.clone();
        disk.file_mut(&file).unwrap()[cut..].copy_from_slice(&old[cut..]);
        let mut log = open(disk);
        let kept = check_all(&log).1;
        assert!(kept == end.0 || kept == end.0 + 1, "{kept}");
        commit_batches(&mut log, 1, 1);
        assert_eq!(check_all(&open(log.into_disk())).1, kept + 1);
    }
}

#[test]
fn a_bit_flipped_in_a_recycled_segment_is_refused_or_told() {
    let log = recycled(1);
    let (end, disk) = (log.next_offset().0, log.into_disk());
    let file = newest_segment(&disk);
    let length = disk.file(&file).unwrap().len();
    for at in 0..length {
        let mut damaged = disk.clone();
        damaged.file_mut(&file).unwrap()[at] ^= 0x10;
        let told = Arc::new(Mutex::new(false));
        let ear = Arc::clone(&told);
        let monitor = Box::new(move |event| {
            *ear.lock().unwrap() |= matches!(event, Event::TornTailCut { .. });
        });
        if let Ok(log) = FileLog::open(damaged, small(), monitor) {
            let kept = log.next_offset().0;
            assert!(kept == end || (kept == end - 1 && *told.lock().unwrap()), "byte {at}");
        }
    }
}

#[test]
fn old_frames_behind_the_new_tail_are_not_taken_for_a_torn_write() {
    for new_commits in 0..3 {
        let disk = recycled(new_commits).into_disk();
        let monitor = Box::new(|event| panic!("{event:?}"));
        let log = FileLog::open(disk.clone(), small(), monitor).unwrap();
        assert_eq!(log.disk(), &disk);
        assert!(verify(&disk).unwrap().torn_tail.is_none());
    }
}

#[test]
fn a_log_that_never_grows_uses_the_same_files_for_ever() {
    let mut log = open(MemDisk::new());
    for _ in 0..200 {
        commit_batches(&mut log, 3, 1);
        log.release(log.next_offset()).unwrap();
        assert!(log.disk().list().unwrap().len() <= 4);
        log = open(log.into_disk());
        check_all(&log);
    }
    assert_eq!(log.next_offset(), Offset(600));
}

#[test]
fn without_recycling_released_records_leave_the_disk() {
    let options = Options { recycle: false, ..small() };
    let mut log = FileLog::open(MemDisk::new(), options.clone(), no_monitor()).unwrap();
    commit_batches(&mut log, 30, 1);
    log.release(log.next_offset()).unwrap();
    assert_eq!(log.disk().list().unwrap(), segments(log.disk()));
    // A spare that an earlier setting left is not used either.
    let mut disk = log.into_disk();
    disk.put("spare-00000000000000000003.tmp", vec![1; 16_384]);
    let log = FileLog::open(disk, options, no_monitor()).unwrap();
    assert_eq!(log.disk().list().unwrap(), segments(log.disk()));
}
