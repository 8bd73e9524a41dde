//! The live room's IO: sockets, threads and timers around the machines of `beckon-room`. Each thread has a floor
//! of rooms; one more takes datagrams in and hands them to the floor that they are for.

pub mod bridge;
mod counts;
mod floor;
mod inbound;
mod limits;
pub mod load;
mod socket;
mod tokens;

pub use counts::Counts;
pub use floor::Knock;
pub use tokens::Tokens;

use crate::config::{Config, room::SecondPublisher, room::address};
use crate::keys;
use crate::secrets::Secrets;
use beckon_room::{Answered, Capacity, Floor, Identity, Lines, Place, Refusal, Status};
use floor::Ask;
use limits::QUEUE_MAX;
use socket::Socket;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Why the live room did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port cannot be used.
    #[error(
        "cannot open UDP port {port} for the live room: {error}; choose another with room.udp_port, or set room.enabled = false"
    )]
    Bind {
        /// Which port.
        port: u16,
        /// What the system says.
        error: std::io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread for the live room: {0}")]
    Thread(std::io::Error),
    /// The certificate cannot be kept.
    #[error(transparent)]
    Secrets(#[from] keys::Error),
}

/// The live room of this server. Clones speak to the same.
#[derive(Clone)]
pub struct Rooms(Arc<Inner>);

struct Inner {
    floors: Vec<mpsc::Sender<Ask>>,
    counts: Vec<Arc<Counts>>,
    address: SocketAddr,
    fingerprint: String,
}

impl Rooms {
    /// Opens the port and starts the threads.
    pub fn start(config: &Config, secrets: &Secrets) -> Result<Rooms, Error> {
        let (certificate, private_key) = secrets.room_identity(|| {
            Identity::generate().map(|it| (it.certificate().to_vec(), it.private_key().to_vec()))
        })?;
        let identity = Identity::from_der(certificate, private_key);
        let socket = bind(config)?;
        let address = socket.local_addr().unwrap_or(config.listen);
        let lines = Lines { udp: candidates(config, address), tcp: Vec::new() };
        let threads = config.room.threads();
        let (mut floors, mut counts) = (Vec::new(), Vec::new());
        for number in 0..threads {
            let place = Place {
                number: number as u8,
                identity: identity.clone(),
                lines: lines.clone(),
                capacity: capacity(config, threads),
                second: match config.room.second_publisher {
                    SecondPublisher::Refuse => beckon_room::SecondPublisher::Refuse,
                    SecondPublisher::TakeOver => beckon_room::SecondPublisher::TakeOver,
                },
            };
            let (asks, asked) = mpsc::channel(QUEUE_MAX);
            let own = socket.try_clone().map_err(Error::Thread)?;
            let done = Arc::new(Counts::default());
            counts.push(done.clone());
            let thread =
                floor::Thread { floor: Floor::new(place), lines: lines.clone(), asked, counts: done };
            floor::spawn(number, thread, own).map_err(Error::Thread)?;
            floors.push(asks);
        }
        inbound::spawn(socket, floors.clone(), counts.clone()).map_err(Error::Thread)?;
        let fingerprint = identity.fingerprint();
        Ok(Rooms(Arc::new(Inner { floors, counts, address, fingerprint })))
    }

    /// Where media is sent to.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// What the threads have done, each.
    pub fn counts(&self) -> &[Arc<Counts>] {
        &self.0.counts
    }

    /// SHA-256 of the certificate.
    pub fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    /// Lets somebody in, or says why not.
    pub async fn join(&self, knock: Knock) -> Result<Answered, Refusal> {
        let floor = self.floor_of(&knock.room);
        self.ask(floor, |reply| Ask::Join { knock, reply }).await.unwrap_or(Err(GONE))
    }

    /// Ends a session.
    pub async fn leave(&self, room: &str, publishes: bool, name: &str) -> Result<(), Refusal> {
        let (room, name) = (room.to_owned(), name.to_owned());
        let floor = self.floor_of(&room);
        self.ask(floor, |reply| Ask::Leave { room, publishes, name, reply }).await.unwrap_or(Err(GONE))
    }

    /// The client's own name in a session, if there is one: by it a trickled candidate is known to be of that
    /// session, and a restart is told from it.
    pub async fn client_name(&self, room: &str, publishes: bool, name: &str) -> Option<String> {
        let (room, name) = (room.to_owned(), name.to_owned());
        let floor = self.floor_of(&room);
        self.ask(floor, |reply| Ask::ClientName { room, publishes, name, reply }).await.flatten()
    }

    /// A room as it is now.
    pub async fn status(&self, room: &str) -> Status {
        let name = room.to_owned();
        let answer = self.ask(self.floor_of(room), |reply| Ask::Status { room: name, reply }).await;
        answer.unwrap_or_default()
    }

    async fn ask<T>(&self, floor: usize, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.0.floors[floor].send(ask(reply)).await.ok()?;
        answer.await.ok()
    }

    /// The floor of a room: always the same, so that publisher and viewers meet.
    fn floor_of(&self, room: &str) -> usize {
        let hash = room.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (hash % self.0.floors.len() as u64) as usize
    }
}

const GONE: Refusal = Refusal::Full { what: "the server", retry_after_s: 5 };

/// Each floor's share of what the machine can carry.
fn capacity(config: &Config, floors: usize) -> Capacity {
    Capacity {
        viewers_a_room: config.room.viewers_a_room,
        viewers: config.room.viewers_a_room * 4,
        bits_per_second: u64::from(config.room.egress_mbit) * 1_000_000 / floors as u64,
        ..Capacity::default()
    }
}

fn bind(config: &Config) -> Result<UdpSocket, Error> {
    let port = config.room.udp_port;
    let wanted = SocketAddr::new(config.listen.ip(), port);
    let socket = UdpSocket::bind(wanted).or_else(|error| {
        // A second server on one machine, as tests and demos are, still has a room; answers carry its port.
        let in_use = error.kind() == std::io::ErrorKind::AddrInUse;
        if !in_use {
            return Err(error);
        }
        tracing::warn!(port, "the live room's port is in use: another is taken; firewalls may not know it");
        UdpSocket::bind(SocketAddr::new(config.listen.ip(), 0))
    });
    let socket = socket.map_err(|error| Error::Bind { port, error })?;
    Socket::prepare(&socket).map_err(|error| Error::Bind { port, error })?;
    Ok(socket)
}

/// The addresses that answers name.
fn candidates(config: &Config, local: SocketAddr) -> Vec<SocketAddr> {
    let named = config.room.public_addresses.iter().filter_map(|text| address(text, local.port()));
    let named: Vec<SocketAddr> = named.collect();
    if !named.is_empty() {
        return named;
    }
    if !local.ip().is_unspecified() {
        return vec![local];
    }
    let own = [outward(Ipv4Addr::UNSPECIFIED.into()), outward(local.ip())];
    let mut own: Vec<SocketAddr> =
        own.into_iter().flatten().map(|ip| SocketAddr::new(ip, local.port())).collect();
    own.dedup();
    if own.is_empty() {
        own.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), local.port()));
    }
    own
}

/// The address that the system would use to reach the world; nothing is sent to find it out.
fn outward(from: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind(SocketAddr::new(from, 0)).ok()?;
    let world = if from.is_ipv4() { "192.0.2.1:9" } else { "[2001:db8::1]:9" };
    socket.connect(world).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}
