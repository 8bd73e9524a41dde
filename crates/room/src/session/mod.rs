//! A WebRTC session with one client, by `str0m`: the [`Peer`] that is used outside of simulations.
//!
//! Nothing but this folder knows the library (and `codec`, which asks it where key frames begin). Its version is
//! pinned; `tests/it/relied_on.rs` holds what is relied on.

mod answer;
mod early;
mod handshake;
mod identity;
mod payloads;
mod twice;

pub use answer::{Answer, Lines, Role};
pub use identity::Identity;

use crate::codec::{Codec, Kind};
use crate::effects::Datagram;
use crate::limits::{
    BUFFER_TOLD, FAR_ROUND_TRIP, LAYERS_MAX, PAYLOAD_BYTES_MAX, RESEND_FOR, RESEND_PACKETS_MAX,
};
use crate::packet::{LayerName, Outgoing, Packet, Picture, SenderTime};
use crate::peer::{Arrival, Event, Peer, Polled, Via};
use crate::stun::is_stun;
use early::Early;
use payloads::Payloads;
use std::time::{Duration, Instant, SystemTime};
use str0m::bwe::{Bitrate, BweKind};
use str0m::media::{KeyframeRequestKind, MediaTime, Mid, Rid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc, VideoOrientation, Vp8Descriptor, Vp8Patch};
use str0m::{Input, Output, Rtc};
use twice::{Twice, is_handshake};

/// One client's session.
pub struct Session {
    rtc: Rtc,
    early: Early,
    audio: Option<Line>,
    video: Option<Line>,
    payloads: Payloads,
    /// Which layer each stream of the publisher is: said in its first packets only.
    layers: Vec<(Ssrc, Option<Rid>)>,
    failed: bool,
    via: Option<Via>,
    /// When it was called last.
    now: Instant,
    /// When the other side was first heard, and how long the handshake took from then on: a round trip, or more where
    /// something was lost.
    heard_first: Option<Instant>,
    handshake: Option<Duration>,
    /// Whether anything is sent twice: to viewers who are let in fast.
    hurries: bool,
    twice: Twice,
    /// Whether the bandwidth is probed: with packets that look like repairs.
    probes: bool,
    /// In how many more packets the viewer is told that it may buffer again.
    tell_buffer: u32,
}

/// One media line of the session.
#[derive(Clone, Copy, Debug)]
struct Line {
    mid: Mid,
    /// Where our media on it goes out, and what is sent again.
    out: Option<(Ssrc, Option<Ssrc>)>,
}

impl Session {
    fn line(&self, kind: Kind) -> Option<Line> {
        match kind {
            Kind::Audio => self.audio,
            Kind::Video => self.video,
        }
    }

    fn report(&mut self, event: str0m::Event) -> Option<Event> {
        use str0m::Event as Theirs;
        match event {
            Theirs::Connected => {
                let took = self.heard_first.map(|first| self.now.saturating_duration_since(first));
                self.handshake = self.handshake.or(took);
                Some(Event::Connected)
            }
            Theirs::RtpPacket(packet) => self.packet(packet).map(Event::Media),
            Theirs::KeyframeRequest(_) => Some(Event::KeyFrameWanted),
            Theirs::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => {
                Some(Event::Estimate(estimate.as_u64()))
            }
            Theirs::IceConnectionStateChange(state) if state.is_disconnected() => {
                self.rtc.disconnect();
                Some(Event::Closed)
            }
            Theirs::Closed => Some(Event::Closed),
            _ => None,
        }
    }

