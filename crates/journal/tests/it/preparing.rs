//! The next segment is made ready, and the oldest let go of, beside a log that goes on meanwhile.

use crate::faulty::FaultyDisk;
use crate::workload::{batch_at, check_all, commit_batches, open, segments};
use beckon_journal::{
    CommitError, Disk, FileLog, Log, MemDisk, Offset, Options, RealDisk, no_monitor, verify,
};
use std::io::ErrorKind;
use std::sync::Mutex;

/// Segments of sixteen of the smallest, so that a part of one is still a segment.
const SEGMENT: u64 = 16 * 16_384;

fn larger() -> Options {
    Options { segment_bytes: SEGMENT, new_log_id: 7, ..Options::default() }
}

fn open_larger<D: Disk>(disk: D) -> FileLog<D> {
    FileLog::open(disk, larger(), no_monitor()).unwrap()
}

/// Commits until another segment is begun.
fn fill<D: Disk>(log: &mut FileLog<D>) {
    let begun = log.begun().segments;
    while log.begun().segments == begun {
        commit_batches(log, 1, 5);
    }
}

fn spares<D: Disk>(disk: &D) -> Vec<String> {
    let mut files = disk.list().unwrap();
    files.retain(|file| file.starts_with("spare-"));
    files
}

#[test]
fn a_segment_made_beside_the_log_is_the_next_one() {
    let disk = FaultyDisk::new(1);
    let mut log = open_larger(disk.clone());
    let mut preparation = log.begin_preparation().unwrap();
    let mut left = SEGMENT;
    while left > 0 {
        commit_batches(&mut log, 1, 1);
        left = preparation.write(&mut disk.clone(), 20_000).unwrap();
    }
    assert!(log.begin_preparation().is_none(), "one is being made");
    log.end_preparation(preparation);
    assert!(log.begin_preparation().is_none(), "one is ready");
    fill(&mut log);
    assert_eq!(log.begun().hurried, 0);
    assert_eq!(log.bytes(), 2 * SEGMENT);
    assert!(log.begin_preparation().is_some());
    let end = log.next_offset().0;
    assert_eq!(check_all(&open_larger(disk)), (0, end));
}

#[test]
fn a_commit_that_finds_none_ready_makes_a_short_one_and_it_is_counted() {
    let disk = FaultyDisk::new(2);
    let mut log = open_larger(disk.clone());
    let mut preparation = log.begin_preparation().unwrap();
    preparation.write(&mut disk.clone(), 100_000).unwrap();
    fill(&mut log);
    assert_eq!(log.begun().hurried, 1);
    assert!(log.bytes() < SEGMENT + SEGMENT / 4, "it is short");
    assert_eq!(preparation.write(&mut disk.clone(), u64::MAX).unwrap(), 0);
    log.end_preparation(preparation);
    fill(&mut log);
    assert_eq!(log.begun().hurried, 1, "what was prepared meanwhile is used");
    let end = log.next_offset().0;
    drop(log);
    disk.lose_power();
    let mut log = open_larger(disk.clone());
    assert_eq!(check_all(&log), (0, end));
    log.release(Offset(end)).unwrap();
    assert!(verify(&disk).unwrap().is_sound());
}

/// One way only: a batch larger than the usual segment is larger than what others have made, too.
#[test]
fn a_batch_larger_than_a_segment_gets_one_that_is_large_enough() {
    let mut log = open(MemDisk::new());
    log.prepare(u64::MAX).unwrap();
    commit_batches(&mut log, 2, 60);
    assert_eq!(log.begun().hurried, 2);
    assert_eq!(check_all(&open(log.into_disk())), (0, 120));
}

#[test]
fn a_segment_prepared_and_not_used_is_used_after_a_crash_or_removed() {
    for seed in 0..200 {
        let disk = FaultyDisk::new(seed);
        let mut log = open_larger(disk.clone());
        let mut preparation = log.begin_preparation().unwrap();
        let whole = seed % 2 == 0;
        preparation.write(&mut disk.clone(), if whole { u64::MAX } else { 40_000 * (1 + seed % 5) }).unwrap();
        if seed % 3 == 0 {
            log.end_preparation(preparation);
        }
        commit_batches(&mut log, 3, 2);
        drop(log);
        if seed % 5 == 0 {
            disk.kill()
        } else {
            disk.lose_power()
        }
        let mut log = open_larger(disk.clone());
        assert_eq!(check_all(&log), (0, 6));
        let left = spares(&disk);
        assert!(left.iter().all(|file| whole && disk.len(file).unwrap() == SEGMENT), "{left:?}");
        assert_eq!(log.begin_preparation().is_none(), !left.is_empty(), "seed {seed}");
        fill(&mut log);
        let end = log.next_offset().0;
        drop(log);
        disk.lose_power();
        assert_eq!(check_all(&open_larger(disk)), (0, end), "seed {seed}");
    }
}

