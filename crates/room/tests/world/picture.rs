//! The bytes of simulated pictures and sounds: as much of a codec's outline as the room reads, then what the test
//! wants to know again at the other end.

use str0m::format::Codec;

/// What a packet of the simulation says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which host made it.
    pub host: u16,
    /// Which frame of the layer, from 1.
    pub frame: u32,
    /// Which packet of the frame.
    pub index: u16,
    /// How many packets the frame has.
    pub count: u16,
    /// Whether the frame needs no other.
    pub key: bool,
    /// Which layer.
    pub layer: u8,
    /// When it was taken, in microseconds of the simulation.
    pub taken_us: u64,
}

const MAGIC: u8 = 0xbe;

impl Mark {
    /// The payload of a packet.
    pub fn payload(&self, codec: Codec, length: usize) -> Vec<u8> {
        let first = self.index == 0;
        let mut bytes = match codec {
            Codec::Vp8 => {
                let id = (self.frame & 0x7fff) as u16 | 0x8000;
                let [high, low] = id.to_be_bytes();
                let start = if first { 0x90 } else { 0x80 };
                vec![start, 0xe0, high, low, self.frame as u8, 0, u8::from(!self.key), 0, 0, 0x9d, 1, 0x2a]
            }
            Codec::Vp9 => vec![u8::from(!self.key) << 6 | u8::from(first) << 3],
            Codec::Av1 => vec![u8::from(self.key && first) << 3],
            Codec::Opus => Vec::new(),
            _ => vec![if self.key { 0x65 } else { 0x41 }],
        };
        bytes.push(MAGIC);
        bytes.extend(self.host.to_be_bytes());
        bytes.extend(self.frame.to_be_bytes());
        bytes.extend(self.index.to_be_bytes());
        bytes.extend(self.count.to_be_bytes());
        bytes.push(u8::from(self.key));
        bytes.push(self.layer);
        bytes.extend(self.taken_us.to_be_bytes());
        bytes.resize(bytes.len().max(length), 0x55);
        bytes
    }

    /// Reads it again.
    pub fn read(codec: Codec, payload: &[u8]) -> Option<Mark> {
        let skip = match codec {
            Codec::Vp8 => 12,
            Codec::Opus => 0,
            _ => 1,
        };
        let bytes = payload.get(skip..skip + 21)?;
        let u16_at = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        (bytes[0] == MAGIC).then(|| Mark {
            host: u16_at(1),
            frame: u32::from_be_bytes(bytes[3..7].try_into().expect("four")),
            index: u16_at(7),
            count: u16_at(9),
            key: bytes[11] == 1,
            layer: bytes[12],
            taken_us: u64::from_be_bytes(bytes[13..21].try_into().expect("eight")),
        })
    }
}
