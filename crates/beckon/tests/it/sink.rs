//! A customer's webhook: takes batches of messages, checks their signature, and remembers them.

use beckon_channels::signature::{Secret, verify};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A webhook that accepts everything.
pub struct Sink {
    pub address: SocketAddr,
    messages: Arc<Mutex<Vec<Value>>>,
}

impl Sink {
    /// Listens, with the secret that messages must be signed with.
    pub fn start(secret: &str) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let messages: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (taken, secret) = (messages.clone(), Secret::parse(secret).expect("a secret"));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (taken, secret) = (taken.clone(), secret.clone());
                std::thread::spawn(move || while take(&stream, &taken, &secret).is_some() {});
            }
        });
        Sink { address, messages }
    }

    pub fn url(&self) -> String {
        format!("http://{}/beckon", self.address)
    }

    /// The messages that came since the last time this was asked.
    pub fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.messages.lock().expect("no thread has panicked"))
    }
}

/// Takes one request of a connection; `None` at its end.
fn take(stream: &TcpStream, taken: &Mutex<Vec<Value>>, secret: &Secret) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut headers) = (0, Vec::new());
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|it| *it > 0)?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|it| *it > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().ok()?;
        }
        headers.push((name, value));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let header = |name: &str| headers.iter().find(|it| it.0 == name).map_or("", |it| &it.1);
    let id = header("webhook-id");
    // The server's time is virtual here: the stamp is its own word.
    let at = header("webhook-timestamp");
    let signed = verify(secret, id, at, header("webhook-signature"), &body, at.parse().unwrap_or(0)).is_ok();
    let mut stream = stream;
    if !signed {
        let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
        return Some(());
    }
    let body: Value = serde_json::from_slice(&body).ok()?;
    let messages = body["data"]["messages"].as_array()?.clone();
    taken.lock().expect("no thread has panicked").extend(messages);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").ok()
}
