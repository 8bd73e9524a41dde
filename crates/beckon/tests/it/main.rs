//! The program against its promises: run as users run it, in one test binary.

mod collect;
mod config;
mod keys;
mod node;
mod peers;
mod server;
mod zones;
