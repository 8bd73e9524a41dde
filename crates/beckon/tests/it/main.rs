//! The program against its promises: run as users run it, in one test binary.

mod collect;
mod config;
mod dispatch;
mod evening;
mod keys;
mod node;
mod peers;
mod replay;
mod replay_delivery;
mod replay_formats;
mod server;
mod sink;
mod tidy;
mod tools;
mod zones;
