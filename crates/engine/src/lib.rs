//! Puts the machines of `core` and the log of `journal` together, without threads and without a clock.
//!
//! The program drives these parts from threads, the simulation step by step on one seed: both run the
//! same code. The parts: [`record`] says what the journal holds; [`sequencer`] gives everything one order
//! and knows what waits for the disk; [`worker`] folds records into a set of shards; [`dictionary`] is
//! shared by all; [`recovery`] brings snapshots and journal back to the state they stand for.

pub mod dictionary;
pub mod limits;
pub mod record;
pub mod recovery;
pub mod sequencer;
pub mod snapshot;
pub mod worker;
