//! What a room says of itself: who is there, what comes in, and what the host should change.

use crate::codec::Codec;
use std::time::Duration;

/// What is wrong with a stream, in words for the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// New viewers wait long for a picture.
    #[error(
        "key frames come every {seconds:.1} s and the encoder does not send one when asked, so new viewers wait \
         for a picture; set the keyframe interval to 1 or 2 s (OBS: Output → Keyframe Interval; ffmpeg: -g)",
        seconds = every.as_secs_f32()
    )]
    KeyFramesRare {
        /// How far they are apart.
        every: Duration,
    },
    /// Pictures come in another order than they are shown in.
    #[error(
        "the encoder uses B-frames, which browsers play late or in the wrong order; turn them off (OBS: B-frames 0 \
         or tune zerolatency; ffmpeg: -bf 0)"
    )]
    ReorderedPictures,
    /// Many viewers will see nothing.
    #[error("{codec} is not played by every phone; use H.264 (baseline, main or high) or VP8", codec = codec.name())]
    FewPlayIt {
        /// What is sent.
        codec: Codec,
    },
    /// Viewers who are inside cannot play it.
    #[error("{viewers} of the viewers cannot play {codec}; use H.264 or VP8", codec = codec.name())]
    NotPlayed {
        /// What is sent.
        codec: Codec,
        /// How many cannot play it.
        viewers: usize,
    },
    /// Nothing comes in.
    #[error("nothing has come from the encoder for {} s; check its connection", .0.as_secs())]
    Silent(Duration),
    /// There is a picture and no sound, or the reverse.
    #[error("the stream has no {0}; if there should be some, check the encoder's sources")]
    Missing(&'static str),
}

impl Warning {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Warning::KeyFramesRare { .. } => "key_frames_rare",
            Warning::ReorderedPictures => "reordered_pictures",
            Warning::FewPlayIt { .. } => "few_play_it",
            Warning::NotPlayed { .. } => "not_played",
            Warning::Silent(_) => "silent",
            Warning::Missing(_) => "missing_stream",
        }
    }
}

/// A layer of the publisher's picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerStatus {
    /// Its name, if there are several.
    pub name: Option<String>,
    /// What it is coded with.
    pub codec: Codec,
    /// Bits a second, lately.
    pub bits_per_second: u64,
    /// How far key frames were apart, last.
    pub key_frame_every: Option<Duration>,
    /// How many viewers see it.
    pub viewers: usize,
}

/// A room as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether media comes in.
    pub live: bool,
    /// Whether a publisher has a session, even if it is silent.
    pub publisher: bool,
    /// Viewers with a session.
    pub viewers: usize,
    /// Those of them who are connected.
    pub connected: usize,
    /// Those of them whom media reaches over TCP, for their networks let no UDP through.
    pub over_tcp: usize,
    /// What comes in.
    pub layers: Vec<LayerStatus>,
    /// Whether sound comes in.
    pub audio: bool,
    /// What the host should change.
    pub warnings: Vec<Warning>,
}

impl Status {
    /// The same room on another floor, where it is a guest: its viewers count here, too. What comes in, and what is wrong
    /// with it, the home knows.
    pub fn add(&mut self, guest: Status) {
        self.viewers += guest.viewers;
        self.connected += guest.connected;
        self.over_tcp += guest.over_tcp;
        for layer in &mut self.layers {
            let same = guest.layers.iter().filter(|it| it.name == layer.name);
            layer.viewers += same.map(|it| it.viewers).sum::<usize>();
        }
        for warning in guest.warnings {
            let Warning::NotPlayed { codec, viewers } = warning else { continue };
            let known = self.warnings.iter_mut().find_map(|warning| match warning {
                Warning::NotPlayed { viewers, .. } => Some(viewers),
                _ => None,
            });
            match known {
                Some(known) => *known += viewers,
                None => self.warnings.push(Warning::NotPlayed { codec, viewers }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_of_all_floors_count_and_what_is_wrong_is_said_once() {
        let (vp9, codec) = (Codec::Vp9 { profile: 2 }, Codec::Vp8);
        let layer = |name: &str, viewers| LayerStatus {
            name: Some(name.to_owned()),
            codec,
            bits_per_second: 1,
            key_frame_every: None,
            viewers,
        };
        let not_played = |viewers| Warning::NotPlayed { codec: vp9, viewers };
        let home = Status {
            live: true,
            publisher: true,
            viewers: 3,
            connected: 2,
            layers: vec![layer("a", 1), layer("b", 1)],
            warnings: vec![Warning::FewPlayIt { codec: vp9 }],
            ..Status::default()
        };
        let guest = Status {
            viewers: 5,
            connected: 5,
            over_tcp: 1,
            // It may have heard of the layers in another order.
            layers: vec![layer("b", 4), layer("a", 1)],
            warnings: vec![Warning::FewPlayIt { codec: vp9 }, not_played(2)],
            ..home.clone()
        };
        let mut all = home;
        all.add(guest.clone());
        all.add(Status { layers: vec![layer("b", 0)], ..guest });
        let watched: Vec<usize> = all.layers.iter().map(|it| it.viewers).collect();
        assert_eq!((all.viewers, all.connected, all.over_tcp, watched), (13, 12, 2, vec![2, 5]));
        assert_eq!(all.warnings, [Warning::FewPlayIt { codec: vp9 }, not_played(4)]);
    }
}
