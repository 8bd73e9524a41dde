//! The core's specification, in one binary: what a profile is, what shards promise each other, and what
//! survives whatever bytes or orders arrive.

mod arbitrary;
mod attributes;
mod audience;
mod calls;
mod cart;
mod cluster;
mod codec;
mod dedup;
mod derived;
mod devices;
mod director;
mod dispatch;
mod dispatch_seeds;
mod eligible;
mod erasure;
mod folding;
mod identity;
mod lists;
mod live;
mod noise;
mod offers;
mod order;
mod price;
mod prng;
mod said;
mod say;
mod show;
mod snapshots;
mod ways;
mod words;
