//! Who a first datagram is for: the name that a STUN request carries. Later datagrams are known by address.

/// The server's part of the user name of a STUN binding request (RFC 8445 §7.2.2), if these bytes are one.
///
/// Reads only the outline; the session itself verifies the message.
pub fn ufrag(bytes: &[u8]) -> Option<&str> {
    const HEADER: usize = 20;
    const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
    const BINDING_REQUEST: [u8; 2] = [0, 1];
    const USERNAME: u16 = 6;
    if bytes.len() < HEADER || bytes[..2] != BINDING_REQUEST || bytes[4..8] != MAGIC {
        return None;
    }
    let mut rest = &bytes[HEADER..];
    while let [kind_high, kind_low, length_high, length_low, after @ ..] = rest {
        let kind = u16::from_be_bytes([*kind_high, *kind_low]);
        let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
        let value = after.get(..length)?;
        if kind == USERNAME {
            let name = std::str::from_utf8(value).ok()?;
            return name.split(':').next();
        }
        rest = after.get(length.next_multiple_of(4)..)?;
    }
    None
}

/// Whether these bytes are a STUN message rather than DTLS, RTP or RTCP (RFC 7983).
pub(crate) fn is_stun(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|&first| first < 2)
}

#[cfg(test)]
mod tests {
    use super::ufrag;

    #[test]
    fn a_user_name_is_found_behind_other_attributes_and_nowhere_else() {
        let mut message = vec![0, 1, 0, 24, 0x21, 0x12, 0xa4, 0x42];
        message.extend([7; 12]);
        message.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]);
        message.extend([0, 6, 0, 9]);
        message.extend(b"ours:them\0\0\0");
        assert_eq!(ufrag(&message), Some("ours"));
        for end in 0..message.len() - 3 {
            assert_eq!(ufrag(&message[..end]), None, "{end}");
        }
    }
}
