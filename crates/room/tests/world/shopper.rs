//! A shopper who watches. He shows a frame when it is whole and follows what he has shown, as a browser does, and
//! keeps what the test asks about: when frames were shown, which numbers came, how sound and picture stand.

use super::client::{Client, Heard};
use super::fault::Fault;
use super::picture::Mark;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use str0m::format::Codec;
use str0m::media::KeyframeRequestKind;
use str0m::rtp::RtpPacket;

/// How long a shopper waits for a packet before he gives the frame up.
const GIVES_UP: Duration = Duration::from_millis(400);
/// How often he asks for a key frame.
const ASKS_EVERY: Duration = Duration::from_millis(300);

/// A shopper.
pub struct Shopper {
    /// His stack.
    pub client: Client,
    epoch: Instant,
    /// When he was connected.
    pub connected: Option<Instant>,
    /// When frames were shown: time, host, and how old the frame was.
    pub shown: Vec<(Instant, u16, Duration)>,
    /// Sequence numbers of pictures that came, with when.
    pub numbers: BTreeMap<u64, Instant>,
    /// The longest that sound and picture were apart, in microseconds, since the network was fair.
    pub apart_us: i64,
    /// From when on sound and picture are compared.
    pub compare_from: Option<Instant>,
    /// What was wrong with what came.
    pub wrong: Vec<String>,
    /// Packets of sound.
    pub sounds: u64,
    /// How often sound and picture were compared.
    pub compared: u64,
    /// What goes wrong on purpose.
    pub fault: Option<Fault>,
    pending: BTreeMap<u64, (Mark, bool)>,
    next: Option<u64>,
    intact: bool,
    whole: u16,
    waits_since: Option<Instant>,
    asked: Option<Instant>,
    sound_skew: Option<(i64, u16)>,
    picture_skew: Option<(i64, u16)>,
    ended: bool,
}

impl Shopper {
    /// A shopper who comes at `now`; with the offer.
    pub fn new(
        now: Instant,
        epoch: Instant,
        address: std::net::SocketAddr,
        codec: Codec,
    ) -> (Shopper, String) {
        let (client, offer) = Client::new(now, address, codec, None);
        let shopper = Shopper {
            client,
            epoch,
            connected: None,
            shown: Vec::new(),
            numbers: BTreeMap::new(),
            apart_us: 0,
            compare_from: None,
            wrong: Vec::new(),
            sounds: 0,
            compared: 0,
            fault: None,
            pending: BTreeMap::new(),
            next: None,
            intact: false,
            whole: 0,
            waits_since: None,
            asked: None,
            sound_skew: None,
            picture_skew: None,
            ended: false,
        };
        (shopper, offer)
    }

    /// When he wants to be called.
    pub fn due(&self) -> Instant {
        self.client.due
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        self.hear(now);
        self.client.advance(now);
        self.hear(now);
        self.watch(now);
    }

    /// Takes what has come.
    pub fn hear(&mut self, now: Instant) {
        while let Some(heard) = self.client.heard.pop_front() {
            match heard {
                Heard::Connected => self.connected = Some(now),
                Heard::Packet(mut packet) => self.packet(now, &mut packet),
                Heard::Closed => self.ended = true,
                Heard::KeyFrameWanted(_) => {}
            }
        }
    }

