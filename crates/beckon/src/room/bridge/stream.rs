//! Connections over a long way that loses. Two ends on one machine are near each other and nothing is lost between
//! them, so what distance does to TCP is put in by hand: a handshake takes one round trip before the first byte
//! leaves, every byte is under way for half of one, and a segment that is lost comes later by what its repair takes,
//! with all that is behind it.
//!
//! What a repair takes: a round trip where something followed the segment (RFC 8985 §6), and where it was the last
//! of its flight the time-out of a connection whose round trips do not vary, the round trip and 200 ms (RFC 6298 with
//! the least that Linux waits). That flights are bounded by congestion windows is left out: an answer fits the
//! first one (ten segments, RFC 6928), and so does the part of a room's page that begins the join.

use super::{Alarms, Args, Chance};
use crate::clock::monotonic;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

/// Bytes in a segment: an Ethernet frame's without headers and time stamps.
const SEGMENT_BYTES: usize = 1_448;
/// Most segments under way on one connection and direction; then the sender waits.
const SEGMENTS_MAX: usize = 4_096;
/// Most connections at a time; further ones wait.
const CONNECTIONS_MAX: usize = 500;
/// The least that Linux waits beyond the round trip before it sends again what nothing was heard of.
const TIMEOUT_LEAST: Duration = Duration::from_millis(200);

/// Accepts connections and carries them on, until it is stopped.
pub async fn run(
    args: &Args,
    alarms: &Alarms,
    listener: TcpListener,
    to: std::net::SocketAddr,
) -> std::io::Result<()> {
    let places = std::sync::Arc::new(Semaphore::new(CONNECTIONS_MAX));
    for number in 0_u64.. {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let (near, _) = listener.accept().await?;
        let (args, alarms) = (args.clone(), alarms.clone());
        tokio::spawn(async move {
            let _place = place;
            if let Ok(far) = TcpStream::connect(to).await {
                carry(&args, &alarms, number, near, far).await;
            }
        });
    }
    Ok(())
}

async fn carry(args: &Args, alarms: &Alarms, number: u64, near: TcpStream, far: TcpStream) {
    // Small writes leave at once, as a browser's and a server's do.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let round_trip = 2 * args.delay();
    let mut way = Chance::new(args.seed ^ (2 * number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let back = Chance::new(args.seed ^ (2 * number + 2).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut ready = monotonic() + round_trip;
    // A lost SYN or its answer comes again after a second (RFC 6298 §2.1), the next after two.
    let mut again = Duration::from_secs(1);
    while way.loses(args.loss_percent) || way.loses(args.loss_percent) {
        ready += again;
        again *= 2;
    }
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let there = one_way(args, alarms, way, ready, near_in, far_out);
    let home = one_way(args, alarms, back, ready, far_in, near_out);
    tokio::join!(there, home);
}

/// A part of a segment and when it is there.
struct Flying {
    at: Instant,
    bytes: Vec<u8>,
}

async fn one_way(
    args: &Args,
    alarms: &Alarms,
    mut chance: Chance,
    ready: Instant,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) {
    let (depart, mut arriving) = mpsc::channel::<Flying>(SEGMENTS_MAX);
    let (delay, round_trip) = (args.delay(), 2 * args.delay());
    let sender = async move {
        let (mut buffer, mut behind) = (vec![0; 16 * SEGMENT_BYTES], ready);
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let left = monotonic().max(ready);
            let segments = buffer[..length].chunks(SEGMENT_BYTES);
            let last = segments.len() - 1;
            for (at, segment) in segments.enumerate() {
                let mut there = left + delay;
                while chance.loses(args.loss_percent) {
                    there += round_trip + if at == last { TIMEOUT_LEAST } else { Duration::ZERO };
                }
                behind = behind.max(there);
                if depart.send(Flying { at: behind, bytes: segment.to_vec() }).await.is_err() {
                    return;
                }
            }
        }
    };
    let receiver = async move {
        while let Some(Flying { at, bytes }) = arriving.recv().await {
            alarms.until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(sender, receiver);
}
