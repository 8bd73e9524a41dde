//! A client's line to the server: its socket, and its session over HTTP.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use std::cell::RefCell;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Bytes of a socket's buffer: a burst of a group of pictures.
const SOCKET_BYTES: usize = 1 << 20;

/// An HTTP client that many share.
pub type Http = hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>;

/// What went wrong, in words for the one who started the load.
pub fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Posts an offer; gives the answer.
pub async fn knock(http: &Http, url: &Uri, token: &str, offer: String) -> Result<String, String> {
    let request = Request::post(url.clone())
        .header("content-type", "application/sdp")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::from(offer)))
        .map_err(told)?;
    let response = http.request(request).await.map_err(told)?;
    let status = response.status();
    let text = text(response.into_body()).await?;
    if status == StatusCode::CREATED { Ok(text) } else { Err(format!("{status}: {text}")) }
}

/// Reads a page.
pub async fn get(http: &Http, url: Uri) -> Result<String, String> {
    text(http.get(url).await.map_err(told)?.into_body()).await
}

async fn text(body: hyper::body::Incoming) -> Result<String, String> {
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(told)?;
    Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
}

/// A client's socket.
pub struct Line {
    socket: UdpSocket,
    state: UdpSocketState,
    own: SocketAddr,
}

thread_local! {
    /// Where the sockets of a thread receive into: the kernel joins datagrams, so each call needs room for many.
    static BUFFERS: RefCell<Vec<Vec<u8>>> = RefCell::new((0..BATCH_SIZE).map(|_| vec![0; 1 << 16]).collect());
}

impl Line {
    /// Opens a socket on the interface that leads to the server.
    pub fn towards(url: &Uri) -> Result<Line, String> {
        let host = url.host().unwrap_or("127.0.0.1");
        let any = if host.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
        let to = (host.trim_matches(['[', ']']), url.port_u16().unwrap_or(80));
        let probe = std::net::UdpSocket::bind(any).map_err(told)?;
        probe.connect(to).map_err(told)?;
        let ip = probe.local_addr().map_err(told)?.ip();
        let socket = std::net::UdpSocket::bind((ip, 0)).map_err(told)?;
        let state = UdpSocketState::new((&socket).into()).map_err(told)?;
        // The kernel has a bound of its own.
        let _ = state.set_recv_buffer_size((&socket).into(), SOCKET_BYTES);
        let own = socket.local_addr().map_err(told)?;
        Ok(Line { socket: UdpSocket::from_std(socket).map_err(told)?, state, own })
    }

    /// Its address.
    pub fn own(&self) -> SocketAddr {
        self.own
    }

    /// Sends.
    pub async fn send(&self, datagrams: impl Iterator<Item = beckon_room::Datagram>) {
        for datagram in datagrams {
            let contents = &datagram.bytes[..];
            let transmit =
                Transmit { destination: datagram.to, ecn: None, contents, segment_size: None, src_ip: None };
            let sent = self
                .socket
                .try_io(Interest::WRITABLE, || self.state.try_send((&self.socket).into(), &transmit));
            if sent.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                let _ = self.socket.writable().await;
                let _ = self.socket.send_to(&datagram.bytes, datagram.to).await;
            }
        }
    }

    /// Waits for datagrams, at most so long; gives each to `take`. `false` if none came.
    pub async fn receive(&self, wait: Duration, mut take: impl FnMut(SocketAddr, &[u8])) -> bool {
        if tokio::time::timeout(wait, self.socket.readable()).await.is_err() {
            return false;
        }
        BUFFERS.with_borrow_mut(|buffers| {
            let mut metas = [RecvMeta::default(); BATCH_SIZE];
            let received = self.socket.try_io(Interest::READABLE, || {
                let slices = buffers.iter_mut().map(|it| IoSliceMut::new(it));
                let mut slices: Vec<IoSliceMut<'_>> = slices.collect();
                self.state.recv((&self.socket).into(), &mut slices, &mut metas)
            });
            let Ok(count) = received else { return false };
            for (buffer, meta) in buffers.iter().zip(&metas[..count]) {
                for datagram in buffer[..meta.len.min(buffer.len())].chunks(meta.stride.max(1)) {
                    take(meta.addr, datagram);
                }
            }
            true
        })
    }
}
