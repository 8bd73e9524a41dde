//! Whatever the bytes on disk are, opening, reading and verifying end with an answer.

use crate::workload::{Prng, commit_batches, open, small, written};
use beckon_journal::{
    Check, Disk, FileLog, Log, MemDisk, Offset, Options, SnapshotStore, no_monitor, verify,
};

const CASES: u64 = 100_000;

#[test]
fn arbitrary_and_mutated_files_never_panic() {
    arbitrary_files(0..CASES);
}

/// Runs as many cases as there are seeds; each is one damaged directory.
pub fn arbitrary_files(seeds: std::ops::Range<u64>) {
    let originals = [written(2), written(7), recycled(), snapshots()];
    for seed in seeds {
        let mut prng = Prng(seed);
        let mut disk = originals[prng.below(originals.len() as u64) as usize].clone();
        damage(&mut disk, &mut prng);
        use_it(disk, seed);
    }
}

fn recycled() -> MemDisk {
    let mut log = open(written(20));
    log.release(log.next_offset()).unwrap();
    commit_batches(&mut log, 5, 2);
    log.into_disk()
}

fn snapshots() -> MemDisk {
    let mut store = SnapshotStore::open(written(1), no_monitor()).unwrap();
    for offset in 1..4 {
        let mut writer = store.begin(1, Offset(offset)).unwrap();
        writer.block(&[offset as u8; 300]).unwrap();
        writer.block(b"").unwrap();
        writer.finish().unwrap();
    }
    store.into_disk()
}

fn damage(disk: &mut MemDisk, prng: &mut Prng) {
    let files = disk.list().unwrap();
    let file = &files[prng.below(files.len() as u64) as usize];
    let other = &files[prng.below(files.len() as u64) as usize];
    let copy = disk.file(other).unwrap().to_vec();
    let bytes = disk.file_mut(file).unwrap();
    match prng.below(8) {
        0 => bytes.truncate(prng.below(bytes.len() as u64 + 1) as usize),
        1 => bytes.clone_from(&copy),
        2 => *bytes = (0..prng.below(9000)).map(|_| prng.next() as u8).collect(),
        3 => bytes.extend_from_within(..),
        _ => {}
    }
    for _ in 0..prng.below(6) {
        mutate(bytes, &copy, prng);
    }
    if prng.one_in(2) {
        repair_checksums(bytes, prng);
    }
    if prng.one_in(10) {
        disk.remove(file).unwrap();
    }
}

/// Changes a field, a byte, or moves a block; more often where the numbers are.
fn mutate(bytes: &mut [u8], copy: &[u8], prng: &mut Prng) {
    if bytes.len() < 64 {
        return;
    }
    let blocks = bytes.len().div_ceil(4096) as u64;
    let block = prng.below(blocks) as usize * 4096;
    let near = (block + prng.below(48) as usize).min(bytes.len() - 8);
    let value = match prng.below(4) {
        0 => u64::MAX - prng.below(3),
        1 => 1 << prng.below(64),
        2 => prng.below(5000),
        _ => prng.next(),
    };
    match prng.below(5) {
        0 => bytes[near..near + 8].copy_from_slice(&value.to_le_bytes()),
        1 => bytes[near..near + 4].copy_from_slice(&(value as u32).to_le_bytes()),
        2 => bytes[near] ^= 1 << prng.below(8),
        3 => {
            let from = prng.below(copy.len() as u64 / 4096 + 1) as usize * 4096;
            let source = &copy[from.min(copy.len())..];
            let count = source.len().min(4096).min(bytes.len() - block);
            bytes[block..block + count].copy_from_slice(&source[..count]);
        }
        _ => {
            let at = prng.below(bytes.len() as u64) as usize;
            bytes[at] = value as u8;
        }
    }
}

/// Makes damaged headers and frames look right again, to reach what stands behind the checksums.
fn repair_checksums(bytes: &mut [u8], prng: &mut Prng) {
    if let Some(header) = bytes.get_mut(..4096) {
        let crc = crc32c::crc32c(&header[..4092]);
        header[4092..].copy_from_slice(&crc.to_le_bytes());
    }
    if let Some(header) = bytes.get_mut(..64)
        && header.starts_with(b"BkSnapsh")
    {
        let crc = crc32c::crc32c(&header[..60]);
        header[60..].copy_from_slice(&crc.to_le_bytes());
    }
    let mut at = 4096;
    while at + 4096 <= bytes.len() {
        if bytes[at..].starts_with(b"BkF1") && !prng.one_in(4) {
            let field: [u8; 4] = bytes[at + 36..at + 40].try_into().unwrap();
            let payload = u32::from_le_bytes(field) as usize;
            let end = at.saturating_add(40 + payload).next_multiple_of(4096);
            if let Some(checked) = bytes.get(at + 8..end) {
                let crc = crc32c::crc32c(checked);
                bytes[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
            }
        }
        at += 4096;
    }
}

fn use_it(disk: MemDisk, seed: u64) {
    let report = verify(&disk).expect("the disk is faultless");
    let check = if seed.is_multiple_of(2) { Check::All } else { Check::Newest };
    let options = Options { check, ..small() };
    if let Ok(mut log) = FileLog::open(disk.clone(), options, no_monitor()) {
        assert!(check == Check::Newest || report.is_sound(), "seed {seed}: {report:?}");
        let read = read_all(&log);
        assert!(check == Check::Newest || read, "seed {seed}");
        let end = log.next_offset();
        let mut batch = beckon_journal::Batch::new(end);
        batch.push(b"on it goes");
        log.commit(&mut batch).expect("a faultless disk takes a commit");
        log.release(end).expect("a faultless disk releases");
    } else {
        assert!(!report.is_sound(), "seed {seed}: refused what verify finds sound");
    }
    if seed.is_multiple_of(3) {
        let mut store = SnapshotStore::open(disk, no_monitor()).expect("the disk is faultless");
        for machine in store.machines().expect("the disk is faultless") {
            let _ = store.newest_good(machine).expect("the disk is faultless");
            store.prune(machine, 1).expect("the disk is faultless");
        }
    }
}

fn read_all(log: &FileLog<MemDisk>) -> bool {
    let Ok(mut reader) = log.reader(log.oldest_offset()) else {
        return false;
    };
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}
