//! The live room: a host's stream comes in by WHIP (RFC 9725) and goes out to viewers by WHEP.
//!
//! Pictures are forwarded, never decoded. Everything here is a state machine that is fed with datagrams
//! and instants and says what to send; sockets, threads and clocks are the program's.
//!
//! Begin with [`Floor`]: the rooms of one thread and who speaks to which. A [`Room`] is one publisher and its
//! viewers on one floor; where they are too many for it, a [`Dealer`] puts them on others, which are told of what comes
//! in by [`LinkMessage`]s. What a room needs of WebRTC is the trait [`Peer`]; [`Session`] answers it with `str0m`.

mod admission;
mod clock;
mod codec;
mod dealing;
mod effects;
mod far_side;
mod floor;
mod group;
mod limits;
mod link;
mod packet;
mod peer;
mod presenter;
mod publisher;
mod refusal;
mod rewrite;
mod room;
mod session;
mod spectator;
mod status;
mod stun;
mod tcp;
mod viewer;

pub use admission::{Admission, Capacity};
pub use codec::{Codec, Kind};
pub use dealing::{Dealer, Deals};
pub use effects::{Datagram, Effects};
pub use far_side::BadAnswer;
pub use floor::{Answered, Floor, Input, Join, Place, SessionId};
pub use group::Kept;
pub use limits::*;
pub use link::{Body, LinkMessage, home_of};
pub use packet::{Again, Outgoing, Packet, Picture};
pub use peer::{Arrival, Event, Peer, Polled, Via};
pub use presenter::{PRESENTER_BITS_MAX, Presenter};
pub use refusal::Refusal;
pub use room::{Room, SecondPublisher};
pub use session::{Answer, Identity, Lines, Role, Session};
pub use spectator::{Seen, Spectator};
pub use status::{LayerStatus, Status, Warning};
pub use stun::ufrag;
pub use tcp::{Deframer, FRAME_HEAD_BYTES, NotFramed, frame, frame_into};
pub use viewer::Manner;
