//! All 64 shards, with what they tell each other delivered when and as often as a seed says. Between
//! two shards messages keep their order, as the journal keeps it.

use crate::prng::Prng;
use crate::say::{SHOP, WINDOW, bare, bytes, is_lesson};
use beckon_core::event::Event;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::shard::store::Profile;
use beckon_core::shard::{Digest, Effect, Input, Look, Outcome, Shard, route};
use beckon_core::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// From one machine to another.
type Link = (u8, u8);

pub struct Cluster {
    pub shards: Vec<Shard>,
    /// What is under way.
    links: BTreeMap<Link, VecDeque<(u64, Vec<u8>)>>,
    /// What was delivered, to be delivered again.
    delivered: Vec<(u8, u8, u64, Vec<u8>)>,
    pub now: i64,
    pub collected: u32,
    pub messages: usize,
}

impl Cluster {
    pub fn new() -> Self {
        Cluster {
            shards: ShardId::all().map(|id| Shard::new(id, WINDOW)).collect(),
            links: BTreeMap::new(),
            delivered: Vec::new(),
            now: 1_700_000_000_000,
            collected: 0,
            messages: 0,
        }
    }

    fn handle(&mut self, shard: u8, input: Input<'_>) -> Outcome {
        let mut effects = Vec::new();
        self.now += 1;
        let outcome =
            self.shards[usize::from(shard)].handle(Timestamp(self.now), input, bare(), &mut effects).unwrap();
        effects.retain(|it| !is_lesson(it));
        assert!(outcome == Outcome::Folded || effects.is_empty(), "a repeated input has no effect");
        for effect in effects {
            let Effect::Tell { to, sequence, message } = effect else { panic!("no show is on: {effect:?}") };
            let link = self.links.entry((shard, to.0)).or_default();
            link.push_back((sequence, message));
            self.messages += 1;
        }
        outcome
    }

    /// An event at the shard it routes to.
    pub fn collect(&mut self, event: &Event<'_>) {
        let shard = route(event).expect("an event of somebody");
        let input = Input::Collected { source: SHOP, event: &bytes(event), default_offset_min: 0 };
        assert_eq!(self.handle(shard.0, input), Outcome::Folded);
        self.collected += 1;
    }

    /// An event, and all that follows from it.
    pub fn collect_settled(&mut self, event: &Event<'_>) {
        self.collect(event);
        self.settle(&mut Prng(0));
    }

    /// Erases at the shard of `id`.
    pub fn erase(&mut self, id: &str) {
        self.handle(ShardId::of(id).0, Input::Erase { id });
    }

    /// Whether anything is under way.
    pub fn is_settled(&self) -> bool {
        self.links.values().all(|it| it.is_empty())
    }

    /// Delivers one message of a link chosen by the seed; sometimes an old one again, to no effect.
    pub fn deliver(&mut self, prng: &mut Prng) {
        let waiting: Vec<Link> = self.links.iter().filter(|it| !it.1.is_empty()).map(|it| *it.0).collect();
        if let Some((from, to)) = (!waiting.is_empty()).then(|| prng.pick(&waiting)) {
            let (sequence, message) = self.links.get_mut(&(from, to)).unwrap().pop_front().unwrap();
            assert_eq!(self.told(from, to, sequence, &message), Outcome::Folded);
            self.delivered.push((from, to, sequence, message));
        }
        if !self.delivered.is_empty() && prng.once_in(4) {
            let again = prng.below(self.delivered.len());
            let (from, to, sequence, message) = self.delivered[again].clone();
            assert_eq!(self.told(from, to, sequence, &message), Outcome::Repeated);
        }
    }

    fn told(&mut self, from: u8, to: u8, sequence: u64, message: &[u8]) -> Outcome {
        self.handle(to, Input::Told { from: MachineId(from), sequence, message })
    }

    /// Delivers until nothing is under way. Every chain of messages must end.
    pub fn settle(&mut self, prng: &mut Prng) {
        for step in 0.. {
            if self.is_settled() {
                return;
            }
            assert!(step < 1_000_000, "messages go round for ever");
            self.deliver(prng);
        }
    }

    /// The profile that `id` leads to, over as many other names as there are.
    pub fn find(&self, id: &str) -> Option<Profile> {
        let mut id = id.to_owned();
        for _ in 0..100 {
            match self.shards[usize::from(ShardId::of(&id).0)].look(&id) {
                Look::Found(profile) => return Some(*profile),
                Look::Elsewhere(user) => id = user,
                Look::Unknown => return None,
            }
        }
        panic!("{id} is a name of itself");
    }

    /// All profiles, by kind of id and id.
    pub fn profiles(&self) -> BTreeMap<(bool, String), Profile> {
        let all = self.shards.iter().flat_map(|it| it.store().slots().map(|slot| it.store().profile(slot)));
        all.map(|it| ((it.cold.known, it.cold.id.to_string()), it)).collect()
    }

    /// All other names: kind, id, user.
    pub fn bindings(&self) -> Vec<(bool, String, String)> {
        let all = self.shards.iter().flat_map(|it| it.store().all_bindings());
        let mut all: Vec<_> = all.map(|it| (it.known, it.id.to_string(), it.user.to_string())).collect();
        all.sort();
        all
    }

    /// Events over all profiles.
    pub fn events(&self) -> u32 {
        self.profiles().values().map(|it| it.hot.activity.events).sum()
    }

    pub fn digest(&self) -> Digest {
        self.shards.iter().fold(Digest::default(), |sum, it| sum.plus(it.digest()))
    }
}
