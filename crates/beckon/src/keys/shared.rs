//! The keys of a running server: requests look keys up in what was read last, and a change that
//! `beckon keys` made is seen without a restart.

use super::{Error, Keys, file};
use std::fs;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// Keys that can be exchanged while they are in use.
#[derive(Debug)]
pub struct Shared(RwLock<Seen>);

#[derive(Debug)]
struct Seen {
    keys: Arc<Keys>,
    version: Option<Version>,
}

/// What changes when the file is replaced.
type Version = (u64, Option<SystemTime>, u64);

impl Shared {
    /// Shares `keys`.
    pub fn new(keys: Keys) -> Self {
        // Not the file's version now: it may have been replaced since it was read.
        Shared(RwLock::new(Seen { keys: Arc::new(keys), version: None }))
    }

    /// The keys as read last.
    pub fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).keys)
    }

    /// Reads the file again if it was replaced, and says whether. After an error the keys stay as they
    /// were. Meant to be called about once a second.
    pub fn refresh(&self) -> Result<bool, Error> {
        let current = self.current();
        let version = version(&current);
        if version.is_some() && self.0.read().unwrap_or_else(PoisonError::into_inner).version == version {
            return Ok(false);
        }
        let keys = Arc::new(Keys::open(&current.dir)?);
        let changed = keys.stored != current.stored;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Seen { keys, version };
        Ok(changed)
    }
}

fn version(keys: &Keys) -> Option<Version> {
    let metadata = fs::metadata(file::path(&keys.dir)).ok()?;
    Some((metadata.len(), metadata.modified().ok(), inode(&metadata)))
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}
