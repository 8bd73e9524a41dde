//! Reading and writing the compact binary form of events, messages and snapshots.
//!
//! Integers are LEB128 varints, strings are length-prefixed UTF-8. Reading never panics: what does not
//! parse is [`Malformed`] with the position.

/// Bytes that are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// What was being read.
    pub what: &'static str,
    /// Position in the buffer, in bytes.
    pub at: usize,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "malformed {} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for Malformed {}

/// Appends values to a byte buffer.
pub trait Put {
    /// A LEB128 varint.
    fn put_uint(&mut self, value: u64);
    /// A zigzag varint.
    fn put_int(&mut self, value: i64);
    /// A length-prefixed string.
    fn put_str(&mut self, text: &str);
    /// Length-prefixed bytes.
    fn put_bytes(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    fn put_uint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn put_int(&mut self, value: i64) {
        self.put_uint(((value << 1) ^ (value >> 63)) as u64);
    }

    fn put_str(&mut self, text: &str) {
        self.put_bytes(text.as_bytes());
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_uint(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }
}

/// Reads values from a byte buffer, in the order they were put.
#[derive(Debug, Clone)]
pub struct Get<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Get<'a> {
    /// Starts at the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Get { bytes, at: 0 }
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// An error about what is at the present position.
    pub fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at }
    }

    /// One byte.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, Malformed> {
        let byte = *self.bytes.get(self.at).ok_or(self.malformed(what))?;
        self.at += 1;
        Ok(byte)
    }

    /// A LEB128 varint.
    pub fn uint(&mut self, what: &'static str) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8(what)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed(what))
    }

    /// A varint that fits 32 bits.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        u32::try_from(self.uint(what)?).map_err(|_| self.malformed(what))
    }

    /// A varint that fits 16 bits.
    pub fn u16(&mut self, what: &'static str) -> Result<u16, Malformed> {
        u16::try_from(self.uint(what)?).map_err(|_| self.malformed(what))
    }

    /// A zigzag varint.
    pub fn int(&mut self, what: &'static str) -> Result<i64, Malformed> {
        let raw = self.uint(what)?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// A zigzag varint that fits 16 bits.
    pub fn i16(&mut self, what: &'static str) -> Result<i16, Malformed> {
        i16::try_from(self.int(what)?).map_err(|_| self.malformed(what))
    }

    /// A length that is no more than the bytes left: safe to reserve for.
    pub fn len(&mut self, what: &'static str) -> Result<usize, Malformed> {
        let len = self.uint(what)?;
        if len > self.rest().len() as u64 {
            return Err(self.malformed(what));
        }
        Ok(len as usize)
    }

    /// Exactly `len` bytes.
    pub fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let rest = self.rest();
        if len > rest.len() {
            return Err(self.malformed(what));
        }
        self.at += len;
        Ok(&rest[..len])
    }

    /// A fixed number of bytes.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Malformed> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, what)?);
        Ok(out)
    }

    /// Length-prefixed bytes.
    pub fn bytes(&mut self, what: &'static str) -> Result<&'a [u8], Malformed> {
        let len = self.len(what)?;
        self.take(len, what)
    }

    /// A length-prefixed string.
    pub fn str(&mut self, what: &'static str) -> Result<&'a str, Malformed> {
        let at = self.at;
        std::str::from_utf8(self.bytes(what)?).map_err(|_| Malformed { what, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_got_back_and_a_cut_is_an_error() {
        let mut out = Vec::new();
        out.put_uint(u64::MAX);
        out.put_int(i64::MIN);
        out.put_str("直播");
        for cut in 0..out.len() {
            let mut get = Get::new(&out[..cut]);
            let all = get.uint("a").and_then(|_| get.int("b")).and_then(|_| get.str("c"));
            assert!(all.is_err(), "a cut at {cut} went unseen");
        }
        let mut get = Get::new(&out);
        assert_eq!(get.uint("a"), Ok(u64::MAX));
        assert_eq!(get.int("b"), Ok(i64::MIN));
        assert_eq!(get.str("c"), Ok("直播"));
        assert!(get.is_empty());
    }
}
