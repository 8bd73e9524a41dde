//! Snapshots of state machines, each a file of checked blocks that has its name only when it is
//! whole. A damaged one is passed over for an older one, and never removed unseen.

mod format;
mod read;
mod write;

pub use read::SnapshotReader;
pub use write::SnapshotWriter;

use crate::Offset;
use crate::disk::Disk;
use crate::error::DiskError;
use crate::event::{Event, Monitor};
use std::fmt;

/// The snapshots of a directory. Another directory than the log's, or the same: their names differ.
pub struct SnapshotStore<D> {
    disk: D,
    monitor: Monitor,
}

impl<D: Disk> SnapshotStore<D> {
    /// Opens the snapshots of a directory and removes what an earlier run left unfinished.
    pub fn open(mut disk: D, mut monitor: Monitor) -> Result<Self, DiskError> {
        for file in list(&disk)? {
            if format::parse_name(&file, format::UNFINISHED).is_some() {
                disk.remove(&file).map_err(|error| DiskError::new("remove", &file, error))?;
                monitor(Event::LeftoverRemoved { file });
            }
        }
        // A snapshot seen here may be named only in memory, if the process that wrote it was killed.
        // Whoever lets go of older snapshots or of the log because of it must be able to.
        sync_names(&mut disk)?;
        Ok(Self { disk, monitor })
    }

    /// Begins a snapshot of a state machine that has folded all records before `offset`.
    pub fn begin(&mut self, machine: u16, offset: Offset) -> Result<SnapshotWriter<'_, D>, SnapshotError> {
        SnapshotWriter::begin(&mut self.disk, machine, offset)
    }

    /// The offsets of the finished snapshots of a machine, newest first; they may be damaged.
    pub fn offsets(&self, machine: u16) -> Result<Vec<Offset>, DiskError> {
        let mut offsets: Vec<Offset> = list(&self.disk)?
            .iter()
            .filter_map(|file| format::parse_name(file, format::FINISHED))
            .filter(|(of, _)| *of == machine)
            .map(|(_, offset)| offset)
            .collect();
        offsets.sort_unstable_by(|a, b| b.cmp(a));
        Ok(offsets)
    }

    /// The machines that have a finished snapshot, in order.
    pub fn machines(&self) -> Result<Vec<u16>, DiskError> {
        let mut machines: Vec<u16> = list(&self.disk)?
            .iter()
            .filter_map(|file| format::parse_name(file, format::FINISHED))
            .map(|(machine, _)| machine)
            .collect();
        machines.sort_unstable();
        machines.dedup();
        Ok(machines)
    }

    /// The newest snapshot of a machine of which every byte was checked; damaged ones are told to
    /// the monitor and passed over. It is read twice: once here, and once by the caller.
    pub fn newest_good(&mut self, machine: u16) -> Result<Option<SnapshotReader<'_, D>>, DiskError> {
        for offset in self.offsets(machine)? {
            match self.read(machine, offset).and_then(SnapshotReader::verify) {
                Ok(()) => return self.read(machine, offset).map(Some).or_else(only_disk),
                Err(error) => self.pass_over(error)?,
            }
        }
        Ok(None)
    }

    /// The newest snapshot of a machine before `before`, or of all, whose ends look whole. Its blocks
    /// are checked as they are read: when one fails, drop what was built from it and ask for the
    /// snapshot before that one. For snapshots of gigabytes, which it reads once.
    pub fn newest_before(
        &mut self,
        machine: u16,
        before: Option<Offset>,
    ) -> Result<Option<SnapshotReader<'_, D>>, DiskError> {
        for offset in self.offsets(machine)? {
            if before.is_some_and(|before| offset >= before) {
                continue;
            }
            match self.read(machine, offset) {
                Ok(_) => return self.read(machine, offset).map(Some).or_else(only_disk),
                Err(error) => self.pass_over(error)?,
            }
        }
        Ok(None)
    }

    /// Opens one snapshot; its header and trailer are checked, its blocks when they are read.
    pub fn read(&self, machine: u16, offset: Offset) -> Result<SnapshotReader<'_, D>, SnapshotError> {
        SnapshotReader::open(&self.disk, machine, offset)
    }

    /// Removes all snapshots of a machine that are older than the newest `keep` whose ends look
    /// whole; at least one is always kept. Returns how many were removed.
    pub fn prune(&mut self, machine: u16, keep: usize) -> Result<usize, DiskError> {
        // The name of the newest must not be lost after the older ones went.
        sync_names(&mut self.disk)?;
        let mut whole = 0;
        let mut removed = 0;
        for offset in self.offsets(machine)? {
            let damaged = match self.read(machine, offset) {
                Ok(_) => false,
                Err(SnapshotError::Damaged { .. }) => true,
                Err(error) => return only_disk(error).map(|_: Option<()>| removed),
            };
            if whole < keep.max(1) {
                whole += usize::from(!damaged);
                continue;
            }
            let file = format::name(machine, offset, format::FINISHED);
            self.disk.remove(&file).map_err(|error| DiskError::new("remove", &file, error))?;
            removed += 1;
            (self.monitor)(Event::SnapshotPruned { file, damaged });
        }
        sync_names(&mut self.disk)?;
        Ok(removed)
    }

    /// The disk.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// Gives the disk back.
    pub fn into_disk(self) -> D {
        self.disk
    }

    fn pass_over(&mut self, error: SnapshotError) -> Result<(), DiskError> {
        match error {
            SnapshotError::Damaged { file, at, .. } => {
                (self.monitor)(Event::SnapshotDamaged { file, at });
                Ok(())
            }
            other => only_disk(other).map(|_: Option<()>| ()),
        }
    }
}

