//! Which payload type stands for which codec in a session. The client chose the numbers; a codec that comes in
//! with one number from the publisher goes out with another to each viewer.

use crate::codec::Codec;
use str0m::format::{Codec as Theirs, CodecSpec, PayloadParams};
use str0m::media::Pt;

/// The payload types of a session.
#[derive(Clone, Debug, Default)]
pub struct Payloads {
    known: Vec<(Pt, Codec)>,
    /// The last answer of `payload_type`: one codec is asked for again and again.
    last: std::cell::Cell<Option<(Codec, Pt)>>,
}

/// What a negotiated format is to us. `None` for what is never forwarded.
pub fn codec(spec: &CodecSpec) -> Option<Codec> {
    Some(match spec.codec {
        Theirs::Opus => Codec::Opus,
        Theirs::H264 => Codec::H264 {
            profile_level: spec.format.profile_level_id.unwrap_or(0x42_00_0a),
            split: spec.format.packetization_mode == Some(1),
        },
        Theirs::Vp8 => Codec::Vp8,
        Theirs::Vp9 => Codec::Vp9 { profile: spec.format.profile_id.unwrap_or(0) },
        Theirs::Av1 => Codec::Av1,
        _ => return None,
    })
}

impl Payloads {
    /// What was agreed on, the client's favourites first.
    pub fn new<'a>(agreed: impl Iterator<Item = &'a PayloadParams>) -> Self {
        let known = agreed.filter_map(|params| Some((params.pt(), codec(&params.spec())?))).collect();
        Payloads { known, last: Default::default() }
    }

    /// Whether nothing was agreed on.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// What a payload type of the client stands for.
    pub fn codec_of(&self, pt: Pt) -> Option<Codec> {
        self.known.iter().find(|(known, _)| *known == pt).map(|(_, codec)| *codec)
    }

    /// The client's payload type that fits a codec best.
    ///
    /// H.264 decoders play more than the profiles that they name, so the nearest is taken: the same profile,
    /// else any that allows pictures to be split as the publisher splits them.
    pub fn payload_type(&self, wanted: Codec) -> Option<Pt> {
        if let Some((codec, pt)) = self.last.get()
            && codec == wanted
        {
            return Some(pt);
        }
        let best = self.known.iter().filter_map(|(pt, known)| Some((fit(wanted, *known)?, *pt)));
        let (_, pt) = best.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
        self.last.set(Some((wanted, pt)));
        Some(pt)
    }
}

fn fit(wanted: Codec, known: Codec) -> Option<u32> {
    match (wanted, known) {
        (
            Codec::H264 { profile_level: wanted, split },
            Codec::H264 { profile_level: known, split: takes_split },
        ) => {
            if split && !takes_split {
                return None;
            }
            let profile = u32::from(wanted >> 16 == known >> 16) * 4;
            let constraints = u32::from(wanted >> 8 == known >> 8) * 2;
            Some(1 + profile + constraints + u32::from(split == takes_split))
        }
        (wanted, known) => (wanted == known).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h264_goes_out_with_the_nearest_profile_and_never_split_to_who_cannot_join() {
        let h264 = |profile_level, split| Codec::H264 { profile_level, split };
        let known = [(96, h264(0x42e01f, false)), (97, h264(0x42001f, true)), (98, h264(0x64001f, true))];
        let payloads =
            Payloads { known: known.map(|(pt, codec)| (pt.into(), codec)).to_vec(), ..Default::default() };
        assert_eq!(payloads.payload_type(h264(0x640c28, true)), Some(98.into()));
        assert_eq!(payloads.payload_type(h264(0x42e01f, true)), Some(97.into()));
        assert_eq!(payloads.payload_type(h264(0x42e01f, false)), Some(96.into()));
        assert_eq!(payloads.payload_type(h264(0x4d0028, true)), Some(97.into()));
        assert_eq!(payloads.payload_type(Codec::Vp8), None);
    }
}
