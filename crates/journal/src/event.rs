//! What the journal tells a monitor. The library never prints and never decides who should know.

/// Something that an operator may want to see.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The last write before a crash was incomplete and was taken away. It had not been
    /// acknowledged, or it was damaged before anything was written behind it.
    TornTailCut {
        /// The file.
        file: String,
        /// The byte at which the log now ends.
        at: u64,
        /// Bytes that were taken away, in whole blocks; at least one block. In a recycled segment
        /// the rest of the write cannot be told from older contents and is not counted.
        bytes: u64,
    },
    /// The log goes on in a new segment.
    SegmentCreated {
        /// The file.
        file: String,
        /// The sequence of its first frame.
        sequence: u64,
        /// Whether it is an old segment used again.
        recycled: bool,
        /// Whether none was ready, so that the commit had to write one first: a short one.
        hurried: bool,
    },
    /// A segment left the log, because its records are needed no more.
    SegmentReleased {
        /// The file it was.
        file: String,
        /// Whether it is kept to be used again.
        recycled: bool,
    },
    /// A write failed; what was acknowledged before byte `at` stays, the log goes on in another
    /// segment.
    TailAbandoned {
        /// The file.
        file: String,
        /// The byte at which the write failed.
        at: u64,
    },
    /// A file that an earlier run left unfinished was removed.
    LeftoverRemoved {
        /// The file.
        file: String,
    },
    /// A snapshot cannot be used. It stays where it is.
    SnapshotDamaged {
        /// The file.
        file: String,
        /// The byte at which it is damaged.
        at: u64,
    },
    /// A snapshot was removed, because enough newer ones are there.
    SnapshotPruned {
        /// The file.
        file: String,
        /// Whether it could not have been used anyway.
        damaged: bool,
    },
}

/// Where events go.
pub type Monitor = Box<dyn FnMut(Event) + Send>;

/// A monitor that hears nothing.
pub fn no_monitor() -> Monitor {
    Box::new(|_| {})
}
