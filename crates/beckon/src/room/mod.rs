//! The live room's IO: sockets, threads and timers around the machines of `beckon-room`. Each thread has a floor
//! of rooms; one more takes datagrams in and hands them to the floor that they are for. A room's publisher is always on
//! the same floor, its home; its viewers are there, too, or are dealt to others, which home tells what comes in.

pub mod bridge;
mod counts;
mod dealing;
mod floor;
mod inbound;
mod lately;
mod limits;
mod lines;
pub mod load;
mod socket;
pub mod tcp;
mod tokens;

pub use counts::Counts;
pub use floor::Knock;
pub use tokens::Tokens;

use crate::clock::monotonic;
use crate::config::{Config, room::SecondPublisher};
use crate::keys;
use crate::secrets::Secrets;
use beckon_room::{Answered, Capacity, Deals, Floor, Identity, Place, Refusal, Status, home_of};
use dealing::Dealing;
use floor::Ask;
use inbound::floor_of_session;
use lately::Lately;
use limits::QUEUE_MAX;
use lines::Ports;
use std::net::SocketAddr;
use std::sync::Arc;
use tcp::{Bounds, Connections};
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
    /// The TCP port cannot be used.
    #[error(
        "cannot open TCP port {port} for the live room: {error}; choose another with room.tcp_port, or set room.tcp = false"
    )]
    BindTcp {
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
    dealing: Dealing,
    counts: Vec<Arc<Counts>>,
    address: SocketAddr,
    connections: Connections,
    fingerprint: String,
    lately: Lately,
}

impl Rooms {
    /// Opens the ports and starts the threads.
    pub fn start(config: &Config, secrets: &Secrets) -> Result<Rooms, Error> {
        let (certificate, private_key) = secrets.room_identity(|| {
            Identity::generate().map(|it| (it.certificate().to_vec(), it.private_key().to_vec()))
        })?;
        let identity = Identity::from_der(certificate, private_key);
        let Ports { udp, tcp, lines, own, address } = lines::open(config)?;
        let connections = Connections::new(Bounds::default());
        let threads = config.room.threads();
        let deals = Deals { floors: threads, viewers_a_room: config.room.viewers_a_room, ..Deals::default() };
        let dealing = Dealing::new(deals);
        let (floors, inboxes): (Vec<_>, Vec<_>) = (0..threads).map(|_| mpsc::channel(QUEUE_MAX)).unzip();
        let mut counts = Vec::new();
        for (number, asked) in inboxes.into_iter().enumerate() {
            let place = Place {
                number: number as u8,
                floors: threads,
                identity: identity.clone(),
                lines: lines.clone(),
                capacity: capacity(config, threads),
                second: match config.room.second_publisher {
                    SecondPublisher::Refuse => beckon_room::SecondPublisher::Refuse,
                    SecondPublisher::TakeOver => beckon_room::SecondPublisher::TakeOver,
                },
            };
            counts.push(Arc::new(Counts::default()));
            let thread = floor::Thread {
                floor: Floor::new(place),
                number,
                floors: floors.iter().map(mpsc::Sender::downgrade).collect(),
                dealing: dealing.clone(),
                lines: lines.clone(),
                own: own.clone(),
                connections: connections.clone(),
                asked,
                counts: counts[number].clone(),
            };
            let socket = udp.try_clone().map_err(Error::Thread)?;
            floor::spawn(thread, socket).map_err(Error::Thread)?;
        }
        inbound::spawn(udp, floors.clone(), counts.clone()).map_err(Error::Thread)?;
        if let Some(tcp) = tcp {
            let port = tcp.local_addr().map_or(config.room.tcp_port, |at| at.port());
            let spawned = tcp::spawn(tcp, floors.clone(), connections.clone());
            spawned.map_err(|error| Error::BindTcp { port, error })?;
        }
        let fingerprint = identity.fingerprint();
        Ok(Rooms(Arc::new(Inner {
            floors,
            dealing,
            counts,
            address,
            connections,
            fingerprint,
            lately: Lately::default(),
        })))
    }

