//! What the durable records mean, told anew: which events count, under which names, and whose they are.

use super::identity::{Id, Identity, Said};
use super::ledger::Ledger;
use super::straight::Straight;
use beckon_core::dedup::Window;
use beckon_core::event::{Act, Event};
use beckon_core::id::{ShardId, SourceId, Term};
use beckon_core::shard::{Look, Shard};
use beckon_core::time::Timestamp;
use beckon_engine::record::{Body, Events, Record};
use std::collections::{BTreeMap, BTreeSet};

/// The meaning of a ledger.
#[derive(Debug)]
pub struct Model {
    window: Window,
    /// The key of each event that counted, with when it was taken, and how many ids its shard had then.
    seen: BTreeMap<u128, (Timestamp, u64)>,
    /// New ids by shard.
    ids: BTreeMap<ShardId, u64>,
    counts: BTreeMap<(SourceId, Term), u64>,
    repeated: u64,
    bulk: BTreeMap<String, u64>,
    identity: Identity,
    /// A repeat came so late that the window may have let it through.
    beyond_window: bool,
}

/// A request as the client made it: the keys of its events.
pub type Requests = BTreeMap<u128, usize>;

impl Model {
    /// Reads a ledger. `requests` says to which request of how many events each key belongs; `quiet` at
    /// which places erasures had nothing under way around them.
    pub fn read(
        ledger: &Ledger,
        window: Window,
        requests: &Requests,
        sizes: &[usize],
        quiet: &BTreeSet<u64>,
    ) -> Result<Model, String> {
        let mut model = Model {
            window,
            seen: BTreeMap::new(),
            ids: BTreeMap::new(),
            counts: BTreeMap::new(),
            repeated: 0,
            bulk: BTreeMap::new(),
            identity: Identity::default(),
            beyond_window: false,
        };
        for (place, bytes) in ledger.records().iter().enumerate() {
            let place = place as u64;
            let record = Record::decode(bytes).map_err(|error| format!("record {place}: {error}"))?;
            match &record.body {
                Body::Events(events) => model.events(place, record.now, events, requests, sizes)?,
                Body::Erase { id, .. } => model.identity.erase(place, id, quiet.contains(&place)),
                _ => {}
            }
        }
        Ok(model)
    }

    fn events(
        &mut self,
        place: u64,
        now: Timestamp,
        events: &Events<'_>,
        requests: &Requests,
        sizes: &[usize],
    ) -> Result<(), String> {
        let mut of_request: BTreeMap<usize, usize> = BTreeMap::new();
        let mut count = 0;
        for item in events.iter() {
            let (shard, bytes) = item.map_err(|error| error.to_string())?;
            let event = Event::decode(bytes).map_err(|error| error.to_string())?;
            count += 1;
            if event.key != 0 {
                let request = requests.get(&event.key);
                let request = *request.ok_or_else(|| format!("record {place} has an event nobody sent"))?;
                *of_request.entry(request).or_default() += 1;
                if !self.is_new(event.key, now, shard) {
                    self.repeated += 1;
                    continue;
                }
            }
            *self.counts.entry((events.source, event.name.term)).or_default() += 1;
            self.identity.event(place, &said(&event));
        }
        for (request, count) in of_request {
            if sizes[request] != count {
                let all = sizes[request];
                return Err(format!("record {place} holds {count} of the {all} events of request {request}"));
            }
        }
        if let Some((source, next)) = events.bulk {
            let from = self.bulk.entry(source.to_owned()).or_default();
            if *from + count != next {
                return Err(format!(
                    "record {place} takes {source} from {from} to {next} with {count} events"
                ));
            }
            *from = next;
        }
        Ok(())
    }

    fn is_new(&mut self, key: u128, now: Timestamp, shard: ShardId) -> bool {
        let ids = self.ids.entry(shard).or_default();
        let Some((first, then)) = self.seen.get(&key) else {
            *ids += 1;
            self.seen.insert(key, (now, *ids));
            return true;
        };
        // The window promises seven eighths of its span and of its ids.
        self.beyond_window |= now.0 - first.0 >= self.window.span_ms / 8 * 7
            || *ids - then >= self.window.ids_max as u64 / 8 * 7;
        false
    }

    /// Whether an event is durable.
    pub fn has(&self, key: u128) -> bool {
        self.seen.contains_key(&key)
    }

    /// How far a bulk source has come.
    pub fn bulk(&self, source: &str) -> u64 {
        self.bulk.get(source).copied().unwrap_or(0)
    }

    /// Holds a state with nothing under way against what it should be.
    pub fn check(&self, straight: &Straight) -> Result<(), String> {
        for (source, next) in &self.bulk {
            if straight.director().bulk().next(source) != *next {
                return Err(format!("{source} should have come to {next}"));
            }
        }
        if self.beyond_window {
            return Ok(());
        }
        let mut counts = BTreeMap::new();
        let (mut repeated, mut profiles): (u64, BTreeMap<Id, u64>) = (0, BTreeMap::new());
        for shard in straight.shards() {
            repeated += shard.counts().repeated;
            for (name, count) in shard.names() {
                *counts.entry(*name).or_default() += count;
            }
            for slot in shard.store().slots() {
                let cold = shard.store().cold(slot);
                let events = u64::from(shard.store().profile(slot).hot.activity.events);
                let id = (cold.known, cold.id.to_string());
                if events > 0 && profiles.insert(id.clone(), events).is_some() {
                    return Err(format!("{id:?} has two profiles"));
                }
            }
        }
        if counts != self.counts {
            return Err(format!("events counted by name: {counts:?}, but durable are {:?}", self.counts));
        }
        if repeated != self.repeated {
            return Err(format!("{repeated} events were left out as repeated, but {} were", self.repeated));
        }
        self.identity.check(&profiles)?;
        self.identity.unreadable().into_iter().try_for_each(|id| unreadable(straight, id))
    }
}

fn said<'a>(event: &Event<'a>) -> Said<'a> {
    Said {
        user: event.user,
        visitor: event.anonymous,
        previous: match event.act {
            Act::Alias { previous } => Some(previous),
            _ => None,
        },
        identifies: matches!(event.act, Act::Identify { .. }),
        at: event.at.secs(),
    }
}

/// Nobody may find an erased shopper, by whatever way a reader would take.
fn unreadable(straight: &Straight, id: &str) -> Result<(), String> {
    let mut id = id.to_owned();
    for _ in 0..8 {
        match straight.shard(ShardId::of(&id)).map(|it: &Shard| it.look(&id)) {
            Some(Look::Found(_)) => return Err(format!("{id} was erased and can be read")),
            Some(Look::Elsewhere(user)) => id = user,
            Some(Look::Unknown) | None => break,
        }
    }
    Ok(())
}
