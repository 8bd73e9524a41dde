//! Whole logs on a disk in memory, spoiled and opened.

use super::Tally;
use super::mutate::{flip, spoil};
use crate::random::Random;
use beckon_journal::{
    Batch, Check, Disk, FileLog, Log, MemDisk, Offset, Options, ReadOnlyLog, no_monitor, verify,
};

/// Logs that cases begin from; one is made anew now and then.
const LOGS: usize = 12;

/// A sound log and what it holds.
#[derive(Debug)]
struct Sound {
    disk: MemDisk,
    records: Vec<Vec<u8>>,
    oldest: u64,
    /// Records before the last frame with any.
    before_last: usize,
    sealed: bool,
    options: Options,
}

/// Sound logs to be spoiled.
#[derive(Debug)]
pub struct Logs {
    sound: Vec<Sound>,
    cases: usize,
}

impl Logs {
    /// Makes them.
    pub fn new(random: &mut Random) -> Self {
        Logs { sound: (0..LOGS).filter_map(|_| make(random)).collect(), cases: 0 }
    }

    /// Spoils a log and opens it.
    pub fn case(&mut self, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
        self.cases += 1;
        if self.cases.is_multiple_of(200)
            && let Some(fresh) = make(random)
        {
            let at = self.cases / 200 % LOGS;
            self.sound[at] = fresh;
        }
        let sound = random.pick(&self.sound);
        let mut disk = sound.disk.clone();
        let files = disk.list().map_err(|error| error.to_string())?;
        let file = random.pick(&files).clone();
        let Some(contents) = disk.file_mut(&file) else { return Ok(()) };
        let strict = match random.below(8) {
            0..5 => {
                let used = contents.iter().rposition(|it| *it != 0).unwrap_or(0) + 1;
                flip(&mut contents[..used], random);
                true
            }
            5 => {
                spoil(contents, random);
                false
            }
            6 => {
                forge(contents, random);
                // Under a true checksum nothing can be known to be changed: it must only not panic.
                let _ = open(&disk, sound, tally);
                return Ok(());
            }
            _ => {
                noise(contents, random);
                false
            }
        };
        if random.one_in(16) {
            let _ = verify(&disk).map_err(|error| error.to_string())?;
            let _ = ReadOnlyLog::open(disk.clone(), Check::All);
        }
        let Some(found) = open(&disk, sound, tally) else { return Ok(()) };
        judge(sound, &found, strict).map_err(|what| format!("{file}: {what}"))
    }
}

/// Opens a log and reads all of it; `None` when either was refused.
fn open(disk: &MemDisk, sound: &Sound, tally: &mut Tally) -> Option<Vec<(Offset, Vec<u8>)>> {
    tally.logs += 1;
    let read = || {
        let log = FileLog::open(disk.clone(), sound.options.clone(), no_monitor()).ok()?;
        let mut reader = log.reader(log.oldest_offset()).ok()?;
        let mut found = Vec::new();
        while let Some((offset, record)) = reader.next().ok()? {
            found.push((offset, record.to_vec()));
        }
        Some(found)
    };
    let found = read();
    tally.refused += u64::from(found.is_none());
    found
}

/// What was read must be what was written; after a single flip all of it, but for the unsealed tail.
fn judge(sound: &Sound, found: &[(Offset, Vec<u8>)], strict: bool) -> Result<(), String> {
    for (offset, record) in found {
        let written = offset.0.checked_sub(sound.oldest).and_then(|it| sound.records.get(it as usize));
        if written != Some(record) {
            return Err(format!("record {offset} is not what was written"));
        }
    }
    let wanted = if sound.sealed { sound.records.len() } else { sound.before_last };
    if strict && found.len() < wanted {
        return Err(format!("{} of {wanted} records were lost without a word", wanted - found.len()));
    }
    Ok(())
}

/// A small log: some segments, some released and used again, sealed or not.
fn make(random: &mut Random) -> Option<Sound> {
    let recycle = random.one_in(2);
    let options = Options {
        segment_bytes: random.choose(&[16 << 10, 24 << 10]),
        recycle,
        new_log_id: random.bits(),
        ..Options::default()
    };
    let mut log = FileLog::open(MemDisk::new(), options.clone(), no_monitor()).ok()?;
    let mut batch = Batch::new(log.next_offset());
    let mut records: Vec<Vec<u8>> = Vec::new();
    let mut before_last = 0;
    for _ in 0..random.range(2, 9) {
        before_last = records.len();
        for _ in 0..random.range(1, 5) {
            let len = random.below(1_500);
            let record: Vec<u8> = (0..len).map(|_| random.bits() as u8).collect();
            batch.push(&record);
            records.push(record);
        }
        let end = log.commit(&mut batch).ok()?;
        batch.restart(end);
        if random.one_in(4) {
            log.release(Offset(random.below(end.0))).ok()?;
        }
    }
    let sealed = random.one_in(2);
    if sealed {
        log.seal().ok()?;
    }
    let oldest = log.oldest_offset().0;
    let kept = records.split_off(oldest as usize);
    let before_last = before_last.saturating_sub(oldest as usize);
    Some(Sound { disk: log.into_disk(), records: kept, oldest, before_last, sealed, options })
}

/// Spoils a header, of the segment or of a frame, and makes its checksum true again.
fn forge(contents: &mut [u8], random: &mut Random) {
    const BLOCK: usize = 4096;
    if contents.len() < 2 * BLOCK {
        return;
    }
    if random.one_in(3) {
        flip(&mut contents[..48], random);
        let crc = crc32c::crc32c(&contents[..BLOCK - 4]);
        contents[BLOCK - 4..BLOCK].copy_from_slice(&crc.to_le_bytes());
        return;
    }
    let at = BLOCK * random.range(1, (contents.len() / BLOCK - 1) as u64) as usize;
    flip(&mut contents[at + 8..at + 120], random);
    let payload = contents[at + 36..at + 40].try_into().map_or(0, u32::from_le_bytes) as usize;
    let extent = payload.saturating_add(40).next_multiple_of(BLOCK);
    if let Some(frame) = contents[at..].get_mut(..extent) {
        let crc = crc32c::crc32c(&frame[8..]);
        frame[4..8].copy_from_slice(&crc.to_le_bytes());
    }
}

fn noise(contents: &mut [u8], random: &mut Random) {
    let from = random.index(contents.len().max(1)).min(contents.len());
    let end = (from + random.below(9_000) as usize).min(contents.len());
    contents[from..end].fill_with(|| random.bits() as u8);
}
