//! A viewer that decodes nothing: the other side of WHEP, to load a server with and to measure it by. Like the
//! rest it is a state machine; who uses it has sockets and clocks.

use crate::codec::Kind;
use crate::effects::Datagram;
use crate::peer::{Arrival, Via};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::config::DtlsVersion;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// What a spectator has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// When media could flow.
    pub connected: Option<Instant>,
    /// When the first packet of a picture came.
    pub first_picture: Option<Instant>,
    /// Packets of pictures.
    pub pictures: u64,
    /// Packets of sound.
    pub sounds: u64,
    /// Bytes of payload.
    pub bytes: u64,
    /// The lowest and the highest sequence number of the pictures.
    pub range: Option<(u64, u64)>,
}

impl Seen {
    /// Packets of pictures that are missing between the first and the last.
    pub fn missing(&self) -> u64 {
        self.range.map_or(0, |(low, high)| (high - low + 1).saturating_sub(self.pictures))
    }
}

/// A viewer that decodes nothing.
pub struct Spectator {
    rtc: Rtc,
    address: SocketAddr,
    video: Mid,
    pending: Option<SdpPendingOffer>,
    seen: Seen,
    over: bool,
}

/// Why an answer is of no use.
#[derive(Debug, thiserror::Error)]
#[error("the answer cannot be used: {0}")]
pub struct BadAnswer(String);

impl Spectator {
    /// A spectator at an address, with its offer. `None` if the address cannot be one of a client.
    pub fn new(now: Instant, address: SocketAddr) -> Option<(Spectator, String)> {
        let config = Rtc::builder().set_rtp_mode(true).set_dtls_version(DtlsVersion::Auto);
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").ok()?);
        let mut api = rtc.sdp_api();
        api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        let video = api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = api.apply()?;
        let spectator =
            Spectator { rtc, address, video, pending: Some(pending), seen: Seen::default(), over: false };
        Some((spectator, offer.to_sdp_string()))
    }

    /// Takes the server's answer.
    pub fn answered(&mut self, now: Instant, answer: &str) -> Result<(), BadAnswer> {
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|error| BadAnswer(error.to_string()))?;
        let pending = self.pending.take().ok_or_else(|| BadAnswer("it came twice".into()))?;
        let taken = self.rtc.sdp_api().accept_answer(pending, answer);
        taken.map_err(|error| BadAnswer(error.to_string()))?;
        self.advance(now);
        Ok(())
    }

    /// Takes a datagram in.
    pub fn receive(&mut self, now: Instant, arrival: Arrival<'_>) {
        let proto = if arrival.via == Via::Udp { Protocol::Udp } else { Protocol::Tcp };
        let Ok(receive) = Receive::new(proto, arrival.from, self.address, arrival.bytes) else { return };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            self.over |= self.rtc.handle_input(input).is_err();
        }
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        self.over |= self.rtc.handle_input(Input::Timeout(now)).is_err();
    }

    /// Takes out what is to be sent; says when it wants to be called again. `None` if the session is over.
    pub fn poll(&mut self, now: Instant, sends: &mut Vec<Datagram>) -> Option<Duration> {
        while !self.over {
            match self.rtc.poll_output().ok()? {
                Output::Timeout(at) => return Some(at.saturating_duration_since(now)),
                Output::Transmit(transmit) => sends.push(Datagram {
                    from: transmit.source,
                    to: transmit.destination,
                    via: Via::Udp,
                    bytes: transmit.contents.into(),
                }),
                Output::Event(Event::Connected) => self.seen.connected = Some(now),
                Output::Event(Event::Closed) => self.over = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    let stream = self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|it| it.mid());
                    let kind = if stream == Some(self.video) { Kind::Video } else { Kind::Audio };
                    self.note(now, kind, *packet.seq_no, packet.payload.len());
                }
                Output::Event(_) => {}
            }
        }
        None
    }

    fn note(&mut self, now: Instant, kind: Kind, sequence: u64, bytes: usize) {
        self.seen.bytes += bytes as u64;
        if kind == Kind::Audio {
            self.seen.sounds += 1;
            return;
        }
        self.seen.pictures += 1;
        self.seen.first_picture.get_or_insert(now);
        let (low, high) = self.seen.range.unwrap_or((sequence, sequence));
        self.seen.range = Some((low.min(sequence), high.max(sequence)));
    }

    /// What it has seen.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Leaves.
    pub fn close(&mut self) {
        self.over |= self.rtc.close().is_err();
    }
}
