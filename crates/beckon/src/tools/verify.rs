//! `beckon journal verify`: every byte of the journal, and every problem it has, for a person to read.

use super::{BETWEEN_LOOKS, Error, LOOKS, journal};
use beckon_journal::{Report, verify as look};
use std::io::Write;
use std::path::Path;

/// Reads the whole journal of a data directory and writes what was found. Whether it is sound is the
/// answer: a torn tail is, since it was never acknowledged.
pub fn verify(data: &Path, out: &mut dyn Write) -> Result<bool, Error> {
    let disk = journal(data)?;
    let mut report = look(&disk)?;
    for _ in 1..LOOKS {
        if report.is_sound() {
            break;
        }
        // A live server may have been writing, or letting go of, what we read: damage stays.
        std::thread::sleep(BETWEEN_LOOKS);
        let second = look(&journal(data)?)?;
        let stays = second.problems == report.problems;
        report = second;
        if stays {
            break;
        }
    }
    write(&report, out)?;
    Ok(report.is_sound())
}

fn write(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    match report.log_id {
        Some(id) => writeln!(out, "log {id:016x}")?,
        None => writeln!(out, "no segment")?,
    }
    if !report.segments.is_empty() {
        writeln!(
            out,
            "{:<28} {:>14} {:>10} {:>12} {:>14}",
            "segment", "first record", "frames", "records", "bytes"
        )?;
    }
    for it in &report.segments {
        let (file, first) = (&it.file, it.first.0);
        writeln!(out, "{file:<28} {first:>14} {:>10} {:>12} {:>14}", it.frames, it.records, it.bytes)?;
    }
    let first = report.first.map_or(report.end.0, |it| it.0);
    let (records, frames, bytes) = (report.records(), report.frames(), report.bytes());
    writeln!(out, "{records} records ({first} up to {}) in {frames} frames, {bytes} bytes", report.end)?;
    if let Some(torn) = &report.torn_tail {
        let (file, at, damage) = (&torn.file, torn.at, &torn.damage);
        writeln!(
            out,
            "torn tail in {file} at byte {at}: {damage}. It was never acknowledged; the next start cuts it"
        )?;
    }
    for problem in &report.problems {
        writeln!(out, "PROBLEM in {} at byte {}: {}", problem.file, problem.at, problem.damage)?;
    }
    if report.problems_unlisted > 0 {
        writeln!(out, "and {} more problems", report.problems_unlisted)?;
    }
    if report.is_sound() {
        return writeln!(out, "sound");
    }
    writeln!(
        out,
        "UNSOUND: what was durable once is damaged. Copy the directory away, then put the damaged files back \
         from a backup or replica"
    )
}
