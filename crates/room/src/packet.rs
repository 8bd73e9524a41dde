//! A media packet as it comes in and as it goes out. The payload is shared by all who get it.

use crate::codec::{Codec, Kind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The numbers inside a VP8 payload that must go on across a switch (RFC 7741 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `PictureID`, 7 or 15 bits.
    pub id: u16,
    /// `TL0PICIDX`, if there.
    pub base: Option<u8>,
}

/// The sender's own clock beside its RTP clock (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderTime {
    /// Wall clock of the sender, since 1970.
    pub wall: Duration,
    /// The RTP time at that instant.
    pub rtp: u32,
}

/// A packet from the publisher.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Its simulcast layer by name; `None` if there is but one.
    pub layer: Option<LayerName>,
    /// What it is coded with.
    pub codec: Codec,
    /// Sequence number that never wraps.
    pub sequence: u64,
    /// RTP time that never wraps, in ticks.
    pub timestamp: u64,
    /// RTP's marker: the last packet of a picture.
    pub marker: bool,
    /// How the picture is turned, in quarter turns, if the sender says so.
    pub turned: Option<u8>,
    /// The sender's last report on this stream.
    pub sender: Option<SenderTime>,
    /// The payload.
    pub payload: Arc<[u8]>,
}

impl Packet {
    /// Sound or picture.
    pub fn kind(&self) -> Kind {
        self.codec.kind()
    }
}

/// Ways of sending a packet once more than once. A receiver takes the first copy that comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Before any other follows: nothing that does is of use without it.
    pub before_others: bool,
    /// A while later, when whatever was lost in a row is over.
    pub later: bool,
}

impl Again {
    /// Whether it is sent once only.
    pub fn is_never(self) -> bool {
        self == Again::default()
    }
}

/// A packet to a viewer.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// What it is coded with.
    pub codec: Codec,
    /// Sequence number that never wraps.
    pub sequence: u64,
    /// RTP time.
    pub timestamp: u32,
    /// RTP's marker.
    pub marker: bool,
    /// How the picture is turned.
    pub turned: Option<u8>,
    /// Whether it is to be shown as soon as it is there, without a buffer against jitter.
    pub at_once: bool,
    /// In which ways it is sent once more.
    pub again: Again,
    /// When it was taken, on the server's clock: what lets sound and picture meet at the viewer.
    pub taken: Instant,
    /// The numbers to write into a VP8 payload.
    pub picture: Option<Picture>,
    /// The payload.
    pub payload: Arc<[u8]>,
}

/// The name of a simulcast layer (`rid`, RFC 8851): at most eight letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LayerName([u8; 8]);

impl LayerName {
    /// The first eight bytes of a name.
    pub fn new(name: &str) -> Self {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        LayerName(bytes)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|&byte| byte == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..length]).unwrap_or("?")
    }
}