    fn packet(&mut self, packet: RtpPacket) -> Option<Packet> {
        // An empty packet only pads; it is passed on, or its number would be missing at the viewers.
        if packet.payload.len() > PAYLOAD_BYTES_MAX {
            return None;
        }
        let codec = self.payloads.codec_of(packet.header.payload_type)?;
        let rid = self.layer_of(packet.header.ssrc, packet.header.ext_vals.rid)?;
        let sender = packet.last_sender_info.map(|info| SenderTime {
            wall: info.ntp_time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO),
            rtp: info.rtp_time.numer() as u32,
        });
        Some(Packet {
            layer: rid.map(|rid| LayerName::new(&rid)),
            codec,
            sequence: *packet.seq_no,
            timestamp: packet.time.numer(),
            marker: packet.header.marker,
            turned: packet.header.ext_vals.video_orientation.map(quarter_turns),
            sender,
            payload: packet.payload,
        })
    }

    /// The layer of a stream; `None` if there are more streams than a publisher has.
    fn layer_of(&mut self, ssrc: Ssrc, rid: Option<Rid>) -> Option<Option<Rid>> {
        if let Some((_, layer)) = self.layers.iter().find(|(known, _)| *known == ssrc) {
            return Some(*layer);
        }
        let known = self.rtc.direct_api().stream_rx(&ssrc).and_then(|stream| stream.rid());
        let layer = known.or(rid);
        // A layer that got a new stream gives its old one up.
        self.layers.retain(|(_, other)| *other != layer || layer.is_none());
        if self.layers.len() > LAYERS_MAX {
            self.layers.remove(0);
        }
        self.layers.push((ssrc, layer));
        Some(layer)
    }

    /// The longest playout delay, in hundredths of a second, if it is to be said with this packet.
    fn playout_delay(&mut self, kind: Kind, at_once: bool) -> Option<u64> {
        const AS_IT_LIKES: u64 = 1_000;
        if kind == Kind::Audio {
            return None;
        }
        if at_once {
            self.tell_buffer = BUFFER_TOLD;
            return Some(0);
        }
        self.tell_buffer = self.tell_buffer.checked_sub(1)?;
        Some(AS_IT_LIKES)
    }

    /// How DTLS was agreed on, for tests and status: the version's name once connected.
    pub fn dtls_version(&mut self) -> Option<String> {
        self.rtc.direct_api().dtls_protocol_version().map(|version| format!("{version:?}"))
    }
}

/// What is to be written into a VP8 payload for it to carry these numbers.
fn patch(payload: &[u8], picture: Picture) -> Option<Vp8Patch> {
    let descriptor = Vp8Descriptor::parse(payload).ok()?;
    let with_id = |id| {
        let patch = descriptor.patch().picture_id(id);
        match picture.base {
            Some(base) => patch.tl0_pic_idx(base).build(),
            None => patch.build(),
        }
    };
    // The sender chose how wide its number is.
    with_id(picture.id).or_else(|_| with_id(picture.id & 0x7f)).ok()
}

fn quarter_turns(turned: VideoOrientation) -> u8 {
    match turned {
        VideoOrientation::Deg0 => 0,
        VideoOrientation::Deg90 => 1,
        VideoOrientation::Deg180 => 2,
        VideoOrientation::Deg270 => 3,
    }
}

fn orientation(turns: u8) -> VideoOrientation {
    match turns {
        1 => VideoOrientation::Deg90,
        2 => VideoOrientation::Deg180,
        3 => VideoOrientation::Deg270,
        _ => VideoOrientation::Deg0,
    }
}

impl Peer for Session {
    fn receive(&mut self, now: Instant, arrival: Arrival<'_>) -> bool {
        if self.failed {
            return false;
        }
        let nominated = self.early.nominate(arrival.bytes);
        let bytes = nominated.as_deref().unwrap_or(arrival.bytes);
        let proto = match arrival.via {
            Via::Udp => Protocol::Udp,
            Via::Tcp => Protocol::Tcp,
        };
        let Ok(receive) = Receive::new(proto, arrival.from, arrival.to, bytes) else { return false };
        let input = Input::Receive(now, receive);
        if !self.rtc.accepts(&input) {
            return false;
        }
        self.now = now;
        self.heard_first.get_or_insert(now);
        if is_handshake(arrival.bytes) {
            self.twice.answered();
        } else if is_stun(arrival.bytes) {
            self.twice.asked(now, arrival.from);
        }
        if self.rtc.handle_input(input).is_err() {
            self.failed = true;
        }
        true
    }

    fn advance(&mut self, now: Instant) {
        self.now = now;
        if !self.failed && self.rtc.handle_input(Input::Timeout(now)).is_err() {
            self.failed = true;
        }
    }

