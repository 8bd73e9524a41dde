//! The current group of pictures of a layer: from its last key frame on. It is what a new viewer is given, so
//! that he sees a picture at once. A group that grows beyond its bounds is no longer given out, except for its
//! key frame.

use crate::limits::{GROUP_BYTES_KEPT_MAX, GROUP_BYTES_MAX, GROUP_PACKETS_MAX, GROUP_SPAN_MAX};
use crate::packet::Packet;
use std::collections::VecDeque;
use std::time::Instant;

/// A packet of a group and when it was taken.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The packet.
    pub packet: Packet,
    /// When its picture was taken, on the server's clock.
    pub taken: Instant,
}

/// The packets since the last key frame, in order.
#[derive(Clone, Debug, Default)]
pub struct Group {
    packets: VecDeque<Kept>,
    bytes: usize,
    began: Option<Instant>,
    /// Where the first picture ends: the first sequence number behind it.
    first_ends: Option<u64>,
    /// Packets were left out for want of room: what follows cannot be shown.
    cut: bool,
    /// Packets are missing before the next one.
    torn: bool,
    /// The time of the picture that came behind missing packets: it may be without its beginning.
    torn_picture: Option<u64>,
}

impl Group {
    /// Forgets everything: the publisher is another.
    pub fn clear(&mut self) {
        *self = Group::default();
    }

    /// Takes a packet in. `begins` says that it is the first that shows a key frame; then the group starts anew
    /// with the first packet of that picture. Says whether a group started.
    pub fn push(&mut self, now: Instant, kept: Kept, begins: bool) -> bool {
        let (sequence, timestamp) = (kept.packet.sequence, kept.packet.timestamp);
        let newest = self.packets.back().map(|last| last.packet.timestamp);
        if std::mem::take(&mut self.torn) {
            self.torn_picture = Some(timestamp);
        }
        let is_whole =
            self.torn_picture != Some(timestamp) || kept.packet.codec.begins_picture(&kept.packet.payload);
        let begins = begins && is_whole;
        let starts =
            begins && newest.is_none_or(|newest| timestamp >= newest) && !self.is_of_first(timestamp);
        if starts {
            // Parameters or delimiters of the same picture may have come before the packet that tells.
            while self.packets.front().is_some_and(|front| front.packet.timestamp != timestamp) {
                let gone = self.packets.pop_front();
                self.bytes -= gone.map_or(0, |gone| gone.packet.payload.len());
            }
            self.began = Some(now);
            self.first_ends = None;
            self.cut = false;
        }
        let Some(began) = self.began else {
            // No key frame yet. Only the picture under way is kept, in case it turns out to be one.
            if newest.is_some_and(|newest| newest != timestamp) {
                self.packets.clear();
                self.bytes = 0;
            }
            if self.packets.len() < GROUP_PACKETS_MAX && self.bytes < GROUP_BYTES_MAX {
                self.insert(kept);
            }
            return false;
        };
        if self.packets.front().is_some_and(|front| sequence < front.packet.sequence && !starts) {
            if self.is_of_first(timestamp) {
                self.insert(kept);
            }
            return false;
        }
        if !self.is_of_first(timestamp) && self.first_ends.is_none_or(|ends| sequence < ends) && !starts {
            self.first_ends = Some(sequence);
        }
        let too_old = now.saturating_duration_since(began) > GROUP_SPAN_MAX * 2;
        let too_much = self.bytes + kept.packet.payload.len() > GROUP_BYTES_KEPT_MAX;
        if self.cut || too_old || too_much || self.packets.len() >= GROUP_PACKETS_MAX {
            self.cut = true;
            return starts;
        }
        self.insert(kept);
        starts
    }

    /// Something that followed is missing: nobody can go on with the rest. The key frame is still good if it is whole.
    pub fn tear(&mut self) {
        match self.first_ends {
            Some(_) => self.cut = true,
            None => self.clear(),
        }
        self.torn = true;
    }

    fn is_of_first(&self, timestamp: u64) -> bool {
        self.began.is_some() && self.packets.front().is_some_and(|front| front.packet.timestamp == timestamp)
    }

    /// Inserts in the order of sequence numbers; a packet that is there already is dropped.
    fn insert(&mut self, kept: Kept) {
        let sequence = kept.packet.sequence;
        let at = self.packets.partition_point(|other| other.packet.sequence < sequence);
        if self.packets.get(at).is_some_and(|other| other.packet.sequence == sequence) {
            return;
        }
        self.bytes += kept.packet.payload.len();
        self.packets.insert(at, kept);
    }

    /// The first sequence number of the group, if there is one.
    pub fn first(&self) -> Option<u64> {
        self.began?;
        self.packets.front().map(|front| front.packet.sequence)
    }

    /// Whether the whole group may be given to a new viewer now.
    pub fn is_whole(&self, now: Instant) -> bool {
        let young = self.began.is_some_and(|began| now.saturating_duration_since(began) <= GROUP_SPAN_MAX);
        young && !self.cut && self.bytes <= GROUP_BYTES_MAX
    }

    /// Whether nothing was left out, so that who catches up can go on with what comes.
    pub fn is_uncut(&self) -> bool {
        self.began.is_some() && !self.cut
    }

    /// The first packet at or behind a sequence number.
    pub fn at(&self, sequence: u64) -> Option<&Kept> {
        self.began?;
        self.packets.get(self.packets.partition_point(|kept| kept.packet.sequence < sequence))
    }

    /// The sequence number behind the key frame, as far as it has come in.
    pub fn key_frame_ends(&self) -> u64 {
        let behind_last = self.packets.back().map_or(0, |last| last.packet.sequence + 1);
        self.first_ends.unwrap_or(behind_last)
    }

    /// Bytes of payload that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;

    fn packet(sequence: u64, timestamp: u64, nal: u8, now: Instant) -> Kept {
        let codec = Codec::H264 { profile_level: 0x42_e0_1f, split: true };
        let packet = Packet {
            layer: None,
            codec,
            sequence,
            timestamp,
            marker: false,
            turned: None,
            sender: None,
            payload: vec![nal, 1, 2, 3].into(),
        };
        Kept { packet, taken: now }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn a_picture_that_may_be_without_its_beginning_begins_no_group() {
        let (parameters, slice, other) = (0x67, 0x65, 0x41);
        let now = Instant::now();
        let mut group = Group::default();
        let push = |group: &mut Group, sequence, timestamp, nal| {
            let kept = packet(sequence, timestamp, nal, now);
            let begins = kept.packet.codec.begins_key_frame(&kept.packet.payload);
            group.push(now, kept, begins)
        };
        assert!(push(&mut group, 1, 10, slice), "the first slice of a whole picture");
        // Its end and the next picture's beginning are lost.
        group.tear();
        assert!(
            !push(&mut group, 9, 20, slice) && !push(&mut group, 10, 20, slice) && group.first().is_none()
        );
        push(&mut group, 11, 30, other);
        assert!(push(&mut group, 12, 40, slice) && group.is_whole(now), "the next key frame is whole");
        // One that comes with its parameters is, too.
        group.tear();
        assert!(push(&mut group, 20, 50, parameters) && group.is_whole(now) && group.first() == Some(20));
    }
}
