//! Connects to vendors, and only to addresses that the guard has judged.
//!
//! A name is resolved once for a connection. What the guard admits of it goes straight to the connecting
//! code, which cannot resolve again; so a name that changes its mind in between changes nothing.

use super::limits::{ADDRESSES_MAX, CONNECT_TIMEOUT};
use beckon_channels::guard::Policy;
use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::Service;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;

/// Makes connections; clones share nothing but settings.
#[derive(Clone)]
pub(super) struct Connector {
    http: HttpConnector<Resolver>,
    tls: TlsConnector,
    policy: Policy,
    timeout: Duration,
    /// Whether only HTTP/2 will do.
    multiplexed: bool,
}

/// The vendor was reached and speaks no HTTP/2; nothing was said to it.
#[derive(Debug, thiserror::Error)]
#[error("the server speaks no HTTP/2")]
pub(super) struct NotMultiplexed;

impl Connector {
    pub(super) fn new(policy: Policy, tls: Arc<ClientConfig>, timeout: Duration) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver { policy });
        // Whether plain HTTP may be spoken is the guard's to say.
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(timeout.min(CONNECT_TIMEOUT)));
        Connector { http, tls: TlsConnector::from(tls), policy, timeout, multiplexed: false }
    }

    /// One whose connections all speak HTTP/2.
    pub(super) fn multiplexed(self) -> Self {
        Connector { multiplexed: true, ..self }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Failure;
    type Future = Connecting<Stream>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.http.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, url: Uri) -> Connecting<Stream> {
        // The clone that is ready is used, the other stays behind.
        let clone = self.clone();
        let ready = std::mem::replace(self, clone);
        Box::pin(async move {
            let timeout = ready.timeout;
            match tokio::time::timeout(timeout, ready.connect(url)).await {
                Ok(connected) => connected,
                Err(_) => Err(format!("no connection within {} ms", timeout.as_millis()).into()),
            }
        })
    }
}

impl Connector {
    async fn connect(mut self, url: Uri) -> Result<Stream, Failure> {
        let target = self.policy.target(&url)?;
        // An address in place of a name is not resolved, so it is judged here.
        if let Ok(address) = target.host.parse::<IpAddr>() {
            self.policy.judge(address)?;
        }
        let tcp = self.http.call(url).await?;
        if !target.is_https {
            return Ok(Stream::Plain(tcp));
        }
        let name = ServerName::try_from(target.host)?;
        let tls = self.tls.connect(name, tcp.into_inner()).await?;
        if self.multiplexed && tls.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(NotMultiplexed.into());
        }
        Ok(Stream::Tls(Box::new(TokioIo::new(tls))))
    }
}

/// Resolves names by the system, and hands on only what the guard admits.
#[derive(Clone)]
struct Resolver {
    policy: Policy,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Failure;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let policy = self.policy;
        Box::pin(async move {
            let name = name.as_str();
            // The port is filled in by who connects.
            let found = tokio::net::lookup_host((name, 0)).await?;
            let addresses: Vec<IpAddr> = found.map(|it| it.ip()).take(ADDRESSES_MAX).collect();
            let admitted = policy.admit(name, &addresses)?;
            let sockets: Vec<SocketAddr> = admitted.into_iter().map(|it| SocketAddr::new(it, 0)).collect();
            Ok(sockets.into_iter())
        })
    }
}

/// What lies behind a failure, if it is a `T`: a refusal of the guard's, or [`NotMultiplexed`].
pub(super) fn behind<'a, T: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a T> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        at = error.source();
    }
    None
}

/// A connection to a vendor.
pub(super) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Stream::Tls(stream) if stream.inner().get_ref().1.alpn_protocol() == Some(b"h2") => {
                Connected::new().negotiated_h2()
            }
            _ => Connected::new(),
        }
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, into),
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}
