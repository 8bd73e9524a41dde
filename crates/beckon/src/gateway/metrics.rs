//! Counts of the gateway, and `/metrics`.

use super::App;
use super::answer::Failure;
use crate::own;
use crate::room::{Counts, Rooms};
use beckon_wire::collect::Collected;
use beckon_wire::problem::Code;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Seconds over which the present rate is taken.
const RATE_WINDOW_S: usize = 60;

/// What the gateway counts since its start.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Events taken.
    pub accepted: AtomicU64,
    /// Calls left out.
    pub rejected: AtomicU64,
    /// Events whose time was clamped.
    pub clamped: AtomicU64,
    /// Events that lost what needs a shopper token.
    pub unverified: AtomicU64,
    requests: Family<Outcome, Counter>,
    samples: Mutex<VecDeque<u64>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Turn {
    work: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: Word,
}

/// A label that is one of our own stable words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Word(&'static str);

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        EncodeLabelValue::encode(&self.0, encoder)
    }
}

impl Tallies {
    /// A collect request was answered: with 200, or with this code.
    pub fn request(&self, refused: Option<Code>) {
        let outcome = Outcome { outcome: Word(refused.map_or("ok", Code::word)) };
        self.requests.get_or_create(&outcome).inc();
    }

    /// What a request that was taken held.
    pub fn collected(&self, collected: &Collected) {
        let add = |count: &AtomicU64, more: u32| count.fetch_add(more.into(), Ordering::Relaxed);
        add(&self.accepted, collected.accepted);
        add(&self.rejected, collected.rejected_count);
        add(&self.clamped, collected.clamped);
        add(&self.unverified, collected.unverified);
    }

