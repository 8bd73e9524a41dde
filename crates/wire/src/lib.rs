//! What goes over the wire.
//!
//! In: the tracking dialects (Segment, RudderStack, Jitsu) become [`beckon_core::event::Event`]s in
//! [`collect`]. Out: the shapes of the HTTP interface ([`shape`]) and every error it can answer
//! ([`problem`]); bodies of control calls are read by [`put`]. The core knows neither JSON nor HTTP; this crate knows no IO, clock or lock.

pub mod collect;
pub mod limits;
pub mod problem;
pub mod put;
pub mod shape;
pub mod title;
