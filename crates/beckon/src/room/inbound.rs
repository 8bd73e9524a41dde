//! Takes datagrams in, many with one call, and hands each to the floor that it is for: the first letter of a
//! session's name is its floor, and an address stays with the floor that it first spoke to.

use super::floor::{Ask, Incoming};
use super::limits::ADDRESSES_MAX;
use super::socket::Socket;
use beckon_room::{DATAGRAM_BYTES_MAX, Via, ufrag};
use quinn_udp::{BATCH_SIZE, RecvMeta};
use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use tokio::io::Interest;
use tokio::sync::mpsc;

/// Starts the thread.
pub fn spawn(socket: std::net::UdpSocket, floors: Vec<mpsc::Sender<Ask>>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("room-in".to_owned()).spawn(move || {
        runtime.block_on(async move {
            match Socket::new(socket, Vec::new()) {
                Ok(socket) => run(&socket, &floors).await,
                Err(error) => tracing::error!(%error, "the live room cannot receive: restart the server"),
            }
        });
    })?;
    Ok(())
}

/// Until the floors are gone.
async fn run(socket: &Socket, floors: &[mpsc::Sender<Ask>]) {
    let (io, state) = socket.parts();
    // The kernel may join datagrams of one sender into one buffer.
    let each = DATAGRAM_BYTES_MAX * state.gro_segments().max(1);
    let mut buffers: Vec<Vec<u8>> = (0..BATCH_SIZE).map(|_| vec![0; each]).collect();
    let mut metas = [RecvMeta::default(); BATCH_SIZE];
    let mut known: BTreeMap<SocketAddr, usize> = BTreeMap::new();
    let mut sorted: Vec<Vec<Incoming>> = floors.iter().map(|_| Vec::new()).collect();
    loop {
        if floors.iter().any(mpsc::Sender::is_closed) || io.readable().await.is_err() {
            return;
        }
        let received = io.try_io(Interest::READABLE, || {
            let mut slices: Vec<IoSliceMut<'_>> = buffers.iter_mut().map(|it| IoSliceMut::new(it)).collect();
            state.recv(io.into(), &mut slices, &mut metas)
        });
        let Ok(count) = received else { continue };
        for (buffer, meta) in buffers.iter().zip(&metas[..count]) {
            let from = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let to = meta.dst_ip.map(|ip| ip.to_canonical());
            let bytes = &buffer[..meta.len.min(buffer.len())];
            for datagram in bytes.chunks(meta.stride.max(1)) {
                if let Some(floor) = floor_of(&mut known, from, datagram, floors.len()) {
                    sorted[floor].push(Incoming { from, to, via: Via::Udp, bytes: datagram.to_vec() });
                }
            }
        }
        for (floor, datagrams) in floors.iter().zip(&mut sorted) {
            if !datagrams.is_empty() {
                // A floor that is so far behind is better off without them.
                let _ = floor.try_send(Ask::Datagrams(std::mem::take(datagrams)));
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
    let letter = ufrag(datagram)?.bytes().next()?;
    Some(usize::from(letter.wrapping_sub(b'a'))).filter(|floor| *floor < floors)
}
