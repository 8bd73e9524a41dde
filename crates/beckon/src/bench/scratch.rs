//! The directory that is measured in: on a real disk, ours alone, and gone at the end.

use super::error::Error;
use std::path::{Path, PathBuf};

/// A directory to measure in.
#[derive(Debug)]
pub struct Scratch {
    dir: PathBuf,
    /// Kind of file system, e.g. `ext4`; empty when the system does not tell.
    file_system: String,
    keep: bool,
}

impl Scratch {
    /// Makes `dir`, which must be new or empty and not in memory.
    pub fn new(dir: &Path, keep: bool) -> Result<Self, Error> {
        let unfit = |why: String| Error::Scratch { path: dir.to_owned(), why };
        let occupied = std::fs::read_dir(dir).is_ok_and(|mut it| it.next().is_some());
        if occupied {
            return Err(unfit(
                "it is not empty; remove it if an interrupted bench left it, or name a new one with --data"
                    .into(),
            ));
        }
        std::fs::create_dir_all(dir).map_err(|it| unfit(it.to_string()))?;
        let file_system = file_system(dir);
        if matches!(file_system.as_str(), "tmpfs" | "ramfs") {
            let _ = std::fs::remove_dir(dir);
            return Err(unfit(format!(
                "{file_system} is memory, and durable there costs nothing; use a disk"
            )));
        }
        Ok(Scratch { dir: dir.to_owned(), file_system, keep })
    }

    /// A part of it by name, not made yet.
    pub fn part(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Removes a part that is done with, so that the next run finds the disk as this one did.
    pub fn clear(&self, part: &Path) -> Result<(), Error> {
        if self.keep { Ok(()) } else { std::fs::remove_dir_all(part).map_err(Error::io("clear up")) }
    }

    /// Kind of file system.
    pub fn file_system(&self) -> &str {
        &self.file_system
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// The kind of the file system that holds `dir`, as `/proc/self/mounts` has it.
fn file_system(dir: &Path) -> String {
    let (Ok(dir), Ok(mounts)) = (dir.canonicalize(), std::fs::read_to_string("/proc/self/mounts")) else {
        return String::new();
    };
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (at, kind) = (words.next()?, words.next()?);
        dir.starts_with(at).then_some((at.len(), kind))
    });
    // Of two mounts at one place the later one is seen.
    mounted.max_by_key(|it| it.0).map(|it| it.1.to_owned()).unwrap_or_default()
}

/// Bytes of all files under `dir`, as they take room on the disk.
pub fn bytes_under(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(it) if it.is_dir() => bytes_under(&entry.path()),
        Ok(it) => it.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