    fn poll(&mut self) -> Polled {
        loop {
            if self.failed {
                return Polled::Event(Event::Closed);
            }
            if let Some(again) = self.twice.due(self.now) {
                return Polled::Send(again);
            }
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    let via = if transmit.proto == Protocol::Udp { Via::Udp } else { Via::Tcp };
                    // Checks are answered on every way, media goes over the one that was agreed on.
                    if !is_stun(&transmit.contents) {
                        self.via = Some(via);
                    }
                    let datagram = Datagram {
                        from: transmit.source,
                        to: transmit.destination,
                        via,
                        bytes: transmit.contents.into(),
                    };
                    if self.hurries {
                        let pictures = self.line(Kind::Video).and_then(|line| line.out);
                        let pictures = pictures
                            .map(|(stream, repair)| (*stream, repair.filter(|_| !self.probes).map(|it| *it)));
                        self.twice.note(self.now, &datagram, pictures);
                    }
                    return Polled::Send(datagram);
                }
                Ok(Output::Timeout(at)) => {
                    return Polled::Wait(self.twice.next().map_or(at, |next| next.min(at)));
                }
                Ok(Output::Event(event)) => {
                    if let Some(event) = self.report(event) {
                        return Polled::Event(event);
                    }
                }
                Err(_) => self.failed = true,
            }
        }
    }

    fn write(&mut self, packet: Outgoing) -> bool {
        let kind = packet.codec.kind();
        let Some(Line { mid, out: Some((ssrc, again)) }) = self.line(kind) else { return false };
        let Some(pt) = self.payloads.payload_type(packet.codec) else { return false };
        let delay = self.playout_delay(kind, packet.at_once);
        let ext = ExtensionValues {
            video_orientation: packet.turned.map(orientation),
            play_delay_min: delay.map(|_| MediaTime::from_hundredths(0)),
            play_delay_max: delay.map(MediaTime::from_hundredths),
            ..Default::default()
        };
        let patch = packet.picture.and_then(|picture| patch(&packet.payload, picture));
        let mut write =
            RtpWrite::new(pt, packet.sequence.into(), packet.timestamp, packet.taken, packet.payload)
                .marker(packet.marker)
                .nackable(kind == Kind::Video)
                .ext_vals(ext);
        if let Some(patch) = patch {
            write = write.vp8_patch(patch);
        }
        if self.hurries && !packet.again.is_never() {
            self.twice.expect(packet.sequence, packet.again);
        }
        let mut api = self.rtc.direct_api();
        if api.stream_tx(&ssrc).is_none() {
            // The stream is made with its first packet: one that has sent nothing would report a time that it
            // does not have, and the viewer would set sound against picture by it.
            let stream = api.declare_stream_tx(ssrc, again, mid, None);
            if kind == Kind::Video {
                // Whatever of the burst is lost is sent again, however much that is.
                stream.set_rtx_cache(RESEND_PACKETS_MAX, RESEND_FOR, None);
            }
            // The room paces by itself: the burst at a rate of its own, the rest as it comes.
            stream.set_unpaced(true);
        }
        if let Some(stream) = api.stream_tx(&ssrc) {
            stream.write_rtp(write);
        }
        true
    }

    fn plays(&self, codec: Codec) -> bool {
        self.payloads.payload_type(codec).is_some()
    }

    fn takes(&self, kind: Kind) -> bool {
        self.line(kind).is_some_and(|line| line.out.is_some())
    }

    fn is_far(&self) -> bool {
        // Over TCP nothing is lost that is worth sending twice.
        let by_udp = self.via == Some(Via::Udp);
        self.hurries && by_udp && self.handshake.is_some_and(|took| took >= FAR_ROUND_TRIP)
    }

    fn via(&self) -> Option<Via> {
        self.via
    }

    fn ask_key_frame(&mut self, layer: Option<LayerName>) {
        let Some(line) = self.video else { return };
        let rid = layer.map(|layer| Rid::from(layer.as_str()));
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(line.mid, rid) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    fn desire(&mut self, least: u64, best: u64) {
        self.rtc.bwe().set_bitrate(Bitrate::bps(least), Bitrate::bps(best));
    }

    fn close(&mut self) {
        if self.rtc.close().is_err() {
            self.failed = true;
        }
    }
}
