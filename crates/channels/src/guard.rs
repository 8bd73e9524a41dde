//! Which URLs may be called. A webhook's URL is somebody's input: it must not make Beckon reach into the
//! network that Beckon stands in (server-side request forgery).
//!
//! Names prove nothing, since whoever owns one decides what it resolves to, and may decide otherwise a
//! moment later. So the caller resolves once, asks [`Policy::admit`] about the addresses, and connects to one
//! of those it was given back; it never resolves again for the same connection, and follows no redirect.
//!
//! Source of the networks: IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and successors).

use http::Uri;
use http::uri::Scheme;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an operator allows. The default is what a server on the open internet needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Plain `http`.
    pub allow_http: bool,
    /// Loopback, private and carrier-internal networks. Addresses that serve credentials to machines in a
    /// cloud, link-local and multicast ones stay refused.
    pub allow_private: bool,
}

/// Why a URL or address may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither `https` nor an allowed `http`.
    #[error("the URL is not https: use https, or allow plain http for this channel")]
    NotHttps,
    /// No host.
    #[error("the URL names no host: it must be of the form https://HOST/PATH")]
    NoHost,
    /// `user:password@`.
    #[error("the URL carries a user name: leave it out, requests are signed instead")]
    UserInfo,
    /// The name resolves to nothing.
    #[error("{0} resolves to no address: check the name")]
    NoAddress(String),
    /// A network of our own side.
    #[error("{address} is {kind}: allow private networks for this channel if that is meant")]
    Private {
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: &'static str,
    },
    /// Nothing that a channel can have its server at.
    #[error("{address} is {kind}, which is never called: check what the name resolves to")]
    Never {
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: &'static str,
    },
}

/// Where a URL leads: what to resolve, and how to speak there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether to speak TLS.
    pub is_https: bool,
}

impl Policy {
    /// Judges the URL itself, before anything is resolved.
    pub fn target(&self, url: &Uri) -> Result<Target, Refusal> {
        let is_https = url.scheme() == Some(&Scheme::HTTPS);
        let is_http = url.scheme() == Some(&Scheme::HTTP);
        if !(is_https || is_http && self.allow_http) {
            return Err(Refusal::NotHttps);
        }
        let authority = url.authority().ok_or(Refusal::NoHost)?;
        if authority.as_str().contains('@') {
            return Err(Refusal::UserInfo);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(Refusal::NoHost);
        }
        let port = authority.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        Ok(Target { host: host.to_owned(), port, is_https })
    }

    /// Of the addresses that `host` resolved to, those that may be connected to, in their order; a refusal if
    /// there are none.
    pub fn admit(&self, host: &str, resolved: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
        let mut refusal = Refusal::NoAddress(host.to_owned());
        let mut admitted = Vec::new();
        for address in resolved {
            match self.judge(*address) {
                Ok(()) => admitted.push(*address),
                Err(why) => refusal = why,
            }
        }
        if admitted.is_empty() { Err(refusal) } else { Ok(admitted) }
    }

    /// Judges one address.
    pub fn judge(&self, address: IpAddr) -> Result<(), Refusal> {
        match Place::of(address) {
            Place::Public => Ok(()),
            Place::Private(_) if self.allow_private => Ok(()),
            Place::Private(kind) => Err(Refusal::Private { address, kind }),
            Place::Never(kind) => Err(Refusal::Never { address, kind }),
        }
    }
}

/// Where an address lies.
#[derive(Clone, Copy)]
enum Place {
    Public,
    Private(&'static str),
    Never(&'static str),
}

use Place::{Never, Private};

/// Machines in a cloud get credentials and configuration from these. Those of them that lie in networks
/// below are named all the same: an operator who allows the network does not mean them.
const METADATA: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

const LOOPBACK: &str = "this machine itself";
const LOCAL: &str = "a private network";

/// Networks that are not the open internet, with the length of their prefix.
const V4: [(Ipv4Addr, u32, Place); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, Never("no address of a machine")),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Private(LOCAL)),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Private("a carrier's internal network")),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Private(LOOPBACK)),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Never("link-local")),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Private(LOCAL)),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Never("reserved for protocols")),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Never("reserved for documentation")),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Never("a 6to4 relay")),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Private(LOCAL)),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Never("reserved for benchmarks")),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Never("reserved for documentation")),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Never("reserved for documentation")),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Never("multicast")),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Never("reserved")),
];

const V6: [(Ipv6Addr, u32, Place); 9] = [
    (Ipv6Addr::LOCALHOST, 128, Private(LOOPBACK)),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Private(LOCAL)),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Never("link-local")),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Never("multicast")),
    // Teredo, benchmarks, ORCHID and the like.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Never("reserved for protocols")),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Never("reserved for documentation")),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Never("reserved for documentation")),
    // It carries an IPv4 address that a relay would go on to.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Never("6to4")),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, Never("a local NAT64")),
];

/// IPv6 that ends in the IPv4 address that is really meant: v4-mapped (RFC 4291, section 2.5.5.2) and NAT64
/// (RFC 6052), by which machines without IPv4 reach the IPv4 internet.
const EMBEDDING: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0)];

impl Place {
    fn of(address: IpAddr) -> Self {
        if METADATA.contains(&address) {
            return Never("where clouds keep their machines' credentials");
        }
        match address {
            IpAddr::V4(address) => {
                let bits = u32::from(address);
                let found = V4.iter().find(|it| (bits ^ u32::from(it.0)).leading_zeros() >= it.1);
                found.map_or(Place::Public, |it| it.2)
            }
            IpAddr::V6(address) => {
                let bits = u128::from(address);
                if EMBEDDING.iter().any(|it| (bits ^ u128::from(*it)).leading_zeros() >= 96) {
                    return Place::of(IpAddr::V4(Ipv4Addr::from(bits as u32)));
                }
                let found = V6.iter().find(|it| (bits ^ u128::from(it.0)).leading_zeros() >= it.1);
                match found {
                    Some(it) => it.2,
                    // Only 2000::/3 is given out to machines.
                    None if bits >> 125 == 1 => Place::Public,
                    None => Never("outside what is given out"),
                }
            }
        }
    }
}
