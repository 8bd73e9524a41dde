//! One connection: frames come in and go to the floor that they are for, frames go out. It lasts as long as both sides
//! use it, and no longer.

use super::outbox::Outbox;
use super::{Bounds, End};
use crate::clock::monotonic;
use crate::room::floor::{Ask, Incoming};
use crate::room::inbound::floor_named;
use crate::room::limits::TCP_READ_BYTES;
use beckon_room::{Deframer, Via};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::mpsc;

/// The floors, by number.
pub type Floors = Arc<[mpsc::Sender<Ask>]>;

/// Until it ends; says why.
pub async fn serve(
    mut stream: TcpStream,
    from: SocketAddr,
    floors: Floors,
    outbox: Arc<Outbox>,
    bounds: Bounds,
) -> End {
    // A packet of media waits for no other.
    let _ = stream.set_nodelay(true);
    let to = stream.local_addr().ok().map(|at| at.ip().to_canonical());
    let (reading, writing) = stream.split();
    tokio::select! {
        end = hear(reading, from, to, &floors) => end,
        end = speak(writing, &outbox, bounds) => end,
        end = attend(&outbox, bounds) => end,
    }
}

/// Takes frames in.
async fn hear(
    mut reading: ReadHalf<'_>,
    from: SocketAddr,
    to: Option<IpAddr>,
    floors: &[mpsc::Sender<Ask>],
) -> End {
    let (mut deframer, mut buffer) = (Deframer::new(), vec![0; TCP_READ_BYTES]);
    let mut floor = None;
    loop {
        let count = match reading.read(&mut buffer).await {
            Ok(0) | Err(_) => return End::Left,
            Ok(count) => count,
        };
        let mut stranger = false;
        let mut sorted: Vec<(usize, Vec<Incoming>)> = Vec::new();
        let framed = deframer.push(&buffer[..count], |datagram| {
            // Nothing says nothing; some send it to keep a way open.
            if datagram.is_empty() {
                return;
            }
            floor = floor_named(datagram, floors.len()).or(floor);
            // A client begins with a check, which names a session (RFC 6544 §7.2).
            let Some(floor) = floor else {
                stranger = true;
                return;
            };
            let incoming = Incoming { from, to, via: Via::Tcp, bytes: datagram.to_vec() };
            match sorted.last_mut() {
                Some((last, batch)) if *last == floor => batch.push(incoming),
                _ => sorted.push((floor, vec![incoming])),
            }
        });
        if stranger || framed.is_err() {
            return End::NotIce;
        }
        for (floor, datagrams) in sorted {
            // A floor that is so far behind is better off without them, as with UDP.
            let _ = floors[floor].try_send(Ask::Datagrams(datagrams));
        }
    }
}

/// Writes what waits.
async fn speak(mut writing: WriteHalf<'_>, outbox: &Outbox, bounds: Bounds) -> End {
    let mut frames = Vec::new();
    loop {
        frames = outbox.take(frames).await;
        let mut rest = frames.as_slice();
        while !rest.is_empty() {
            match tokio::time::timeout(bounds.stalled, writing.write(rest)).await {
                Ok(Ok(count)) => rest = &rest[count..],
                Ok(Err(_)) => return End::Left,
                Err(_) => return End::Stalled,
            }
        }
    }
}

/// Watches whether a session answers. What is answered has shown that it is the session's: strangers never are.
async fn attend(outbox: &Outbox, bounds: Bounds) -> End {
    let came = monotonic();
    loop {
        let (due, end) = match outbox.answered() {
            None => (came + bounds.prove_within, End::Unproven),
            Some(at) => (at + bounds.idle, End::Idle),
        };
        if monotonic() >= due {
            return end;
        }
        tokio::time::sleep_until(due.into()).await;
    }
}
