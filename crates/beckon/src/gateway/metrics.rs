//! Counts of the gateway, and `/metrics`.

use super::App;
use super::answer::Failure;
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
    let mut counter = |name: &str, help: &str, value: u64| {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    };
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
    registry.register("collect_requests", "Collect requests by outcome", app.tallies.requests.clone());
    let mut text = String::new();
    let _ = encode(&mut text, &registry);
    Ok(text)
}
