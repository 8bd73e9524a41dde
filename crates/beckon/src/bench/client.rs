//! The cheapest HTTP client that is still one: a request is bytes that were rendered before, of the answer
//! only what is needed is read. What it spends is taken from the server, which has the same cores.

use super::error::Error;
use super::limits::ANSWER_BYTES;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept alive.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    answer: Vec<u8>,
    body: Range<usize>,
    /// The server will close it after this answer.
    closing: bool,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            address,
            stream,
            answer: Vec::with_capacity(ANSWER_BYTES),
            body: 0..0,
            closing: false,
        })
    }

    /// Connects again.
    pub async fn reopen(&mut self) -> io::Result<()> {
        *self = Connection::open(self.address).await?;
        Ok(())
    }

    /// Sends a request and waits for its answer; returns HTTP's status.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        if self.closing {
            self.reopen().await?;
        }
        self.stream.write_all(request).await?;
        self.answer.clear();
        let head = loop {
            self.read().await?;
            if let Some(at) = self.answer.windows(4).position(|it| it == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let text = std::str::from_utf8(&self.answer[..head]).map_err(|_| invalid("its head is no text"))?;
        let length: usize = match header(text, "content-length") {
            Some(length) => length.parse().map_err(|_| invalid("its length is no number"))?,
            None => return Err(invalid("it has no length")),
        };
        let status = text.get(9..12).and_then(|it| it.parse().ok()).ok_or(invalid("it has no status"))?;
        self.closing = header(text, "connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
        while self.answer.len() < head + length {
            self.read().await?;
        }
        self.body = head..head + length;
        Ok(status)
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        &self.answer[self.body.clone()]
    }

    /// The last answer as an error.
    pub fn refusal(&self, path: &str, status: u16) -> Error {
        let body = String::from_utf8_lossy(self.body()).chars().take(300).collect();
        Error::Answer { path: path.to_owned(), status, body }
    }

    async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.answer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("an answer that this client cannot read: {what}"))
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut fields = head.split("\r\n").skip(1).filter_map(|it| it.split_once(':'));
    fields.find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.trim())
}

/// A request without a body, as bytes.
pub fn get(path: &str, authorization: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: {authorization}\r\n\r\n").into_bytes()
}

/// A request with a JSON body, as bytes.
pub fn post(path: &str, authorization: &str, body: &[u8]) -> Vec<u8> {
    with_body("POST", path, authorization, body)
}

/// The same to put something.
pub fn put(path: &str, authorization: &str, body: &[u8]) -> Vec<u8> {
    with_body("PUT", path, authorization, body)
}

fn with_body(method: &str, path: &str, authorization: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
