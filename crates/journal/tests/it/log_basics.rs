//! What a log does when nothing goes wrong.

use crate::workload::{batch_at, check_all, commit_batches, open, record, segments, small};
use beckon_journal::limits::{FRAME_BYTES_MAX, RECORD_BYTES_MAX};
use beckon_journal::{
    Batch, Check, CommitError, FileLog, Log, MemDisk, Offset, Options, ReadError, ReadOnlyLog, no_monitor,
    verify,
};

#[test]
fn what_was_committed_is_read_back_across_segments_and_after_reopening() {
    let mut log = open(MemDisk::new());
    for round in 0..20 {
        commit_batches(&mut log, 3, round % 5);
        check_all(&log);
        log = open(log.into_disk());
        check_all(&log);
    }
    assert!(segments(log.disk()).len() > 5);
}

#[test]
fn a_reader_begins_at_any_record() {
    let mut log = open(MemDisk::new());
    commit_batches(&mut log, 12, 5);
    for from in 0..=60 {
        let mut reader = log.reader(Offset(from)).unwrap();
        for expected in from..60 {
            let (offset, bytes) = reader.next().unwrap().unwrap();
            assert_eq!((offset.0, bytes), (expected, &record(expected)[..]));
        }
        assert!(reader.next().unwrap().is_none());
    }
}

#[test]
fn reading_outside_of_the_log_says_where_it_begins_and_ends() {
    let mut log = open(MemDisk::new());
    commit_batches(&mut log, 40, 1);
    log.release(Offset(30)).unwrap();
    let oldest = log.oldest_offset();
    assert!(oldest > Offset(0) && oldest <= Offset(30));
    assert!(matches!(log.read(Offset(0)), Err(ReadError::Released { oldest: o, .. }) if o == oldest));
    assert!(matches!(log.read(Offset(41)), Err(ReadError::Beyond { next: Offset(40), .. })));
    assert_eq!(check_all(&log), (oldest.0, 40));
}

#[test]
fn a_batch_committed_twice_counts_once() {
    let mut log = open(MemDisk::new());
    let mut batch = batch_at(Offset(0), 3);
    assert_eq!(log.commit(&mut batch).unwrap(), Offset(3));
    let again = log.commit(&mut batch);
    assert!(matches!(again, Err(CommitError::OutOfOrder { expected: Offset(3), found: Offset(0) })));
    assert_eq!(check_all(&log), (0, 3));
}

#[test]
fn an_empty_batch_changes_nothing() {
    let mut log = open(MemDisk::new());
    commit_batches(&mut log, 2, 1);
    let before = log.disk().clone();
    log.commit(&mut Batch::new(Offset(2))).unwrap();
    assert_eq!(before, log.into_disk());
}

#[test]
fn sealing_twice_writes_once_and_moves_no_offset() {
    let mut log = open(MemDisk::new());
    commit_batches(&mut log, 2, 1);
    log.seal().unwrap();
    let sealed = log.disk().clone();
    log.seal().unwrap();
    assert_eq!(&sealed, log.disk());
    let mut log = open(log.into_disk());
    log.seal().unwrap();
    assert_eq!(&sealed, log.disk());
    commit_batches(&mut log, 2, 1);
    assert_eq!(check_all(&log), (0, 4));
}

#[test]
fn a_frame_larger_than_a_segment_gets_a_larger_segment() {
    let mut log = open(MemDisk::new());
    commit_batches(&mut log, 1, 100);
    commit_batches(&mut log, 2, 1);
    let log = open(log.into_disk());
    assert_eq!(check_all(&log), (0, 102));
}

#[test]
fn the_largest_record_is_committed_and_one_byte_more_is_refused() {
    let mut log = open(MemDisk::new());
    let mut batch = Batch::new(Offset(0));
    assert!(batch.fits(RECORD_BYTES_MAX) && !batch.fits(RECORD_BYTES_MAX + 1));
    batch.push(&vec![7; RECORD_BYTES_MAX + 1]);
    let refused = log.commit(&mut batch);
    assert!(matches!(refused, Err(CommitError::TooLarge { max: FRAME_BYTES_MAX, .. })));
    batch.restart(Offset(0));
    batch.push(&vec![7; RECORD_BYTES_MAX]);
    log.commit(&mut batch).unwrap();
    let log = open(log.into_disk());
    let mut reader = log.reader(Offset(0)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().1.len(), RECORD_BYTES_MAX);
}

#[test]
fn a_batch_gives_its_records_back_even_while_it_is_padded() {
    let mut log = open(MemDisk::new());
    let mut batch = Batch::new(Offset(0));
    batch.push_with(|out| {
        out.put(b"in ");
        out.put(b"parts");
    });
    log.commit(&mut batch).unwrap();
    batch.push(b"");
    let records: Vec<_> = batch.records().collect();
    assert_eq!(records, [(Offset(0), &b"in parts"[..]), (Offset(1), &b""[..])]);
    assert_eq!((batch.len(), batch.end()), (2, Offset(2)));
}

#[test]
fn release_keeps_the_newest_segment_and_the_bytes_asked_for() {
    let options = Options { keep_bytes: 40_000, ..small() };
    let mut log = FileLog::open(MemDisk::new(), options, no_monitor()).unwrap();
    commit_batches(&mut log, 40, 1);
    log.release(Offset(u64::MAX)).unwrap();
    assert!(log.bytes() >= 40_000 && log.bytes() < 40_000 + 16_384);
    let mut log = open(log.into_disk());
    log.release(Offset(u64::MAX)).unwrap();
    assert_eq!(segments(log.disk()).len(), 1);
    check_all(&log);
    assert_eq!(check_all(&open(log.into_disk())).1, 40);
}

#[test]
fn preparing_in_steps_makes_the_next_segment_before_it_is_needed() {
    let mut log = open(MemDisk::new());
    let mut left = Vec::new();
    loop {
        left.push(log.prepare(5000).unwrap());
        if left.last() == Some(&0) {
            break;
        }
    }
    // In whole blocks, for what was made may be used before it is whole.
    assert_eq!(left, [8192, 0]);
    commit_batches(&mut log, 10, 1);
    assert_eq!(check_all(&open(log.into_disk())), (0, 10));
}

#[test]
fn a_log_may_begin_at_an_offset_where_a_snapshot_left_off() {
    let options = Options { new_log_begin: Offset(1000), ..small() };
    let mut log = FileLog::open(MemDisk::new(), options, no_monitor()).unwrap();
    assert_eq!(log.next_offset(), Offset(1000));
    commit_batches(&mut log, 9, 1);
    assert_eq!(check_all(&open(log.into_disk())), (1000, 1009));
}

#[test]
fn a_log_is_read_and_verified_without_being_changed() {
    let mut log = open(MemDisk::new());
    commit_batches(&mut log, 9, 2);
    let disk = log.into_disk();
    let report = verify(&disk).unwrap();
    assert!(report.is_sound());
    assert_eq!((report.frames(), report.records()), (9, 18));
    assert_eq!((report.first, report.end), (Some(Offset(0)), Offset(18)));
    let log = ReadOnlyLog::open(disk, Check::All).unwrap();
    assert_eq!((log.oldest_offset(), log.next_offset()), (Offset(0), Offset(18)));
    let mut reader = log.read(Offset(17)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().1, record(17));
    assert!(ReadOnlyLog::open(MemDisk::new(), Check::All).unwrap().log_id().is_none());
}
