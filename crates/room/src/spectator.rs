//! A viewer that decodes nothing: the other side of WHEP, to load a server with and to measure it by. Like the
//! rest it is a state machine; who uses it has sockets and clocks.
//!
//! One that deciphers costs its machine as much as a browser's network stack; one that only counts reads what stands
//! in the clear (the RTP header, RFC 3711 §3.1), so that one machine can be many viewers.

use crate::codec::Kind;
use crate::effects::Datagram;
use crate::far_side::{BadAnswer, FarSide};
use crate::peer::Arrival;
use crate::presenter::left_us;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::Event;
use str0m::media::{Direction, MediaKind, Mid};

/// Most times under way that are kept.
const HOPS_MAX: usize = 200_000;

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
    /// Bytes: of payload if it deciphers, else of datagrams.
    pub bytes: u64,
    /// The lowest and the highest sequence number of the pictures.
    pub range: Option<(u64, u64)>,
}

impl Seen {
    /// Packets of pictures that are missing since it had seen this.
    pub fn missing_since(&self, before: &Seen) -> u64 {
        let Some((low, high)) = self.range else { return 0 };
        let from = before.range.map_or(low, |(_, high)| high + 1);
        (high + 1).saturating_sub(from).saturating_sub(self.pictures - before.pictures)
    }
}

/// A viewer that decodes nothing.
pub struct Spectator {
    side: FarSide,
    video: Mid,
    /// Whose hops it measures, if it deciphers.
    deciphers: Option<Instant>,
    /// The stream of pictures, as the answer says.
    stream: Option<u32>,
    seen: Seen,
    hops_us: Vec<u32>,
}

impl Spectator {
    /// A spectator at an address, with its offer. `None` if the address cannot be one of a client. It only counts
    /// if `deciphers` is left out, and else measures how long after that instant's clock packets of a
    /// [`Presenter`](crate::Presenter) come.
    pub fn new(now: Instant, address: SocketAddr, deciphers: Option<Instant>) -> Option<(Spectator, String)> {
        let (side, video, offer) = FarSide::new(now, address, |api| {
            api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
            api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None)
        })?;
        let (stream, seen, hops_us) = (None, Seen::default(), Vec::new());
        Some((Spectator { side, video, deciphers, stream, seen, hops_us }, offer))
    }

    /// Takes the server's answer.
    pub fn answered(&mut self, now: Instant, answer: &str) -> Result<(), BadAnswer> {
        self.stream = stream_of_pictures(answer);
        self.side.answered(now, answer)
    }

    /// Takes a datagram in; to be polled before the next.
    pub fn receive(&mut self, now: Instant, arrival: Arrival<'_>) {
        let media = header(arrival.bytes).filter(|_| self.seen.connected.is_some());
        match (media, self.deciphers) {
            (Some((stream, sequence)), None) => self.count(now, stream, sequence, arrival.bytes.len()),
            _ => self.side.receive(now, arrival),
        }
    }

    fn count(&mut self, now: Instant, stream: u32, sequence: u16, bytes: usize) {
        if self.stream != Some(stream) {
            // Sound, and what is sent again.
            self.seen.bytes += bytes as u64;
            self.seen.sounds += 1;
            return;
        }
        // The number's upper bits are those of the nearest one to the highest so far (RFC 3711 §3.3.1).
        let highest = self.seen.range.map_or(u64::from(sequence) | 1 << 16, |(_, high)| high);
        let forward = sequence.wrapping_sub(highest as u16) as i16;
        let sequence = highest.saturating_add_signed(i64::from(forward));
        self.note(now, Kind::Video, sequence, bytes);
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        self.side.advance(now);
    }

    /// Takes out what is to be sent; says when it wants to be called again. `None` if the session is over.
    pub fn poll(&mut self, now: Instant, sends: &mut Vec<Datagram>) -> Option<Duration> {
        let (mut connected, mut packets) = (false, Vec::new());
        let video = self.video;
        let wait = self.side.poll(now, sends, |rtc, event| match event {
            Event::Connected => connected = true,
            Event::RtpPacket(packet) => {
                let stream = rtc.direct_api().stream_rx(&packet.header.ssrc).map(|it| it.mid());
                let kind = if stream == Some(video) { Kind::Video } else { Kind::Audio };
                packets.push((kind, *packet.seq_no, packet.payload.len(), left_us(&packet.payload)));
            }
            _ => {}
        });
        if connected {
            self.seen.connected.get_or_insert(now);
        }
        for (kind, sequence, bytes, left) in packets {
            self.note(now, kind, sequence, bytes);
            if let (Some(epoch), Some(left)) = (self.deciphers, left)
                && self.hops_us.len() < HOPS_MAX
            {
                let came = now.saturating_duration_since(epoch).as_micros() as u64;
                self.hops_us.push(u32::try_from(came.saturating_sub(left)).unwrap_or(u32::MAX));
            }
        }
        wait
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

    /// How long each packet of a [`Presenter`](crate::Presenter) was under way, in microseconds, since this was
    /// asked last.
    pub fn take_hops_us(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.hops_us)
    }

    /// Leaves.
    pub fn close(&mut self) {
        self.side.close();
    }
}

/// Stream and sequence number of a media packet (RFC 3550 §5.1); `None` for all else that shares the port (RFC 7983
/// §7, RFC 5761 §4).
fn header(datagram: &[u8]) -> Option<(u32, u16)> {
    let header = datagram.get(..12).filter(|it| it[0] >> 6 == 2 && !(64..96).contains(&(it[1] & 0x7f)))?;
    let sequence = u16::from_be_bytes([header[2], header[3]]);
    Some((u32::from_be_bytes([header[8], header[9], header[10], header[11]]), sequence))
}

/// The first stream that an answer names for pictures (RFC 5576 §4.1).
fn stream_of_pictures(answer: &str) -> Option<u32> {
    let mut lines = answer.lines().skip_while(|line| !line.starts_with("m=video"));
    let named = lines.find_map(|line| line.strip_prefix("a=ssrc:"))?;
    named.split_ascii_whitespace().next()?.parse().ok()
}
