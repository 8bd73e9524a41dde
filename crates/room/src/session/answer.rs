//! From an offer to a session and its answer. What the offer says is bounded and checked before the library
//! reads it; what the answer says follows from who asks: a host sends, a shopper receives.

use super::early::Early;
use super::identity::Identity;
use super::payloads::Payloads;
use super::twice::Twice;
use super::{Line, Session};
use crate::limits::*;
use crate::refusal::Refusal;
use crate::viewer::Manner;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::bwe::Bitrate;
use str0m::change::SdpOffer;
use str0m::config::DtlsVersion;
use str0m::format::PayloadParams;
use str0m::media::{MediaKind, Mid};
use str0m::rtp::Extension;
use str0m::{Candidate, IceCreds, Rtc, RtcConfig};

/// Who the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends: WHIP.
    Publisher,
    /// Receives: WHEP.
    Viewer {
        /// Whether what its network carries is to be found out, to choose a layer by.
        probe: bool,
        /// How it is let in.
        manner: Manner,
    },
}

impl Role {
    fn is_fast(self) -> bool {
        !matches!(self, Role::Viewer { manner: Manner::Plain, .. })
    }
}

/// Where the server is reached.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// UDP addresses as clients see them.
    pub udp: Vec<SocketAddr>,
    /// TCP addresses as clients see them.
    pub tcp: Vec<SocketAddr>,
}

/// What the client gets.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The answer, SDP.
    pub sdp: String,
    /// The name by which its first datagram is known.
    pub ufrag: String,
}

/// The number of the playout delay's header extension in what we propose; the client's own number counts.
const PLAYOUT_DELAY_ID: u8 = 6;

impl Session {
    /// Reads an offer and makes the session that it asks for. `ufrag` names the session in STUN; it is letters
    /// and digits.
    pub fn answer(
        now: Instant,
        offer: &str,
        role: Role,
        ufrag: String,
        identity: &Identity,
        lines: &Lines,
    ) -> Result<(Session, Answer), Refusal> {
        let outline = Outline::read(offer)?;
        let prepared = outline.prepare(offer, role);
        let offer = SdpOffer::from_sdp_string(&prepared).map_err(|e| Refusal::Unreadable(e.to_string()))?;
        let creds = IceCreds { ufrag, pass: IceCreds::new().pass };
        let mut rtc = config(role, &creds, identity).build(now);
        for (address, proto) in
            lines.udp.iter().map(|a| (a, "udp")).chain(lines.tcp.iter().map(|a| (a, "tcp")))
        {
            if let Some(candidate) = candidate(*address, proto) {
                rtc.add_local_candidate(candidate);
            }
        }
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|e| Refusal::Unreadable(e.to_string()))?;
        let sdp = of_one_stream(answer.to_sdp_string());
        let mids: Vec<Mid> = outline.mids.iter().map(|mid| Mid::from(mid.as_str())).collect();
        let mut session = Session {
            early: Early::new(creds.clone(), role.is_fast()),
            audio: line(&mut rtc, &mids, MediaKind::Audio),
            video: line(&mut rtc, &mids, MediaKind::Video),
            payloads: Payloads::default(),
            layers: Vec::new(),
            failed: false,
            via: None,
            now,
            heard_first: None,
            handshake: None,
            hurries: role.is_fast() && role != Role::Publisher,
            twice: Twice::default(),
            probes: probes(role),
            tell_buffer: 0,
            rtc,
        };
        session.payloads = Payloads::new(agreed(&session.rtc, [session.audio, session.video]).iter());
        session.check(role)?;
        if let Role::Viewer { .. } = role {
            session.send_later();
        }
        Ok((session, Answer { sdp, ufrag: creds.ufrag }))
    }

    fn check(&self, role: Role) -> Result<(), Refusal> {
        let codecs = "audio or video line with H.264, VP8, VP9, AV1 or Opus";
        let advice = match role {
            Role::Publisher => "send audio and video with one of these codecs",
            Role::Viewer { .. } => "add a transceiver to receive audio and one to receive video",
        };
        let nothing = self.audio.is_none() && self.video.is_none();
        if nothing || self.payloads.is_empty() {
            return Err(Refusal::Nothing { wanted: codecs, advice });
        }
        if matches!(role, Role::Viewer { .. }) {
            let takes = [self.audio, self.video].into_iter().flatten().any(|line| line.out.is_some());
            if !takes {
                return Err(Refusal::Nothing { wanted: "line that receives", advice });
            }
        }
        Ok(())
    }

    /// Takes back what the answer has made; it is made again with the first packet.
    fn send_later(&mut self) {
        for (ssrc, _) in [self.audio, self.video].into_iter().flatten().filter_map(|line| line.out) {
            self.rtc.direct_api().remove_stream_tx(ssrc);
        }
    }
}

