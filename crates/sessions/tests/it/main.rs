//! The sessions against their promises, without a socket and without a clock.

mod any_network;
mod rules;
mod stage;
