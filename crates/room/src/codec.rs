//! What a stream is coded with, and where its pictures begin. Pictures are never decoded: the first bytes of a
//! payload tell a key frame, in each codec's own way.

use str0m::format::{detect_av1_keyframe, detect_h264_nalu, detect_vp8_keyframe, detect_vp9_keyframe};
use str0m::rtp::Vp8Descriptor;

use crate::packet::Picture;

/// Sound or picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// What a stream is coded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Opus, at 48 kHz.
    Opus,
    /// H.264 with its `profile-level-id` (RFC 6184 §8.1) and whether pictures may be split over packets.
    H264 {
        /// Profile, constraints and level, a byte each.
        profile_level: u32,
        /// `packetization-mode=1`.
        split: bool,
    },
    /// VP8.
    Vp8,
    /// VP9 with its profile.
    Vp9 {
        /// 0 is 8 bit 4:2:0, which everyone plays.
        profile: u32,
    },
    /// AV1.
    Av1,
}

const SEQUENCE_PARAMETERS: u8 = 7;
const INSTANT_REFRESH: u8 = 5;

impl Codec {
    /// Sound or picture.
    pub fn kind(self) -> Kind {
        match self {
            Codec::Opus => Kind::Audio,
            _ => Kind::Video,
        }
    }

    /// Ticks of the RTP clock a second.
    pub fn clock_rate(self) -> u64 {
        match self {
            Codec::Opus => 48_000,
            _ => 90_000,
        }
    }

    /// Its name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Opus => "Opus",
            Codec::H264 { .. } => "H.264",
            Codec::Vp8 => "VP8",
            Codec::Vp9 { .. } => "VP9",
            Codec::Av1 => "AV1",
        }
    }

    /// Whether a payload begins, or is the first to show, a picture that needs no other.
    pub fn begins_key_frame(self, payload: &[u8]) -> bool {
        match self {
            Codec::Opus => false,
            // Encoders send the parameters first, as a packet of their own or within the picture's first.
            Codec::H264 { .. } => {
                detect_h264_nalu(payload, SEQUENCE_PARAMETERS) || detect_h264_nalu(payload, INSTANT_REFRESH)
            }
            Codec::Vp8 => detect_vp8_keyframe(payload),
            // The frame's beginning (B) of a picture that is not predicted (P = 0), lowest spatial layer.
            Codec::Vp9 { .. } => {
                payload.first().is_some_and(|first| first & 0x08 != 0) && detect_vp9_keyframe(payload)
            }
            Codec::Av1 => detect_av1_keyframe(payload),
        }
    }

    /// Whether a packet that begins a key frame is the first of its picture for sure. In H.264 each slice could be, but for
    /// what comes with the parameters.
    pub fn begins_picture(self, payload: &[u8]) -> bool {
        match self {
            Codec::H264 { .. } => detect_h264_nalu(payload, SEQUENCE_PARAMETERS),
            _ => self.begins_key_frame(payload),
        }
    }

    /// The numbers that a VP8 payload carries beside RTP's own, if it does.
    pub fn picture(self, payload: &[u8]) -> Option<Picture> {
        if self != Codec::Vp8 {
            return None;
        }
        let descriptor = Vp8Descriptor::parse(payload).ok()?;
        let id = descriptor.picture_id()?;
        Some(Picture { id, base: descriptor.tl0_pic_idx() })
    }

    /// Whether browsers on phones can be expected to play it.
    pub fn is_widely_played(self) -> bool {
        match self {
            Codec::Opus | Codec::Vp8 => true,
            // Baseline, main and high; not 10 bit or 4:2:2.
            Codec::H264 { profile_level, .. } => matches!(profile_level >> 16, 0x42 | 0x4d | 0x64),
            Codec::Vp9 { profile } => profile == 0,
            Codec::Av1 => false,
        }
    }
}
