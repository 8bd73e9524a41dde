//! The program against its promises: run as users run it, in one test binary.

mod collect;
mod config;
mod decided;
mod demo;
mod dispatch;
mod evening;
mod in_app;
mod keys;
mod node;
mod openapi;
mod peers;
mod replay;
mod replay_delivery;
mod replay_formats;
mod room_page;
mod rules;
mod sdk;
mod server;
mod shows;
mod sink;
mod socket;
mod tidy;
mod tools;
mod webpush;
mod webpush_peers;
mod zones;
