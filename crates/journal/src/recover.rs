//! Finding where the log ends, and telling a last write that was cut short from damage to what was
//! durable. It only reads; cutting is the log's own doing.
//!
//! The rule rests on one fact: a frame is written only after the one before it was durable. So a
//! bad frame with a sound newer frame behind it, or a newer segment that goes on after it, was whole
//! once. A bad frame with nothing behind it is the last write.

use crate::damage::{Corruption, Damage, Proof};
use crate::disk::Disk;
use crate::error::{DiskError, OpenError};
use crate::limits::BLOCK_BYTES;
use crate::log::Check;
use crate::scan::{Expected, Found, Window};
use crate::segment::{FIRST_FRAME_AT, Segment};

/// Where the log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The byte of the newest segment at which the next frame goes.
    pub at: u64,
    /// The byte of the newest segment at which its last frame begins, if it has one.
    pub last: Option<u64>,
    /// Sequence and offset of the next frame.
    pub next: Expected,
    /// Nothing that was committed could be taken for a torn write.
    pub sealed: bool,
    /// What a write left behind that was cut short.
    pub torn: Option<Torn>,
}

/// What a write left behind that was cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    pub damage: Damage,
    /// The blocks that are not zero and may belong to it.
    pub blocks: Vec<u64>,
}

/// Walks the segments and finds the tail. `segments` must not be empty.
pub(crate) fn find_tail<D: Disk>(disk: &D, segments: &[Segment], check: Check) -> Result<Tail, OpenError> {
    let mut window = Window::default();
    let skipped = match check {
        Check::All => 0,
        Check::Newest => segments.len().saturating_sub(1),
    };
    for pair in segments.windows(2).skip(skipped) {
        check_whole(disk, &mut window, &pair[0], &pair[1])?;
    }
    match segments.last() {
        Some(newest) => newest_tail(disk, &mut window, newest),
        None => Ok(Tail {
            at: FIRST_FRAME_AT,
            last: None,
            next: Expected { sequence: 0, offset: 0 },
            sealed: true,
            torn: None,
        }),
    }
}

/// Checks that a segment holds every frame up to the first of the next one.
fn check_whole<D: Disk>(
    disk: &D,
    window: &mut Window,
    segment: &Segment,
    next: &Segment,
) -> Result<(), OpenError> {
    window.reset();
    let mut walk = Walk::over(segment);
    let damage = loop {
        if walk.expected.sequence == next.sequence {
            if walk.expected.offset == next.offset {
                return Ok(());
            }
            return Err(OpenError::Corrupt(Corruption {
                file: next.file.clone(),
                at: 0,
                damage: Damage::RecordOffset { expected: walk.expected.offset, found: next.offset },
                proof: Proof::Header,
            }));
        }
        match walk.step(disk, window, segment)? {
            Found::Frame(_) => {}
            Found::Blank => break Damage::Missing,
            Found::Damaged(damage) => break damage,
        }
    };
    Err(OpenError::Corrupt(Corruption {
        file: segment.file.clone(),
        at: walk.at,
        damage,
        proof: Proof::NextSegment { file: next.file.clone(), sequence: next.sequence },
    }))
}

/// Finds the tail in the newest segment.
fn newest_tail<D: Disk>(disk: &D, window: &mut Window, segment: &Segment) -> Result<Tail, OpenError> {
    window.reset();
    let mut walk = Walk::over(segment);
    let damage = loop {
        match walk.step(disk, window, segment)? {
            Found::Frame(_) => {}
            Found::Blank => break None,
            Found::Damaged(damage) => break Some(damage),
        }
    };
    let read_error = |error| DiskError::new("read", &segment.file, error);
    let newer = window.find_newer(disk, segment, walk.at, walk.expected.sequence).map_err(read_error)?;
    if let Some((at, head)) = newer {
        return Err(OpenError::Corrupt(Corruption {
            file: segment.file.clone(),
            at: walk.at,
            damage: damage.unwrap_or(Damage::Missing),
            proof: Proof::LaterFrame { at, sequence: head.sequence },
        }));
    }
    let blocks = torn_blocks(disk, window, segment, &walk, &damage).map_err(read_error)?;
    Ok(Tail {
        at: walk.at,
        last: walk.last,
        next: walk.expected,
        sealed: walk.sealed,
        torn: (!blocks.is_empty()).then(|| Torn { damage: damage.unwrap_or(Damage::Missing), blocks }),
    })
}

/// The blocks behind the tail that the last write may have left. In a segment that was made of
/// zeros, all that are not zero; in a recycled one older frames lie there, but the block at the
/// tail was zero before that write.
fn torn_blocks<D: Disk>(
    disk: &D,
    window: &mut Window,
    segment: &Segment,
    walk: &Walk,
    damage: &Option<Damage>,
) -> std::io::Result<Vec<u64>> {
    let step = BLOCK_BYTES as u64;
    let end = match (segment.recycled, damage) {
        (false, _) => segment.bytes,
        (true, None) => walk.at,
        (true, Some(_)) => walk.at + step,
    };
    let mut blocks = Vec::new();
    let mut at = walk.at;
    while at < end {
        if !window.is_blank(disk, segment, at)? {
            blocks.push(at);
        }
        at += step;
    }
    Ok(blocks)
}

/// A position that moves from frame to frame.
struct Walk {
    at: u64,
    /// Where the frame before `at` begins.
    last: Option<u64>,
    expected: Expected,
    sealed: bool,
}

impl Walk {
    fn over(segment: &Segment) -> Self {
        Self {
            at: FIRST_FRAME_AT,
            last: None,
            expected: Expected { sequence: segment.sequence, offset: segment.offset },
            sealed: true,
        }
    }

    fn step<D: Disk>(
        &mut self,
        disk: &D,
        window: &mut Window,
        segment: &Segment,
    ) -> Result<Found, DiskError> {
        let found = window
            .look(disk, segment, self.at, self.expected)
            .map_err(|error| DiskError::new("read", &segment.file, error))?;
        if let Found::Frame(head) = &found {
            self.last = Some(self.at);
            self.at += head.extent() as u64;
            self.expected = Expected { sequence: head.sequence + 1, offset: head.end_offset() };
            self.sealed = head.records == 0;
        }
        Ok(found)
    }
}
