//! Records, events, messages and blocks of snapshots, spoiled and fed to whatever reads them; what still
//! decodes is folded too.

use super::Tally;
use super::mutate::spoil;
use crate::oracle::Straight;
use crate::random::Random;
use crate::world;
use beckon_core::dedup::Window;
use beckon_core::director::Director;
use beckon_core::event::Event;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::shard::message::Message;
use beckon_core::shard::snapshot::Thaw;
use beckon_core::shard::{Input, Shard};
use beckon_core::stage::Stage;
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record::{Body, Record};
use beckon_engine::recovery::apply_to_director;
use beckon_journal::Offset;

const WINDOW: Window = Window { ids_max: 4096, span_ms: 86_400_000 };

/// Cases before the machines that take what still decodes are made anew.
const FOLDS: u64 = 5_000;

/// Valid bytes of every kind, and machines to take what still decodes.
#[derive(Debug)]
pub struct Bytes {
    records: Vec<Vec<u8>>,
    events: Vec<Vec<u8>>,
    messages: Vec<Vec<u8>>,
    blocks: Vec<Vec<u8>>,
    director_blocks: Vec<Vec<u8>>,
    names: Vec<Vec<u8>>,
    shard: Shard,
    stage: Stage,
    director: Director,
    folds: u64,
    scratch: Vec<u8>,
}

impl Bytes {
    /// Collects valid bytes from a run.
    pub fn new(random: &mut Random) -> Self {
        let (straight, ledger) = world::sample(random.bits());
        let records: Vec<Vec<u8>> = ledger.records().iter().map(|it| it.to_vec()).collect();
        let (mut events, mut messages) = (Vec::new(), Vec::new());
        for record in records.iter().filter_map(|it| Record::decode(it).ok()) {
            match record.body {
                Body::Events(it) => events.extend(it.iter().flatten().map(|it| it.1.to_vec())),
                Body::Told { message, .. } => messages.push(message.to_vec()),
                _ => {}
            }
        }
        let (blocks, director_blocks) = blocks_of(&straight);
        let names = Dictionary::default();
        events.iter().flat_map(|it| Event::decode(it)).for_each(|it| names.learn_event(&it));
        let mut name_blocks = Vec::new();
        let _: Result<(), ()> = names.write_blocks(|it| {
            name_blocks.push(it.to_vec());
            Ok(())
        });
        Bytes {
            records,
            events,
            messages,
            blocks,
            director_blocks,
            names: name_blocks,
            shard: Shard::new(ShardId(0), WINDOW),
            stage: Stage::default(),
            director: Director::default(),
            folds: 0,
            scratch: Vec::new(),
        }
    }

    /// Feeds one spoiled piece.
    pub fn case(&mut self, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
        self.folds += 1;
        if self.folds.is_multiple_of(FOLDS) {
            self.shard = Shard::new(ShardId(random.below(64) as u8), WINDOW);
            self.director = Director::default();
        }
        let kind = random.below(16);
        let valid = match kind {
            0..5 => &self.records,
            5..10 => &self.events,
            10..13 => &self.messages,
            13..15 => &self.blocks,
            _ if random.one_in(2) => &self.director_blocks,
            _ => &self.names,
        };
        self.scratch.clear();
        if !valid.is_empty() {
            self.scratch.extend_from_slice(&valid[random.index(valid.len())]);
        }
        spoil(&mut self.scratch, random);
        let bytes = std::mem::take(&mut self.scratch);
        let sound = match kind {
            0..5 => self.record(&bytes),
            5..10 => self.event(&bytes)?,
            10..13 => self.message(&bytes)?,
            13..15 => Thaw::new(WINDOW).block(&bytes).is_ok() & thaw_after(&self.blocks, &bytes),
            _ => {
                let restored = Director::default().restore(&bytes, random.one_in(2)).is_ok();
                Dictionary::default().read_block(&bytes).is_ok() | restored
            }
        };
        self.scratch = bytes;
        tally.bytes += 1;
        tally.malformed += u64::from(!sound);
        Ok(())
    }

    fn record(&mut self, bytes: &[u8]) -> bool {
        let Ok(record) = Record::decode(bytes) else { return false };
        let mut worker = beckon_engine::worker::Worker::new([]);
        let sound = match &record.body {
            Body::Events(events) => events.iter().all(|it| it.is_ok_and(|it| Event::decode(it.1).is_ok())),
            _ => true,
        };
        let folded = worker.apply(Offset(0), bytes, drop).is_ok();
        sound & folded & apply_to_director(&mut self.director, &record, None, drop).is_ok()
    }

    fn event(&mut self, bytes: &[u8]) -> Result<bool, String> {
        let Ok(event) = Event::decode(bytes) else { return Ok(false) };
        let mut again = Vec::new();
        event.encode(&mut again);
        // What nobody wrote may be put right by being written once, but not change after that.
        let mut once_more = Vec::new();
        if Event::decode(&again).map(|it| it.encode(&mut once_more)).is_err() || once_more != again {
            return Err(format!("an event changes when it is written again: {event:?}"));
        }
        let input =
            Input::Collected { source: beckon_core::id::SourceId(1), event: bytes, default_offset_min: 480 };
        Ok(self.shard.handle(Timestamp(1_700_000_000_000), input, &self.stage, &mut Vec::new()).is_ok())
    }

    fn message(&mut self, bytes: &[u8]) -> Result<bool, String> {
        let Ok((sent, message)) = Message::decode(bytes) else { return Ok(false) };
        let mut again = Vec::new();
        message.encode(sent, &mut again);
        let mut once_more = Vec::new();
        let decoded = Message::decode(&again).map(|it| it.1.encode(it.0, &mut once_more));
        if decoded.is_err() || once_more != again {
            return Err(format!("a message changes when it is written again: {message:?}"));
        }
        let input = Input::Told { from: MachineId(3), sequence: self.folds, message: bytes };
        Ok(self.shard.handle(Timestamp(1_700_000_000_000), input, &self.stage, &mut Vec::new()).is_ok())
    }
}

/// Puts the spoiled block behind a sound head, and ends the snapshot.
fn thaw_after(blocks: &[Vec<u8>], bytes: &[u8]) -> bool {
    let mut thaw = Thaw::new(WINDOW);
    let Some(head) = blocks.first() else { return false };
    let Some(end) = blocks.last() else { return false };
    let fed = thaw.block(head).is_ok() & thaw.block(bytes).is_ok() & thaw.block(end).is_ok();
    fed & thaw.finish().is_ok()
}

fn blocks_of(straight: &Straight) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (mut blocks, mut director) = (Vec::new(), Vec::new());
    let fullest = straight.shards().max_by_key(|it| (it.store().len(), it.store().bindings()));
    if let Some(shard) = fullest {
        let _: Result<(), ()> = shard.freeze(straight.stage()).write(|it| {
            blocks.push(it.to_vec());
            Ok(())
        });
    }
    let _: Result<(), ()> = straight.director().write(|it| {
        director.push(it.to_vec());
        Ok(())
    });
    (blocks, director)
}
