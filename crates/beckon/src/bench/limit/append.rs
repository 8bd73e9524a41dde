//! The disk: the same commits, made by nothing but the journal.

use crate::bench::dice::Dice;
use crate::bench::error::Error;
use crate::bench::limits::LIMIT_TIME;
use crate::bench::target::Written;
use crate::clock::Stopwatch;
use beckon_journal::{Batch, FileLog, Log, Offset, Options, RealDisk, no_monitor};
use std::fmt::Display;
use std::path::Path;

/// Bytes written ahead between two commits; the program has a thread for it.
const PREPARE_STEP: u64 = 1 << 20;

/// Commits a second of as many records and bytes each as `like` has on average.
pub fn commits_a_second(dir: &Path, like: Written) -> Result<f64, Error> {
    let disk = RealDisk::open(dir).map_err(failed)?;
    let options = Options { new_log_id: 1, ..Options::default() };
    let mut log = FileLog::open(disk, options, no_monitor()).map_err(failed)?;
    let commits = like.commits.max(1);
    let records = like.records.div_ceil(commits).max(1);
    let record = random_bytes((like.bytes / (commits * records)).max(1) as usize);
    let mut batch = Batch::new(log.next_offset());
    // As behind a warm-up: no segment has to be made first.
    while log.prepare(PREPARE_STEP).map_err(failed)? > 0 {}
    let (mut done, mut kept) = (0u64, 0);
    let watch = Stopwatch::start();
    while watch.elapsed() < LIMIT_TIME {
        for _ in 0..records {
            if batch.fits(record.len()) {
                batch.push(&record);
            }
        }
        kept += batch.bytes() as u64;
        let end = log.commit(&mut batch).map_err(failed)?;
        batch.restart(end);
        log.prepare(PREPARE_STEP).map_err(failed)?;
        if kept > beckon_journal::limits::SEGMENT_BYTES_DEFAULT {
            // As snapshots let the program's own segments go, to be used again.
            log.release(Offset(end.0)).map_err(failed)?;
            kept = 0;
        }
        done += 1;
    }
    Ok(done as f64 / watch.elapsed_secs())
}

fn failed(error: impl Display) -> Error {
    Error::Journal(error.to_string())
}

/// Bytes that no disk can make less of.
fn random_bytes(length: usize) -> Vec<u8> {
    let mut dice = Dice::new(length as u64);
    std::iter::repeat_with(|| dice.draw().to_le_bytes()).flatten().take(length).collect()
}
