//! Memory and page cache: how fast bytes can be passed over at all.

use crate::bench::error::Error;
use crate::bench::limits::BANDWIDTH_BYTES;
use crate::bench::machine::cores;
use crate::clock::Stopwatch;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

/// Bytes a second that all cores together sum up; the best of three passes.
pub fn bandwidth() -> f64 {
    let words: Vec<u64> = (0..BANDWIDTH_BYTES as u64 / 8).collect();
    let share = words.len().div_ceil(cores());
    let pass = || {
        let watch = Stopwatch::start();
        std::thread::scope(|scope| {
            for part in words.chunks(share) {
                scope.spawn(|| black_box(part.iter().fold(0u64, |sum, it| sum.wrapping_add(*it))));
            }
        });
        BANDWIDTH_BYTES as f64 / watch.elapsed_secs()
    };
    (0..3).map(|_| pass()).fold(0.0, f64::max)
}

/// Bytes of all files under the directories, and the seconds it takes to read them one after the other.
pub fn read_all(dirs: &[&Path]) -> Result<(u64, f64), Error> {
    let (mut buffer, watch) = (vec![0; 1 << 20], Stopwatch::start());
    let mut bytes = 0;
    for dir in dirs {
        for entry in std::fs::read_dir(dir).map_err(Error::io("list what a start reads"))?.flatten() {
            let mut file = std::fs::File::open(entry.path()).map_err(Error::io("read what a start reads"))?;
            loop {
                match file.read(&mut buffer).map_err(Error::io("read what a start reads"))? {
                    0 => break,
                    read => bytes += read as u64,
                }
            }
        }
    }
    Ok((bytes, watch.elapsed_secs()))
}
