//! What goes into the machine and what comes out of it.

use beckon_core::event::{Connection, DeviceState};
use beckon_core::id::SourceId;
use beckon_core::time::Timestamp;
use std::sync::Arc;

/// The present, twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// What the program's clock shows; a virtual one stands still.
    pub at: Timestamp,
    /// Milliseconds of real time since some start; never goes back.
    pub elapsed_ms: u64,
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long a message waits for its acknowledgement, in milliseconds of the clock.
    pub ack_wait_ms: i64,
    /// How long a lost connection may stay away before its app counts as closed, in milliseconds of the clock.
    pub grace_ms: i64,
    /// Time between pings, in milliseconds of real time. After two and a half of them without a word a connection
    /// counts as dead.
    pub ping_ms: u64,
}

impl Options {
    /// After how long without a word a connection counts as dead, in milliseconds.
    pub fn silence_ms(&self) -> u64 {
        self.ping_ms * 5 / 2
    }
}

/// A connection, by a number that is never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A session's name. Who knows it speaks for the session, so it is drawn at random outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u128);

/// Whose connection it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The source whose key opened it.
    pub source: SourceId,
    /// The app or site; empty when it did not say.
    pub app: Box<str>,
    /// The device, by its SDK's id.
    pub device: Box<str>,
    /// The device's kind, such as `web`; empty when it did not say.
    pub platform: Box<str>,
    /// The known shopper, proven where that is asked for.
    pub user: Option<Box<str>>,
    /// The visitor.
    pub anonymous: Option<Box<str>>,
}

impl Who {
    /// Whether a session of `self` may go on as one of `other`: the same app on the same device, and nobody but
    /// him. A visitor may become a known shopper; a known shopper who becomes a visitor has signed out.
    pub fn goes_on_as(&self, other: &Who) -> bool {
        self.app == other.app
            && self.device == other.device
            && match (&self.user, &other.user) {
                (Some(before), Some(now)) => before == now,
                (None, _) => self.anonymous == other.anonymous,
                (Some(_), None) => false,
            }
    }
}

/// A connection says whose it is. What it says was checked.
#[derive(Debug, Clone)]
pub struct Hello {
    /// Whose it is.
    pub who: Arc<Who>,
    /// The session it wants to go on with.
    pub session: Option<SessionId>,
    /// The name that its session gets if it is a new one.
    pub fresh: SessionId,
    /// The device's state.
    pub state: DeviceState,
}

/// A message for one device of one shopper. `P` is the frame as it will be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<P> {
    /// Its id, the same in every attempt.
    pub id: Box<str>,
    /// The app; empty for whichever is there.
    pub app: Box<str>,
    /// The device.
    pub device: Box<str>,
    /// The known shopper it is for.
    pub user: Option<Box<str>>,
    /// The visitor it is for, where he is not known.
    pub anonymous: Option<Box<str>>,
    /// From then on it must not be written.
    pub expires: Timestamp,
    /// The frame.
    pub payload: P,
}

/// What a client says on an open connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// These messages were shown, or suppressed for a good reason.
    Ack(Vec<Box<str>>),
    /// The device's state; what is `None` did not change.
    State(DeviceState),
    /// It wants to hear something.
    Ping,
    /// It is there: a pong, or an answer of its system.
    Heard,
}

/// What the machine is told.
#[derive(Debug, Clone)]
pub enum Input<P> {
    /// A connection was opened and has said whose it is.
    Open(ConnId, Hello),
    /// A frame came.
    Frame(ConnId, Frame),
    /// A connection is gone, whoever closed it.
    Closed(ConnId),
    /// A message is to be carried.
    Send(Message<P>),
    /// A visitor on this device is a known shopper, as his profile says.
    Known {
        /// The device.
        device: Box<str>,
        /// The visitor.
        anonymous: Box<str>,
        /// Who he is.
        user: Box<str>,
    },
    /// A presence event could not be journalled: it is owed again.
    NotTold(SessionId),
    /// Time passed.
    Tick,
    /// The program ends: every connection is closed, every message answered.
    Stop,
}

