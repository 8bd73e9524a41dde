//! The machine that was measured, and where its time went: both from `/proc`, which is empty elsewhere.

use super::figure::{bytes, line};
use super::scratch::Scratch;
use crate::own;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many cores there are.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The value of the first line `key : value` of a file.
fn value(path: &str, key: &str) -> Option<String> {
    let text = read(path);
    let line = text.lines().find_map(|it| it.strip_prefix(key))?;
    Some(line.trim_start_matches([' ', '\t', ':']).trim().to_owned())
}

fn kib(path: &str, key: &str) -> u64 {
    let value = value(path, key).unwrap_or_default();
    value.split(' ').next().and_then(|it| it.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Prints the machine in one line.
pub fn print(scratch: &Scratch) {
    let cpu = value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".into());
    let kernel = read("/proc/version").split(' ').nth(2).unwrap_or("unknown").to_owned();
    let memory = bytes(kib("/proc/meminfo", "MemTotal"));
    println!(
        "machine   {} cores of {cpu}, {memory} memory, Linux {kernel}, {} file system",
        cores(),
        scratch.file_system()
    );
    if cfg!(debug_assertions) {
        println!("NOTE      this is an unoptimised build: these figures say nothing (use --release)");
    }
}

/// Bytes of this process that are in memory.
pub fn resident() -> u64 {
    own::resident_bytes().unwrap_or(0)
}

/// Processor time of the calling thread.
pub fn own_time() -> Duration {
    schedstat("/proc/thread-self/schedstat")
}

fn schedstat(path: &str) -> Duration {
    let nanos = read(path).split(' ').next().and_then(|it| it.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Processor time of every thread of this process, threads of one kind (`fold-0`, `fold-1`) together.
pub fn times() -> BTreeMap<String, Duration> {
    let mut times: BTreeMap<String, Duration> = BTreeMap::new();
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return times };
    for task in tasks.flatten() {
        let path = task.path();
        let Ok(name) = std::fs::read_to_string(path.join("comm")) else { continue };
        let kind = name.trim().trim_end_matches(|it: char| it.is_ascii_digit() || it == '-').to_owned();
        *times.entry(kind).or_default() += schedstat(&path.join("schedstat").to_string_lossy());
    }
    times
}

/// Prints how many cores each kind of thread kept busy since `before`, with the load generator's own time.
pub fn print_times(before: &BTreeMap<String, Duration>, load: Duration, seconds: f64) {
    let mut shares: Vec<(String, f64)> = times()
        .into_iter()
        .map(|(kind, after)| {
            let spent = after.saturating_sub(before.get(&kind).copied().unwrap_or_default());
            (kind, spent.as_secs_f64() / seconds)
        })
        .chain([("load generator".to_owned(), load.as_secs_f64() / seconds)])
        .filter(|it| it.1 >= 0.005)
        .collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let total: f64 = shares.iter().map(|it| it.1).sum();
    let list: Vec<String> = shares.iter().map(|(kind, share)| format!("{kind} {share:.2}")).collect();
    line("cores kept busy", format!("{total:.2} of {}: {}", cores(), list.join(", ")));
}