/// Reading fails by damage or by the disk; where damage was dealt with, the disk is left.
fn only_disk<T>(error: SnapshotError) -> Result<Option<T>, DiskError> {
    match error {
        SnapshotError::Disk(error) => Err(error),
        SnapshotError::Damaged { .. } | SnapshotError::BlockTooLarge { .. } => Ok(None),
    }
}

fn sync_names<D: Disk>(disk: &mut D) -> Result<(), DiskError> {
    disk.sync_dir().map_err(|error| DiskError::new("sync", "the directory", error))
}

fn list<D: Disk>(disk: &D) -> Result<Vec<String>, DiskError> {
    disk.list().map_err(|error| DiskError::new("list", "the directory", error))
}

impl<D: fmt::Debug> fmt::Debug for SnapshotStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotStore").field("disk", &self.disk).finish_non_exhaustive()
    }
}

/// Why a snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The disk refused something.
    #[error("{0}; see to the disk, then take or read the snapshot again")]
    Disk(#[from] DiskError),
    /// The file is not what was written: use an older snapshot.
    #[error("{file} is damaged at byte {at}: {fault}; use an older snapshot")]
    Damaged {
        /// The file.
        file: String,
        /// The byte at which the damaged part begins.
        at: u64,
        /// What is wrong there.
        fault: SnapshotFault,
    },
    /// A block is larger than a block may be: split it.
    #[error("the block has {bytes} bytes, one may have at most {max}: split it")]
    BlockTooLarge {
        /// Bytes of the block.
        bytes: usize,
        /// Most bytes of a block.
        max: usize,
    },
}

/// What is wrong with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotFault {
    /// The header is not that of this snapshot.
    #[error("the header is not that of this snapshot")]
    Header,
    /// The format is newer than this program.
    #[error("the format is newer than this program")]
    Version,
    /// The trailer fails its checksum: the file is not whole.
    #[error("the trailer is missing or damaged")]
    Trailer,
    /// A block fails its checksum, or its length cannot be.
    #[error("a block is damaged")]
    Block,
    /// The blocks are sound, but not those that the trailer counted.
    #[error("the blocks are not those that were written")]
    Order,
}
