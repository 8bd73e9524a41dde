//! Crashes at every step of the disk, again and again on the same disk: what was acknowledged is
//! there, what was not is there whole or not at all.

use crate::faulty::FaultyDisk;
use crate::workload::{Beside, Prng, batch_at, check_all, small};
use beckon_journal::{FileLog, Log, Offset, Options, no_monitor};

/// What the world outside knows.
#[derive(Default)]
struct Outside {
    acknowledged: u64,
    /// End of a batch that was handed over and never answered.
    unanswered: Option<u64>,
}

/// Works until the disk stops; returns whether it got to the end.
fn work(disk: &FaultyDisk, prng: &mut Prng, outside: &mut Outside, rounds: u64) -> bool {
    let options = Options { recycle: !prng.one_in(4), ..small() };
    let Ok(mut log) = FileLog::open(disk.clone(), options, no_monitor()) else {
        return false;
    };
    let found = check_all(&log).1;
    let allowed = found == outside.acknowledged || Some(found) == outside.unanswered;
    assert!(
        allowed,
        "found {found}, acknowledged {}, unanswered {:?}",
        outside.acknowledged, outside.unanswered
    );
    *outside = Outside { acknowledged: found, unanswered: None };
    let mut beside = Beside::default();
    for _ in 0..rounds {
        let mut batch = batch_at(log.next_offset(), 1 + prng.below(6));
        outside.unanswered = Some(batch.end().0);
        match log.commit(&mut batch) {
            Ok(end) => outside.acknowledged = end.0,
            Err(_) => return false,
        }
        outside.unanswered = None;
        let keep_from = Offset(outside.acknowledged.saturating_sub(3));
        let other = match prng.below(6) {
            0 => log.seal(),
            1 => log.prepare(4000 * prng.below(4)).map(|_| ()),
            2 => log.release(keep_from).map(|_| ()),
            3 => beside.prepare(&mut log, &mut disk.clone(), prng),
            4 => beside.remove(&mut log, &mut disk.clone(), keep_from),
            _ => Ok(()),
        };
        if other.is_err() {
            return false;
        }
    }
    true
}

fn end_and_open_again(disk: &FaultyDisk, prng: &mut Prng) {
    // A killed process leaves the page cache, a lost power does not; often one follows the other.
    if prng.one_in(2) {
        disk.kill();
    } else {
        disk.lose_power();
    }
}

#[test]
fn a_crash_at_any_step_loses_nothing_acknowledged() {
    for seed in 0..6 {
        for step in 0.. {
            let disk = FaultyDisk::new(seed * 10_000 + step);
            let mut outside = Outside::default();
            disk.stop_at(step);
            let finished = work(&disk, &mut Prng(seed), &mut outside, 20);
            for rest in 0..3 {
                if rest == 0 {
                    disk.lose_power()
                } else {
                    disk.kill()
                }
                let opened = work(&disk, &mut Prng(rest), &mut outside, 4);
                assert!(opened, "seed {seed} step {step}");
            }
            if finished {
                break;
            }
        }
    }
}

/// Crash after crash on one disk, also while it recovers from the one before.
pub fn crash_again_and_again(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut prng = Prng(seed);
        let disk = FaultyDisk::new(seed ^ 0xffff);
        let mut outside = Outside::default();
        for _ in 0..12 {
            disk.stop_at(disk.steps() + prng.below(60));
            work(&disk, &mut prng, &mut outside, 8);
            end_and_open_again(&disk, &mut prng);
        }
        assert!(work(&disk, &mut prng, &mut outside, 4), "seed {seed}");
    }
}

#[test]
fn crashes_while_recovering_from_crashes_lose_nothing_acknowledged() {
    crash_again_and_again(0..1500);
}

/// Failures and crashes together: a failed write is tried again, then the power goes.
#[test]
fn failures_followed_by_crashes_lose_nothing_acknowledged() {
    for seed in 0..800 {
        let mut prng = Prng(seed);
        let disk = FaultyDisk::new(seed ^ 0xaaaa);
        let mut outside = Outside::default();
        for _ in 0..6 {
            for _ in 0..prng.below(4) {
                let step = disk.steps() + prng.below(80);
                disk.fail_at(step, std::io::ErrorKind::Other);
            }
            let retrying = work_trying_again(&disk, &mut prng, &mut outside);
            assert!(retrying, "seed {seed}");
            disk.lose_power();
        }
    }
}

/// As [`work`], but every failure is tried again.
fn work_trying_again(disk: &FaultyDisk, prng: &mut Prng, outside: &mut Outside) -> bool {
    let opened = (0..10).find_map(|_| FileLog::open(disk.clone(), small(), no_monitor()).ok());
    let Some(mut log) = opened else {
        return false;
    };
    assert_eq!(check_all(&log).1, outside.acknowledged);
    let mut beside = Beside::default();
    for _ in 0..6 {
        let mut batch = batch_at(log.next_offset(), 1 + prng.below(4));
        while log.commit(&mut batch).is_err() {}
        outside.acknowledged = batch.end().0;
        let keep_from = Offset(outside.acknowledged.saturating_sub(4));
        if prng.one_in(2) {
            let _ = log.prepare(8000);
            let _ = log.release(keep_from);
        } else {
            let _ = beside.prepare(&mut log, &mut disk.clone(), prng);
            let _ = beside.remove(&mut log, &mut disk.clone(), keep_from);
        }
    }
    true
}
