//! A client with a real WebRTC stack: the same library on the other side.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::config::DtlsVersion;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// What the client learns.
#[derive(Debug)]
pub enum Heard {
    /// Media may flow.
    Connected,
    /// A packet.
    Packet(Box<RtpPacket>),
    /// The room wants a key frame of a layer.
    KeyFrameWanted(Option<Rid>),
    /// The session is over.
    Closed,
}

/// A client.
pub struct Client {
    /// The stack.
    pub rtc: Rtc,
    /// Where it is.
    pub address: SocketAddr,
    /// When it wants to be called.
    pub due: Instant,
    /// What it has learned.
    pub heard: VecDeque<Heard>,
    /// What it wants to send: destination and bytes.
    pub outbox: Vec<(SocketAddr, Vec<u8>)>,
    /// Its line for sound.
    pub audio: Mid,
    /// Its line for pictures.
    pub video: Mid,
    pending: Option<SdpPendingOffer>,
}

impl Client {
    /// A client that sends in these layers (none: one without a name), or receives.
    pub fn new(now: Instant, address: SocketAddr, video: Codec, sends: Option<&[&str]>) -> (Client, String) {
        let mut config = Rtc::builder().clear_codecs().enable_opus(true, false);
        config = match video {
            Codec::Vp8 => config.enable_vp8(true),
            Codec::Vp9 => config.enable_vp9(true),
            Codec::Av1 => config.enable_av1(true),
            _ => config.enable_h264(true),
        };
        if sends.is_none() {
            config = config.enable_vp8(true).enable_h264(true).enable_vp9(true).enable_av1(true);
        }
        let config = config
            .set_rtp_mode(true)
            .set_dtls_version(DtlsVersion::Auto)
            .set_rtcp_report_interval_audio(Duration::from_secs(1));
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("an address"));
        let mut api = rtc.sdp_api();
        let direction = if sends.is_some() { Direction::SendOnly } else { Direction::RecvOnly };
        let audio = api.add_media(MediaKind::Audio, direction, None, None, None);
        let simulcast = sends.filter(|layers| !layers.is_empty()).map(|layers| Simulcast {
            send: layers.iter().map(|layer| SimulcastLayer::new(layer)).collect(),
            recv: Vec::new(),
        });
        let video = api.add_media(MediaKind::Video, direction, None, None, simulcast);
        let (offer, pending) = api.apply().expect("changes");
        let client = Client {
            rtc,
            address,
            due: now,
            heard: VecDeque::new(),
            outbox: Vec::new(),
            audio,
            video,
            pending: Some(pending),
        };
        (client, SdpOffer::to_sdp_string(&offer))
    }

    /// Takes the room's answer.
    pub fn answered(&mut self, now: Instant, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer that can be read");
        let pending = self.pending.take().expect("an offer");
        self.rtc.sdp_api().accept_answer(pending, answer).expect("an answer that fits");
        self.advance(now);
    }

    /// Takes a datagram.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let Ok(receive) = Receive::new(Protocol::Udp, from, self.address, bytes) else { return };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            let _ = self.rtc.handle_input(input);
        }
        self.pump();
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.pump();
    }

    fn pump(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.due = at;
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    self.outbox.push((transmit.destination, transmit.contents.to_vec()));
                }
                Ok(Output::Event(Event::Connected)) => self.heard.push_back(Heard::Connected),
                Ok(Output::Event(Event::RtpPacket(packet))) => {
                    self.heard.push_back(Heard::Packet(Box::new(packet)));
                }
                Ok(Output::Event(Event::KeyframeRequest(request))) => {
                    self.heard.push_back(Heard::KeyFrameWanted(request.rid));
                }
                Ok(Output::Event(Event::Closed)) => self.heard.push_back(Heard::Closed),
                Ok(Output::Event(_)) => {}
                Err(_) => {
                    self.heard.push_back(Heard::Closed);
                    self.due += Duration::from_secs(3_600);
                    return;
                }
            }
        }
    }

    /// The payload type of a codec.
    pub fn payload_type(&self, mid: Mid, codec: Codec) -> Option<Pt> {
        let agreed = self.rtc.media(mid)?.remote_pts();
        let params = self.rtc.codec_config().params().iter();
        params.filter(|p| p.spec().codec == codec && agreed.contains(&p.pt())).map(|p| p.pt()).next()
    }
}
