//! One file: what programs see, and what would be there after a power failure.

use crate::random::Random;

/// What a disk writes as a whole.
pub const SECTOR: usize = 512;

/// A file.
#[derive(Debug, Default)]
pub struct File {
    /// What programs read.
    pub now: Vec<u8>,
    /// What is durable for certain.
    pub synced: Vec<u8>,
    /// What was written since the last sync, in order.
    unsynced: Vec<(usize, Vec<u8>)>,
}

impl File {
    /// Writes for programs to see.
    pub fn write(&mut self, at: usize, data: &[u8]) {
        put(&mut self.now, at, data);
        self.unsynced.push((at, data.to_vec()));
    }

    /// Writes only some of the sectors, as a write does that fails.
    pub fn write_torn(&mut self, at: usize, data: &[u8], random: &mut Random) {
        let odds = *random.pick(&[1, 2, 3, 1 << 60]);
        for (at, sector) in sectors(at, data) {
            if random.one_in(odds) {
                self.write(at, sector);
            }
        }
    }

    /// Makes all that was written durable.
    pub fn sync(&mut self) {
        for (at, data) in self.unsynced.drain(..) {
            put(&mut self.synced, at, &data);
        }
    }

    /// A sync that fails: the system forgets what was to be written. Some of it reached the disk. Pages
    /// stay readable until memory is short; then the disk's contents come back.
    pub fn sync_badly(&mut self, random: &mut Random) {
        self.lose(random);
        if random.one_in(2) {
            self.now.clone_from(&self.synced);
        }
    }

    /// The power goes.
    pub fn lose_power(&mut self, random: &mut Random) {
        self.lose(random);
        self.now.clone_from(&self.synced);
    }

    fn lose(&mut self, random: &mut Random) {
        let odds = *random.pick(&[1, 2, 4, 1 << 60]);
        for (at, data) in std::mem::take(&mut self.unsynced) {
            for (at, sector) in sectors(at, &data) {
                if random.one_in(odds) {
                    put(&mut self.synced, at, sector);
                }
            }
        }
    }
}

/// Cuts a write at the borders of sectors.
fn sectors(at: usize, data: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let head = (SECTOR - at % SECTOR).min(data.len());
    let (first, rest) = data.split_at(head);
    let rest = rest.chunks(SECTOR).enumerate().map(move |(n, it)| (at + head + n * SECTOR, it));
    std::iter::once((at, first)).chain(rest)
}

fn put(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    if bytes.len() < at + data.len() {
        bytes.resize(at + data.len(), 0);
    }
    bytes[at..at + data.len()].copy_from_slice(data);
}
