//! The whole system on a seed: machines, journal and a disk that fails, judged by an oracle.
//!
//! [`world::run`] plays one seed: clients send, workers fold, the committer writes, snapshots are taken,
//! the disk refuses and forgets, the process dies and starts again; and at every start and at the end the
//! [`oracle`] holds what is there against what was promised. The same seed always plays the same way.

pub mod air;
pub mod disk;
pub mod fuzz;
pub mod node;
pub mod oracle;
pub mod plant;
pub mod random;
pub mod story;
pub mod trace;
pub mod world;
