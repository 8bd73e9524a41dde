//! Where the live room is reached: opens the ports, and works out the addresses that answers name.

use super::Error;
use super::limits::{PORT_TRIES, TCP_SEND_BYTES};
use super::socket::Socket;
use crate::config::{Config, Room, room::address};
use beckon_room::Lines;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use tokio::net::TcpSocket;

/// The ports, open.
pub struct Ports {
    /// For datagrams.
    pub udp: UdpSocket,
    /// For datagrams in frames, if wanted: bound, not yet listening.
    pub tcp: Option<TcpSocket>,
    /// As clients see them.
    pub lines: Lines,
    /// Addresses of `lines` that are the machine's own, where it listens on all.
    pub own: Vec<IpAddr>,
    /// What the UDP port is bound to.
    pub address: SocketAddr,
}

/// Opens the ports.
pub fn open(config: &Config) -> Result<Ports, Error> {
    let room = &config.room;
    let (udp, tcp) = sockets(config.listen.ip(), room)?;
    Socket::prepare(&udp).map_err(|error| Error::Bind { port: room.udp_port, error })?;
    let address = udp.local_addr().unwrap_or(config.listen);
    let mut lines = Lines { udp: candidates(config, address, true), tcp: Vec::new() };
    if let Some(tcp) = &tcp {
        let local = tcp.local_addr().map_err(|error| Error::BindTcp { port: room.tcp_port, error })?;
        // A port that is another outside is so for both, unless they have different numbers inside.
        lines.tcp = candidates(config, local, local.port() == address.port());
    }
    let own = lines.udp.iter().map(SocketAddr::ip).filter(|ip| address.ip().is_unspecified() && is_own(*ip));
    Ok(Ports { udp, tcp, own: own.collect(), lines, address })
}

fn sockets(ip: IpAddr, room: &Room) -> Result<(UdpSocket, Option<TcpSocket>), Error> {
    let failed = |error| Error::Bind { port: room.udp_port, error };
    let mut udp = bind(ip, room.udp_port, "UDP", UdpSocket::bind).map_err(failed)?;
    if !room.tcp {
        return Ok((udp, None));
    }
    let number = |udp: &UdpSocket| udp.local_addr().map(|at| at.port()).map_err(failed);
    for _ in 0..PORT_TRIES {
        if room.tcp_port != 0 || number(&udp)? == room.udp_port {
            break;
        }
        // The system chose a number that is free for UDP; it is to be free for TCP, too.
        if let Ok(tcp) = bind_tcp(SocketAddr::new(ip, number(&udp)?)) {
            return Ok((udp, Some(tcp)));
        }
        udp = UdpSocket::bind((ip, 0)).map_err(failed)?;
    }
    let port = if room.tcp_port == 0 { number(&udp)? } else { room.tcp_port };
    let tcp = bind(ip, port, "TCP", bind_tcp).map_err(|error| Error::BindTcp { port, error })?;
    Ok((udp, Some(tcp)))
}

/// A second server on one machine, as tests and demos are, still has a room; answers carry its port.
fn bind<T>(ip: IpAddr, port: u16, what: &str, open: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    open(SocketAddr::new(ip, port)).or_else(|error| {
        if error.kind() != ErrorKind::AddrInUse {
            return Err(error);
        }
        tracing::warn!(
            port,
            "the live room's {what} port is in use: another is taken; firewalls may not know it"
        );
        open(SocketAddr::new(ip, 0))
    })
}

fn bind_tcp(at: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart need not wait for old connections to be forgotten. Elsewhere it would mean to share the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Connections inherit it; the kernel has a bound of its own, and less is no reason not to start.
    let _ = socket.set_send_buffer_size(TCP_SEND_BYTES);
    socket.bind(at)?;
    Ok(socket)
}

/// The addresses that answers name for a port. `ports` says whether a port named in the configuration is of it.
fn candidates(config: &Config, local: SocketAddr, ports: bool) -> Vec<SocketAddr> {
    let named = config.room.public_addresses.iter().filter_map(|text| address(text, local.port()));
    let named: Vec<SocketAddr> =
        named.map(|it| if ports { it } else { SocketAddr::new(it.ip(), local.port()) }).collect();
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

/// Whether an address is one of the machine's: the system lets one listen there.
fn is_own(ip: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(ip, 0)).is_ok()
}

/// The address that the system would use to reach the world; nothing is sent to find it out.
fn outward(from: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind(SocketAddr::new(from, 0)).ok()?;
    let world = if from.is_ipv4() { "192.0.2.1:9" } else { "[2001:db8::1]:9" };
    socket.connect(world).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}
