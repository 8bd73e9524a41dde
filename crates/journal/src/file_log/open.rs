//! Opening: read, decide, then change as little as possible. All checks come before the first
//! write, so that a log that is refused is left exactly as it was found.

use super::spare::{Spare, Spares, discard};
use super::{Begun, FileLog, Tail};
use crate::catalog;
use crate::disk::Disk;
use crate::error::{CommitError, DiskError, OpenError};
use crate::event::{Event, Monitor};
use crate::limits::{BLOCK_BYTES, COUNT_MAX};
use crate::log::Options;
use crate::recover::{self, Torn};
use crate::scan::Expected;
use crate::segment;

static ZERO_BLOCK: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// Sequence of the very first frame of a log.
const FIRST_SEQUENCE: u64 = 1;

impl<D: Disk> FileLog<D> {
    /// Opens the log of a directory, or begins one where there is none.
    ///
    /// What a crash cut short is taken away and told to `monitor`; what was durable and is damaged
    /// makes it refuse, with the file and position.
    pub fn open(disk: D, options: Options, monitor: Monitor) -> Result<Self, OpenError> {
        let segments = catalog::load(&disk)?;
        let is_new = segments.is_empty();
        let tail = recover::find_tail(&disk, &segments, options.check)?;
        let log_id = segments.first().map_or(options.new_log_id, |it| it.log_id);
        let mut log = Self {
            disk,
            options,
            monitor,
            log_id,
            segments,
            tail: Tail::Open { at: tail.at },
            next: tail.next,
            sealed: tail.sealed,
            spares: Spares::default(),
            removing: false,
            removal_unsynced: false,
            begun: Begun::default(),
        };
        // What is seen here need not be durable: an unfinished rename by a process that was killed
        // must not come undone after its file was written over.
        log.disk.sync_dir().map_err(|error| DiskError::new("sync", "the directory", error))?;
        log.adopt_spares()?;
        if is_new {
            log.begin()?;
        } else {
            log.settle_tail(tail.last, tail.at, tail.torn)?;
        }
        Ok(log)
    }

    fn begin(&mut self) -> Result<(), OpenError> {
        self.next =
            Expected { sequence: FIRST_SEQUENCE, offset: self.options.new_log_begin.0.min(COUNT_MAX - 1) };
        self.tail = Tail::Closed;
        // Nobody waits yet: the first segment is made whole.
        self.prepare_now(u64::MAX).and_then(|_| self.begin_segment(0)).map_err(|error| match error {
            CommitError::Full(error) | CommitError::Disk(error) => OpenError::Disk(error),
            other => {
                OpenError::Disk(DiskError::new("begin", "the log", std::io::Error::other(other.to_string())))
            }
        })
    }

    /// Takes away what the last write left, and makes durable what is kept.
    fn settle_tail(&mut self, last: Option<u64>, at: u64, torn: Option<Torn>) -> Result<(), OpenError> {
        let Some(file) = self.segments.last().map(|newest| newest.file.clone()) else {
            return Ok(());
        };
        let blocks = torn.map(|torn| torn.blocks).unwrap_or_default();
        for block in &blocks {
            self.disk
                .write_at(&file, *block, &ZERO_BLOCK)
                .map_err(|error| DiskError::new("cut the torn tail of", &file, error))?;
        }
        // The last frame may be whole in the page cache and not yet on the disk, if the process
        // that wrote it was killed. It has to be durable before another is written behind it. A sync
        // alone would not do: after one that failed the system holds such pages for clean.
        if let Some(last) = last {
            self.write_again(&file, last, at)?;
        }
        self.disk.sync_data(&file).map_err(|error| DiskError::new("sync", &file, error))?;
        if !blocks.is_empty() {
            let bytes = (blocks.len() * BLOCK_BYTES) as u64;
            self.tell(Event::TornTailCut { file, at, bytes });
        }
        Ok(())
    }

    /// Writes what is read from `from` to `to` once more, so that the next sync covers it.
    fn write_again(&mut self, file: &str, from: u64, to: u64) -> Result<(), OpenError> {
        let mut frame = vec![0; (to - from) as usize];
        let mut filled = 0;
        while filled < frame.len() {
            let count = self.disk.read_at(file, from + filled as u64, &mut frame[filled..]);
            match count.map_err(|error| DiskError::new("read", file, error))? {
                0 => break,
                count => filled += count,
            }
        }
        self.disk
            .write_at(file, from, &frame[..filled])
            .map_err(|error| DiskError::new("write again the end of", file, error).into())
    }

    /// Keeps the files of an earlier run that are large enough to be segments, and removes others.
    fn adopt_spares(&mut self) -> Result<(), OpenError> {
        let wanted = self.options.whole_segment_bytes();
        let mut files = catalog::list(&self.disk)?;
        files.retain(|file| segment::parse_spare_name(file).is_some());
        files.sort_unstable();
        for file in files {
            self.spares.avoid_name(&file);
            let bytes = self.disk.len(&file).map_err(|error| DiskError::new("measure", &file, error))?;
            // After a sync that failed, the system may be alone in knowing this length. What is written
            // here is covered by the sync that makes the file a segment.
            let is_useful = bytes == wanted
                && self.options.recycle
                && !self.spares.is_full()
                && self.write_again(&file, bytes - BLOCK_BYTES as u64, bytes).is_ok();
            let spare = Spare { file, bytes, recycled: true };
            let refused = if is_useful { self.spares.adopt(spare).err() } else { Some(spare) };
            if let Some(Spare { file, .. }) = refused {
                discard(&mut self.disk, &file);
                self.tell(Event::LeftoverRemoved { file });
            }
        }
        Ok(())
    }
}
