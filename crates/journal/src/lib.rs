//! The ordered log that everything in Beckon is made durable in, and the snapshots that keep its
//! replay short, over a tiny [`Disk`] trait so that a simulator can be the disk.
//!
//! A record is opaque bytes. Records are gathered in a [`Batch`] and committed together; a commit
//! that returned `Ok` survives a crash at any later instant, and its records count once.
//!
//! ```
//! use beckon_journal::{Batch, FileLog, Log, MemDisk, Offset, Options, no_monitor};
//!
//! let options = Options { segment_bytes: 1 << 16, ..Options::default() };
//! let mut log = FileLog::open(MemDisk::new(), options, no_monitor())?;
//! let mut batch = Batch::new(log.next_offset());
//! batch.push(b"a shopper came online");
//! let end = log.commit(&mut batch)?;
//!
//! let mut records = log.read(Offset(0))?;
//! while let Some((offset, record)) = records.next()? {
//!     assert_eq!((offset, record), (Offset(0), &b"a shopper came online"[..]));
//! }
//! drop(records);
//! batch.restart(end);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The format byte by byte, what recovery decides and why, and what it cannot know stand in
//! `docs/journal.md`.

mod batch;
mod catalog;
mod damage;
mod disk;
mod error;
mod event;
mod file_log;
mod frame;
pub mod limits;
mod log;
mod read_only;
mod reader;
mod recover;
mod scan;
mod segment;
mod snapshot;
mod verify;

pub use batch::{Batch, RecordWriter};
pub use damage::{Corruption, Damage, Proof};
pub use disk::{Disk, MemDisk, RealDisk};
pub use error::{CommitError, DiskError, OpenError, ReadError};
pub use event::{Event, Monitor, no_monitor};
pub use file_log::{Begun, FileLog, Preparation, Removal};
pub use log::{Check, Log, Offset, Options, Records, Released};
pub use read_only::ReadOnlyLog;
pub use reader::Reader;
pub use segment::FORMAT_VERSION;
pub use snapshot::{SnapshotError, SnapshotFault, SnapshotReader, SnapshotStore, SnapshotWriter};
pub use verify::{Problem, Report, SegmentReport, TornTail, verify};
