//! What a room knows of its publisher: what comes in, layer by layer, and when to ask for a key frame. How its session
//! is reached is another matter (`room/origin.rs`): where the session is another floor's, all this is the same.

use crate::codec::{Codec, Kind};
use crate::group::{Group, Kept};
use crate::limits::*;
use crate::packet::{LayerName, Packet};
use std::time::{Duration, Instant};

/// A publisher with its streams.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// Which publisher of the room it is: later ones have higher numbers.
    pub source: u64,
    /// When it came.
    pub came: Instant,
    /// How many packets it has sent; a guest knows the number of the last that it was told.
    pub packets: u64,
    /// When media came last.
    pub heard: Option<Instant>,
    /// When sound came last.
    pub audio_heard: Option<Instant>,
    /// Layers, in the order in which they were first seen.
    pub layers: Vec<Layer>,
    /// Whether it sends a key frame when asked, once known.
    pub obeys: Option<bool>,
}

/// A simulcast layer, or the only picture there is.
#[derive(Clone, Debug)]
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

impl Publisher {
    /// A publisher that has just come.
    pub fn new(now: Instant, source: u64) -> Self {
        Publisher {
            source,
            came: now,
            packets: 0,
            heard: None,
            audio_heard: None,
            layers: Vec::new(),
            obeys: None,
        }
    }

    /// What another floor is told to begin with: all layers with their groups, whose payloads are shared, not copied.
    pub fn for_guest(&self) -> Self {
        let mut copy = self.clone();
        // Asking is the home's, and so is finding out whether it helps.
        copy.obeys = Some(false);
        for layer in &mut copy.layers {
            (layer.asked, layer.unanswered, layer.wanted) = (None, None, false);
        }
        copy
    }

    /// Packets are missing: what is kept has a hole.
    pub fn torn(&mut self) {
        self.layers.iter_mut().for_each(|layer| layer.group.tear());
    }

    /// Takes a packet in. `None` if it is of no layer that is kept.
    pub fn accept(&mut self, now: Instant, kept: Kept) -> Option<Accepted> {
        self.heard = Some(now);
        let packet = &kept.packet;
        if packet.kind() == Kind::Audio {
            self.audio_heard = Some(now);
            return Some(Accepted { layer: None, starts: false, kept });
        }
        let at = self.layer(now, packet)?;
        let layer = &mut self.layers[at];
        if layer.codec != packet.codec {
            layer.codec = packet.codec;
            layer.group.clear();
        }
        let begins = packet.codec.begins_key_frame(&packet.payload);
        layer.heard = now;
        layer.rate.add(now, packet.payload.len());
        layer.note_order(packet.sequence, packet.timestamp);
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
            newest: (packet.sequence, packet.timestamp),
            rate: Rate { since: now, bytes: 0, last: 0 },
            asked: None,
            unanswered: None,
            wanted: false,
        });
        Some(self.layers.len() - 1)
    }

    /// A key frame of a layer is needed. Says whether it is to be asked for now: if that was done a moment ago, it is
    /// done later.
    pub fn ask_key_frame(&mut self, now: Instant, layer: usize) -> bool {
        let Some(layer) = self.layers.get_mut(layer) else { return false };
        if layer.asked.is_some_and(|asked| now.saturating_duration_since(asked) < KEY_FRAME_ASKED_EVERY) {
            layer.wanted = true;
            return false;
        }
        layer.wanted = false;
        layer.asked = Some(now);
        layer.unanswered.get_or_insert(now);
        true
    }

    /// What only time brings about. Says of which layers a key frame is needed.
    pub fn round(&mut self, now: Instant) -> Vec<usize> {
        let mut needed = Vec::new();
        for (at, layer) in self.layers.iter_mut().enumerate() {
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
                needed.push(at);
            }
        }
        needed
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
