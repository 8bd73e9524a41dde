//! A host with an encoder: frames at a steady rate, key frames now and then or when asked.

use super::client::{Client, Heard};
use super::picture::Mark;
use std::time::{Duration, Instant};
use str0m::format::Codec;
use str0m::media::Rid;
use str0m::rtp::RtpWrite;

/// What the encoder does.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// What it codes with.
    pub codec: Codec,
    /// Frames between key frames.
    pub key_every: u32,
    /// Whether it sends a key frame when asked.
    pub obeys: bool,
    /// Layers by name and the bytes of a frame; one without a name if there is but one.
    pub layers: Vec<(&'static str, usize)>,
}

/// Between two frames.
pub const FRAME: Duration = Duration::from_millis(40);
/// Between two packets of sound.
pub const SOUND: Duration = Duration::from_millis(20);

/// A host.
pub struct Host {
    /// Its stack.
    pub client: Client,
    /// How often it was asked for a key frame.
    pub asked: u64,
    number: u16,
    encoder: Encoder,
    epoch: Instant,
    connected: bool,
    lanes: Vec<Lane>,
    sound: (u64, u32),
    next_frame: Instant,
    next_sound: Instant,
    /// Its clocks begin anywhere.
    clock: u32,
}

#[derive(Clone, Debug, Default)]
struct Lane {
    sequence: u64,
    frame: u32,
    since_key: Option<u32>,
    wanted: bool,
}

impl Host {
    /// A host that comes at `now`; with the offer.
    pub fn new(
        now: Instant,
        epoch: Instant,
        number: u16,
        address: std::net::SocketAddr,
        encoder: Encoder,
        clock: u32,
    ) -> (Host, String) {
        let names: Vec<&str> = match encoder.layers.len() {
            1 => Vec::new(),
            _ => encoder.layers.iter().map(|(name, _)| *name).collect(),
        };
        let (client, offer) = Client::new(now, address, encoder.codec, Some(&names));
        let lanes = vec![Lane { sequence: 500, ..Lane::default() }; encoder.layers.len()];
        let host = Host {
            client,
            asked: 0,
            number,
            encoder,
            epoch,
            connected: false,
            lanes,
            sound: (300, 0),
            next_frame: now,
            next_sound: now,
            clock,
        };
        (host, offer)
    }

    /// When it wants to be called.
    pub fn due(&self) -> Instant {
        let media = self.next_frame.min(self.next_sound);
        if self.connected { media.min(self.client.due) } else { self.client.due }
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        while let Some(heard) = self.client.heard.pop_front() {
            match heard {
                Heard::Connected => {
                    self.connected = true;
                    (self.next_frame, self.next_sound) = (now, now);
                }
                Heard::KeyFrameWanted(rid) => self.asked(rid),
                Heard::Closed => self.connected = false,
                _ => {}
            }
        }
        if self.connected {
            while self.next_frame <= now {
                self.frame(now);
                self.next_frame += FRAME;
            }
            while self.next_sound <= now {
                self.speak(now);
                self.next_sound += SOUND;
            }
        }
        self.client.advance(now);
    }

    fn asked(&mut self, rid: Option<Rid>) {
        self.asked += 1;
        if !self.encoder.obeys {
            return;
        }
        for (lane, (name, _)) in self.lanes.iter_mut().zip(&self.encoder.layers) {
            lane.wanted |= rid.is_none_or(|rid| &*rid == *name);
        }
    }

    fn frame(&mut self, now: Instant) {
        let taken_us = (now - self.epoch).as_micros() as u64;
        let codec = self.encoder.codec;
        let mid = self.client.video;
        let Some(pt) = self.client.payload_type(mid, codec) else { return };
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            let (name, bytes) = self.encoder.layers[at];
            let key = lane.wanted || lane.since_key.is_none_or(|since| since + 1 >= self.encoder.key_every);
            lane.since_key = Some(if key { 0 } else { lane.since_key.unwrap_or(0) + 1 });
            lane.wanted &= !key;
            lane.frame += 1;
            let bytes = if key { bytes * 5 } else { bytes };
            let count = bytes.div_ceil(1_100) as u16;
            let time = self.clock.wrapping_add((taken_us * 90 / 1_000) as u32);
            let rid = (self.encoder.layers.len() > 1).then(|| Rid::from(name));
            for index in 0..count {
                let mark = Mark {
                    host: self.number,
                    frame: lane.frame,
                    index,
                    count,
                    key,
                    layer: at as u8,
                    taken_us,
                };
                let payload = mark.payload(codec, bytes / usize::from(count));
                let mut api = self.client.rtc.direct_api();
                let Some(stream) = api.stream_tx_by_mid(mid, rid) else { return };
                let write = RtpWrite::new(pt, lane.sequence.into(), time, now, payload);
                stream.write_rtp(write.marker(index + 1 == count).nackable(true));
                lane.sequence += 1;
            }
        }
    }

    fn speak(&mut self, now: Instant) {
        let taken_us = (now - self.epoch).as_micros() as u64;
        let mid = self.client.audio;
        let Some(pt) = self.client.payload_type(mid, Codec::Opus) else { return };
        let (sequence, frame) = &mut self.sound;
        *frame += 1;
        let mark =
            Mark { host: self.number, frame: *frame, index: 0, count: 1, key: true, layer: 0, taken_us };
        let time = self.clock.wrapping_mul(7).wrapping_add((taken_us * 48 / 1_000) as u32);
        let mut api = self.client.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(mid, None) else { return };
        stream.write_rtp(RtpWrite::new(pt, (*sequence).into(), time, now, mark.payload(Codec::Opus, 90)));
        *sequence += 1;
    }
}
