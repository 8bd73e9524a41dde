//! Writing a snapshot in one stream: large writes, synced as it goes, named only at the end.

use super::SnapshotError;
use super::format::{self, FINISHED, Summary, UNFINISHED};
use crate::Offset;
use crate::disk::Disk;
use crate::error::DiskError;
use crate::limits::{SNAPSHOT_BLOCK_BYTES_MAX, SNAPSHOT_SYNC_BYTES, SNAPSHOT_WRITE_BYTES};

/// A snapshot being written. Dropped before [`SnapshotWriter::finish`] it leaves nothing that a
/// reader would see.
#[derive(Debug)]
pub struct SnapshotWriter<'a, D: Disk> {
    disk: &'a mut D,
    machine: u16,
    offset: Offset,
    file: String,
    buffer: Vec<u8>,
    written: u64,
    synced: u64,
    summary: Summary,
    finished: bool,
}

impl<'a, D: Disk> SnapshotWriter<'a, D> {
    pub(super) fn begin(disk: &'a mut D, machine: u16, offset: Offset) -> Result<Self, SnapshotError> {
        let file = format::name(machine, offset, UNFINISHED);
        disk.create(&file).map_err(|error| DiskError::new("create", &file, error))?;
        let header = format::header(machine, offset);
        let mut buffer = Vec::with_capacity(SNAPSHOT_WRITE_BYTES);
        buffer.extend_from_slice(&header);
        Ok(Self {
            disk,
            machine,
            offset,
            file,
            buffer,
            written: 0,
            synced: 0,
            summary: Summary::of(&header),
            finished: false,
        })
    }

    /// Adds a block. After an error the snapshot cannot be finished: begin another.
    pub fn block(&mut self, block: &[u8]) -> Result<(), SnapshotError> {
        if block.len() > SNAPSHOT_BLOCK_BYTES_MAX {
            return Err(SnapshotError::BlockTooLarge { bytes: block.len(), max: SNAPSHOT_BLOCK_BYTES_MAX });
        }
        let header = format::block_header(block);
        self.summary.add(&header, block.len());
        self.put(&header)?;
        self.put(block)
    }

    /// Makes the snapshot durable and gives it its name. After an error it may be there or not: let
    /// nothing go because of it.
    pub fn finish(mut self) -> Result<(), SnapshotError> {
        let trailer = self.summary.trailer();
        self.put(&trailer)?;
        self.flush()?;
        self.sync()?;
        let name = format::name(self.machine, self.offset, FINISHED);
        self.disk.rename(&self.file, &name).map_err(|error| DiskError::new("rename", &self.file, error))?;
        self.finished = true;
        self.disk.sync_dir().map_err(|error| DiskError::new("sync the name of", &name, error))?;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        if self.buffer.len() + bytes.len() > SNAPSHOT_WRITE_BYTES {
            self.flush()?;
        }
        if bytes.len() >= SNAPSHOT_WRITE_BYTES {
            return self.write(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SnapshotError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.write(&buffer)?;
        buffer.clear();
        self.buffer = buffer;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.disk
            .write_at(&self.file, self.written, bytes)
            .map_err(|error| DiskError::new("write", &self.file, error))?;
        self.written += bytes.len() as u64;
        if self.written - self.synced >= SNAPSHOT_SYNC_BYTES {
            self.sync()?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), SnapshotError> {
        self.disk.sync_data(&self.file).map_err(|error| DiskError::new("sync", &self.file, error))?;
        self.synced = self.written;
        Ok(())
    }
}

impl<D: Disk> Drop for SnapshotWriter<'_, D> {
    fn drop(&mut self) {
        if !self.finished {
            // Left there, it is removed when the store is opened.
            let _ = self.disk.remove(&self.file);
        }
    }
}
