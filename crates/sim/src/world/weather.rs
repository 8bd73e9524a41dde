//! What a seed decides beforehand: how the node is set up, and what kind of misfortune it meets. Kinds
//! are drawn a seed at a time, so that some runs are calm in one way and stormy in another.

use crate::disk::Faults;
use crate::node::{Settings, log_options};
use crate::plant::Plant;
use crate::random::Random;
use beckon_core::dedup::Window;

/// The conditions of a run.
#[derive(Debug, Clone)]
pub struct Weather {
    /// How the node is set up.
    pub settings: Settings,
    /// How often the disk fails.
    pub faults: Faults,
    /// A crash once in so many steps.
    pub crash: u64,
    /// Of crashes, one in so many takes the power.
    pub power: u64,
    /// The disk is full now and then: once in so many steps.
    pub full: u64,
    /// An erasure once in so many steps.
    pub erase: u64,
    /// The clock jumps once in so many steps.
    pub jump: u64,
    /// Snapshots once in so many steps.
    pub snapshot: u64,
    /// Bits flip once in so many stops.
    pub rot: u64,
    /// Bulk sources.
    pub bulk: usize,
}

impl Weather {
    /// The conditions of a seed.
    pub fn new(random: &mut Random, plant: Option<Plant>) -> Self {
        let narrow = random.one_in(5);
        let window = if narrow {
            Window { ids_max: 64, span_ms: 64_000 }
        } else {
            Window { ids_max: 1 << 16, span_ms: 30 * 86_400_000 }
        };
        let segment_bytes = *random.pick(&[16 << 10, 32 << 10, 64 << 10]);
        let keep_bytes = *random.pick(&[0, 0, 200 << 10]);
        let log = log_options(segment_bytes, keep_bytes, !random.one_in(3), random.one_in(3));
        let settings = Settings { workers: random.range(1, 4) as usize, log, window, plant };
        let mut faults = Faults {
            change: *random.pick(&[0, 0, 400, 60]),
            sync: *random.pick(&[0, 0, 200, 30]),
            lying_sync: 0,
        };
        if plant == Some(Plant::SyncLost) {
            faults.lying_sync = 10;
        }
        Weather {
            settings,
            faults,
            crash: *random.pick(&[0, 25, 60, 150]),
            power: *random.pick(&[1, 2, 3]),
            full: *random.pick(&[0, 0, 80]),
            erase: *random.pick(&[0, 0, 30, 80]),
            jump: *random.pick(&[0, 100]),
            snapshot: *random.pick(&[0, 12, 40, 90]),
            rot: *random.pick(&[0, 1, 2]),
            bulk: random.index(3),
        }
    }
}