    /// Where media is sent to.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// What the threads have done, each.
    pub fn counts(&self) -> &[Arc<Counts>] {
        &self.0.counts
    }

    /// Connections of clients whose networks let no UDP through.
    pub fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// SHA-256 of the certificate.
    pub fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    /// Lets somebody in, or says why not. The same offer within seconds gets the same answer, if its session is there.
    pub async fn join(&self, knock: Knock) -> Result<Answered, Refusal> {
        let mut answering = self.0.lately.answering(&knock, monotonic());
        if let Some(known) = answering.get() {
            // A publisher who was taken over from does not take over again by being late.
            if knock.publishes
                || self.client_name(&knock.room, knock.publishes, &known.answer.ufrag).await.is_some()
            {
                return Ok(known.clone());
            }
            self.0.lately.forget(&knock, &answering);
            answering = self.0.lately.answering(&knock, monotonic());
        }
        // A request may be given up while it is answered, and another is waiting for the same answer.
        let rooms = self.clone();
        let joining =
            tokio::spawn(async move { answering.get_or_try_init(|| rooms.let_in(knock)).await.cloned() });
        joining.await.unwrap_or(Err(GONE))
    }

    /// A viewer is dealt to another floor where one is full.
    async fn let_in(&self, knock: Knock) -> Result<Answered, Refusal> {
        if knock.publishes {
            let home = home_of(&knock.room, self.0.floors.len());
            let joined = self.ask(home, |reply| Ask::Join { knock, place: None, reply });
            return joined.await.unwrap_or(Err(GONE));
        }
        let (mut tried, mut refused) = (Vec::new(), GONE);
        while let Some(place) = self.0.dealing.deal(&knock.room, &tried)? {
            let (floor, knock) = (place.floor(), knock.clone());
            let joined = self.ask(floor, |reply| Ask::Join { knock, place: Some(place), reply });
            match joined.await.unwrap_or(Err(GONE)) {
                Err(full @ Refusal::Full { .. }) => refused = full,
                answered => return answered,
            }
            tried.push(floor);
        }
        Err(refused)
    }

    /// Ends a session.
    pub async fn leave(&self, room: &str, publishes: bool, name: &str) -> Result<(), Refusal> {
        let (room, name) = (room.to_owned(), name.to_owned());
        let floor = floor_of_session(&name, self.0.floors.len()).ok_or(Refusal::Unknown)?;
        self.ask(floor, |reply| Ask::Leave { room, publishes, name, reply }).await.unwrap_or(Err(GONE))
    }

    /// The client's own name in a session, if there is one: by it a trickled candidate is known to be of that
    /// session, and a restart is told from it.
    pub async fn client_name(&self, room: &str, publishes: bool, name: &str) -> Option<String> {
        let (room, name) = (room.to_owned(), name.to_owned());
        let floor = floor_of_session(&name, self.0.floors.len())?;
        self.ask(floor, |reply| Ask::ClientName { room, publishes, name, reply }).await.flatten()
    }

    /// A room as it is now, with the viewers of all floors.
    pub async fn status(&self, room: &str) -> Status {
        let home = home_of(room, self.0.floors.len());
        let on = async |floor| {
            let room = room.to_owned();
            self.ask(floor, |reply| Ask::Status { room, reply }).await.unwrap_or_default()
        };
        let mut status = on(home).await;
        for floor in (0..self.0.floors.len()).filter(|floor| *floor != home) {
            status.add(on(floor).await);
        }
        status
    }

    async fn ask<T>(&self, floor: usize, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.0.floors[floor].send(ask(reply)).await.ok()?;
        answer.await.ok()
    }
}

const GONE: Refusal = Refusal::Full { what: "the server", retry_after_s: 5 };

/// Each floor's share of what the machine can carry.
fn capacity(config: &Config, floors: usize) -> Capacity {
    Capacity {
        viewers: config.room.viewers_a_room * 4,
        bits_per_second: u64::from(config.room.egress_mbit) * 1_000_000 / floors as u64,
        ..Capacity::default()
    }
}
