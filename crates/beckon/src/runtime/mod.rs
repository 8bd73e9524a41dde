//! The running node: machines on threads, one journal under them, and the handle everything else holds.
//!
//! Threads: one committer that makes gathered records durable, and a preparer that makes the journal's next
//! segment ready for it; as many folders as there are cores, each with its share of the shards; the
//! director; a snapshotter. The handle puts a record into the one
//! order, which at the same moment queues it for every folder: what is asked of a shard after that is
//! answered after it. See ARCHITECTURE.md for the picture.

mod boot;
mod committer;
mod director;
mod folder;
mod line;
mod node;
mod outward;
mod preparer;
mod questions;
mod snapshotter;
mod time;
mod turns;

pub use boot::{Error, Options};
pub use node::{Node, NotTaken, StopReport};
pub use outward::{Carrying, Outward};
pub use questions::ShardReport;
pub use turns::{Taken, Turns};
