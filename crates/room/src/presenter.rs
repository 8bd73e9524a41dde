//! A publisher without a camera: pictures and sound of the size and rhythm of a real encoder's, each packet stamped
//! with when it left, so that whoever reads it knows how long it was under way.

use crate::effects::Datagram;
use crate::far_side::{BadAnswer, FarSide};
use crate::peer::Arrival;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::Event;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::rtp::RtpWrite;

/// Between two pictures.
const PICTURE_EVERY: Duration = Duration::from_millis(40);
/// Between two packets of sound.
const SOUND_EVERY: Duration = Duration::from_millis(20);
/// Pictures from one key frame to the next.
const KEY_EVERY: u32 = 25;
/// How many times as large as another picture a key frame is.
const KEY_WEIGHT: u64 = 6;
/// Bytes of a full packet's payload.
const PAYLOAD_BYTES: usize = 1_150;
/// Bytes of a packet of sound, at 40 kbit/s.
const SOUND_BYTES: usize = 100;
/// Most bits a second.
pub const PRESENTER_BITS_MAX: u64 = 50_000_000;
/// Pictures that are due for longer than this are left out: the machine had no time for them.
const LATE_MAX: Duration = Duration::from_secs(1);

const MARK: [u8; 4] = *b"bkn1";
/// Header of a NAL unit (RFC 6184 §1.3): a picture that needs no other, and one that does.
const NALS: [u8; 2] = [0x65, 0x41];

/// When a packet left, in microseconds since `epoch`, as its payload says.
pub(crate) fn left_us(payload: &[u8]) -> Option<u64> {
    let stamp = payload.get(1..13).filter(|it| it.starts_with(&MARK))?;
    Some(u64::from_be_bytes(stamp[4..].try_into().ok()?))
}

fn stamped(nal: u8, left_us: u64, bytes: usize) -> Vec<u8> {
    let mut payload = Vec::with_capacity(bytes);
    payload.push(nal);
    payload.extend(MARK);
    payload.extend(left_us.to_be_bytes());
    // Never three zeros and a one: that would begin another unit.
    payload.resize(bytes.max(payload.len()), 0x55);
    payload
}

/// A publisher without a camera.
pub struct Presenter {
    side: FarSide,
    audio: Mid,
    video: Mid,
    epoch: Instant,
    /// Bytes of a picture that is no key frame.
    picture_bytes: usize,
    since_key: u32,
    next: Option<(Instant, Instant)>,
    sequences: [u64; 2],
    left_out: u64,
}

impl Presenter {
    /// A publisher at an address, with its offer. `None` if the address cannot be one of a client.
    pub fn new(
        now: Instant,
        epoch: Instant,
        address: SocketAddr,
        bits_per_second: u64,
    ) -> Option<(Presenter, String)> {
        let (side, (audio, video), offer) = FarSide::new(now, address, |api| {
            let audio = api.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
            let video = api.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
            (audio, video)
        })?;
        let group_bits = bits_per_second.min(PRESENTER_BITS_MAX) * u64::from(KEY_EVERY) * 40 / 1_000;
        let picture_bytes = (group_bits / 8 / (u64::from(KEY_EVERY) - 1 + KEY_WEIGHT)) as usize;
        let presenter = Presenter {
            side,
            audio,
            video,
            epoch,
            picture_bytes,
            since_key: 0,
            next: None,
            sequences: [1, 1],
            left_out: 0,
        };
        Some((presenter, offer))
    }

    /// Takes the server's answer.
    pub fn answered(&mut self, now: Instant, answer: &str) -> Result<(), BadAnswer> {
        self.side.answered(now, answer)
    }

    /// Takes a datagram in; to be polled before the next.
    pub fn receive(&mut self, now: Instant, arrival: Arrival<'_>) {
        self.side.receive(now, arrival);
    }

    /// Lets time pass: what is due is sent.
    pub fn advance(&mut self, now: Instant) {
        while let Some((picture, sound)) = self.next.filter(|(picture, _)| *picture <= now) {
            if now - picture > LATE_MAX {
                self.left_out += 1;
            } else {
                self.picture(now, picture);
            }
            self.next = Some((picture + PICTURE_EVERY, sound));
        }
        while let Some((picture, sound)) = self.next.filter(|(_, sound)| *sound <= now) {
            let bytes = stamped(NALS[1], self.us(now), SOUND_BYTES);
            self.write(now, MediaKind::Audio, sound, true, bytes);
            self.next = Some((picture, sound + SOUND_EVERY));
        }
        self.side.advance(now);
    }

    fn us(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_micros() as u64
    }

    fn picture(&mut self, now: Instant, taken: Instant) {
        let is_key = self.since_key == 0;
        self.since_key = (self.since_key + 1) % KEY_EVERY;
        let bytes = self.picture_bytes * if is_key { KEY_WEIGHT as usize } else { 1 };
        let count = bytes.div_ceil(PAYLOAD_BYTES).max(1);
        for index in 0..count {
            let bytes = bytes.div_ceil(count);
            let payload = stamped(NALS[usize::from(!is_key)], self.us(now), bytes);
            self.write(now, MediaKind::Video, taken, index + 1 == count, payload);
        }
    }

    fn write(&mut self, now: Instant, kind: MediaKind, taken: Instant, marker: bool, payload: Vec<u8>) {
        let (at, mid, codec, rate) = match kind {
            MediaKind::Audio => (0, self.audio, Codec::Opus, 48_000),
            MediaKind::Video => (1, self.video, Codec::H264, 90_000),
        };
        let Some(pt) = self.payload_type(mid, codec) else { return };
        let time = (self.us(taken) * rate / 1_000_000) as u32;
        let mut api = self.side.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(mid, None) else { return };
        let sequence = self.sequences[at];
        self.sequences[at] += 1;
        let write = RtpWrite::new(pt, sequence.into(), time, now, payload);
        stream.write_rtp(write.marker(marker).nackable(kind == MediaKind::Video));
    }

    fn payload_type(&self, mid: Mid, codec: Codec) -> Option<Pt> {
        let agreed = self.side.rtc.media(mid)?.remote_pts();
        let params = self.side.rtc.codec_config().params().iter();
        params.filter(|it| it.spec().codec == codec && agreed.contains(&it.pt())).map(|it| it.pt()).next()
    }

    /// Takes out what is to be sent; says when it wants to be called again. `None` if the session is over.
    pub fn poll(&mut self, now: Instant, sends: &mut Vec<Datagram>) -> Option<Duration> {
        let mut connected = false;
        let wait = self.side.poll(now, sends, |_, event| connected |= matches!(event, Event::Connected))?;
        if connected && self.next.is_none() {
            self.next = Some((now, now));
        }
        let due = self.next.map(|(picture, sound)| picture.min(sound).saturating_duration_since(now));
        Some(due.map_or(wait, |due| wait.min(due)))
    }

    /// Pictures that were left out because the machine had no time for them.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Leaves.
    pub fn close(&mut self) {
        self.side.close();
    }
}