    /// Remembers the count of events for the rate; once a second.
    pub fn sample(&self) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.push_back(self.accepted.load(Ordering::Relaxed));
        if samples.len() > RATE_WINDOW_S + 1 {
            samples.pop_front();
        }
    }

    /// Events a second over the last minute.
    pub fn rate(&self) -> f64 {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        match (samples.front(), samples.back()) {
            (Some(first), Some(last)) if samples.len() > 1 => {
                (last - first) as f64 / (samples.len() - 1) as f64
            }
            _ => 0.0,
        }
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

fn counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let counter = Counter::<u64>::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

/// What in-app connections do.
fn in_app(app: &App, registry: &mut Registry) {
    let (counts, tallies) = (app.hub.counts(), app.hub.tallies());
    let mut gauge = |name: &str, help: &str, value: usize| gauge(registry, name, help, value as u64);
    gauge("in_app_connections", "In-app connections that are open", app.hub.open_connections());
    gauge("in_app_sessions", "In-app sessions, also those whose connection may come back", counts.sessions);
    gauge("in_app_messages_waiting", "In-app messages that wait for an acknowledgement", counts.messages);
    let mut counter = |name: &str, help: &str, value: &AtomicU64| {
        counter(registry, name, help, value.load(Ordering::Relaxed));
    };
    counter("in_app_opened", "In-app connections that said whose they are, and were taken", &tallies.opened);
    counter("in_app_written", "Message frames given to in-app connections", &tallies.written);
    counter("in_app_told", "Events journalled of connections and their devices", &tallies.told);
    counter("in_app_heard", "Frames that came over in-app connections", &tallies.heard);
    let carried = Family::<Outcome, Counter>::default();
    for (word, count) in tallies.all_carried() {
        carried.get_or_create(&Outcome { outcome: Word(word) }).inc_by(count);
    }
    registry.register("in_app_carried", "In-app messages by what became of them", carried);
    let closed = Family::<Reason, Counter>::default();
    for (word, count) in tallies.all_closed() {
        closed.get_or_create(&Reason { reason: Word(word) }).inc_by(count);
    }
    registry.register("in_app_closed", "In-app connections that the server closed, by reason", closed);
}

/// What the live room does.
fn room(rooms: &Rooms, registry: &mut Registry) {
    let sum = |of: fn(&Counts) -> &AtomicU64| {
        rooms.counts().iter().map(|it| of(it).load(Ordering::Relaxed)).sum::<u64>()
    };
    let mut gauge = |name: &str, help: &str, value| gauge(registry, name, help, value);
    gauge("room_sessions", "Sessions of publishers and viewers in live rooms", sum(|it| &it.sessions));
    gauge("room_kept_bytes", "Bytes of pictures kept for viewers to come", sum(|it| &it.kept_bytes));
    let mut counter = |name: &str, help: &str, value| counter(registry, name, help, value);
    counter("room_datagrams_sent", "Datagrams that live rooms sent", sum(|it| &it.sent));
    counter("room_datagrams_received", "Datagrams that came in for live rooms", sum(|it| &it.received));
    counter(
        "room_datagrams_dropped",
        "Datagrams that came in faster than live rooms could take them",
        sum(|it| &it.dropped),
    );
    counter(
        "room_links_lost",
        "Packets and other messages that a thread of live rooms was too far behind to take from another",
        sum(|it| &it.unlinked),
    );
    let busy = Counter::<f64, AtomicU64>::default();
    busy.inc_by(sum(|it| &it.busy_ns) as f64 / 1e9);
    registry.register("room_busy_seconds", "Time that threads of live rooms were at work", busy);
}

/// What the process takes of the machine, where the system says so.
fn process(registry: &mut Registry) {
    if let Some(seconds) = own::cpu_seconds() {
        let cpu = Counter::<f64, AtomicU64>::default();
        cpu.inc_by(seconds);
        registry.register("cpu_seconds", "Processor time of the process", cpu);
    }
    if let Some(bytes) = own::resident_bytes() {
        gauge(registry, "resident_bytes", "Memory of the process that is resident", bytes);
    }
}

/// What connections for media do.
fn media_over_tcp(rooms: &Rooms, registry: &mut Registry) {
    let connections = rooms.connections();
    let open = connections.count() as u64;
    gauge(registry, "room_tcp_connections", "Connections for media over TCP that are open", open);
    let lost = connections.tallies().lost.load(Ordering::Relaxed);
    counter(registry, "room_tcp_lost", "Datagrams that a slow reader over TCP did not get", lost);
    let ended = Family::<Reason, Counter>::default();
    for (word, count) in connections.tallies().all_ended() {
        ended.get_or_create(&Reason { reason: Word(word) }).inc_by(count);
    }
    registry.register("room_tcp_ended", "Connections for media over TCP that ended, by reason", ended);
}

/// The metrics in OpenMetrics' text format.
pub async fn render(app: &App) -> Result<String, Failure> {
    let mut registry = Registry::with_prefix("beckon");
    let mut gauge = |name: &str, help: &str, value: f64| {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let reports = app.node.reports().await?;
    let sum = |of: &dyn Fn(&crate::runtime::ShardReport) -> u64| reports.iter().map(of).sum::<u64>();
    let (pending, backlog, stalled) = app.node.pressure();
    let (durable, next) = app.node.offsets();
    gauge("shoppers", "Shoppers and visitors with a profile", sum(&|it| it.shoppers as u64) as f64);
    gauge("dedup_ids", "Ids in the dedup window", sum(&|it| it.dedup as u64) as f64);
    gauge("journal_pending_bytes", "Bytes that wait for the disk", pending as f64);
    gauge("fold_backlog_bytes", "Bytes journalled and not folded by the slowest folder", backlog as f64);
    gauge("journal_stalled", "1 while the journal cannot be written", f64::from(u8::from(stalled.is_some())));
    gauge("journal_offset_durable", "Records durable", durable.0 as f64);
    gauge("journal_offset_next", "Records sequenced", next.0 as f64);
    gauge("feed_connections", "Pages that follow a show's live feed", app.feeds.connections() as f64);
    gauge("uptime_seconds", "Seconds since the start", app.started.elapsed_secs());
    gauge("events_per_second", "Events accepted a second, over the last minute", app.tallies.rate());
    let mut counter = |name: &str, help: &str, value| counter(&mut registry, name, help, value);
    let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
    counter(
        "events_folded",
        "Events folded, each once, over the journal's life",
        sum(&|it| it.counts.events),
    );
    counter("events_repeated", "Events left out as repeats", sum(&|it| it.counts.repeated));
    counter("events_forwarded", "Events handed to another shard", sum(&|it| it.counts.forwarded));
    counter("identities_joined", "Ids that joined a known shopper", sum(&|it| it.counts.joined));
    counter("shoppers_erased", "Shoppers erased", sum(&|it| it.counts.erased));
    counter("events_accepted", "Events accepted since the start", load(&app.tallies.accepted));
    counter("events_rejected", "Calls left out since the start", load(&app.tallies.rejected));
    counter("events_clamped", "Events whose time lay too far ahead", load(&app.tallies.clamped));
    counter(
        "events_unverified",
        "Events that lost what needs a shopper token",
        load(&app.tallies.unverified),
    );
    let committed = app.node.committed();
    counter("journal_commits", "Commits, each one fdatasync", load(&committed.commits));
    counter("journal_bytes", "Bytes made durable", load(&committed.bytes));
    counter("journal_failures", "Commits that failed and were tried again", load(&committed.failures));
    counter("journal_segments", "Journal segments begun", load(&committed.segments));
    counter(
        "journal_segments_hurried",
        "Journal segments that a commit had to write first, because none was ready",
        load(&committed.hurried),
    );
    in_app(app, &mut registry);
    if let Some(rooms) = &app.rooms {
        room(rooms, &mut registry);
        media_over_tcp(rooms, &mut registry);
    }
    process(&mut registry);
    registry.register("collect_requests", "Collect requests by outcome", app.tallies.requests.clone());
    let (longest, took) = (
        Family::<Turn, Gauge<f64, AtomicU64>>::default(),
        Family::<Turn, Counter<f64, AtomicU64>>::default(),
    );
    for it in app.node.turns().all() {
        longest.get_or_create(&Turn { work: Word(it.work) }).set(it.longest_s);
        took.get_or_create(&Turn { work: Word(it.work) }).inc_by(it.total_s);
    }
    registry.register(
        "turn_longest_seconds",
        "The longest that folders and committer were held up by one thing",
        longest,
    );
    registry.register("turns_seconds", "Time of folders and committer, by work", took);
    let mut text = String::new();
    let _ = encode(&mut text, &registry);
    Ok(text)
}
