//! The room's status and its warnings: from what has been seen, not from what was announced.

use super::Room;
use crate::limits::*;
use crate::peer::{Peer, Via};
use crate::publisher::Publisher;
use crate::status::{LayerStatus, Status, Warning};
use crate::viewer::Viewer;
use std::time::{Duration, Instant};

/// Pictures out of order before it is called B-frames rather than an accident.
const REORDERED_WARN: u32 = 5;
/// How long a publisher may take to send both sound and picture.
const BOTH_WITHIN: Duration = Duration::from_secs(5);

impl<P: Peer> Room<P> {
    /// The room as it is now.
    pub fn status(&self, now: Instant) -> Status {
        let connected = self.viewers.values().filter(|viewer| viewer.connected).count();
        let by_tcp = |viewer: &&Viewer<P>| viewer.connected && viewer.peer.via() == Some(Via::Tcp);
        let over_tcp = self.viewers.values().filter(by_tcp).count();
        let status = Status { viewers: self.viewers.len(), connected, over_tcp, ..Status::default() };
        let Some(publisher) = &self.publisher else { return status };
        let watched = |at: usize| self.viewers.values().filter(|viewer| viewer.layer() == Some(at)).count();
        let layers = publisher.layers.iter().enumerate().filter(|(_, layer)| layer.is_heard(now));
        Status {
            live: publisher.heard.is_some() && publisher.silence(now) < PUBLISHER_SILENT_AFTER,
            publisher: true,
            layers: layers
                .map(|(at, layer)| LayerStatus {
                    name: layer.name.map(|name| name.as_str().to_owned()),
                    codec: layer.codec,
                    bits_per_second: layer.bits_per_second(),
                    key_frame_every: layer.key_frame_every,
                    viewers: watched(at),
                })
                .collect(),
            audio: publisher.audio_heard.is_some_and(|heard| now - heard < PUBLISHER_SILENT_AFTER),
            warnings: self.warnings(now, publisher),
            ..status
        }
    }

    fn warnings(&self, now: Instant, publisher: &Publisher) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let silence = publisher.silence(now);
        if silence >= PUBLISHER_SILENT_AFTER {
            return vec![Warning::Silent(silence)];
        }
        if let Some(every) = rare_key_frames(now, publisher) {
            warnings.push(Warning::KeyFramesRare { every });
        }
        if publisher.layers.iter().any(|layer| layer.reordered >= REORDERED_WARN) {
            warnings.push(Warning::ReorderedPictures);
        }
        if let Some(layer) = publisher.layers.first() {
            let codec = layer.codec;
            if !codec.is_widely_played() {
                warnings.push(Warning::FewPlayIt { codec });
            }
            let cannot = |viewer: &&Viewer<P>| viewer.connected && !viewer.peer.plays(codec);
            let viewers = self.viewers.values().filter(cannot).count();
            if viewers > 0 {
                warnings.push(Warning::NotPlayed { codec, viewers });
            }
        }
        if now - publisher.came > BOTH_WITHIN && publisher.heard.is_some() {
            if publisher.audio_heard.is_none() {
                warnings.push(Warning::Missing("sound"));
            }
            if publisher.layers.is_empty() {
                warnings.push(Warning::Missing("picture"));
            }
        }
        warnings
    }
}

/// How far key frames are apart, if that is too far. An encoder that sends one when asked needs no more.
fn rare_key_frames(now: Instant, publisher: &Publisher) -> Option<Duration> {
    if publisher.obeys == Some(true) {
        return None;
    }
    let seen = publisher.layers.iter().filter_map(|layer| {
        let since = layer.key_frame_at.map(|then| now.saturating_duration_since(then));
        since.max(layer.key_frame_every)
    });
    seen.max().filter(|every| *every > KEY_FRAME_INTERVAL_WARN)
}
