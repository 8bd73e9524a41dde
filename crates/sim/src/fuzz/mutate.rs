//! Ways to spoil bytes.

use crate::random::Random;

/// Flips one bit.
pub fn flip(bytes: &mut [u8], random: &mut Random) {
    if !bytes.is_empty() {
        let at = random.index(bytes.len());
        bytes[at] ^= 1 << random.below(8);
    }
}

/// Spoils bytes in one of many ways; the length may change.
pub fn spoil(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.range(1, 3) {
        let at = random.index(bytes.len().max(1)).min(bytes.len());
        let end = (at + random.range(1, 40) as usize).min(bytes.len());
        match random.below(9) {
            0..2 => flip(bytes, random),
            2 if at < bytes.len() => bytes[at] = random.choose(&[0, 1, 0x7f, 0x80, 0xff]),
            3 => bytes[at..end].fill_with(|| random.bits() as u8),
            4 => bytes[at..end].fill(random.choose(&[0, 0xff])),
            5 => bytes.truncate(at),
            6 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            7 => {
                bytes.drain(at..end);
            }
            _ => {
                let count = random.below(24);
                bytes.extend((0..count).map(|_| random.bits() as u8));
            }
        }
    }
}
