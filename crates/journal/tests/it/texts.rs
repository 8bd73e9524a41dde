//! What errors say to a person: where, what, and what to do next.

use crate::workload::{batch_at, open, segments, small, written};
use beckon_journal::{FileLog, Log, MemDisk, Offset, no_monitor};
use expect_test::{Expect, expect};

fn check(error: impl std::fmt::Display, expected: Expect) {
    expected.assert_eq(&error.to_string());
}

#[test]
fn a_refused_log_says_where_and_what_to_do() {
    let mut disk = written(5);
    let first = segments(&disk)[0].clone();
    disk.file_mut(&first).unwrap()[4200] ^= 1;
    let error = FileLog::open(disk, small(), no_monitor()).unwrap_err();
    check(
        error,
        expect![
            "log-00000000000000000001.seg is damaged at byte 4096: the frame fails its checksum, though log-00000000000000000004.seg goes on with frame 4. Nothing was changed. Copy the directory away, verify it to see all that is damaged, then put the file back from a backup or replica"
        ],
    );
}

#[test]
fn a_damaged_header_says_where_and_what_to_do() {
    let mut disk = written(1);
    let first = segments(&disk)[0].clone();
    disk.file_mut(&first).unwrap()[20] ^= 1;
    let error = FileLog::open(disk, small(), no_monitor()).unwrap_err();
    check(
        error,
        expect![
            "log-00000000000000000001.seg is damaged at byte 0: the segment header fails its checksum. Nothing was changed. Copy the directory away, verify it to see all that is damaged, then put the file back from a backup or replica"
        ],
    );
}

#[test]
fn a_batch_that_does_not_follow_says_where_the_log_goes_on() {
    let mut log = open(MemDisk::new());
    let error = log.commit(&mut batch_at(Offset(7), 1)).unwrap_err();
    check(error, expect!["the batch begins at record 7, but the log goes on with 0"]);
}

#[test]
fn a_snapshot_newer_than_the_log_says_that_the_log_is_not_whole() {
    let log = open(written(3));
    let error = log.reader(Offset(9)).map(|_| ()).unwrap_err();
    check(error, expect!["record 9 lies behind the end 3 of the log: part of the log is missing"]);
}