/// The answer with sound and picture in one stream (RFC 8830 §2) and under one name (RFC 3550 §6.5.1): browsers keep
/// together what is of one, and let go each its own way what is not. The library gives each line a stream of its own.
fn of_one_stream(mut sdp: String) -> String {
    for (start, mark) in [("a=msid:", ""), ("a=ssrc:", "cname:")] {
        let name = |line: &str| {
            let rest = line.strip_prefix(start)?;
            let rest = if mark.is_empty() { rest } else { rest.split_once(mark)?.1 };
            Some(rest.split_ascii_whitespace().next()?.to_owned())
        };
        let names: Vec<String> = sdp.lines().filter_map(name).collect();
        let Some((first, others)) = names.split_first() else { continue };
        for other in others.iter().filter(|it| *it != first) {
            // They are of chance and long: nothing else is called that.
            sdp = sdp.replace(other.as_str(), first);
        }
        sdp = sdp.replace(&format!("WMS {first} {first}"), &format!("WMS {first}"));
    }
    sdp
}

fn probes(role: Role) -> bool {
    matches!(role, Role::Viewer { probe: true, .. })
}

fn config(role: Role, creds: &IceCreds, identity: &Identity) -> RtcConfig {
    let mut config = Rtc::builder()
        .clear_codecs()
        .enable_opus(true, false)
        .enable_h264(true)
        .enable_vp8(true)
        .enable_vp9(true)
        .enable_av1(true)
        .set_rtp_mode(true)
        .set_ice_lite(true)
        .set_local_ice_credentials(creds.clone())
        .set_crypto_provider(super::handshake::provider())
        .set_dtls_cert(identity.dtls())
        .set_dtls_version(DtlsVersion::Auto)
        .set_rtcp_report_interval_audio(Duration::from_secs(1))
        .set_extension(PLAYOUT_DELAY_ID, Extension::PlayoutDelay)
        .enable_bwe(probes(role).then(|| Bitrate::bps(ESTIMATE_FIRST)));
    // The high profile without pictures that are split; the low numbers are free (RFC 5761 §4).
    config.codec_config().add_h264(37.into(), Some(38.into()), false, 0x64_00_1f);
    config
}

fn candidate(address: SocketAddr, proto: &str) -> Option<Candidate> {
    if proto == "udp" {
        return Candidate::host(address, "udp").ok();
    }
    let builder = Candidate::builder().tcp().host(address).tcptype(str0m::net::TcpType::Passive);
    builder.build().ok()
}

fn line(rtc: &mut Rtc, mids: &[Mid], kind: MediaKind) -> Option<Line> {
    let media = mids.iter().filter_map(|mid| rtc.media(*mid));
    let usable = |media: &&str0m::media::Media| media.kind() == kind && !media.remote_pts().is_empty();
    let media = media.into_iter().find(usable)?;
    let (mid, sends) = (media.mid(), media.direction().is_sending());
    let out = rtc.direct_api().stream_tx_by_mid(mid, None).map(|stream| (stream.ssrc(), stream.rtx()));
    Some(Line { mid, out: out.filter(|_| sends) })
}

fn agreed(rtc: &Rtc, lines: [Option<Line>; 2]) -> Vec<PayloadParams> {
    let pts = lines.into_iter().flatten().filter_map(|line| rtc.media(line.mid)).flat_map(|m| m.remote_pts());
    pts.filter_map(|pt| rtc.codec_config().params().iter().find(|params| params.pt() == *pt).copied())
        .collect()
}

/// What is seen of an offer without understanding it.
struct Outline {
    mids: Vec<String>,
}

impl Outline {
    fn read(offer: &str) -> Result<Outline, Refusal> {
        if offer.len() > OFFER_BYTES_MAX {
            return Err(Refusal::TooLong);
        }
        if !offer.starts_with("v=0") {
            return Err(Refusal::Unreadable("it does not begin with v=0".into()));
        }
        if offer.lines().filter(|line| line.starts_with("m=")).count() > OFFER_LINES_MAX {
            return Err(Refusal::TooLong);
        }
        let mids = offer.lines().filter_map(|line| line.strip_prefix("a=mid:"));
        Ok(Outline { mids: mids.take(OFFER_LINES_MAX).map(|mid| mid.trim().to_owned()).collect() })
    }

    /// The offer with the choices made that it leaves to us.
    fn prepare(&self, offer: &str, role: Role) -> String {
        let mut candidates = 0;
        let mut prepared = String::with_capacity(offer.len() + 64);
        for line in offer.lines() {
            let line = line.trim_end();
            let line = match line {
                // The server speaks first: one round trip less with DTLS 1.3 than waiting to be spoken to.
                "a=setup:actpass" if role.is_fast() => "a=setup:passive",
                "a=setup:actpass" => "a=setup:active",
                // A browser that could do both is asked for what the address is for.
                "a=sendrecv" if role == Role::Publisher => "a=sendonly",
                "a=sendrecv" => "a=recvonly",
                line if line.starts_with("a=candidate:") => {
                    candidates += 1;
                    // Names of the local network cannot be resolved here; the client's checks show its address.
                    if candidates > OFFER_CANDIDATES_MAX || line.contains(".local ") {
                        continue;
                    }
                    line
                }
                line => line,
            };
            prepared.push_str(line);
            prepared.push_str("\r\n");
        }
        prepared
    }
}
