//! The program against its promises: run as users run it, in one test binary.

mod collect;
mod config;
mod decided;
mod demo;
mod dispatch;
mod evening;
mod keys;
mod node;
mod openapi;
mod peers;
mod replay;
mod replay_delivery;
mod replay_formats;
mod room;
mod rules;
mod server;
mod shows;
mod sink;
mod tidy;
mod tools;
mod zones;
