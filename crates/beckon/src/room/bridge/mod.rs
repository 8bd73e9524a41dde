//! `beckon room bridge`: a way that is long and loses, for tests on one machine. Clients send to the bridge in place
//! of the server; it passes datagrams on in both directions, later, and not all of them, and connections likewise.
//!
//! Chance comes from a seed, so two runs lose alike as long as the datagrams are the same.

mod alarms;
mod stream;

use self::alarms::Alarms;
use crate::clock::monotonic;
use beckon_room::DATAGRAM_BYTES_MAX;
use clap::Args as ClapArgs;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Most clients of a run; further ones are not heard.
const CLIENTS_MAX: usize = 1_000;
/// Most datagrams under way, and most that wait to set out.
const FLYING_MAX: usize = 1 << 16;

/// What the way is like.
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// Where clients send to.
    #[arg(long, default_value = "127.0.0.1:9189")]
    pub listen: SocketAddr,
    /// The server's UDP address. Its answers must name the bridge: set room.public_addresses to what it listens at.
    #[arg(long, default_value = "127.0.0.1:8189")]
    pub to: SocketAddr,
    /// Where clients connect to for HTTP; only datagrams are carried if it is left out.
    #[arg(long, requires = "http_to")]
    pub http_listen: Option<SocketAddr>,
    /// The server's HTTP address.
    #[arg(long, requires = "http_listen")]
    pub http_to: Option<SocketAddr>,
    /// Milliseconds each way; the round trip is twice that.
    #[arg(long, default_value_t = 25)]
    pub delay_ms: u64,
    /// Datagrams and segments lost each way, in percent.
    #[arg(long, default_value_t = 0.0)]
    pub loss_percent: f64,
    /// What chance begins from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Args {
    fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

/// Chance to lose by: xorshift (Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Chance {
        Chance(seed | 1)
    }

    /// Whether the next is lost, so many of a hundred being so.
    fn loses(&mut self, percent: f64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // More than half lost is no way at all, and connections would never come to be.
        ((self.0 >> 32) as f64) < percent.clamp(0.0, 50.0) / 100.0 * f64::from(u32::MAX)
    }
}

/// A datagram under way.
struct Flying {
    at: Instant,
    through: Arc<UdpSocket>,
    to: SocketAddr,
    bytes: Vec<u8>,
}

/// From the side of a client, or from the server to one.
struct Came {
    at: Instant,
    client: SocketAddr,
    from_server: bool,
    bytes: Vec<u8>,
}

/// Runs until it is stopped.
pub async fn run(args: &Args) -> std::io::Result<()> {
    let alarms = Alarms::start()?;
    let Some((listen, to)) = args.http_listen.zip(args.http_to) else {
        return datagrams(args, &alarms).await;
    };
    let listener = tokio::net::TcpListener::bind(listen).await?;
    tokio::try_join!(datagrams(args, &alarms), stream::run(args, &alarms, listener, to)).map(|_| ())
}

async fn datagrams(args: &Args, alarms: &Alarms) -> std::io::Result<()> {
    let near = Arc::new(UdpSocket::bind(args.listen).await?);
    let (came, mut coming) = mpsc::channel::<Came>(FLYING_MAX);
    let (depart, arriving) = mpsc::channel::<Flying>(FLYING_MAX);
    let mut far: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
    let mut chance = Chance::new(args.seed);
    let delay = args.delay();
    tokio::spawn(hear(near.clone(), None, came.clone()));
    tokio::spawn(arrive(arriving, alarms.clone()));
    loop {
        // `came` is held here, so there is always more to come.
        let Some(Came { at, client, from_server, bytes }) = coming.recv().await else { return Ok(()) };
        if chance.loses(args.loss_percent) {
            continue;
        }
        let (through, to) = match from_server {
            true => (near.clone(), client),
            false => match far_side(args, &mut far, client, &came).await? {
                Some(far) => (far, args.to),
                None => continue,
            },
        };
        // Where too many are under way, those that come then are lost.
        let _ = depart.try_send(Flying { at: at + delay, through, to, bytes });
    }
}

/// Lets what is under way arrive. All of it takes equally long, so it comes in the order in which it left.
async fn arrive(mut arriving: mpsc::Receiver<Flying>, alarms: Alarms) {
    while let Some(Flying { at, through, to, bytes }) = arriving.recv().await {
        alarms.until(at).await;
        let _ = through.send_to(&bytes, to).await;
    }
}

/// The socket by which the server knows a client; none for one too many.
async fn far_side(
    args: &Args,
    far: &mut BTreeMap<SocketAddr, Arc<UdpSocket>>,
    client: SocketAddr,
    came: &mpsc::Sender<Came>,
) -> std::io::Result<Option<Arc<UdpSocket>>> {
    if let Some(socket) = far.get(&client) {
        return Ok(Some(socket.clone()));
    }
    if far.len() >= CLIENTS_MAX {
        return Ok(None);
    }
    let any = SocketAddr::new(args.listen.ip(), 0);
    let socket = Arc::new(UdpSocket::bind(any).await?);
    far.insert(client, socket.clone());
    tokio::spawn(hear(socket.clone(), Some(client), came.clone()));
    Ok(Some(socket))
}

/// Takes datagrams in: of clients, or of the server for one of them.
async fn hear(socket: Arc<UdpSocket>, client: Option<SocketAddr>, came: mpsc::Sender<Came>) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let bytes = buffer[..length].to_vec();
        let at = monotonic();
        let datagram = Came { at, client: client.unwrap_or(from), from_server: client.is_some(), bytes };
        if came.send(datagram).await.is_err() {
            return;
        }
    }
}
