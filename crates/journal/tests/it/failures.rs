//! Whatever step of the disk fails: the same batch committed again is there, once, and stays.

use crate::faulty::FaultyDisk;
use crate::workload::{Beside, Prng, batch_at, check_all, commit_batches, open, segments, small};
use beckon_journal::{CommitError, FileLog, Log, Offset, no_monitor};
use std::io::ErrorKind;

const ROUNDS: u64 = 14;

/// Commits, seals, prepares and releases; tries each again while it fails.
fn work(log: &mut FileLog<FaultyDisk>) -> u64 {
    let (mut failures, mut beside, mut prng) = (0, Beside::default(), Prng(7));
    let mut disk = log.disk().clone();
    let mut again = |result: Result<(), CommitError>| {
        if let Err(error) = &result {
            assert!(error.can_be_retried(), "{error}");
            failures += 1;
        }
        result.is_err()
    };
    for round in 0..ROUNDS {
        let first = log.next_offset();
        let records = 1 + round % 4;
        let mut batch = batch_at(first, records);
        while again(log.commit(&mut batch).map(|end| assert_eq!(end, batch.end()))) {
            assert_eq!(log.next_offset(), first);
            check_all(log);
        }
        if round % 4 == 1 {
            while again(log.seal()) {}
        }
        let keep_from = Offset(log.next_offset().0.saturating_sub(5));
        match round % 6 {
            2 => while again(log.prepare(6000).map(|_| ())) {},
            5 | 0 => while again(beside.prepare(log, &mut disk, &mut prng)) {},
            _ => {}
        }
        match round % 5 {
            4 => while again(log.release(keep_from).map(|_| ())) {},
            1 | 2 => while again(beside.remove(log, &mut disk, keep_from)) {},
            _ => {}
        }
    }
    failures
}

fn committed() -> u64 {
    (0..ROUNDS).map(|round| 1 + round % 4).sum()
}

fn steps_of_a_whole_run() -> (u64, u64) {
    let disk = FaultyDisk::new(0);
    let mut log = open(disk.clone());
    let opened = disk.steps();
    assert_eq!(work(&mut log), 0);
    (opened, disk.steps())
}

#[test]
fn any_step_may_fail_and_what_is_committed_again_is_there_once() {
    let (opened, steps) = steps_of_a_whole_run();
    assert!(steps - opened > 50);
    for kind in [ErrorKind::Other, ErrorKind::StorageFull] {
        for step in opened..steps {
            for run in 1..=4 {
                let disk = FaultyDisk::new(step * 8 + run);
                let mut log = open(disk.clone());
                // One failure, and up to three in a row.
                for further in 0..run {
                    disk.fail_at(step + further, kind);
                }
                work(&mut log);
                assert_eq!(check_all(&log).1, committed());
                drop(log);
                disk.lose_power();
                let log = open(disk);
                assert_eq!(check_all(&log).1, committed(), "step {step} run {run} {kind}");
            }
        }
    }
}

#[test]
fn after_a_failed_sync_the_log_goes_on_in_a_new_segment() {
    let disk = FaultyDisk::new(0);
    let mut log = open(disk.clone());
    commit_batches(&mut log, 1, 1);
    disk.fail_at(disk.steps() + 1, ErrorKind::Other);
    let mut batch = batch_at(Offset(1), 1);
    assert!(matches!(log.commit(&mut batch), Err(CommitError::Disk(_))));
    assert_eq!(segments(&disk).len(), 1);
    log.commit(&mut batch).unwrap();
    assert_eq!(segments(&disk).len(), 2);
    assert_eq!(check_all(&log), (0, 2));
}

/// The large batch fails while the new segment gets its name; the small one would still fit the old
/// segment, whose further frames the new segment has made void.
#[test]
fn after_a_new_segment_was_half_made_a_smaller_batch_does_not_go_into_the_old_one() {
    for seed in 0..200 {
        for step in 0..8 {
            let disk = FaultyDisk::new(seed);
            let mut log = open(disk.clone());
            commit_batches(&mut log, 1, 1);
            disk.fail_at(disk.steps() + step, ErrorKind::Other);
            let _ = log.commit(&mut batch_at(log.next_offset(), 30));
            while log.commit(&mut batch_at(log.next_offset(), 1)).is_err() {}
            let end = log.next_offset().0;
            drop(log);
            disk.lose_power();
            assert_eq!(check_all(&open(disk)), (0, end), "seed {seed} step {step}");
        }
    }
}

/// After a failed sync the system may show pages that never reached the disk. A process that is
/// killed then, and one that begins in its place, must not build on them.
#[test]
fn a_frame_that_only_the_page_cache_holds_is_not_built_upon() {
    for seed in 0..200 {
        let disk = FaultyDisk::new(seed);
        let mut log = open(disk.clone());
        commit_batches(&mut log, 1, 1);
        disk.fail_at(disk.steps() + 1, ErrorKind::Other);
        assert!(log.commit(&mut batch_at(Offset(1), 3)).is_err());
        drop(log);
        disk.kill();
        let mut log = open(disk.clone());
        commit_batches(&mut log, 1, 1);
        let end = log.next_offset().0;
        drop(log);
        disk.lose_power();
        assert_eq!(check_all(&open(disk)), (0, end), "seed {seed}");
    }
}

#[test]
fn a_full_disk_refuses_until_there_is_space_and_then_goes_on() {
    for seed in 0..20 {
        let disk = FaultyDisk::new(seed);
        let mut log = open(disk.clone());
        let mut refused = 0;
        for round in 0..60 {
            let mut batch = batch_at(log.next_offset(), 1);
            disk.set_full(round % 7 > 2);
            loop {
                match log.commit(&mut batch) {
                    Ok(_) => break,
                    Err(CommitError::Full(_)) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
                check_all(&log);
                disk.set_full((refused + seed) % 5 != 0);
            }
        }
        assert!(refused > 0);
        drop(log);
        disk.lose_power();
        assert_eq!(check_all(&open(disk)), (0, 60));
    }
}

#[test]
fn a_failed_opening_can_be_tried_again() {
    for seed in 0..5 {
        let steps = {
            let disk = FaultyDisk::new(seed);
            work(&mut open(disk.clone()));
            let before = disk.steps();
            drop(open(disk.clone()));
            disk.steps() - before
        };
        for step in 0..steps.max(3) {
            let disk = FaultyDisk::new(seed);
            work(&mut open(disk.clone()));
            disk.lose_power();
            disk.fail_at(disk.steps() + step, ErrorKind::Other);
            let _ = FileLog::open(disk.clone(), small(), no_monitor());
            disk.lose_power();
            assert_eq!(check_all(&open(disk)).1, committed());
        }
    }
}
