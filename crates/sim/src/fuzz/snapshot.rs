//! Snapshot files, spoiled and read: a damaged one is passed over for the one before it.

use super::Tally;
use super::mutate::{flip, spoil};
use crate::oracle::image;
use crate::random::Random;
use crate::world;
use beckon_core::dedup::Window;
use beckon_core::id::ShardId;
use beckon_core::shard::Shard;
use beckon_core::stage::Stage;
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::snapshot::{read_director, read_shard, write_director, write_shard};
use beckon_journal::{Disk, MemDisk, Offset, SnapshotStore, no_monitor};

const WINDOW: Window = Window { ids_max: 1 << 16, span_ms: 30 * 86_400_000 };

/// A disk with two snapshots of a shard, and two of the director.
#[derive(Debug)]
pub struct Snapshots {
    disk: MemDisk,
    shard: ShardId,
    /// The shard as each snapshot has it.
    images: [(Offset, Vec<u8>); 2],
}

impl Snapshots {
    /// Takes them from two runs.
    pub fn new(random: &mut Random) -> Result<Self, String> {
        let mut store = SnapshotStore::open(MemDisk::new(), no_monitor()).map_err(|it| it.to_string())?;
        let (newer, _) = world::sample(random.bits());
        let fullest = newer.shards().max_by_key(|it| it.store().len());
        let newest = fullest.ok_or("a run without shards")?;
        let oldest = Shard::new(newest.id(), WINDOW);
        let names = Dictionary::default();
        let bare = Stage::default();
        for (offset, shard, stage) in [(Offset(3), &oldest, &bare), (Offset(900), newest, newer.stage())] {
            write_shard(&mut store, shard.id(), offset, &shard.freeze(stage)).map_err(|it| it.to_string())?;
            write_director(&mut store, offset, newer.director(), &names, Timestamp(7))
                .map_err(|it| it.to_string())?;
        }
        let images = [
            (Offset(3), image::of_shard(&oldest, &bare)),
            (Offset(900), image::of_shard(newest, newer.stage())),
        ];
        Ok(Snapshots { shard: newest.id(), disk: store.into_disk(), images })
    }

    /// Spoils a file and reads the machine it is of.
    pub fn case(&mut self, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
        let mut disk = self.disk.clone();
        let files = disk.list().map_err(|error| error.to_string())?;
        let file = random.pick(&files).clone();
        let Some(contents) = disk.file_mut(&file) else { return Ok(()) };
        if random.one_in(2) {
            flip(contents, random)
        } else {
            spoil(contents, random)
        }
        let mut store = SnapshotStore::open(disk, no_monitor()).map_err(|error| error.to_string())?;
        tally.snapshots += 1;
        if file.starts_with("snap-00064-") {
            let (_, now, _) =
                read_director(&mut store, &Dictionary::default()).map_err(|it| it.to_string())?;
            return if now == Timestamp(7) { Ok(()) } else { Err("no good director was found".to_owned()) };
        }
        let (shard, stage, offset) =
            read_shard(&mut store, self.shard, WINDOW).map_err(|it| it.to_string())?;
        let image = image::of_shard(&shard, &stage);
        if self.images.iter().any(|it| it.0 == offset && it.1 == image) {
            return Ok(());
        }
        Err(format!("{file} was spoiled, and what was read at {offset} is neither snapshot"))
    }
}