#[test]
fn a_full_disk_is_told_when_it_is_met_and_commits_go_on_while_they_have_room() {
    let disk = FaultyDisk::new(3);
    let mut log = open_larger(disk.clone());
    let mut preparation = log.begin_preparation().unwrap();
    preparation.write(&mut disk.clone(), SEGMENT / 2).unwrap();
    disk.set_full(true);
    let error = preparation.write(&mut disk.clone(), SEGMENT).unwrap_err();
    assert!(matches!(error, CommitError::Full(_)), "{error}");
    assert!(error.to_string().contains("free space"), "{error}");
    log.end_preparation(preparation);
    // What is left of the segment, and then the half that was made.
    fill(&mut log);
    assert_eq!((log.begun().hurried, log.bytes()), (0, SEGMENT + SEGMENT / 2));
    let mut batch = loop {
        let mut batch = batch_at(log.next_offset(), 5);
        match log.commit(&mut batch) {
            Ok(_) => {}
            Err(CommitError::Full(_)) => break batch,
            Err(other) => panic!("{other}"),
        }
    };
    check_all(&log);
    disk.set_full(false);
    assert_eq!(log.commit(&mut batch).unwrap(), batch.end());
    let mut again = log.begin_preparation().unwrap();
    assert_eq!(again.write(&mut disk.clone(), u64::MAX).unwrap(), 0);
    log.end_preparation(again);
    fill(&mut log);
    let end = log.next_offset().0;
    drop(log);
    disk.lose_power();
    assert_eq!(check_all(&open_larger(disk)), (0, end));
}

#[test]
fn what_a_failing_disk_made_is_not_trusted_and_removed() {
    // To create, to write, to sync.
    for step in 0..3 {
        let disk = FaultyDisk::new(step);
        let mut log = open_larger(disk.clone());
        let mut preparation = log.begin_preparation().unwrap();
        disk.fail_at(disk.steps() + step, ErrorKind::Other);
        let error = preparation.write(&mut disk.clone(), 50_000).unwrap_err();
        assert!(matches!(error, CommitError::Disk(_)), "{error}");
        assert_eq!(spares(&disk), [""; 0]);
        assert_eq!(preparation.write(&mut disk.clone(), 50_000).unwrap(), 0, "it is of no use any more");
        log.end_preparation(preparation);
        let mut again = log.begin_preparation().unwrap();
        assert_eq!(again.write(&mut disk.clone(), u64::MAX).unwrap(), 0);
        log.end_preparation(again);
        fill(&mut log);
        assert_eq!(log.begun().hurried, 0);
    }
}

#[test]
fn a_segment_on_its_way_out_is_out_or_comes_back() {
    for step in 0..3 {
        let disk = FaultyDisk::new(step);
        let mut log = open(disk.clone());
        commit_batches(&mut log, 30, 1);
        let (end, before) = (log.next_offset(), segments(&disk));
        let mut removal = log.begin_removal(end).unwrap();
        assert!(log.begin_removal(end).is_none(), "one after the other");
        commit_batches(&mut log, 1, 1);
        if step < 2 {
            disk.fail_at(disk.steps() + step, ErrorKind::Other);
        }
        assert_eq!(removal.carry_out(&mut disk.clone()).is_ok(), step == 2);
        assert_eq!(log.end_removal(removal) > 0, step > 0);
        log.release(end).unwrap();
        assert!(
            segments(&disk).iter().all(|file| *file == before[before.len() - 1] || !before.contains(file))
        );
        let end = check_all(&log);
        drop(log);
        disk.lose_power();
        assert_eq!(check_all(&open(disk)), end);
    }
}

#[test]
fn threads_that_prepare_and_release_beside_the_commits_disturb_nothing() {
    let dir = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("beside");
    let _ = std::fs::remove_dir_all(&dir);
    let disk = RealDisk::open(&dir).unwrap();
    let log = Mutex::new(open_larger(disk.clone()));
    let rounds = 2_000;
    let done = || log.lock().unwrap().next_offset().0 >= rounds;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut disk = disk.clone();
            while !done() {
                let Some(mut preparation) = log.lock().unwrap().begin_preparation() else {
                    std::thread::yield_now();
                    continue;
                };
                while preparation.write(&mut disk, 40_000).unwrap() > 0 {}
                log.lock().unwrap().end_preparation(preparation);
            }
        });
        scope.spawn(|| {
            let mut disk = disk.clone();
            while !done() {
                let keep_from = Offset(log.lock().unwrap().next_offset().0.saturating_sub(300));
                let Some(mut removal) = log.lock().unwrap().begin_removal(keep_from) else {
                    std::thread::yield_now();
                    continue;
                };
                removal.carry_out(&mut disk).unwrap();
                log.lock().unwrap().end_removal(removal);
            }
        });
        for round in 0..rounds {
            commit_batches(&mut *log.lock().unwrap(), 1, 1);
            if round % 16 == 0 {
                std::thread::yield_now();
            }
        }
    });
    let log = log.into_inner().unwrap();
    let found = check_all(&log);
    assert_eq!(found.1, rounds);
    drop(log);
    assert!(verify(&disk).unwrap().is_sound());
    assert_eq!(check_all(&open_larger(disk)), found);
}
