//! The in-app channel's side of connections: which machine a device belongs to, who is to be woken, and where
//! answers and presence go. What is decided is decided in the pure `beckon_sessions`; the sockets themselves are the
//! gateway's.

pub mod frame;
mod hub;
pub mod limits;
mod presence;
mod tallies;

pub use hub::{Answered, Connection, Hub, Place};
pub use tallies::Tallies;
