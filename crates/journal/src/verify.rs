//! Looking at every byte of a log and going on after each problem, so that an operator sees the
//! whole extent of a damage at once. It changes nothing.

use crate::Offset;
use crate::catalog;
use crate::damage::Damage;
use crate::disk::Disk;
use crate::error::DiskError;
use crate::limits::PROBLEMS_MAX;
use crate::scan::{Expected, Found, Window};
use crate::segment::{FIRST_FRAME_AT, Segment};

/// What a log holds, and everything that is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Identity of the log; `None` if no segment could be read.
    pub log_id: Option<u64>,
    /// Every segment, oldest first.
    pub segments: Vec<SegmentReport>,
    /// The oldest sound record's offset, if there is a record.
    pub first: Option<Offset>,
    /// The offset after the newest sound record.
    pub end: Offset,
    /// Problems, oldest first; at most [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// Problems beyond those listed.
    pub problems_unlisted: u64,
    /// What a crash left of the last write. It is no problem: opening takes it away.
    pub torn_tail: Option<TornTail>,
}

impl Report {
    /// Whether all that was ever durable is there.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// Sound frames.
    pub fn frames(&self) -> u64 {
        self.segments.iter().map(|segment| segment.frames).sum()
    }

    /// Records in sound frames.
    pub fn records(&self) -> u64 {
        self.segments.iter().map(|segment| segment.records).sum()
    }

    /// Bytes of sound frames, with headers and padding.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    fn add(&mut self, file: &str, at: u64, damage: Damage) {
        if self.problems.len() == PROBLEMS_MAX {
            self.problems_unlisted += 1;
            return;
        }
        self.problems.push(Problem { file: file.to_owned(), at, damage });
    }
}

/// What one segment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// The file.
    pub file: String,
    /// Sequence of its first frame, by its header.
    pub first_sequence: u64,
    /// Offset of its first record, by its header.
    pub first: Offset,
    /// Whether the file held older frames before.
    pub recycled: bool,
    /// Sound frames.
    pub frames: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of sound frames, with headers and padding.
    pub bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The byte of the file at which the damaged header or frame begins.
    pub at: u64,
    /// What is wrong there.
    pub damage: Damage,
}

/// What is left of a write that was cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub file: String,
    /// The byte at which it begins.
    pub at: u64,
    /// What is wrong there.
    pub damage: Damage,
}

/// Reads a whole log and reports what it holds and every problem.
///
/// It fails only where the directory cannot be listed; a file that cannot be read is an error too,
/// since nothing can be said of it.
pub fn verify<D: Disk>(disk: &D) -> Result<Report, DiskError> {
    let mut report = Report::default();
    let mut segments: Vec<Segment> = Vec::new();
    for file in catalog::segment_files(disk)? {
        let loaded =
            Segment::load(disk, &file).map_err(|error| DiskError::new("read the header of", &file, error))?;
        match loaded {
            Ok(segment) => {
                if let Some(older) = segments.last()
                    && let Some(damage) = catalog::break_between(older, &segment)
                {
                    report.add(&file, 0, damage);
                }
                segments.push(segment);
            }
            Err(damage) => report.add(&file, 0, damage),
        }
    }
    report.log_id = segments.first().map(|segment| segment.log_id);
    let mut window = Window::default();
    for (index, segment) in segments.iter().enumerate() {
        walk(disk, &mut window, segment, segments.get(index + 1), &mut report)
            .map_err(|error| DiskError::new("read", &segment.file, error))?;
    }
    Ok(report)
}

/// Walks one segment, over damaged places, to its end.
fn walk<D: Disk>(
    disk: &D,
    window: &mut Window,
    segment: &Segment,
    next: Option<&Segment>,
    report: &mut Report,
) -> std::io::Result<()> {
    window.reset();
    let mut entry = entry_of(segment);
    let mut at = FIRST_FRAME_AT;
    let mut expected = Expected { sequence: segment.sequence, offset: segment.offset };
    while next.is_none_or(|next| expected.sequence < next.sequence) {
        let damage = match window.look(disk, segment, at, expected)? {
            Found::Frame(head) => {
                entry.frames += 1;
                entry.records += u64::from(head.records);
                entry.bytes += head.extent() as u64;
                if head.records > 0 {
                    report.first.get_or_insert(Offset(head.offset));
                }
                report.end = Offset(head.end_offset());
                at += head.extent() as u64;
                expected = Expected { sequence: head.sequence + 1, offset: head.end_offset() };
                continue;
            }
            Found::Blank => None,
            Found::Damaged(damage) => Some(damage),
        };
        let newer = window
            .find_newer(disk, segment, at, expected.sequence)?
            .filter(|(_, head)| next.is_none_or(|next| head.sequence < next.sequence));
        if newer.is_some() || next.is_some() {
            let damage = damage.clone().unwrap_or(Damage::Missing);
            report.add(&segment.file, at, damage);
        }
        match newer {
            Some((later, head)) => {
                at = later;
                expected = Expected { sequence: head.sequence, offset: head.offset };
            }
            None => {
                if let (None, Some(damage)) = (next, damage) {
                    report.torn_tail = Some(TornTail { file: segment.file.clone(), at, damage });
                }
                break;
            }
        }
    }
    check_handover(expected, next, report);
    report.segments.push(entry);
    Ok(())
}

/// Where all frames were sound, the next segment must begin with the very next record.
fn check_handover(end: Expected, next: Option<&Segment>, report: &mut Report) {
    if let Some(next) = next
        && end.sequence == next.sequence
        && end.offset != next.offset
    {
        let damage = Damage::RecordOffset { expected: end.offset, found: next.offset };
        report.add(&next.file, 0, damage);
    }
}

fn entry_of(segment: &Segment) -> SegmentReport {
    SegmentReport {
        file: segment.file.clone(),
        first_sequence: segment.sequence,
        first: Offset(segment.offset),
        recycled: segment.recycled,
        frames: 0,
        records: 0,
        bytes: 0,
        file_bytes: segment.bytes,
    }
}
