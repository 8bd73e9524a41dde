//! Makes the shoppers through the node, as a server would after its gateway: sequenced, durable, folded.

use super::people::People;
use crate::bench::error::Error;
use crate::bench::figure::{count, line};
use crate::bench::limits::{BACK_OFF, RECORD_EVENTS, RECORDS_UNDER_WAY};
use crate::bench::target::runtime;
use crate::bench::{Args, machine};
use crate::clock::Stopwatch;
use crate::runtime::{Node, NotTaken, Options};
use beckon_core::id::SourceId;
use beckon_engine::record::EventsWriter;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// What was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Made {
    /// Shoppers.
    pub shoppers: u64,
    /// Events made for them.
    pub events: u64,
    /// Events that the shards counted.
    pub folded: u64,
    /// Seconds until all of them were folded.
    pub seconds: f64,
    /// Bytes of hot columns, history columns, cold rows, index.
    pub memory: [u64; 4],
    /// Bytes of the process in memory before anything was made.
    pub resident_before: u64,
    /// Bytes of the process in memory with all of them.
    pub resident: u64,
    /// Ids in the dedup window.
    pub dedup_ids: u64,
    /// Seconds of an orderly stop.
    pub stop_s: f64,
    /// Whether every machine's state went into a snapshot.
    pub snapshots: bool,
    /// The state's fingerprint.
    pub digest: String,
}

/// Makes the shoppers and stops.
pub fn make(args: &Args) -> Result<Made, Error> {
    let runtime = runtime()?;
    let mut options = Options::new(&args.data);
    // A server that took this in over days would have written a snapshot of a growing state now and then.
    // All of it within minutes would measure little else; so the stop writes the first one.
    options.snapshot_bytes = u64::MAX;
    options.snapshot_every = Duration::MAX;
    let resident_before = machine::resident();
    let node = Node::start(&options)?;
    let events = args.shoppers * args.events_per_shopper;
    let watch = Stopwatch::start();
    let until = node.clock().now();
    let people = Arc::new(People::new(node.names(), args.shoppers, events, until));
    runtime.block_on(append_all(&node, &people, events))?;
    drop(people);
    runtime.block_on(node.settled())?;
    let seconds = watch.elapsed_secs();
    let resident = machine::resident();
    let reports = runtime.block_on(node.reports())?;
    let memory = runtime.block_on(node.memory())?.map(|it| it as u64);
    let digest = runtime.block_on(node.digest())?.to_string();
    let folded = reports.iter().map(|it| it.counts.events).sum();
    if folded != events {
        return Err(Error::Lost { acknowledged: events, folded });
    }
    let watch = Stopwatch::start();
    let stopped = node.stop();
    Ok(Made {
        shoppers: reports.iter().map(|it| it.shoppers as u64).sum(),
        events,
        folded,
        seconds,
        memory,
        resident_before,
        resident,
        dedup_ids: reports.iter().map(|it| it.dedup as u64).sum(),
        stop_s: watch.elapsed_secs(),
        snapshots: stopped.snapshots,
        digest,
    })
}

async fn append_all(node: &Node, people: &Arc<People>, events: u64) -> Result<(), Error> {
    let next = Arc::new(AtomicU64::new(0));
    let watch = Stopwatch::start();
    let mut appending: JoinSet<Result<(), Error>> = JoinSet::new();
    for _ in 0..RECORDS_UNDER_WAY {
        let (node, people, next) = (node.clone(), people.clone(), next.clone());
        appending.spawn(async move {
            loop {
                let first = next.fetch_add(RECORD_EVENTS, Ordering::Relaxed);
                if first >= events {
                    return Ok(());
                }
                append(&node, &people, first..(first + RECORD_EVENTS).min(events)).await?;
                say_progress(first, events, watch);
            }
        });
    }
    while let Some(done) = appending.join_next().await {
        done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?;
    }
    Ok(())
}

/// Makes a record and appends it, as often as it is turned away for coming too fast.
async fn append(node: &Node, people: &People, numbers: std::ops::Range<u64>) -> Result<(), Error> {
    loop {
        while node.admits() == Err(NotTaken::Overloaded) {
            tokio::time::sleep(BACK_OFF).await;
        }
        let mut writer = EventsWriter::new(SourceId(1), 480);
        numbers.clone().for_each(|it| people.write(it, &mut writer));
        match node.append(writer.finish(None), None).await {
            Err(NotTaken::Overloaded) => {}
            done => return Ok(done?),
        }
    }
}

/// A line at each tenth.
fn say_progress(first: u64, events: u64, watch: Stopwatch) {
    let tenth = |it: u64| it * 10 / events.max(1);
    let done = first + RECORD_EVENTS;
    if tenth(done) > tenth(first) && done < events {
        let a_second = done as f64 / watch.elapsed_secs();
        let left = (events - done) as f64 / a_second;
        let rate = count(a_second as u64);
        line("made so far", format!("{} events, {rate} a second, {left:.0} s to go", count(done)));
    }
}
