//! What may be asked about shoppers, shows and pushes: the shards answer, each for its own, and each behind everything that
//! was appended before.

use super::folder::{Job, folder_of};
use super::node::{Node, NotTaken};
use beckon_core::id::{ShardId, SourceId, Term};
use beckon_core::limits::HOPS_MAX;
use beckon_core::profile::device::ClaimKey;
use beckon_core::push::report::Report;
use beckon_core::push::{Push, PushId};
use beckon_core::shard::calling::Why;
use beckon_core::shard::store::Profile;
use beckon_core::shard::{Counts, Digest, Look};
use beckon_core::show::audience::Predicate;
use beckon_engine::worker::Worker;
use beckon_journal::Offset;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What one shard reports of itself.
#[derive(Debug, Clone)]
pub struct ShardReport {
    /// Which.
    pub id: ShardId,
    /// Shoppers and visitors.
    pub shoppers: usize,
    /// Ids that are another name of a shopper.
    pub bindings: usize,
    /// Counts.
    pub counts: Counts,
    /// Ids in the dedup window.
    pub dedup: usize,
    /// Events by source and name.
    pub names: BTreeMap<(SourceId, Term), u64>,
}

impl Node {
    /// The profile that goes by `id`, wherever it lives, with the id it is kept under.
    pub async fn look(&self, id: &str) -> Result<Option<Profile>, NotTaken> {
        let mut id = id.to_owned();
        for _ in 0..=HOPS_MAX {
            let shard = ShardId::of(&id);
            let asked = id.clone();
            let look =
                self.on_shard(shard, move |worker| worker.shard(shard).map(|it| it.look(&asked))).await?;
            match look {
                Some(Look::Found(profile)) => return Ok(Some(*profile)),
                Some(Look::Elsewhere(user)) => id = user,
                Some(Look::Unknown) | None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Profiles of a shard, from row `first` on, each with its row; fewer than `limit` at the shard's end.
    pub async fn profiles(
        &self,
        shard: ShardId,
        first: u32,
        limit: usize,
    ) -> Result<Vec<(u32, Profile)>, NotTaken> {
        let read = move |worker: &Worker| {
            let store = worker.shard(shard)?.store();
            let slots = store.slots().filter(|it| it.number() >= first).take(limit);
            Some(slots.map(|it| (it.number(), store.profile(it))).collect())
        };
        Ok(self.on_shard(shard, read).await?.unwrap_or_default())
    }

    /// What every shard reports of itself.
    pub async fn reports(&self) -> Result<Vec<ShardReport>, NotTaken> {
        self.on_all(|worker| {
            let report = |it: &beckon_core::shard::Shard| ShardReport {
                id: it.id(),
                shoppers: it.store().len(),
                bindings: it.store().bindings(),
                counts: it.counts(),
                dedup: it.dedup_len(),
                names: it.names().clone(),
            };
            worker.shards().map(report).collect()
        })
        .await
    }

    /// Bytes of memory: hot columns, history columns, cold rows, index; over all shards.
    pub async fn memory(&self) -> Result<[usize; 4], NotTaken> {
        let all = self.on_all(|worker| worker.shards().map(|it| it.store().memory()).collect()).await?;
        Ok(all.into_iter().fold([0; 4], |sum, it| std::array::from_fn(|at| sum[at] + it[at])))
    }

    /// The fingerprint of all shards.
    pub async fn digest(&self) -> Result<Digest, NotTaken> {
        let all = self.on_all(|worker| vec![worker.digest()]).await?;
        Ok(all.into_iter().fold(Digest::default(), Digest::plus))
    }

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

    pub(super) async fn on_folder<T: Send + 'static>(
        &self,
        folder: usize,
        read: impl FnOnce(&Worker, Offset) -> T + Send + 'static,
    ) -> Result<T, NotTaken> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Run(Box::new(move |worker, next| drop(answer.send(read(worker, next)))));
        self.shared.line().folders[folder].send(job).map_err(|_| NotTaken::Stopping)?;
        answered.await.map_err(|_| NotTaken::Stopping)
    }

    pub(super) async fn on_shard<T: Send + 'static>(
        &self,
        shard: ShardId,
        read: impl FnOnce(&Worker) -> T + Send + 'static,
    ) -> Result<T, NotTaken> {
        let folder = folder_of(shard, self.shared.folded.len());
        self.on_folder(folder, move |worker, _| read(worker)).await
    }

    pub(super) async fn on_all<T: Send + 'static>(
        &self,
        read: impl Fn(&Worker) -> Vec<T> + Clone + Send + 'static,
    ) -> Result<Vec<T>, NotTaken> {
        let mut all = Vec::new();
        for folder in 0..self.shared.folded.len() {
            let read = read.clone();
            all.extend(self.on_folder(folder, move |worker, _| read(worker)).await?);
        }
        Ok(all)
    }
}
