//! What may be asked about shows and pushes: the shards answer, each for its own shoppers.

use super::node::{Node, NotTaken};
use beckon_core::id::{ShardId, Term};
use beckon_core::profile::device::ClaimKey;
use beckon_core::push::report::Report;
use beckon_core::push::{Push, PushId};
use beckon_core::shard::calling::Why;
use beckon_core::show::audience::Predicate;
use beckon_engine::worker::Worker;
use std::sync::Arc;

impl Node {
    /// A show's report over all shards.
    pub async fn report(&self, show: Term) -> Result<Report, NotTaken> {
        let all = self
            .on_all(move |worker| worker.shards().filter_map(|it| it.report(show).cloned()).collect())
            .await?;
        let mut report = Report::default();
        all.iter().for_each(|it| report.merge(it));
        Ok(report)
    }

    /// Why a shopper is, or is not, called into a show; `None` when nobody goes by `id`.
    pub async fn why(&self, id: &str, show: Term) -> Result<Option<(ShardId, Why)>, NotTaken> {
        let Some(profile) = self.look(id).await? else { return Ok(None) };
        let id = profile.cold.id.to_string();
        let (shard, now) = (ShardId::of(&id), self.shared.clock.now());
        let why = self
            .on_shard(shard, move |worker| worker.shard(shard)?.why(&id, show, now, worker.stage()))
            .await?;
        Ok(why.map(|it| (shard, it)))
    }

    /// By which id the owner of a device goes, if it has one.
    pub async fn device_owner(&self, device: &str) -> Result<Option<String>, NotTaken> {
        let what = ClaimKey::device(device);
        let home = what.home();
        let owner = move |worker: &Worker| {
            let owner = worker.shard(home)?.claims().owner(what)?;
            owner.key().map(|it| it.id.to_owned())
        };
        self.on_shard(home, owner).await
    }

    /// A push, or a ghost.
    pub async fn push(&self, id: PushId) -> Result<Option<Push>, NotTaken> {
        let shard = id.shard;
        self.on_shard(shard, move |worker| worker.shard(shard)?.ledger().get(id.number).cloned()).await
    }

    /// How many shoppers a rule holds for, and how many there are.
    pub async fn audience(&self, rule: Predicate) -> Result<(u64, u64), NotTaken> {
        let rule = Arc::new(rule);
        let secs = self.shared.clock.now().secs();
        let counts = move |worker: &Worker| {
            let offset_min = worker.stage().policy().default_offset_min;
            let count = |it: &beckon_core::shard::Shard| {
                let store = it.store();
                let holds = |slot| rule.eval(&store.hot(slot), &store.history(slot), secs, offset_min);
                let (mut inside, mut all) = (0, 0);
                for slot in store.slots() {
                    inside += u64::from(holds(slot));
                    all += 1;
                }
                (inside, all)
            };
            worker.shards().map(count).collect()
        };
        let all = self.on_all(counts).await?;
        Ok(all.into_iter().fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1)))
    }
}
