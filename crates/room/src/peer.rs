//! What a room needs of a WebRTC session, and no more. The room is written against this trait, so that the
//! library behind it can change, and so that thousands of viewers can be simulated without any cryptography.

use crate::codec::{Codec, Kind};
use crate::effects::Datagram;
use crate::packet::{LayerName, Outgoing, Packet};
use std::net::SocketAddr;
use std::time::Instant;

/// How datagrams travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// UDP.
    Udp,
    /// TCP with the framing of RFC 4571.
    Tcp,
}

/// A datagram that came in.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// Which of our addresses it was sent to, as the answer named it.
    pub to: SocketAddr,
    /// How.
    pub via: Via,
    /// What.
    pub bytes: &'a [u8],
}

/// What a session reports.
#[derive(Debug)]
pub enum Event {
    /// Media can flow.
    Connected,
    /// A media packet.
    Media(Packet),
    /// The other side cannot go on without a key frame.
    KeyFrameWanted,
    /// What the way to the other side is thought to carry, in bits a second.
    Estimate(u64),
    /// The session is over.
    Closed,
}

/// What a session wants next.
#[derive(Debug)]
pub enum Polled {
    /// To send.
    Send(Datagram),
    /// To report.
    Event(Event),
    /// To be called again then at the latest.
    Wait(Instant),
}

/// One WebRTC session with one client.
///
/// After each `receive`, `advance` or `write` it is polled until it says [`Polled::Wait`].
pub trait Peer {
    /// Takes a datagram in. `false` if it is not for this session, or not from who it should be from.
    fn receive(&mut self, now: Instant, arrival: Arrival<'_>) -> bool;
    /// Lets time pass.
    fn advance(&mut self, now: Instant);
    /// What is next.
    fn poll(&mut self) -> Polled;
    /// Sends a media packet. `false` if the other side cannot take its codec.
    fn write(&mut self, packet: Outgoing) -> bool;
    /// Whether the other side plays this.
    fn plays(&self, codec: Codec) -> bool;
    /// Whether the other side takes this kind at all.
    fn takes(&self, kind: Kind) -> bool;
    /// Whether a round trip to the other side and back takes long, as its handshake has shown.
    fn is_far(&self) -> bool;
    /// How it goes to the other side, once anything but ICE has.
    fn via(&self) -> Option<Via>;
    /// Asks the other side for a key frame of a layer.
    fn ask_key_frame(&mut self, layer: Option<LayerName>);
    /// Says what the viewer needs now and would take at best, in bits a second, so that the way is probed.
    fn desire(&mut self, least: u64, best: u64);
    /// Ends the session politely.
    fn close(&mut self);
}
