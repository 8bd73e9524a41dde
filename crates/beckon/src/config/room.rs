//! The live room's part of the configuration.

use super::limits;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// The live room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Room {
    /// Whether hosts can publish here and shoppers watch here.
    pub enabled: bool,
    /// UDP port of all media, on the address that `listen` names. Where it is taken the system chooses one.
    pub udp_port: u16,
    /// Whether media may also come and go over TCP, for clients whose networks let no UDP through.
    pub tcp: bool,
    /// TCP port of all media; 0 is the number that the UDP port has.
    pub tcp_port: u16,
    /// Addresses by which clients reach this machine, where they are not its own: `203.0.113.7` or, if the port
    /// is another outside, `203.0.113.7:8189`.
    pub public_addresses: Vec<String>,
    /// Threads that carry media; 0 is one for each core. A small room is on one of them, a popular one on all.
    pub threads: usize,
    /// What happens when somebody publishes where somebody publishes already.
    pub second_publisher: SecondPublisher,
    /// Whether anyone may watch. If not, a viewer needs a ticket or comes by a tap link.
    pub open: bool,
    /// Most viewers of one room.
    pub viewers_a_room: usize,
    /// Most that goes out, in megabits a second.
    pub egress_mbit: u32,
    /// STUN or TURN servers that clients are told of, as `stun:stun.example.org:3478`.
    pub ice_servers: Vec<String>,
}

/// What happens when somebody publishes where somebody publishes already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondPublisher {
    /// The second is refused, unless the first has fallen silent.
    Refuse,
    /// The second takes over.
    TakeOver,
}

impl Default for Room {
    fn default() -> Self {
        Room {
            enabled: true,
            udp_port: limits::ROOM_UDP_PORT_DEFAULT,
            tcp: true,
            tcp_port: 0,
            public_addresses: Vec::new(),
            threads: 0,
            second_publisher: SecondPublisher::Refuse,
            open: false,
            viewers_a_room: limits::ROOM_VIEWERS_DEFAULT,
            egress_mbit: limits::ROOM_EGRESS_MBIT_DEFAULT,
            ice_servers: Vec::new(),
        }
    }
}

/// An address as `public_addresses` names it. Without a port it is `port`.
pub fn address(text: &str, port: u16) -> Option<SocketAddr> {
    let alone = text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port));
    alone.or_else(|| text.parse().ok()).filter(|address| !address.ip().is_unspecified())
}

impl Room {
    /// Threads that carry media.
    pub fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = if self.threads == 0 { cores() } else { self.threads };
        wanted.clamp(1, limits::ROOM_THREADS_MAX)
    }
}
