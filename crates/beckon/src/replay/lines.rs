//! A log's lines, streamed from a plain or a gzip file. How far the file itself was read is known at any
//! time, since that is what a progress bar can tell the end of.

use super::error::Error;
use super::formats::Bad;
use super::limits::LINE_BYTES_MAX;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const BUFFER_BYTES: usize = 128 << 10;

/// A log's text.
pub(super) type Text = Box<dyn BufRead + Send>;

/// Opens a log. Also gives its length in bytes and how many of them were read so far.
pub(super) fn open(path: &Path) -> Result<(Text, u64, Arc<AtomicU64>), Error> {
    let failed = |source| Error::Open { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted { file, read: Arc::clone(&read) };
    let text = unpacked(BufReader::with_capacity(BUFFER_BYTES, counted)).map_err(failed)?;
    Ok((text, bytes, read))
}

/// The text of a log, whether it is compressed or not: its first bytes tell, not its name.
pub(super) fn unpacked(mut log: impl BufRead + Send + 'static) -> io::Result<Text> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    if log.fill_buf()?.starts_with(GZIP) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(log))));
    }
    Ok(Box::new(log))
}

struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(into)?;
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

/// The lines of a log, without their ends; empty ones are passed over.
pub(super) struct Lines {
    text: Text,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    pub fn new(text: Text) -> Self {
        Lines { text, line: Vec::with_capacity(4096), number: 0 }
    }

    /// The next line; `None` at the end. A line that is too long is read over, and bad.
    pub fn next(&mut self) -> Result<Option<Result<&[u8], Bad>>, Error> {
        loop {
            self.line.clear();
            let mut text = (&mut self.text).take(LINE_BYTES_MAX as u64 + 1);
            let bytes = text.read_until(b'\n', &mut self.line).map_err(|source| self.failed(source))?;
            if bytes == 0 {
                return Ok(None);
            }
            self.number += 1;
            if bytes > LINE_BYTES_MAX && self.line.last() != Some(&b'\n') {
                self.text.skip_until(b'\n').map_err(|source| self.failed(source))?;
                return Ok(Some(Err(Bad::Line(format!("is longer than {LINE_BYTES_MAX} bytes")))));
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some(Ok(self.stripped())));
            }
        }
    }

    /// The error that a bad line is.
    pub fn error(&self, bad: Bad) -> Error {
        match bad {
            Bad::Line(why) => Error::BadLine { line: self.number, why },
            Bad::File(why) => Error::BadFile { why },
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Read { line: self.number, source }
    }

    /// Without the line's end, and without the mark that some editors put before the first.
    fn stripped(&self) -> &[u8] {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.strip_prefix(b"\xef\xbb\xbf".as_slice()).unwrap_or(line)
    }
}
