//! `/api/v1/stats`: what came in, who is known, and how far behind everything is.

use super::App;
use super::answer::{Failure, json};
use axum::extract::{Path, State};
use axum::response::Response;
use beckon_core::id::{SourceId, Term};
use beckon_wire::limits::BULK_SOURCE_BYTES_MAX;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{self, BulkStatus};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// `GET /api/v1/bulk/{source}`: where a bulk source has to continue.
pub async fn bulk(State(app): State<App>, Path(source): Path<String>) -> Result<Response, Failure> {
    if source.len() > BULK_SOURCE_BYTES_MAX {
        let detail = format!("the name of a bulk source has at most {BULK_SOURCE_BYTES_MAX} bytes");
        return Err(Problem::new(Code::BadParameter).with_field("source").with_detail(detail).into());
    }
    let next_sequence = app.node.bulk_next(&source);
    Ok(json(&BulkStatus { source, next_sequence }))
}

/// `GET /api/v1/stats`.
pub async fn stats(State(app): State<App>) -> Result<Response, Failure> {
    let reports = app.node.reports().await?;
    let memory = app.node.memory().await?;
    let shoppers = reports.iter().map(|it| it.shoppers as u64).sum();
    let (pending, backlog, _) = app.node.pressure();
    let (durable, next) = app.node.offsets();
    let (products, hosts, rooms) = app.node.director(|it| {
        let catalogue = it.catalogue();
        (catalogue.products().len(), catalogue.hosts().len(), catalogue.rooms().len())
    });
    let load = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    let uptime = app.started.elapsed_secs();
    let window = app.node.dedup_window();
    Ok(json(&shape::Stats {
        now: app.node.clock().now().0,
        uptime_seconds: uptime as u64,
        shoppers,
        visitors_bound: reports.iter().map(|it| it.bindings as u64).sum(),
        names: Some(app.node.names().len() as u64),
        products: products as u64,
        hosts: hosts as u64,
        rooms: rooms as u64,
        events: events(&app, &reports),
        rates: shape::stats::Rates {
            events_per_second_1m: app.tallies.rate(),
            events_per_second_since_start: load(&app.tallies.accepted) as f64 / uptime.max(1e-3),
        },
        lag: shape::stats::Lag {
            journal_pending_bytes: pending as u64,
            fold_backlog_bytes: backlog,
            durable_offset: durable.0,
            next_offset: next.0,
        },
        memory: shape::stats::Memory::of(memory, shoppers),
        dedup: shape::stats::DedupCounts {
            ids: reports.iter().map(|it| it.dedup as u64).sum(),
            window_ids_max: window.ids_max as u64 * reports.len() as u64,
            span_seconds: (window.span_ms / 1000) as u64,
        },
        clamped: load(&app.tallies.clamped),
        rejected: load(&app.tallies.rejected),
        unverified: load(&app.tallies.unverified),
    }))
}

/// Events by name and by source, each counted once.
fn events(app: &App, reports: &[crate::runtime::ShardReport]) -> shape::stats::EventCounts {
    let mut by: BTreeMap<SourceId, BTreeMap<Term, u64>> = BTreeMap::new();
    for ((source, name), count) in reports.iter().flat_map(|it| &it.names) {
        *by.entry(*source).or_default().entry(*name).or_default() += count;
    }
    let spelled = |name: Term| app.node.names().text(name).unwrap_or_else(|| "other".into());
    let keys = app.keys.current();
    let mut counts = shape::stats::EventCounts {
        total: reports.iter().map(|it| it.counts.events).sum(),
        repeated: reports.iter().map(|it| it.counts.repeated).sum(),
        forwarded: reports.iter().map(|it| it.counts.forwarded).sum(),
        ..Default::default()
    };
    for (source, names) in by {
        let known = keys.sources().iter().find(|it| it.id == source);
        let mut of_source = shape::stats::SourceCounts {
            source: match known {
                Some(it) => it.name.clone(),
                None if source.0 == 0 => "replay".into(),
                None => format!("removed source {}", source.0),
            },
            kind: known.map_or("unknown", |it| crate::keys::kind_name(it.kind)).into(),
            total: names.values().sum(),
            by_name: BTreeMap::new(),
        };
        for (name, count) in names {
            *of_source.by_name.entry(spelled(name)).or_default() += count;
            *counts.by_name.entry(spelled(name)).or_default() += count;
        }
        counts.by_source.push(of_source);
    }
    counts
}
