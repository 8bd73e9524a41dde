//! Damage to what was durable is found and named, never cut away.

use crate::faulty::FaultyDisk;
use crate::workload::{commit_batches, newest_segment, open, segments, small, written};
use beckon_journal::{
    Check, Corruption, Disk, FileLog, Log, MemDisk, Offset, OpenError, Options, ReadError, no_monitor, verify,
};

fn try_open(disk: MemDisk) -> Result<FileLog<MemDisk>, OpenError> {
    FileLog::open(disk, small(), no_monitor())
}

fn refused(disk: MemDisk) -> Corruption {
    match try_open(disk) {
        Err(OpenError::Corrupt(corruption)) => corruption,
        Err(other) => panic!("another error: {other}"),
        Ok(log) => panic!("opened with {} records", log.next_offset()),
    }
}

/// Where the frames of a log of one-record commits stand: file and byte, in order.
fn frames(disk: &MemDisk) -> Vec<(String, usize)> {
    let mut frames = Vec::new();
    for file in segments(disk) {
        let bytes = disk.file(&file).unwrap();
        let starts = (4096..bytes.len()).step_by(4096);
        frames.extend(starts.filter(|at| bytes[*at..].starts_with(b"BkF1")).map(|at| (file.clone(), at)));
    }
    frames
}

#[test]
fn a_bit_flipped_in_any_byte_of_any_header_or_earlier_frame_is_refused_by_file_and_position() {
    let disk = written(8);
    let frames = frames(&disk);
    assert_eq!(frames.len(), 8);
    assert!(segments(&disk).len() >= 3);
    let last = frames.last().unwrap().clone();
    for file in segments(&disk) {
        let length = disk.file(&file).unwrap().len();
        for at in 0..length {
            let part = at / 4096 * 4096;
            let is_frame = frames.contains(&(file.clone(), part));
            let is_last = (&file, part) == (&last.0, last.1);
            if (part > 0 && !is_frame) || is_last {
                continue;
            }
            let mut damaged = disk.clone();
            damaged.file_mut(&file).unwrap()[at] ^= 1 << (at % 8);
            let found = refused(damaged);
            assert_eq!((&found.file, found.at as usize), (&file, part), "{found}");
        }
    }
}

#[test]
fn after_sealing_a_bit_flipped_in_the_last_frame_is_refused_too() {
    let mut log = open(written(5));
    let last = frames(log.disk()).pop().unwrap();
    log.seal().unwrap();
    let disk = log.into_disk();
    for at in last.1..last.1 + 4096 {
        let mut damaged = disk.clone();
        damaged.file_mut(&last.0).unwrap()[at] ^= 1;
        assert_eq!(refused(damaged).at as usize, last.1);
    }
}

#[test]
fn without_sealing_a_bit_flipped_in_the_last_frame_looks_like_a_torn_write() {
    let mut disk = written(5);
    let last = frames(&disk).pop().unwrap();
    disk.file_mut(&last.0).unwrap()[last.1 + 100] ^= 1;
    assert_eq!(open(disk).next_offset(), Offset(4));
}

#[test]
fn a_missing_or_renamed_or_shortened_or_foreign_segment_is_refused() {
    let disk = written(12);
    let files = segments(&disk);
    assert!(files.len() >= 4);

    let mut hole = MemDisk::new();
    let mut renamed = disk.clone();
    for file in files.iter().filter(|file| **file != files[1]) {
        hole.put(file, disk.file(file).unwrap().to_vec());
    }
    assert_eq!(refused(hole).file, files[0]);

    renamed.put("log-00000000000000000099.seg", disk.file(&files[1]).unwrap().to_vec());
    assert_eq!(refused(renamed).file, "log-00000000000000000099.seg");

    for file in &files {
        let mut short = disk.clone();
        short.file_mut(file).unwrap().pop();
        assert_eq!(refused(short).file, *file);
    }

    let options = Options { new_log_id: 5, ..small() };
    let mut foreign = FileLog::open(MemDisk::new(), options, no_monitor()).unwrap();
    commit_batches(&mut foreign, 12, 1);
    let mut mixed = disk.clone();
    mixed.put(&files[2], foreign.disk().file(&files[2]).unwrap().to_vec());
    assert_eq!(refused(mixed).file, files[2]);
}

#[test]
fn a_refused_log_is_left_as_it_was_found() {
    let mut disk = FaultyDisk::new(0);
    commit_batches(&mut open(disk.clone()), 8, 1);
    disk.create("spare-00000000000000000007.tmp").unwrap();
    let first = segments(&disk)[0].clone();
    disk.write_at(&first, 4200, b"damage").unwrap();
    let changes = disk.steps();
    let refused = FileLog::open(disk.clone(), small(), no_monitor());
    assert!(matches!(refused, Err(OpenError::Corrupt(_))));
    assert_eq!(disk.steps(), changes);
}

#[test]
fn a_segment_of_a_newer_format_is_refused_by_name() {
    let mut disk = written(1);
    let file = newest_segment(&disk);
    let header = disk.file_mut(&file).unwrap();
    header[8] = 2;
    let crc = crc32c::crc32c(&header[..4092]);
    header[4092..4096].copy_from_slice(&crc.to_le_bytes());
    assert!(matches!(try_open(disk), Err(OpenError::NewerVersion { found: 2, known: 1, .. })));
}

#[test]
fn where_only_the_newest_segment_is_checked_damage_in_others_is_found_by_reading() {
    let mut disk = written(8);
    let first = segments(&disk)[0].clone();
    disk.file_mut(&first).unwrap()[4100] ^= 1;
    let options = Options { check: Check::Newest, ..small() };
    let log = FileLog::open(disk, options, no_monitor()).unwrap();
    let mut reader = log.reader(Offset(0)).unwrap();
    assert!(matches!(reader.next(), Err(ReadError::Corrupt(found)) if found.file == first));
}

#[test]
fn verifying_goes_on_after_a_problem_and_lists_all() {
    let mut disk = written(12);
    let frames = frames(&disk);
    for index in [0, 4, 9] {
        let (file, at) = &frames[index];
        disk.file_mut(file).unwrap()[at + 50] ^= 1;
    }
    let report = verify(&disk).unwrap();
    let found: Vec<(String, usize)> =
        report.problems.iter().map(|it| (it.file.clone(), it.at as usize)).collect();
    assert_eq!(found, [frames[0].clone(), frames[4].clone(), frames[9].clone()]);
    assert_eq!((report.frames(), report.records(), report.end), (9, 9, Offset(12)));
}
