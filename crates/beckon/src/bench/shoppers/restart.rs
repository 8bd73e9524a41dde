//! Starts again with what is on disk.

use crate::bench::error::Error;
use crate::bench::figure::{bytes, count, line};
use crate::bench::limits::{BACK_OFF, SNAPSHOT_PATIENCE};
use crate::bench::machine;
use crate::bench::target::runtime;
use crate::clock::Stopwatch;
use crate::runtime::{Node, Options};
use beckon_engine::record;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// A start, and what was there after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restarted {
    /// Seconds until the node took requests.
    pub ready_s: f64,
    /// Shoppers.
    pub shoppers: u64,
    /// Bytes of hot columns, history columns, cold rows, index.
    pub memory: [u64; 4],
    /// Bytes of the process in memory.
    pub resident: u64,
    /// The state's fingerprint.
    pub digest: String,
}

impl Restarted {
    /// Prints what is no figure.
    pub fn print(&self) {
        let a_shopper = self.memory.map(|it| format!("{:.0}", it as f64 / self.shoppers.max(1) as f64));
        line("shoppers after the start", count(self.shoppers));
        line("  hot, history, cold, index, each of them", format!("{} B", a_shopper.join(", ")));
        line("  process, resident", bytes(self.resident));
    }
}

/// Starts, looks, and stops. With `trim`, a further round of snapshots lets the journal go that no start
/// needs any more, as it does in a server that runs.
pub fn restart(data: &Path, trim: bool) -> Result<Restarted, Error> {
    let runtime = runtime()?;
    let mut options = Options::new(data);
    (options.snapshot_bytes, options.snapshot_every) =
        if trim { (1, Duration::from_secs(1)) } else { (u64::MAX, Duration::MAX) };
    let watch = Stopwatch::start();
    let node = Node::start(&options)?;
    let ready_s = watch.elapsed_secs();
    let resident = machine::resident();
    let reports = runtime.block_on(node.reports())?;
    let restarted = Restarted {
        ready_s,
        shoppers: reports.iter().map(|it| it.shoppers as u64).sum(),
        memory: runtime.block_on(node.memory())?.map(|it| it as u64),
        resident,
        digest: runtime.block_on(node.digest())?.to_string(),
    };
    if trim {
        let before = files(data);
        runtime.block_on(node.append(record::tick(), None))?;
        let watch = Stopwatch::start();
        while files(data) <= before && watch.elapsed() < SNAPSHOT_PATIENCE {
            std::thread::sleep(BACK_OFF);
        }
        // The round that has begun is finished, and the journal let go, before the stop is looked at.
        node.stop();
    }
    Ok(restarted)
}

fn files(data: &Path) -> usize {
    std::fs::read_dir(data.join("snapshots")).map_or(0, Iterator::count)
}
