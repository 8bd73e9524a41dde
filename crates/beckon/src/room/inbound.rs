//! Takes datagrams in, many with one call, and hands each to the floor that it is for: the first letter of a
//! session's name is its floor, and an address stays with the floor that it first spoke to.

use super::counts::Counts;
use super::floor::{Ask, Incoming};
use super::limits::ADDRESSES_MAX;
use beckon_room::{DATAGRAM_BYTES_MAX, Via, ufrag};
use mio::{Events, Interest, Poll, Token};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Starts the thread.
pub fn spawn(
    socket: std::net::UdpSocket,
    floors: Vec<mpsc::Sender<Ask>>,
    counts: Vec<Arc<Counts>>,
) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let state = UdpSocketState::new((&socket).into())?;
    let (mut socket, poll) = (mio::net::UdpSocket::from_std(socket), Poll::new()?);
    // What comes in alone: were it watched for sending, too, each datagram that leaves would wake this thread.
    poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
    let inbound = Inbound { socket, state, floors, counts };
    std::thread::Builder::new().name("room-in".to_owned()).spawn(move || {
        if let Err(error) = inbound.run(poll) {
            tracing::error!(%error, "the live room can receive no more: restart the server");
        }
    })?;
    Ok(())
}

/// How long the thread sleeps before it looks whether anybody still wants what comes in.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Failures to receive in a row that mean that the socket is broken.
const FAILURES_MAX: u32 = 10_000;

struct Inbound {
    socket: mio::net::UdpSocket,
    state: UdpSocketState,
    floors: Vec<mpsc::Sender<Ask>>,
    counts: Vec<Arc<Counts>>,
}

impl Inbound {
    /// Until the floors are gone.
    fn run(&self, mut poll: Poll) -> io::Result<()> {
        // The kernel may join datagrams of one sender into one buffer.
        let each = DATAGRAM_BYTES_MAX * self.state.gro_segments().max(1);
        let mut buffers: Vec<Vec<u8>> = (0..BATCH_SIZE).map(|_| vec![0; each]).collect();
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut known: BTreeMap<SocketAddr, usize> = BTreeMap::new();
        let mut sorted: Vec<Vec<Incoming>> = self.floors.iter().map(|_| Vec::new()).collect();
        let (mut events, mut failures) = (Events::with_capacity(1), 0);
        while !self.floors.iter().any(mpsc::Sender::is_closed) {
            match poll.poll(&mut events, Some(LOOK_EVERY)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            // It is told of once: all is to be taken.
            loop {
                let mut slices: Vec<IoSliceMut<'_>> =
                    buffers.iter_mut().map(|it| IoSliceMut::new(it)).collect();
                let received = self.state.recv((&self.socket).into(), &mut slices, &mut metas);
                let count = match received {
                    Ok(count) => {
                        failures = 0;
                        count
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // Somebody whom we sent to is gone, if it is but now and then.
                    Err(error) => {
                        failures += 1;
                        if failures > FAILURES_MAX {
                            return Err(error);
                        }
                        continue;
                    }
                };
                for (buffer, meta) in buffers.iter().zip(&metas[..count]) {
                    let from = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
                    let to = meta.dst_ip.map(|ip| ip.to_canonical());
                    let bytes = &buffer[..meta.len.min(buffer.len())];
                    for datagram in bytes.chunks(meta.stride.max(1)) {
                        if let Some(floor) = floor_of(&mut known, from, datagram, self.floors.len()) {
                            let bytes = datagram.to_vec();
                            sorted[floor].push(Incoming { from, to, via: Via::Udp, bytes });
                        }
                    }
                }
                self.hand_on(&mut sorted);
            }
        }
        Ok(())
    }

    fn hand_on(&self, sorted: &mut [Vec<Incoming>]) {
        for ((floor, datagrams), counts) in self.floors.iter().zip(sorted).zip(&self.counts) {
            let came = datagrams.len() as u64;
            if came > 0 {
                Counts::add(&counts.received, came);
                // A floor that is so far behind is better off without them.
                if floor.try_send(Ask::Datagrams(std::mem::take(datagrams))).is_err() {
                    Counts::add(&counts.dropped, came);
                }
            }
        }
    }
}

fn floor_of(
    known: &mut BTreeMap<SocketAddr, usize>,
    from: SocketAddr,
    datagram: &[u8],
    floors: usize,
) -> Option<usize> {
    if floors == 1 {
        return Some(0);
    }
    if let Some(floor) = floor_named(datagram, floors) {
        if known.len() >= ADDRESSES_MAX {
            known.clear();
        }
        known.insert(from, floor);
        return Some(floor);
    }
    known.get(&from).copied()
}

/// The floor whose session a check names; there are `floors`.
pub fn floor_named(datagram: &[u8], floors: usize) -> Option<usize> {
    floor_of_session(ufrag(datagram)?, floors)
}

/// The floor of a session, by its name; there are `floors`.
pub fn floor_of_session(name: &str, floors: usize) -> Option<usize> {
    let letter = name.bytes().next()?;
    Some(usize::from(letter.wrapping_sub(b'a'))).filter(|floor| *floor < floors)
}
