//! Many shoppers: what they take in memory, and how long a start with them takes.
//!
//! Making them and starting again each run in a process of their own, as they do in life: an allocator
//! that holds on to what the last stage freed would spoil both figures. This process only calls the
//! stages, measures limits between them and holds their digests against each other.

mod make;
mod people;
mod restart;

use super::error::Error;
use super::figure::{Figure, Limit, Unit, bytes, count, line};
use super::limit::memory;
use super::scratch::{Scratch, bytes_under};
use super::{Args, goals, word};
use beckon_core::profile::Hot;
use make::Made;
use restart::Restarted;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A part of the measurement that runs in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Stage {
    /// Make the shoppers, look at memory, stop.
    Make,
    /// Start again, look, let the journal go that no start needs any more, stop.
    Restart,
    /// Start again and look.
    RestartAgain,
}

/// Runs a stage in this process.
pub fn stage(args: &Args, stage: Stage) -> Result<(), Error> {
    match stage {
        Stage::Make => write(&args.data, stage, &make::make(args)?),
        Stage::Restart => write(&args.data, stage, &restart::restart(&args.data, true)?),
        Stage::RestartAgain => write(&args.data, stage, &restart::restart(&args.data, false)?),
    }
}

fn result_file(dir: &Path, stage: Stage) -> PathBuf {
    dir.join(format!("{}.json", word(stage)))
}

fn write(dir: &Path, stage: Stage, result: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_vec(result).unwrap_or_default();
    std::fs::write(result_file(dir, stage), text).map_err(Error::io("write a stage's result"))
}

/// Runs a stage in a process of its own.
fn run<T: DeserializeOwned>(args: &Args, dir: &Path, stage: Stage) -> Result<T, Error> {
    let program = std::env::current_exe().map_err(Error::io("find this program"))?;
    let mut command = Command::new(program);
    command.args(["bench", "shoppers", "--stage", &word(stage)]).arg("--data").arg(dir);
    command.args(["--shoppers", &args.shoppers.to_string()]);
    command.args(["--events-per-shopper", &args.events_per_shopper.to_string()]);
    let status = command.status().map_err(Error::io("start a stage"))?;
    let failed = |why: String| Error::Stage { stage: word(stage), status: why };
    if !status.success() {
        return Err(failed(status.to_string()));
    }
    let text = std::fs::read(result_file(dir, stage)).map_err(Error::io("read a stage's result"))?;
    serde_json::from_slice(&text).map_err(|it| failed(it.to_string()))
}

/// Measures memory and restarts.
pub fn measure(args: &Args, scratch: &Scratch) -> Result<Vec<Figure>, Error> {
    let dir = scratch.part("shoppers");
    std::fs::create_dir_all(&dir).map_err(Error::io("make a directory"))?;
    let made: Made = run(args, &dir, Stage::Make)?;
    let mut figures = memory_figures(&made);
    for (goal, stage) in [(goals::RESTART_LOADED, Stage::Restart), (goals::RESTART, Stage::RestartAgain)] {
        let (limits, on_disk) = restart_limits(&dir, &made)?;
        line("a start reads, journal and snapshots", on_disk);
        let restarted: Restarted = run(args, &dir, stage)?;
        let mut figure = Figure::of(goal);
        figure.add(restarted.ready_s, limits);
        restarted.print();
        figures.push(figure);
        if restarted.digest != made.digest {
            super::figure::print_table(&figures);
            return Err(Error::Digest { before: made.digest, after: restarted.digest });
        }
        line("digest", format!("{}, as before the stop", restarted.digest));
    }
    scratch.clear(&dir)?;
    Ok(figures)
}

fn memory_figures(made: &Made) -> Vec<Figure> {
    let a_shopper = |bytes: u64| bytes as f64 / made.shoppers.max(1) as f64;
    let [hot, history, cold, index] = made.memory;
    line("shoppers, events", format!("{}, {}", count(made.shoppers), count(made.events)));
    line("checked: folded = made", count(made.folded));
    line(
        "made",
        format!("in {:.1} s, {} events/s", made.seconds, count((made.events as f64 / made.seconds) as u64)),
    );
    for (label, bytes) in
        [("hot columns", hot), ("history columns", history), ("cold rows", cold), ("index", index)]
    {
        line(&format!("{label} a shopper"), format!("{:.0} B", a_shopper(bytes)));
    }
    let resident = made.resident.saturating_sub(made.resident_before);
    line("process, resident", format!("{}, {:.0} B a shopper", bytes(made.resident), a_shopper(resident)));
    line("  of which the dedup window's ids", count(made.dedup_ids));
    line("stop, with all snapshots", format!("{:.1} s, whole: {}", made.stop_s, made.snapshots));
    let mut columns = Figure::of(goals::HOT);
    columns
        .add(a_shopper(hot), vec![Limit::at_best("size of one row", Unit::Bytes, size_of::<Hot>() as f64)]);
    let mut all = Figure::of(goals::ALL);
    let resident = Limit::beside("resident memory a shopper, all told", Unit::Bytes, a_shopper(resident));
    all.add(a_shopper(hot + history + cold + index), vec![resident]);
    vec![columns, all]
}

/// What a start could do at best, and what it has to read. Reading it here leaves it in the page cache, so
/// that the start finds it there: the disk's own speed is not in the figure.
fn restart_limits(dir: &Path, made: &Made) -> Result<(Vec<Limit>, String), Error> {
    let (journal, snapshots) = (dir.join("journal"), dir.join("snapshots"));
    let (read, seconds) = memory::read_all(&[&journal, &snapshots])?;
    let bandwidth = memory::bandwidth();
    let state: u64 = made.memory.iter().sum();
    let limits = vec![
        Limit::at_best("reading the files once, page cache warm", Unit::Seconds, seconds),
        Limit::at_best("writing the state's memory once", Unit::Seconds, state as f64 / bandwidth),
        Limit::beside("files", Unit::BytesPerSecond, read as f64 / seconds),
        Limit::beside("memory bandwidth, all cores", Unit::BytesPerSecond, bandwidth),
    ];
    Ok((limits, format!("{}, {}", bytes(bytes_under(&journal)), bytes(bytes_under(&snapshots)))))
}
