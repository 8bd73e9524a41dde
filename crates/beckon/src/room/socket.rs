//! Sends many datagrams with few calls: those that follow one another to the same client are cut apart by the
//! kernel where it can (GSO), and sent one by one where it cannot.
//!
//! No reactor watches the socket for sending: each datagram that leaves would wake all who watch, and there is
//! nearly always room.

use super::limits::{SEND_BYTES_MAX, SEND_WAITS_MS, SOCKET_BYTES};
use beckon_room::Datagram;
use quinn_udp::{Transmit, UdpSocketState};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A UDP socket of one thread. Clones of its descriptor are used by others.
pub struct Socket {
    socket: std::net::UdpSocket,
    state: UdpSocketState,
    is_v6: bool,
    /// Addresses that may be sent from, where the socket is bound to all.
    own: Vec<IpAddr>,
    gathered: Vec<u8>,
}

impl Socket {
    /// Asks the kernel for room. From then on it joins datagrams that came in.
    pub fn prepare(socket: &std::net::UdpSocket) -> io::Result<()> {
        let state = UdpSocketState::new(socket.into())?;
        // The kernel has a bound of its own; less than wished for is no reason not to start.
        let _ = state.set_send_buffer_size(socket.into(), SOCKET_BYTES);
        let _ = state.set_recv_buffer_size(socket.into(), SOCKET_BYTES);
        Ok(())
    }

    /// `own` are addresses of the machine that clients send to: they are answered from the same.
    pub fn new(socket: std::net::UdpSocket, own: Vec<IpAddr>) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let is_v6 = socket.local_addr()?.is_ipv6();
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Socket { socket, state, is_v6, own, gathered: Vec::with_capacity(SEND_BYTES_MAX) })
    }

    /// Sends all, in order. What the kernel does not take is lost, as a network loses.
    pub async fn send(&mut self, datagrams: &[Datagram]) {
        let mut rest = datagrams;
        while let Some(first) = rest.first() {
            let count = self.run_of(rest);
            let (run, after) = rest.split_at(count);
            rest = after;
            let destination = self.mapped(first.to);
            self.gathered.clear();
            for datagram in run {
                self.gathered.extend_from_slice(&datagram.bytes);
            }
            let segment_size = (count > 1).then_some(first.bytes.len());
            let contents = &self.gathered;
            let src_ip = self.source(first);
            let transmit = Transmit { destination, ecn: None, contents, segment_size, src_ip };
            self.send_one(&transmit).await;
        }
    }

    /// The address to send from, if it is not for the system to choose.
    fn source(&self, datagram: &Datagram) -> Option<IpAddr> {
        let ip = datagram.from.ip();
        (ip.is_ipv4() == datagram.to.is_ipv4() && self.own.contains(&ip)).then_some(ip)
    }

    /// How many of the first datagrams go out with one call: to one client, of one length but for the last.
    fn run_of(&self, datagrams: &[Datagram]) -> usize {
        let most = self.state.max_gso_segments().max(1);
        let (length, way) = (datagrams[0].bytes.len(), (datagrams[0].from, datagrams[0].to));
        let (mut count, mut bytes) = (0, 0);
        for datagram in datagrams.iter().take(most) {
            let fits = (datagram.from, datagram.to) == way
                && datagram.bytes.len() <= length
                && bytes + datagram.bytes.len() <= SEND_BYTES_MAX;
            if !fits {
                break;
            }
            count += 1;
            bytes += datagram.bytes.len();
            if datagram.bytes.len() < length {
                break;
            }
        }
        count.max(1)
    }

    async fn send_one(&self, transmit: &Transmit<'_>) {
        for _ in 0..=SEND_WAITS_MS {
            match self.state.try_send((&self.socket).into(), transmit) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                // A client that is gone, a network that is down: it will time out.
                Ok(()) | Err(_) => return,
            }
        }
    }

    fn mapped(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(v4) if self.is_v6 => SocketAddr::new(v4.to_ipv6_mapped().into(), to.port()),
            _ => to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_room::Via;

    #[tokio::test]
    async fn who_sends_to_one_of_several_addresses_is_answered_from_the_same() {
        let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let bound = [("127.0.0.1:0", "127.0.0.2"), ("[::ffff:127.0.0.1]:0", "127.0.0.3")];
        for (at, one) in bound {
            let Ok(socket) = std::net::UdpSocket::bind(at) else { continue };
            let from: IpAddr = one.parse().unwrap();
            // Not every system answers for all of 127.0.0.0/8.
            if std::net::UdpSocket::bind((from, 0)).is_err() {
                return;
            }
            let mut socket = Socket::new(socket, vec![from]).unwrap();
            let to = client.local_addr().unwrap();
            let from = SocketAddr::new(from, 8189);
            let datagram = |length: usize| Datagram { from, to, via: Via::Udp, bytes: vec![7; length] };
            socket.send(&[datagram(900), datagram(900), datagram(3)]).await;
            let mut buffer = [0; 2_000];
            for length in [900, 900, 3] {
                let (count, seen) = client.recv_from(&mut buffer).unwrap();
                assert_eq!((count, seen.ip()), (length, from.ip()), "{at}");
            }
        }
    }
}