    /// Whether the room has ended the session.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    fn packet(&mut self, now: Instant, packet: &mut RtpPacket) {
        let pt = packet.header.payload_type;
        let params = self.client.rtc.codec_config().params().iter();
        let Some(codec) = params.filter(|p| p.pt() == pt).map(|p| p.spec().codec).next() else { return };
        let times = self.fault.map_or(1, |fault| fault.changes(packet, codec));
        (0..times).for_each(|_| self.look_at(now, packet, codec));
    }

    fn look_at(&mut self, now: Instant, packet: &RtpPacket, codec: Codec) {
        let Some(mark) = Mark::read(codec, &packet.payload) else {
            self.wrong.push(format!("a payload of {codec:?} came out changed"));
            return;
        };
        let skew = self.skew(packet, codec, &mark);
        if codec == Codec::Opus {
            self.sounds += 1;
            self.sound_skew = skew.or(self.sound_skew);
        } else {
            self.picture_skew = skew.or(self.picture_skew);
            self.picture(now, *packet.seq_no, mark, packet.header.marker);
        }
        self.compare(now);
    }

    /// How far the time that the sender's report gives a packet is from when it was taken.
    fn skew(&self, packet: &RtpPacket, codec: Codec, mark: &Mark) -> Option<(i64, u16)> {
        // A report from before the first packet has no time to give.
        let info = packet.last_sender_info.filter(|info| info.sender_packet_count > 0)?;
        let rate = if codec == Codec::Opus { 48_000 } else { 90_000 };
        let ticks = packet.header.timestamp.wrapping_sub(info.rtp_time.numer() as u32) as i32;
        let wall = info.ntp_time.duration_since(std::time::UNIX_EPOCH).ok()?.as_micros() as i64;
        Some((wall + i64::from(ticks) * 1_000_000 / rate - mark.taken_us as i64, mark.host))
    }

    fn compare(&mut self, now: Instant) {
        let fair = self.compare_from.is_some_and(|from| now >= from);
        if let (true, Some((sound, by)), Some((picture, of))) = (fair, self.sound_skew, self.picture_skew)
            && by == of
        {
            self.apart_us = self.apart_us.max((sound - picture).abs());
            self.compared += 1;
        }
    }

    fn picture(&mut self, now: Instant, sequence: u64, mark: Mark, marker: bool) {
        if marker != (mark.index + 1 == mark.count) {
            self.wrong.push(format!("the marker of {mark:?} changed"));
        }
        if self.numbers.insert(sequence, now).is_some() {
            self.wrong.push(format!("the number {sequence} came twice"));
        }
        if self.next.is_none_or(|next| sequence >= next) {
            self.pending.insert(sequence, (mark, marker));
        }
        self.watch(now);
    }

    /// Shows what can be shown.
    fn watch(&mut self, now: Instant) {
        loop {
            let next = match self.next {
                Some(next) => next,
                None => {
                    // He begins at the first key frame that he sees the beginning of.
                    let Some(first) = self.key_frame() else { break };
                    self.next = Some(first);
                    first
                }
            };
            let Some((mark, marker)) = self.pending.remove(&next) else {
                if self.pending.is_empty() {
                    self.waits_since = None;
                    break;
                }
                let since = *self.waits_since.get_or_insert(now);
                if now - since < GIVES_UP {
                    break;
                }
                self.waits_since = None;
                self.intact = false;
                self.whole = 0;
                match self.key_frame() {
                    Some(first) => {
                        self.pending = self.pending.split_off(&first);
                        self.next = Some(first);
                    }
                    None => {
                        let last = self.pending.keys().next_back().copied().unwrap_or(next);
                        self.pending.clear();
                        self.next = Some(last + 1);
                    }
                }
                continue;
            };
            self.waits_since = None;
            self.next = Some(next + 1);
            self.whole = if mark.index == 0 {
                1
            } else if mark.index == self.whole {
                self.whole + 1
            } else {
                0
            };
            if mark.index == 0 && mark.key {
                self.intact = true;
            }
            if marker && self.whole == mark.count && self.intact {
                let age = now.saturating_duration_since(self.epoch + Duration::from_micros(mark.taken_us));
                self.shown.push((now, mark.host, age));
            } else if marker && self.whole != mark.count {
                self.intact = false;
            }
        }
        self.ask(now);
    }

    fn key_frame(&self) -> Option<u64> {
        self.pending.iter().find(|(_, (mark, _))| mark.key && mark.index == 0).map(|(at, _)| *at)
    }

    fn ask(&mut self, now: Instant) {
        let media = !self.numbers.is_empty();
        let recently = self.asked.is_some_and(|asked| now - asked < ASKS_EVERY);
        if self.intact || recently || !media {
            return;
        }
        let mid = self.client.video;
        if let Some(stream) = self.client.rtc.direct_api().stream_rx_by_mid(mid, None) {
            self.asked = Some(now);
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }
}
