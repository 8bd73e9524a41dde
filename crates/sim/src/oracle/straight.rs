//! The straight fold: all durable records, once, in order, on one thread, without a snapshot.

use super::image;
use super::ledger::Ledger;
use crate::node::Node;
use crate::plant::Plant;
use beckon_core::dedup::Window;
use beckon_core::director::Director;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::shard::{Digest, Shard};
use beckon_core::stage::Stage;
use beckon_engine::record::{Body, Record};
use beckon_engine::recovery::apply_to_director;
use beckon_engine::worker::{Out, Tell, Worker};
use beckon_journal::Offset;
use std::collections::BTreeMap;

/// The straight fold of a ledger.
#[derive(Debug)]
pub struct Straight {
    worker: Worker,
    director: Director,
    at: usize,
    /// Messages that machines sent and that are not in the ledger yet.
    under_way: BTreeMap<(MachineId, MachineId, u64), Vec<u8>>,
    plant: Option<Plant>,
}

impl Straight {
    /// Nothing folded yet.
    pub fn new(window: Window) -> Self {
        Straight {
            worker: Worker::new(
                ShardId::all().map(|id| (Shard::new(id, window), Stage::default(), Offset(0))),
            ),
            director: Director::default(),
            at: 0,
            under_way: BTreeMap::new(),
            plant: None,
        }
    }

    /// The same with a bug in its shards.
    pub fn with_plant(window: Window, plant: Option<Plant>) -> Self {
        Straight { plant, ..Straight::new(window) }
    }

    /// Folds what the ledger has more.
    pub fn follow(&mut self, ledger: &Ledger) -> Result<(), String> {
        self.follow_with(ledger, |_, _, _| Ok(()))
    }

    /// Folds what the ledger has more; `each` gets every record with what the shards want done.
    pub fn follow_with(
        &mut self,
        ledger: &Ledger,
        mut each: impl FnMut(Offset, &[u8], &[Out]) -> Result<(), String>,
    ) -> Result<(), String> {
        while let Some(bytes) = ledger.records().get(self.at) {
            let offset = Offset(self.at as u64);
            self.at += 1;
            let record = Record::decode(bytes).map_err(|error| format!("record {offset}: {error}"))?;
            self.receive(offset, &record)?;
            let under_way = &mut self.under_way;
            let mut send = |it: Tell| {
                under_way.insert((it.from, it.to, it.sequence), it.message);
            };
            let mut outs = Vec::new();
            let worker = |it: Out| match it {
                Out::Tell(it) => send(it),
                it => outs.push(it),
            };
            let bent = self.plant.and_then(|it| it.bend(bytes));
            let folded = bent.as_deref().unwrap_or(bytes);
            self.worker.apply(offset, folded, worker).map_err(|error| error.to_string())?;
            apply_to_director(&mut self.director, &record, None, send).map_err(|error| error.to_string())?;
            each(offset, bytes, &outs)?;
        }
        Ok(())
    }

    /// A message must have been sent, once, and be what was sent.
    fn receive(&mut self, offset: Offset, record: &Record<'_>) -> Result<(), String> {
        let Body::Told { from, to, sequence, message } = record.body else { return Ok(()) };
        match self.under_way.remove(&(from, to, sequence)) {
            Some(sent) if sent == message => Ok(()),
            Some(_) => Err(format!("record {offset}: message {sequence} of {from:?} to {to:?} was changed")),
            None => Err(format!("record {offset}: message {sequence} of {from:?} to {to:?} was not sent")),
        }
    }

    /// Messages that machines sent and that are not in the ledger.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Holds a node that has folded just this ledger against it, byte by byte.
    pub fn compare(&self, node: &Node) -> Result<(), String> {
        for straight in self.worker.shards() {
            let id = straight.id();
            let Some((shard, stage)) = node.seated(id) else {
                return Err(format!("shard {} is missing", id.0));
            };
            let (wanted, found) = (image::of_shard(straight, self.stage()), image::of_shard(shard, stage));
            if wanted != found {
                let digests = if straight.digest() == shard.digest() { "equal" } else { "unequal" };
                let block = image::difference(&wanted, &found);
                let what = format!("in a block of kind {block:?}, digests are {digests}");
                return Err(format!("shard {} differs from the straight fold {what}", id.0));
            }
        }
        if image::of_director(&self.director) != image::of_director(node.director()) {
            return Err("the director differs from the straight fold".to_owned());
        }
        self.names(node)
    }

    /// Every name that a shard counts by must be known to the node.
    fn names(&self, node: &Node) -> Result<(), String> {
        for shard in self.worker.shards() {
            for (_, term) in shard.names().keys() {
                if node.names().text(*term).is_none() {
                    return Err(format!("nobody knows the name of term {}", term.0));
                }
            }
        }
        for product in self.director.catalogue().products() {
            for name in [&product.id, &product.category, &product.brand, &product.host] {
                if !name.text.is_empty() && node.names().text(name.term).as_deref() != Some(&*name.text) {
                    return Err(format!("nobody knows the name {} of a product", name.text));
                }
            }
        }
        Ok(())
    }

    /// The shards.
    pub fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.worker.shards()
    }

    /// One of them.
    pub fn shard(&self, id: ShardId) -> Option<&Shard> {
        self.worker.shard(id)
    }

    /// The stage that they decide on.
    pub fn stage(&self) -> &Stage {
        self.worker.stage()
    }

    /// The director.
    pub fn director(&self) -> &Director {
        &self.director
    }

    /// The fingerprint of all shards.
    pub fn digest(&self) -> Digest {
        self.worker.digest()
    }
}
