//! The pure machines of Beckon.
//!
//! Everything here is a function of its inputs: no clock is read, nothing is drawn at random, nothing
//! awaits and nothing touches a disk or a socket. That one property is what crash recovery, replay,
//! simulation and every "why" answer rest on, so the crate keeps its dependencies to a hash table, a
//! hash function and a cast.

pub mod bytes;
pub mod decay;
pub mod decide;
pub mod dedup;
pub mod director;
pub mod dispatch;
pub mod event;
pub mod id;
pub mod limits;
pub mod names;
pub mod profile;
pub mod push;
pub mod select;
pub mod shard;
pub mod show;
pub mod stage;
pub mod time;
