//! In-app sessions: who is connected, which messages wait for an acknowledgement, and what is known of each
//! device's presence; as a pure state machine.
//!
//! It opens no socket and reads no clock. Whoever holds the sockets calls [`Sessions::handle`] with what happened and
//! carries the effects out; [`Sessions::poll`] gives what is to be written to a connection. A frame counts as
//! written from the moment `poll` gave it away: of what was never given away it is certain that nobody saw it.
//!
//! Two times run here. Delivery and presence follow the program's clock ([`Now::at`]), which a test may move;
//! whether a socket still lives is a matter of real time ([`Now::elapsed_ms`]).
//!
//! A message ends with exactly one [`Carried`]: acknowledged is `Delivered`; given away and not acknowledged in
//! time is `Ambiguous`; never given away is `Unreached`.

mod deadlines;
mod input;
pub mod limits;
mod session;
mod sessions;

pub use input::{
    Carried, Close, ConnId, Effect, Frame, Hello, Input, Message, Now, Options, Out, Presence, SessionId, Who,
};
pub use sessions::{Counts, Sessions};