/// Why a connection is closed, with its code (RFC 6455, section 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Close {
    /// The server restarts.
    Restart,
    /// A frame could not be read, or the hello came too late.
    Malformed,
    /// The key or the shopper token was refused.
    Refused,
    /// The key may not open connections, or the page's origin may not.
    NotAllowed,
    /// Nothing was heard for too long.
    Silent,
    /// The same device connected anew.
    Replaced,
    /// A frame was too large.
    TooLarge,
    /// It reads too slowly.
    Slow,
    /// It sends too many frames.
    Flood,
    /// There are too many connections.
    Full,
}

impl Close {
    /// All, in the order of their codes.
    pub const ALL: [Close; 10] = [
        Close::Restart,
        Close::Malformed,
        Close::Refused,
        Close::NotAllowed,
        Close::Silent,
        Close::Replaced,
        Close::TooLarge,
        Close::Slow,
        Close::Flood,
        Close::Full,
    ];

    /// The close code.
    pub fn code(self) -> u16 {
        match self {
            Close::Restart => 1012,
            Close::Malformed => 4400,
            Close::Refused => 4401,
            Close::NotAllowed => 4403,
            Close::Silent => 4408,
            Close::Replaced => 4409,
            Close::TooLarge => 4413,
            Close::Slow | Close::Flood => 4429,
            Close::Full => 4503,
        }
    }

    /// The word for it in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Close::Restart => "restart",
            Close::Malformed => "malformed",
            Close::Refused => "refused",
            Close::NotAllowed => "not_allowed",
            Close::Silent => "silent",
            Close::Replaced => "replaced",
            Close::TooLarge => "too_large",
            Close::Slow => "slow",
            Close::Flood => "flood",
            Close::Full => "full",
        }
    }

    /// What the client is told, within the 123 bytes that a close frame has.
    pub fn reason(self) -> &'static str {
        match self {
            Close::Restart => "the server restarts: connect again after a random wait",
            Close::Malformed => "a frame could not be read, or the hello did not come in time",
            Close::Refused => {
                "the write key is not known, or the shopper token does not vouch for this user_id"
            }
            Close::NotAllowed => "this key opens no in-app connections, or the page's origin may not connect",
            Close::Silent => "nothing was heard for too long",
            Close::Replaced => "the same device connected anew",
            Close::TooLarge => "a frame may have 8 KiB",
            Close::Slow => "too many messages wait to be acknowledged",
            Close::Flood => "too many frames came",
            Close::Full => "there are too many connections: connect again later",
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// The client has acknowledged it.
    Delivered,
    /// It was never given to a connection: nobody has seen it.
    Unreached,
    /// It was given to a connection, and no acknowledgement came.
    Ambiguous,
}

/// What is newly known of a device's presence; what is `None` did not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Of which session.
    pub session: SessionId,
    /// Whose.
    pub who: Arc<Who>,
    /// Its connection opened, closed, or went on or off screen.
    pub connection: Option<Connection>,
    /// What else changed of the device's state; that it is online and on screen the connection says.
    pub state: DeviceState,
}

/// What the machine asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// [`crate::Sessions::poll`] has something for this connection.
    Wake(ConnId),
    /// Close this connection; the machine knows it no more.
    Close(ConnId, Close),
    /// What became of the message of this id.
    Answer(Box<str>, Carried),
    /// Journal this.
    Told(Presence),
}

/// Something to write to a connection, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out<P> {
    /// The answer to the hello.
    Welcome {
        /// The session's name from now on.
        session: SessionId,
        /// Whether it goes on with what was.
        resumed: bool,
    },
    /// The answer to a client's ping.
    Pong,
    /// The server's ping.
    Ping,
    /// A message.
    Message(P),
}
