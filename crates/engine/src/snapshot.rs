//! Machines as snapshot files, and back.
//!
//! Blocks are compressed one by one: profiles are mostly zeros, and reading back is then bound by the
//! processor rather than by the disk. A snapshot may be relied on only once the journal is durable up to
//! what had been sequenced when the machine was frozen: then every message that it had sent by then can
//! be found in the journal, and none must be kept in the snapshot.

use crate::dictionary::Dictionary;
use beckon_core::bytes::{Get, Put};
use beckon_core::dedup::Window;
use beckon_core::director::Director;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::shard::Shard;
use beckon_core::shard::snapshot::{Frozen, Thaw};
use beckon_core::stage::Stage;
use beckon_core::time::Timestamp;
use beckon_journal::{Disk, DiskError, Offset, SnapshotError, SnapshotReader, SnapshotStore};

/// Writes a shard, frozen when `offset` was the first record it had not folded.
pub fn write_shard<D: Disk>(
    store: &mut SnapshotStore<D>,
    shard: ShardId,
    offset: Offset,
    frozen: &Frozen,
) -> Result<(), SnapshotError> {
    let mut writer = store.begin(MachineId::from(shard).0.into(), offset)?;
    let mut packed = Vec::new();
    frozen.write(|block| {
        pack(block, &mut packed);
        writer.block(&packed)
    })?;
    writer.finish()
}

/// Writes the director with the dictionary and the latest instant given out.
pub fn write_director<D: Disk>(
    store: &mut SnapshotStore<D>,
    offset: Offset,
    director: &Director,
    names: &Dictionary,
    now: Timestamp,
) -> Result<(), SnapshotError> {
    let mut writer = store.begin(MachineId::DIRECTOR.0.into(), offset)?;
    let mut packed = Vec::new();
    let mut head = vec![HEAD];
    head.put_int(now.0);
    pack(&head, &mut packed);
    writer.block(&packed)?;
    let mut tagged = |kind: u8, block: &[u8]| {
        let mut out = Vec::with_capacity(block.len() + 1);
        out.push(kind);
        out.extend_from_slice(block);
        pack(&out, &mut packed);
        writer.block(&packed)
    };
    director.write(|block| tagged(DIRECTOR, block))?;
    names.write_blocks(|block| tagged(NAMES, block))?;
    writer.finish()
}

const HEAD: u8 = 0;
const DIRECTOR: u8 = 1;
const NAMES: u8 = 2;

fn pack(block: &[u8], packed: &mut Vec<u8>) {
    packed.clear();
    packed.extend_from_slice(&lz4_flex::compress_prepend_size(block));
}

/// Reads the newest good snapshot of a shard, with its stage; a new shard from offset 0 when there is none.
pub fn read_shard<D: Disk>(
    store: &mut SnapshotStore<D>,
    shard: ShardId,
    window: Window,
) -> Result<(Shard, Stage, Offset), DiskError> {
    let found = newest(store, shard.into(), |reader| {
        let mut thaw = Thaw::new(window);
        while let Some(block) = next(reader)? {
            thaw.block(&block).ok()?;
        }
        thaw.finish().ok()
    })?;
    let found = found.map(|((shard, stage), from)| (shard, stage, from));
    Ok(found.unwrap_or_else(|| (Shard::new(shard, window), Stage::default(), Offset(0))))
}

/// Reads the newest good snapshot of the director and fills the dictionary.
pub fn read_director<D: Disk>(
    store: &mut SnapshotStore<D>,
    names: &Dictionary,
) -> Result<(Director, Timestamp, Offset), DiskError> {
    let found = newest(store, MachineId::DIRECTOR, |reader| {
        let (mut director, mut now, mut first) = (Director::default(), Timestamp::default(), true);
        while let Some(block) = next(reader)? {
            let (kind, rest) = block.split_first()?;
            match *kind {
                HEAD => now = Timestamp(Get::new(rest).int("time of a snapshot").ok()?),
                DIRECTOR => {
                    director.restore(rest, first).ok()?;
                    first = false;
                }
                NAMES => names.read_block(rest).ok()?,
                _ => return None,
            }
        }
        Some((director, now))
    })?;
    let found = found.map(|((director, now), offset)| (director, now, offset));
    Ok(found.unwrap_or_else(|| (Director::default(), Timestamp::default(), Offset(0))))
}

/// The next block, unpacked; the outer `None` when it is damaged, the inner at the end.
fn next<D: Disk>(reader: &mut SnapshotReader<'_, D>) -> Option<Option<Vec<u8>>> {
    match reader.block() {
        Err(_) => None,
        Ok(None) => Some(None),
        Ok(Some(packed)) => {
            // A length that a damaged block claims must not be believed before it is bounded.
            let size = u32::from_le_bytes(packed.get(..4)?.try_into().ok()?);
            (size <= BLOCK_BYTES_MAX)
                .then(|| lz4_flex::decompress_size_prepended(packed).ok())
                .flatten()
                .map(Some)
        }
    }
}

/// The largest block, unpacked.
const BLOCK_BYTES_MAX: u32 = 1 << 30;

/// Tries the snapshots of a machine from the newest on; what cannot be read is passed over.
fn newest<D: Disk, T>(
    store: &mut SnapshotStore<D>,
    machine: MachineId,
    mut read: impl FnMut(&mut SnapshotReader<'_, D>) -> Option<T>,
) -> Result<Option<(T, Offset)>, DiskError> {
    let mut before = None;
    loop {
        let Some(mut reader) = store.newest_before(machine.0.into(), before)? else { return Ok(None) };
        let offset = reader.offset();
        if let Some(value) = read(&mut reader) {
            return Ok(Some((value, offset)));
        }
        before = Some(offset);
    }
}
