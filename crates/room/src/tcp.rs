//! Datagrams over TCP: each with its length before it, in two bytes (RFC 4571). For networks that block UDP.

use crate::limits::DATAGRAM_BYTES_MAX;

/// Bytes that a frame is longer than its datagram.
pub const FRAME_HEAD_BYTES: usize = 2;

/// A datagram with its length before it. `None` if it is too long to be one.
pub fn frame(datagram: &[u8]) -> Option<Vec<u8>> {
    let mut framed = Vec::with_capacity(datagram.len() + FRAME_HEAD_BYTES);
    frame_into(&mut framed, datagram).then_some(framed)
}

/// Adds a datagram with its length before it to a stream. `false`, and nothing is added, if it is too long to be one.
pub fn frame_into(stream: &mut Vec<u8>, datagram: &[u8]) -> bool {
    let Ok(length) = u16::try_from(datagram.len()) else { return false };
    stream.extend(length.to_be_bytes());
    stream.extend(datagram);
    true
}

/// Takes datagrams out of a stream of bytes.
#[derive(Debug, Default)]
pub struct Deframer {
    pending: Vec<u8>,
}

/// The stream says that a datagram comes which is longer than any that is sent: it is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a datagram of {0} bytes was announced; the connection does not carry framed datagrams")]
pub struct NotFramed(pub usize);

impl Deframer {
    /// At the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes in and gives each datagram that is whole to `each`.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), NotFramed> {
        self.pending.extend(bytes);
        let mut rest = self.pending.as_slice();
        while let [high, low, after @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length > DATAGRAM_BYTES_MAX {
                return Err(NotFramed(length));
            }
            let Some(datagram) = after.get(..length) else { break };
            each(datagram);
            rest = &after[length..];
        }
        let left = rest.len();
        self.pending.drain(..self.pending.len() - left);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_out_as_they_went_in_wherever_the_stream_is_cut() {
        let datagrams: [&[u8]; 4] = [b"one", b"", b"three", &[9; 1_200]];
        let stream: Vec<u8> = datagrams.iter().flat_map(|datagram| frame(datagram).expect("short")).collect();
        for step in [1, 2, 3, 7, 1_000, stream.len()] {
            let (mut deframer, mut seen) = (Deframer::new(), Vec::new());
            for piece in stream.chunks(step) {
                deframer.push(piece, |datagram| seen.push(datagram.to_vec())).expect("framed");
            }
            assert_eq!(seen, datagrams, "{step}");
        }
    }

    #[test]
    fn a_stream_of_something_else_is_told() {
        assert_eq!(Deframer::new().push(b"GET / HTTP/1.1\r\n", |_| {}), Err(NotFramed(0x4745)));
    }
}
