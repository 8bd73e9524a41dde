//! The side of dispatch that touches the network: carries composed messages to a vendor and brings the
//! answers back. What may go when is the pure `beckon_core::dispatch`; what is asked and how an answer reads
//! is the channel's, in `beckon_channels`. Here lies only the road between: names, connections, TLS, time-outs.

pub mod carrier;
pub mod compose;
mod connector;
pub mod limits;
pub mod line;
mod refusals;
mod roots;
mod sender;
mod spoken;
pub mod tap;
mod verdict;

pub use roots::{Error, Roots};
pub use sender::{Options, Sender};
pub use verdict::verdict;
