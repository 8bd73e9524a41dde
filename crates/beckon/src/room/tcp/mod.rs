//! Media over TCP for networks that let no UDP through (ICE-TCP, RFC 6544): clients connect to the port that answers
//! name, and each datagram travels in a frame (RFC 4571). One thread has all connections; a floor finds the connection
//! for what it sends by the client's address.

mod connection;
mod outbox;
#[cfg(test)]
mod tests;

use super::floor::Ask;
use super::limits::*;
use crate::clock::monotonic;
use beckon_room::Datagram;
use connection::{Floors, serve};
use outbox::Outbox;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;

/// What connections may take; `limits.rs` says why so much.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at a time.
    pub connections: usize,
    /// Those of them that have not shown that a session is theirs.
    pub strangers: usize,
    /// How long they have to show it.
    pub prove_within: Duration,
    /// How long a connection may be sent nothing.
    pub idle: Duration,
    /// How long a connection may take nothing though something waits.
    pub stalled: Duration,
    /// Bytes that may wait.
    pub outbox_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            connections: TCP_CONNECTIONS_MAX,
            strangers: TCP_STRANGERS_MAX,
            prove_within: Duration::from_millis(TCP_PROVE_WITHIN_MS),
            idle: Duration::from_millis(TCP_IDLE_MS),
            stalled: Duration::from_millis(TCP_STALLED_MS),
            outbox_bytes: TCP_OUTBOX_BYTES,
        }
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client closed it, or its network did.
    Left,
    /// There was no place for it.
    Refused,
    /// What came were no frames, or did not begin with a check.
    NotIce,
    /// It did not show in time that a session is its own.
    Unproven,
    /// Its session is over, or uses another way.
    Idle,
    /// It took nothing for too long.
    Stalled,
}

impl End {
    const ALL: [End; 6] = [End::Left, End::Refused, End::NotIce, End::Unproven, End::Idle, End::Stalled];

    /// A stable word.
    pub fn word(self) -> &'static str {
        match self {
            End::Left => "left",
            End::Refused => "refused",
            End::NotIce => "not_ice",
            End::Unproven => "unproven",
            End::Idle => "idle",
            End::Stalled => "stalled",
        }
    }
}

/// What connections did since the start.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Datagrams that were lost because a reader was slow, or gone.
    pub lost: AtomicU64,
    ended: [AtomicU64; End::ALL.len()],
}

impl Tallies {
    /// Connections that ended, by reason.
    pub fn all_ended(&self) -> impl Iterator<Item = (&'static str, u64)> {
        End::ALL.into_iter().zip(&self.ended).map(|(end, count)| (end.word(), count.load(Ordering::Relaxed)))
    }

    fn ended(&self, end: End) {
        if let Some(at) = End::ALL.iter().position(|it| *it == end) {
            self.ended[at].fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The connections that are open. Clones are of the same.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    open: Mutex<Open>,
    tallies: Tallies,
    bounds: Bounds,
    /// Where they come in, once they can.
    address: OnceLock<SocketAddr>,
}

#[derive(Debug, Default)]
struct Open {
    outboxes: BTreeMap<SocketAddr, Arc<Outbox>>,
    strangers: usize,
}

impl Connections {
    /// None yet.
    pub fn new(bounds: Bounds) -> Self {
        let (open, tallies) = (Mutex::default(), Tallies::default());
        Connections(Arc::new(Inner { open, tallies, bounds, address: OnceLock::new() }))
    }

    /// Where they come in; `None` where media does not go over TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.address.get().copied()
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open().outboxes.len()
    }

    /// What they did.
    pub fn tallies(&self) -> &Tallies {
        &self.0.tallies
    }

    /// Sends all to one client.
    pub fn send(&self, to: SocketAddr, datagrams: &[Datagram]) {
        let mut open = self.open();
        let lost = match open.outboxes.get(&to).map(|outbox| outbox.put(monotonic(), datagrams)) {
            Some(put) => {
                open.strangers -= usize::from(put.first);
                put.lost
            }
            None => datagrams.len(),
        };
        self.0.tallies.lost.fetch_add(lost as u64, Ordering::Relaxed);
    }

    /// A place for one more, if there is one.
    fn enter(&self, from: SocketAddr) -> Option<Arc<Outbox>> {
        let (mut open, bounds) = (self.open(), &self.0.bounds);
        let full = open.outboxes.len() >= bounds.connections || open.strangers >= bounds.strangers;
        // The system gives an address out again only when its last connection is gone on the other side, too; but this
        // side may not have seen it.
        if full || open.outboxes.contains_key(&from) {
            return None;
        }
        let outbox = Arc::new(Outbox::new(bounds.outbox_bytes));
        open.outboxes.insert(from, outbox.clone());
        open.strangers += 1;
        Some(outbox)
    }

    fn leave(&self, from: SocketAddr, end: End) {
        let mut open = self.open();
        if let Some(outbox) = open.outboxes.remove(&from) {
            open.strangers -= usize::from(outbox.answered().is_none());
        }
        drop(open);
        self.0.tallies.ended(end);
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts until the floors are gone.
    async fn accept(self, listener: TcpListener, floors: Floors) {
        while !floors.iter().any(mpsc::Sender::is_closed) {
            let Ok((stream, from)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(TCP_ACCEPT_AGAIN_MS)).await;
                continue;
            };
            let from = SocketAddr::new(from.ip().to_canonical(), from.port());
            let Some(outbox) = self.enter(from) else {
                self.0.tallies.ended(End::Refused);
                continue;
            };
            let (all, floors, bounds) = (self.clone(), floors.clone(), self.0.bounds);
            tokio::spawn(async move {
                let end = serve(stream, from, floors, outbox, bounds).await;
                all.leave(from, end);
            });
        }
    }
}

/// Starts the thread.
pub fn spawn(socket: TcpSocket, floors: Vec<mpsc::Sender<Ask>>, connections: Connections) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listened = {
        let _inside = runtime.enter();
        socket.listen(TCP_BACKLOG)
    };
    let listener = match listened {
        Ok(listener) => listener,
        Err(error) => {
            // It must not be dropped where others are run.
            runtime.shutdown_background();
            return Err(error);
        }
    };
    if let Ok(address) = listener.local_addr() {
        let _ = connections.0.address.set(address);
    }
    let thread = std::thread::Builder::new().name("room-tcp".to_owned());
    thread.spawn(move || runtime.block_on(connections.accept(listener, floors.into())))?;
    Ok(())
}
