//! Beckon, the program: configuration, clock, runtime, gateway, and the tools around them.
//!
//! `main.rs` only reads the command line. Everything is here, so that tests and benches run what the
//! program runs.

pub mod backtest;
pub mod bench;
pub mod clock;
pub mod config;
pub mod defaults;
pub mod demo;
pub mod dispatch;
pub mod gateway;
pub mod in_app;
pub mod keys;
pub mod open_files;
mod own;
pub mod replay;
pub mod room;
pub mod runtime;
pub mod secrets;
pub mod serve;
pub mod tools;
pub mod zones;
