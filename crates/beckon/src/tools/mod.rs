//! Looking into a data directory: is its journal sound, what does it hold, what does it add up to?
//!
//! All of it only reads, and may run beside a live server. There, files come and go while they are read
//! and the last write may be half done; so what looks wrong is looked at again before it is believed.

mod digest;
mod disk;
mod dump;
mod verify;

pub use digest::{Digested, digest};
pub use dump::{Range, dump};
pub use verify::verify;

use beckon_journal::{Check, DiskError, OpenError, ReadError, ReadOnlyLog, RealDisk};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often something is looked at before it is believed to be wrong.
const LOOKS: usize = 3;

/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Why a tool could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no journal.
    #[error("{} holds no journal; is it the directory given to `beckon serve --data`?", .0.display())]
    NoJournal(PathBuf),
    /// A directory cannot be read.
    #[error("cannot read {}: {source}", dir.display())]
    Directory {
        /// Which.
        dir: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The journal is damaged or cannot be read.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// The journal cannot be read on.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The disk refused something.
    #[error("{0}")]
    Disk(#[from] DiskError),
    /// A record is of another version, or of another program.
    #[error("record {offset} cannot be read: {malformed}; was it written by a newer version of beckon?")]
    Record {
        /// Its offset.
        offset: u64,
        /// What is wrong with it.
        malformed: beckon_core::bytes::Malformed,
    },
    /// The state cannot be brought back.
    #[error("{0}")]
    Recovery(#[from] beckon_engine::recovery::Error),
    /// The output was closed or is full.
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

/// The journal's directory, to be read only.
fn journal(data: &Path) -> Result<RealDisk, Error> {
    let dir = data.join("journal");
    RealDisk::open_read_only(&dir).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::NoJournal(data.to_owned()),
        _ => Error::Directory { dir, source },
    })
}

fn open(data: &Path) -> Result<ReadOnlyLog<RealDisk>, Error> {
    again(|| Ok(ReadOnlyLog::open(journal(data)?, Check::Newest)?))
}

/// Does `work` again if it fails: beside a live server a file may have been let go of meanwhile.
fn again<T>(mut work: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..LOOKS {
        match work() {
            Err(Error::Open(_) | Error::Read(_) | Error::Disk(_) | Error::Recovery(_)) => {
                std::thread::sleep(BETWEEN_LOOKS);
            }
            done => return done,
        }
    }
    work()
}
