//! Beckon, the program: configuration, clock, runtime, gateway, and the tools around them.
//!
//! `main.rs` only reads the command line. Everything is here, so that tests and benches run what the
//! program runs.
