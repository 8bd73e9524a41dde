//! The room from outside: whole runs in a simulated world, and what is relied on of the library behind it.

#[path = "../world/mod.rs"]
#[allow(dead_code, reason = "the seeds' command uses what the tests do not, and the reverse")]
mod world;

mod floors;
mod relied_on;
mod runs;
mod situations;
