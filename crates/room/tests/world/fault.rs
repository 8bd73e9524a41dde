//! Faults that are planted on purpose, to see that what judges a run would notice them.

use beckon_room::{Body, Kind, LinkMessage};
use std::time::{Duration, Instant};
use str0m::format::Codec;
use str0m::rtp::RtpPacket;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The room falls silent three seconds after the storm.
    Silence,
    /// Handshakes are answered only six seconds after the storm.
    LateHandshake,
    /// Each fiftieth picture packet is left out for good.
    Hole,
    /// Each fiftieth packet comes once more under its number.
    Twice,
    /// The end of a picture is marked where it is not.
    Marker,
    /// A payload is changed under way.
    Torn,
    /// Sound is a tenth of a second from where its reports put it.
    Skew,
    /// No reports say how sound and picture stand.
    NoReports,
    /// There is no sound.
    Mute,
    /// Floors tell each other nothing from three seconds after the storm on.
    Unlinked,
    /// No floor says again that it has viewers.
    Unsubscribed,
    /// What a guest is told of sound is a sixth of a second from when it was taken.
    Redated,
}

impl Fault {
    /// All, each with what it must be found by.
    pub const ALL: [(Fault, &str); 12] = [
        (Fault::Silence, "saw nothing for"),
        (Fault::LateHandshake, "connected"),
        (Fault::Hole, "numbers are missing"),
        (Fault::Twice, "came twice"),
        (Fault::Marker, "the marker of"),
        (Fault::Torn, "came out changed"),
        (Fault::Skew, "ms apart"),
        (Fault::NoReports, "never compared"),
        (Fault::Mute, "no sound"),
        (Fault::Unlinked, "saw nothing for"),
        (Fault::Unsubscribed, "saw nothing for"),
        (Fault::Redated, "ms apart"),
    ];

    /// Whether a datagram of the room never leaves it.
    pub fn swallows(self, now: Instant, healed: Option<Instant>, datagram: &[u8]) -> bool {
        let behind = |after| healed.is_some_and(|healed| now > healed + Duration::from_secs(after));
        // RFC 7983 §7: these are DTLS.
        let handshake = datagram.first().is_some_and(|first| (20..64).contains(first));
        match self {
            Fault::Silence => behind(3),
            Fault::LateHandshake => handshake && !behind(6),
            _ => false,
        }
    }

    /// Changes what a floor tells another; says whether it is lost.
    pub fn swallows_link(self, now: Instant, healed: Option<Instant>, message: &mut LinkMessage) -> bool {
        let behind = |after| healed.is_some_and(|healed| now > healed + Duration::from_secs(after));
        match (self, &mut message.body) {
            (Fault::Unlinked, _) => behind(3),
            (Fault::Unsubscribed, Body::Subscribe { .. }) => behind(0),
            (Fault::Redated, Body::Media { kept, .. }) if kept.packet.kind() == Kind::Audio => {
                kept.taken -= Duration::from_millis(160);
                false
            }
            _ => false,
        }
    }

    /// Changes a packet that a shopper got; says how often it came.
    pub fn changes(self, packet: &mut RtpPacket, codec: Codec) -> usize {
        let (sound, one_of_many) = (codec == Codec::Opus, (*packet.seq_no).is_multiple_of(50));
        match self {
            Fault::Hole if one_of_many && !sound => return 0,
            Fault::Mute if sound => return 0,
            Fault::Twice if one_of_many && !sound => return 2,
            Fault::Marker if one_of_many && !sound => packet.header.marker = !packet.header.marker,
            Fault::Torn if one_of_many => packet.payload = vec![0; packet.payload.len()].into(),
            Fault::Skew if sound => packet.header.timestamp = packet.header.timestamp.wrapping_add(4_800),
            Fault::NoReports => packet.last_sender_info = None,
            _ => {}
        }
        1
    }
}
