//! The host's side of a room: what comes in, layer by layer, and when to ask for a key frame.

use crate::clock::{SenderClock, StreamClock};
use crate::codec::{Codec, Kind};
use crate::group::{Group, Kept};
use crate::limits::*;
use crate::packet::{LayerName, Packet};
use crate::peer::Peer;
use std::time::{Duration, Instant};

/// A publisher with its streams.
#[derive(Debug)]
pub struct Publisher<P> {
    /// Its session.
    pub peer: P,
    /// Which publisher of the room it is: counts up.
    pub source: u64,
    /// When it came.
    pub came: Instant,
    /// When media came last.
    pub heard: Option<Instant>,
    /// Whether it is connected.
    pub connected: bool,
    clock: SenderClock,
    audio: StreamClock,
    /// When sound came last.
    pub audio_heard: Option<Instant>,
    /// Layers, in the order in which they were first seen.
    pub layers: Vec<Layer>,
    /// Whether it sends a key frame when asked, once known.
    pub obeys: Option<bool>,
}

/// A simulcast layer, or the only picture there is.
#[derive(Debug)]
pub struct Layer {
    /// Its name, if it has one.
    pub name: Option<LayerName>,
    /// What it is coded with.
    pub codec: Codec,
    /// The current group of pictures.
    pub group: Group,
    /// When something of it came last.
    pub heard: Instant,
    /// How far the last two key frames were apart.
    pub key_frame_every: Option<Duration>,
    /// When the last key frame began.
    pub key_frame_at: Option<Instant>,
    /// Pictures that came after a later one.
    pub reordered: u32,
    clock: StreamClock,
    newest: (u64, u64),
    rate: Rate,
    asked: Option<Instant>,
    unanswered: Option<Instant>,
    /// A key frame is wanted, but it was asked for a moment ago.
    wanted: bool,
}

/// Bits a second over the last whole second.
#[derive(Clone, Copy, Debug)]
struct Rate {
    since: Instant,
    bytes: u64,
    last: u64,
}

impl Rate {
    fn add(&mut self, now: Instant, bytes: usize) {
        self.bytes += bytes as u64;
        let passed = now.saturating_duration_since(self.since);
        if passed >= Duration::from_secs(1) {
            self.last = self.bytes * 8 * 1_000 / passed.as_millis().max(1) as u64;
            (self.since, self.bytes) = (now, 0);
        }
    }
}

/// Where an accepted packet belongs.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The layer of a picture; `None` for sound.
    pub layer: Option<usize>,
    /// Whether a key frame begins.
    pub starts: bool,
    /// The packet and when it was taken.
    pub kept: Kept,
}

impl<P: Peer> Publisher<P> {
    /// A publisher that has just come.
    pub fn new(now: Instant, source: u64, peer: P) -> Self {
        Publisher {
            peer,
            source,
            came: now,
            heard: None,
            connected: false,
            clock: SenderClock::new(now),
            audio: StreamClock::default(),
            audio_heard: None,
            layers: Vec::new(),
            obeys: None,
        }
    }

    /// Takes a packet in. `None` if it is of no layer that is kept.
    pub fn accept(&mut self, now: Instant, packet: Packet) -> Option<Accepted> {
        self.heard = Some(now);
        let (rate, sender) = (packet.codec.clock_rate(), packet.sender);
        if packet.kind() == Kind::Audio {
            self.audio_heard = Some(now);
            let taken = self.clock.taken(&mut self.audio, now, rate, packet.timestamp, sender);
            return Some(Accepted { layer: None, starts: false, kept: Kept { packet, taken } });
        }
        let at = self.layer(now, &packet)?;
        let layer = &mut self.layers[at];
        if layer.codec != packet.codec {
            layer.codec = packet.codec;
            layer.group.clear();
        }
        let taken = self.clock.taken(&mut layer.clock, now, rate, packet.timestamp, sender);
        let begins = packet.codec.begins_key_frame(&packet.payload);
        layer.heard = now;
        layer.rate.add(now, packet.payload.len());
        layer.note_order(packet.sequence, packet.timestamp);
        let kept = Kept { packet, taken };
        let starts = layer.group.push(now, kept.clone(), begins);
        if starts {
            let before = layer.key_frame_at.replace(now);
            layer.key_frame_every = before.map(|before| now.saturating_duration_since(before));
            layer.wanted = false;
            if layer.unanswered.take().is_some_and(|asked| now - asked <= KEY_FRAME_ANSWER_MAX) {
                self.obeys = Some(true);
            }
        }
        Some(Accepted { layer: Some(at), starts, kept })
    }

