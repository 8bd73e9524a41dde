//! A shopper's phone in a bench: the cheapest WebSocket client that is still one. It says hello, reads frames, answers
//! pings, and of a frame looks only at what is asked for.

use super::error::Error;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes that a phone has room for: a frame of a message.
const BUFFER: usize = 2 << 10;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// An open connection.
#[derive(Debug)]
pub struct Phone {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were given out already.
    taken: usize,
}

impl Phone {
    /// Connects as this visitor or shopper, and waits for the welcome.
    pub async fn open(
        address: SocketAddr,
        key: &str,
        device: &str,
        who: (&str, &str),
    ) -> Result<Phone, Error> {
        let mut phone = Phone::upgrade(address).await.map_err(Error::io("open a WebSocket"))?;
        let (field, id) = who;
        let mut hello = serde_json::json!({ "type": "hello", "write_key": key, "app": "bench",
            "device": { "id": device, "type": "web" }, "state": { "app_state": "foreground" } });
        hello[field] = id.into();
        phone.say(&hello.to_string()).await.map_err(Error::io("say hello"))?;
        let welcome = phone.frame().await.map_err(Error::io("be welcomed"))?;
        if welcome.starts_with(br#"{"type":"welcome""#) {
            return Ok(phone);
        }
        let body = String::from_utf8_lossy(welcome).into_owned();
        Err(Error::Answer { path: "/ws".into(), status: 101, body })
    }

    async fn upgrade(address: SocketAddr) -> io::Result<Phone> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // The key of RFC 6455's own example: nobody here needs a secret one.
        let head = format!(
            "GET /ws HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut buffer = Vec::with_capacity(BUFFER);
        loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = buffer.windows(4).position(|it| it == b"\r\n\r\n") {
                if !buffer.starts_with(b"HTTP/1.1 101") {
                    return Err(invalid("no WebSocket was opened"));
                }
                buffer.drain(..end + 4);
                return Ok(Phone { stream, buffer, taken: 0 });
            }
        }
    }

    /// Sends a text frame.
    pub async fn say(&mut self, text: &str) -> io::Result<()> {
        self.send(TEXT, text.as_bytes()).await
    }

    async fn send(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x80 | kind];
        match u8::try_from(payload.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
            }
        }
        // A mask of zeros changes nothing.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).await
    }

    /// The next text frame.
    pub async fn frame(&mut self) -> io::Result<&[u8]> {
        loop {
            self.buffer.drain(..std::mem::take(&mut self.taken));
            let Some((kind, start, end)) = whole(&self.buffer) else {
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            };
            self.taken = end;
            match kind {
                TEXT => return Ok(&self.buffer[start..end]),
                PING => self.send(PONG, &[]).await?,
                CLOSE => return Err(io::ErrorKind::ConnectionAborted.into()),
                _ => {}
            }
        }
    }
}

/// The first frame of the buffer, if all of it is there: its kind, and where its payload begins and ends.
fn whole(buffer: &[u8]) -> Option<(u8, usize, usize)> {
    let (&kind, &length) = (buffer.first()?, buffer.get(1)?);
    let (start, length) = match length {
        126 => (4, usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?]))),
        short => (2, usize::from(short)),
    };
    (buffer.len() >= start + length).then_some((kind & 0x0f, start, start + length))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
