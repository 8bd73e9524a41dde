//! What the machine can do at most, and what the server spends: the two between which a figure means something.

use super::line::{Http, get};
use crate::clock::Stopwatch;
use hyper::Uri;
use quinn_udp::{Transmit, UdpSocketState};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// Bytes of a datagram of media: a full packet, enciphered.
const DATAGRAM_BYTES: usize = 1_200;
/// Datagrams that are given to the kernel with one call.
const JOINED: usize = 10;
/// For how long each way of sending is tried.
const TRIED_SECS: f64 = 0.5;

/// Datagrams a second that one thread of this machine can send: one by one, and ten with a call (GSO).
pub fn sending_limits() -> std::io::Result<[u64; 2]> {
    let sink = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let state = UdpSocketState::new((&socket).into())?;
    let to: SocketAddr = sink.local_addr()?;
    let contents = vec![0x55; DATAGRAM_BYTES * JOINED];
    let one = rate(1, || socket.send_to(&contents[..DATAGRAM_BYTES], to).map(|_| ()));
    if state.max_gso_segments() < JOINED {
        return Ok([one, 0]);
    }
    let transmit = Transmit {
        destination: to,
        ecn: None,
        contents: &contents,
        segment_size: Some(DATAGRAM_BYTES),
        src_ip: None,
    };
    Ok([one, rate(JOINED as u64, || state.try_send((&socket).into(), &transmit))])
}

/// Who reads is slower than who sends: what the kernel drops is sent all the same.
fn rate(each: u64, mut send: impl FnMut() -> std::io::Result<()>) -> u64 {
    let (took, mut sent) = (Stopwatch::start(), 0_u64);
    while took.elapsed_secs() < TRIED_SECS {
        for _ in 0..64 {
            sent += if send().is_ok() { each } else { 0 };
        }
    }
    (sent as f64 / took.elapsed_secs()) as u64
}

/// What a server says of itself in its metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Processor time since its start, seconds.
    pub cpu_s: f64,
    /// Bytes of its memory.
    pub resident: f64,
    /// Datagrams that its live room sent.
    pub sent: f64,
}

/// Reads what a server has spent; `None` if it does not say.
pub async fn spent(http: &Http, url: &Uri) -> Option<Spent> {
    let mut parts = url.clone().into_parts();
    parts.path_and_query = Some("/metrics".parse().ok()?);
    let text = get(http, Uri::from_parts(parts).ok()?).await.ok()?;
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.trim().parse::<f64>().ok()
    };
    Some(Spent {
        cpu_s: value("beckon_cpu_seconds_total")?,
        resident: value("beckon_resident_bytes")?,
        sent: value("beckon_room_datagrams_sent_total")?,
    })
}
