//! What can be wrong with a file, and where: shared by opening, reading and verifying, so that all
//! three call the same thing by the same name.

use std::fmt;

/// What is wrong at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The first block has the checksum of a header, but is not one of a segment.
    NotASegment,
    /// The header's checksum does not match.
    HeaderChecksum,
    /// The file is of a format that this program does not know.
    Version {
        /// The version in the header.
        found: u32,
    },
    /// The header belongs to a file of another name.
    Name {
        /// The sequence of the first frame that the header states.
        sequence: u64,
    },
    /// The file is shorter than it was made.
    Short {
        /// Bytes it should have at least.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// A frame was expected, but there are only zeros or the end of the segment.
    Missing,
    /// A frame was expected, but what is there is none.
    NotAFrame,
    /// The frame's checksum does not match.
    Checksum,
    /// A sound frame or header of another log.
    ForeignLog {
        /// The log it should belong to.
        expected: u64,
        /// The log it belongs to.
        found: u64,
    },
    /// A sound frame of another place in the order.
    Sequence {
        /// The frame sequence that should stand here.
        expected: u64,
        /// The one that does.
        found: u64,
    },
    /// A sound frame or header that begins at another record than the one before it ended.
    RecordOffset {
        /// The record offset that should stand here.
        expected: u64,
        /// The one that does.
        found: u64,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASegment => write!(f, "this is not the header of a log segment"),
            Self::HeaderChecksum => write!(f, "the segment header fails its checksum"),
            Self::Version { found } => write!(
                f,
                "the format has version {found}, this program knows up to {}",
                crate::FORMAT_VERSION
            ),
            Self::Name { sequence } => write!(
                f,
                "the header is that of {}: the file was renamed or copied",
                crate::segment::name(*sequence)
            ),
            Self::Short { expected, found } => {
                write!(f, "the file has {found} bytes where {expected} were written")
            }
            Self::Missing => write!(f, "a frame is missing"),
            Self::NotAFrame => write!(f, "this is not the header of a frame"),
            Self::Checksum => write!(f, "the frame fails its checksum"),
            Self::ForeignLog { expected, found } => {
                write!(f, "this belongs to log {found:016x}, not to {expected:016x}")
            }
            Self::Sequence { expected, found } => {
                write!(f, "frame {found} stands where frame {expected} belongs")
            }
            Self::RecordOffset { expected, found } => {
                write!(f, "record {found} stands where record {expected} belongs")
            }
        }
    }
}

/// A damaged place of the log, with the proof that it was durable once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corruption {
    /// The file.
    pub file: String,
    /// The byte of the file at which the damaged header or frame begins.
    pub at: u64,
    /// What is wrong there.
    pub damage: Damage,
    /// Why this cannot be a write that was cut short.
    pub proof: Proof,
}

/// Why a damaged place cannot be the last write, cut short by a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// Segment headers are durable before the file gets its name.
    Header,
    /// A newer segment exists, and says that it begins with this frame.
    NextSegment {
        /// The newer file.
        file: String,
        /// The sequence of its first frame.
        sequence: u64,
    },
    /// A sound frame stands behind it, which was written only after this one was durable.
    LaterFrame {
        /// The byte at which the later frame begins.
        at: u64,
        /// Its sequence.
        sequence: u64,
    },
    /// The log itself has acknowledged it since it was opened.
    Acknowledged,
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is damaged at byte {}: {}", self.file, self.at, self.damage)?;
        match &self.proof {
            Proof::Header => Ok(()),
            Proof::NextSegment { file, sequence } => {
                write!(f, ", though {file} goes on with frame {sequence}")
            }
            Proof::LaterFrame { at, sequence } => {
                write!(f, ", though the later frame {sequence} at byte {at} is sound")
            }
            Proof::Acknowledged => write!(f, ", though it was durable when it was written"),
        }
    }
}