    fn layer(&mut self, now: Instant, packet: &Packet) -> Option<usize> {
        if let Some(at) = self.layers.iter().position(|layer| layer.name == packet.layer) {
            return Some(at);
        }
        if self.layers.len() >= LAYERS_MAX {
            return None;
        }
        self.layers.push(Layer {
            name: packet.layer,
            codec: packet.codec,
            group: Group::default(),
            heard: now,
            key_frame_every: None,
            key_frame_at: None,
            reordered: 0,
            clock: StreamClock::default(),
            newest: (packet.sequence, packet.timestamp),
            rate: Rate { since: now, bytes: 0, last: 0 },
            asked: None,
            unanswered: None,
            wanted: false,
        });
        Some(self.layers.len() - 1)
    }

    /// Asks for a key frame of a layer, unless that was done a moment ago; then it is asked for later. Says
    /// whether the session has something to send.
    pub fn ask_key_frame(&mut self, now: Instant, layer: usize) -> bool {
        let Some(layer) = self.layers.get_mut(layer) else { return false };
        if layer.asked.is_some_and(|asked| now.saturating_duration_since(asked) < KEY_FRAME_ASKED_EVERY) {
            layer.wanted = true;
            return false;
        }
        layer.wanted = false;
        layer.asked = Some(now);
        layer.unanswered.get_or_insert(now);
        self.peer.ask_key_frame(layer.name);
        true
    }

    /// What only time brings about. Says whether the session has something to send.
    pub fn round(&mut self, now: Instant) -> bool {
        let mut asked = false;
        for at in 0..self.layers.len() {
            let layer = &mut self.layers[at];
            if layer
                .unanswered
                .is_some_and(|asked| now.saturating_duration_since(asked) > KEY_FRAME_ANSWER_MAX)
            {
                layer.unanswered = None;
                self.obeys = Some(false);
            }
            // Ask once without need, to know whether to warn before a viewer must wait.
            let untried = self.obeys.is_none() && layer.asked.is_none() && !layer.group.is_whole(now);
            if layer.wanted || (untried && layer.is_heard(now)) {
                asked |= self.ask_key_frame(now, at);
            }
        }
        asked
    }

    /// The layers that come in now, the smallest first.
    pub fn ladder(&self, now: Instant) -> Vec<(usize, u64)> {
        let heard = self.layers.iter().enumerate().filter(|(_, layer)| layer.is_heard(now));
        let mut ladder: Vec<_> = heard.map(|(at, layer)| (at, layer.bits_per_second())).collect();
        ladder.sort_by_key(|(at, rate)| (*rate, *at));
        ladder
    }

    /// For how long nothing has come.
    pub fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard.unwrap_or(self.came))
    }
}

impl Layer {
    /// Whether something of it came lately.
    pub fn is_heard(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) < LAYER_SILENT_AFTER
    }

    /// Bits a second, lately.
    pub fn bits_per_second(&self) -> u64 {
        match self.rate.last {
            0 => self.rate.bytes * 8,
            last => last,
        }
    }

    /// A packet that was sent later and is to be shown earlier.
    fn note_order(&mut self, sequence: u64, timestamp: u64) {
        if sequence > self.newest.0 {
            if timestamp < self.newest.1 {
                self.reordered = self.reordered.saturating_add(1);
            }
            self.newest = (sequence, timestamp.max(self.newest.1));
        }
    }
}
