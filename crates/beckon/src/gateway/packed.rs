//! Bodies that are packed (gzip, RFC 1952): over a long way each segment that is not sent cannot be lost.
//!
//! A page that is made anew each time is packed in pieces: what always stands in it was packed once, and packed pieces
//! may follow one another as blocks of one stream (RFC 1951 §3.2.3), since none refers to what stands before it.

use super::answer::Failure;
use axum::http::{HeaderMap, header};
use beckon_wire::problem::{Code, Problem};
use bytes::Bytes;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::io::{self, Read, Write as _};

/// Whether the client takes gzip (RFC 9110 §12.5.3).
pub fn is_taken(headers: &HeaderMap) -> bool {
    let codings = headers.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let takes = |wanted: &str| {
        codings.split(',').find_map(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let never = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case(wanted).then_some(!never)
        })
    };
    // What is said of a coding by its name counts before what is said of all.
    takes("gzip").or_else(|| takes("*")).unwrap_or(false)
}

/// Why a body cannot be unpacked.
#[derive(Debug)]
pub enum Broken {
    /// It is more than may be, at least so many bytes.
    TooLarge(usize),
    /// It is not what it says it is.
    Unreadable(io::Error),
    /// It is packed in a way that is not known here.
    Unknown(String),
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        let (code, detail) = match broken {
            Broken::TooLarge(bytes) => (Code::BodyTooLarge, format!("it unpacks to {bytes} bytes and more")),
            Broken::Unreadable(error) => (Code::BadBody, format!("the body does not unpack: {error}")),
            Broken::Unknown(other) => (
                Code::MediaTypeUnknown,
                format!("content encoding {other:?} is not taken; send gzip or none"),
            ),
        };
        Problem::new(code).with_detail(detail).into()
    }
}

/// The encoding of a body, as its sender says; empty for none.
pub fn encoding(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_ENCODING).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

/// A body as it was before it was packed, if that is at most `most` bytes.
pub fn unpacked(encoding: &str, raw: Bytes, most: usize) -> Result<Bytes, Broken> {
    let read = |reader: &mut dyn Read| {
        let mut unpacked = Vec::with_capacity(raw.len().saturating_mul(4).min(most));
        match reader.take(most as u64 + 1).read_to_end(&mut unpacked) {
            Ok(bytes) if bytes > most => Err(Broken::TooLarge(bytes)),
            Ok(_) => Ok(Bytes::from(unpacked)),
            Err(error) => Err(Broken::Unreadable(error)),
        }
    };
    match encoding.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(raw),
        "gzip" | "x-gzip" => read(&mut flate2::read::MultiGzDecoder::new(&raw[..])),
        "deflate" => read(&mut flate2::read::ZlibDecoder::new(&raw[..])),
        other => Err(Broken::Unknown(other.to_owned())),
    }
}

/// A text that stands in many pages.
#[derive(Debug)]
pub struct Fixed {
    text: String,
    blocks: Vec<u8>,
    crc: Crc,
}

impl Fixed {
    /// Packs it as well as can be.
    pub fn new(text: String) -> Fixed {
        Fixed { blocks: blocks(&text, Compression::best()), crc: crc(&text), text }
    }

    /// As it was.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A page in the making: texts of its own, and fixed ones.
#[derive(Debug, Default)]
pub struct Page<'a> {
    pieces: Vec<(String, Option<&'a Fixed>)>,
}

impl<'a> Page<'a> {
    /// Where text of its own goes on.
    pub fn text(&mut self) -> &mut String {
        if self.pieces.last().is_none_or(|(_, fixed)| fixed.is_some()) {
            self.pieces.push((String::new(), None));
        }
        let last = self.pieces.len() - 1;
        &mut self.pieces[last].0
    }

    /// A fixed text follows.
    pub fn fixed(&mut self, fixed: &'a Fixed) {
        self.text();
        let last = self.pieces.len() - 1;
        self.pieces[last].1 = Some(fixed);
    }

    /// As it is.
    pub fn plain(&self) -> String {
        self.pieces.iter().flat_map(|(own, fixed)| [own.as_str(), fixed.map_or("", Fixed::text)]).collect()
    }

    /// Packed.
    pub fn packed(&self) -> Vec<u8> {
        const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        /// A last block with nothing in it.
        const END: [u8; 2] = [3, 0];
        let (mut out, mut sum) = (Vec::from(HEAD), Crc::new());
        for (own, fixed) in &self.pieces {
            if !own.is_empty() {
                out.extend(blocks(own, Compression::fast()));
                sum.combine(&crc(own));
            }
            if let Some(fixed) = fixed {
                out.extend_from_slice(&fixed.blocks);
                sum.combine(&fixed.crc);
            }
        }
        out.extend(END);
        out.extend(sum.sum().to_le_bytes());
        out.extend(sum.amount().to_le_bytes());
        out
    }
}

/// A text packed as one document.
pub fn packed(text: &str) -> Vec<u8> {
    let mut page = Page::default();
    page.text().push_str(text);
    page.packed()
}

/// Whole blocks that end on a byte, none of them the last of a stream.
fn blocks(text: &str, level: Compression) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::with_capacity(text.len() / 2 + 64), level);
    // A vector takes all that is written.
    let written = packer.write_all(text.as_bytes()).and_then(|()| packer.flush());
    debug_assert!(written.is_ok());
    std::mem::take(packer.get_mut())
}

fn crc(text: &str) -> Crc {
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(packed: Vec<u8>) -> String {
        let out = unpacked("gzip", Bytes::from(packed), 1 << 20).unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn a_page_of_pieces_unpacks_to_what_it_is_plainly() {
        let styles = Fixed::new("body { margin: 0 } ".repeat(500));
        let script = Fixed::new("let it = 'be' // 买\n".repeat(900));
        let mut page = Page::default();
        assert_eq!(read(page.packed()), "");
        page.fixed(&styles);
        page.text().push_str("body { margin: 0 } 秋冬护肤");
        page.fixed(&script);
        page.fixed(&script);
        page.text().push_str("</html>");
        assert_eq!(read(page.packed()), page.plain());
        assert!(page.packed().len() * 20 < page.plain().len());
        assert_eq!(read(packed("v=0\r\n")), "v=0\r\n");
    }

    #[test]
    fn what_unpacks_to_too_much_or_to_nothing_is_told() {
        let bomb = Bytes::from(packed(&"0".repeat(70_000)));
        assert!(matches!(unpacked("gzip", bomb.clone(), 69_999), Err(Broken::TooLarge(70_000))));
        assert_eq!(unpacked("X-GZIP", bomb.clone(), 70_000).unwrap().len(), 70_000);
        assert!(matches!(unpacked("gzip", bomb.slice(..bomb.len() - 9), 70_000), Err(Broken::Unreadable(_))));
        assert!(matches!(unpacked("br", bomb.clone(), 70_000), Err(Broken::Unknown(other)) if other == "br"));
        assert_eq!(unpacked("", bomb.clone(), 1).unwrap(), bomb);
    }

    #[test]
    fn a_client_says_whether_it_takes_gzip() {
        let of = |text: &'static str| {
            is_taken(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]))
        };
        assert!(of("gzip, deflate, br") && of("br;q=1.0, GZIP;q=0.8") && of("*"));
        assert!(
            !of("br")
                && !of("gzip;q=0")
                && !of("gzip;q=0, *")
                && !of("br, *;q=0")
                && !is_taken(&HeaderMap::new())
        );
    }
}
