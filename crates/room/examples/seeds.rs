//! Plays seeds of the simulated room: `cargo run --release -p beckon-room --example seeds -- 0..1000`.

#[path = "../tests/world/mod.rs"]
#[allow(dead_code, reason = "the tests use what this does not, and the reverse")]
mod world;

use beckon_room::Identity;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::script::play;

#[expect(clippy::disallowed_methods, reason = "virtual time begins somewhere; nothing depends on where")]
fn start() -> std::time::Instant {
    std::time::Instant::now()
}

fn main() {
    let range = std::env::args().nth(1).unwrap_or("0..1000".into());
    let parts = range.split_once("..").and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    let Some((low, high)) = parts else {
        eprintln!("give a range of seeds, like 0..1000");
        std::process::exit(2);
    };
    let identity = Identity::generate().expect("the system gives randomness");
    let (next, begun) = (AtomicU64::new(low), start());
    let (shown, sent, apart) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let failures = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= high {
                        return;
                    }
                    match play(start(), seed, &identity, None) {
                        Ok(outcome) => {
                            shown.fetch_add(outcome.shown, Ordering::Relaxed);
                            sent.fetch_add(outcome.sent, Ordering::Relaxed);
                            apart.fetch_max(outcome.apart_us as u64, Ordering::Relaxed);
                        }
                        Err(why) => {
                            eprintln!("{why}");
                            failures.lock().expect("no panic").push(seed);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    println!(
        "{} seeds in {:.0?}: {} frames shown, {} datagrams sent by the room, sound and picture at most {} ms apart, {} failed",
        high - low,
        start() - begun,
        shown.into_inner(),
        sent.into_inner(),
        apart.into_inner() / 1_000,
        failures.len()
    );
    if !failures.is_empty() {
        eprintln!("failed: {failures:?}");
        std::process::exit(1);
    }
}
