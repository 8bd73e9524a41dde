//! Records that can be told from their offset alone, so that a test needs to remember only how many
//! were acknowledged.

use beckon_journal::{
    Batch, CommitError, Disk, FileLog, Log, MemDisk, Offset, Options, Preparation, Removal, no_monitor,
};

/// Seeded numbers (splitmix64).
pub struct Prng(pub u64);

impl Prng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }
}

/// The record at an offset: 0 to 2,000 bytes, never all zeros.
pub fn record(offset: u64) -> Vec<u8> {
    let mut prng = Prng(offset);
    let length = prng.below(2000) as usize;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&(prng.next() | 1).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A batch of the records that belong at `first`.
pub fn batch_at(first: Offset, records: u64) -> Batch {
    let mut batch = Batch::new(first);
    for index in 0..records {
        let offset = batch.push(&record(first.0 + index));
        assert_eq!(offset.0, first.0 + index);
    }
    batch
}

/// The smallest segments, so that a few commits fill some.
pub fn small() -> Options {
    Options { segment_bytes: 0, new_log_id: 0x1122_3344_5566_7788, ..Options::default() }
}

pub fn open<D: Disk>(disk: D) -> FileLog<D> {
    FileLog::open(disk, small(), no_monitor()).expect("the log opens")
}

/// Commits `batches` batches of `records` records each.
pub fn commit_batches<D: Disk>(log: &mut FileLog<D>, batches: u64, records: u64) {
    for _ in 0..batches {
        let mut batch = batch_at(log.next_offset(), records);
        log.commit(&mut batch).expect("the commit succeeds");
    }
}

/// A log of that many commits of one record each, as its disk.
pub fn written(commits: u64) -> MemDisk {
    let mut log = open(MemDisk::new());
    commit_batches(&mut log, commits, 1);
    log.into_disk()
}

/// Reads from the oldest record on and checks each; returns the offsets of the first and the end.
pub fn check_all<D: Disk>(log: &FileLog<D>) -> (u64, u64) {
    let first = log.oldest_offset();
    let mut expected = first.0;
    let mut records = log.read(first).expect("the log reads");
    while let Some((offset, bytes)) = records.next().expect("the record reads") {
        assert_eq!(offset.0, expected);
        assert!(bytes == record(expected), "record {expected} is another one");
        expected += 1;
    }
    assert_eq!(expected, log.next_offset().0);
    (first.0, expected)
}

/// The newest segment of a disk.
pub fn newest_segment<D: Disk>(disk: &D) -> String {
    segments(disk).pop().expect("there is a segment")
}

/// All segments, oldest first.
pub fn segments<D: Disk>(disk: &D) -> Vec<String> {
    let mut files = disk.list().expect("the disk lists");
    files.retain(|file| file.ends_with(".seg"));
    files.sort();
    files
}

/// What threads beside the log have in hand, moved on a step at a time.
#[derive(Default)]
pub struct Beside {
    preparation: Option<Preparation>,
    removal: Option<Removal>,
}

impl Beside {
    /// Begins a preparation, writes some of it, or gives it back, whole or not.
    pub fn prepare<D: Disk>(
        &mut self,
        log: &mut FileLog<D>,
        disk: &mut D,
        prng: &mut Prng,
    ) -> Result<(), CommitError> {
        let Some(mut preparation) = self.preparation.take().or_else(|| log.begin_preparation()) else {
            return Ok(());
        };
        let written = preparation.write(disk, 3000 * prng.below(4));
        match written {
            Ok(left) if left > 0 && !prng.one_in(4) => self.preparation = Some(preparation),
            _ => log.end_preparation(preparation),
        }
        written.map(|_| ())
    }

    /// Begins a removal, carries it out at the next call, and gives it back at the one after.
    pub fn remove<D: Disk>(
        &mut self,
        log: &mut FileLog<D>,
        disk: &mut D,
        keep_from: Offset,
    ) -> Result<(), CommitError> {
        let Some(mut removal) = self.removal.take() else {
            self.removal = log.begin_removal(keep_from);
            return Ok(());
        };
        let done = removal.carry_out(disk);
        log.end_removal(removal);
        done
    }
}
