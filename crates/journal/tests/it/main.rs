//! The journal's tests, in one binary: what it promises, against faultless, faulty and real disks.

mod crashes;
mod damage;
mod failures;
mod faulty;
mod frozen;
mod log_basics;
mod noise;
mod preparing;
mod real_disk;
mod recycling;
mod snapshots;
mod texts;
mod torn_tails;
mod workload;
