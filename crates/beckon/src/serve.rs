//! `beckon serve`: from the configuration to a running server, and to its orderly end.

use crate::config::{self, Config};
use crate::defaults::enter_defaults;
use crate::dispatch::carrier::Carrier;
use crate::gateway::{self, App};
use crate::in_app::Hub;
use crate::in_app::limits::STOP_WAIT;
use crate::keys::{self, Keys, Printed};
use crate::room::{self, Rooms};
use crate::runtime::{self, Node};
use crate::secrets::Secrets;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a stop waits for channels to answer what they were sent.
const DRAIN: Duration = Duration::from_secs(5);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] config::Errors),
    /// The keys cannot be read.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// The node does not start.
    #[error(transparent)]
    Node(#[from] runtime::Error),
    /// The live room does not start.
    #[error(transparent)]
    Room(#[from] room::Error),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] gateway::tls::Error),
    /// The address cannot be used.
    #[error("cannot listen on {address}: {error}; choose another address with --listen")]
    Bind {
        /// Which address.
        address: std::net::SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
}

/// A server that runs in this process.
pub struct Server {
    /// Where it listens.
    pub address: std::net::SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The keys that were made at this start: to be shown once.
    pub printed: Printed,
    /// The node.
    pub node: Node,
    app: App,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
    housekeeping: tokio::task::JoinHandle<()>,
    carrying: tokio::task::JoinHandle<()>,
    connected: tokio::task::JoinHandle<()>,
    feeding: tokio::task::JoinHandle<()>,
}

/// The node's options as the configuration has them.
pub fn node_options(config: &Config, virtual_clock: bool) -> runtime::Options {
    let mut options = runtime::Options::new(&config.data);
    options.folders = config.threads();
    options.virtual_clock = virtual_clock;
    options.journal.segment_bytes = config.journal.segment_bytes;
    options.keep_bytes = config.journal.keep_bytes;
    options.keep_for = Duration::from_secs(u64::from(config.journal.keep_hours) * 3600);
    options.dedup_bytes = config.dedup.budget_bytes;
    options.dedup_span_ms = config.dedup.span_ms();
    options.snapshot_bytes = config.snapshot.every_bytes;
    options.snapshot_every = Duration::from_secs(u64::from(config.snapshot.every_minutes) * 60);
    options
}

impl Server {
    /// Starts a server.
    pub async fn start(config: &Config, virtual_clock: bool) -> Result<Server, Error> {
        config.check()?;
        let tls = match &config.tls {
            None => None,
            Some(tls) => Some(gateway::tls::server_config(&tls.certificate, &tls.private_key)?),
        };
        // Listening comes first: a start that fails for the address must not have touched the journal.
        let bound = gateway::bind(config.listen, tls.clone()).await;
        let bound = bound.map_err(|error| Error::Bind { address: config.listen, error })?;
        let address = bound.address().unwrap_or(config.listen);
        // Where the system chose the port, tap links must lead to that one.
        let config = &Config { listen: address, ..config.clone() };
        let options = node_options(config, virtual_clock);
        let node = tokio::task::block_in_place(|| Node::start(&options))?;
        let (keys, printed) = Keys::open_or_create(&config.data, &config.first_keys)?;
        let secrets = Secrets::open_or_create(&config.data)?;
        let rooms = config.room.enabled.then(|| Rooms::start(config, &secrets)).transpose()?;
        let keys = keys::Shared::new(keys);
        let app = App::new(node.clone(), keys, secrets, rooms, config, tls.is_some());
        if let Err(error) = enter_defaults(&node).await {
            tracing::warn!(%error, "the templates to begin with could not be entered: the next start tries again");
        }
        app.keep_policy().await;
        let (stop, stopped) = oneshot::channel();
        let router = gateway::router(app.clone());
        let serving = tokio::spawn(bound.serve(router, async move {
            let _ = stopped.await;
        }));
        let housekeeping = tokio::spawn(app.clone().housekeeping());
        let feeding = tokio::spawn(app.feeds.clone().run(app.clone()));
        let carrier = Carrier::new(node.clone(), app.secrets.clone(), app.composer.clone(), app.hub.clone());
        let carrying = tokio::spawn(carrier.run());
        let connected = tokio::spawn(app.hub.clone().run());
        Ok(Server {
            address,
            tls: tls.is_some(),
            printed,
            node,
            app,
            stop,
            serving,
            housekeeping,
            carrying,
            connected,
            feeding,
        })
    }

    /// The in-app connections.
    pub fn hub(&self) -> &Hub {
        &self.app.hub
    }

    /// The live room, if it is on.
    pub fn rooms(&self) -> Option<&Rooms> {
        self.app.rooms.as_ref()
    }

    /// Lets requests under way finish, takes snapshots, and ends.
    pub async fn stop(self) -> runtime::StopReport {
        self.app.drain();
        // Every client is told to come back, and what became of its messages is known: both before requests end,
        // for an event stream is one.
        self.app.hub.stop();
        let _ = self.stop.send(());
        let _ = self.serving.await;
        self.app.hub.closed(STOP_WAIT).await;
        self.connected.abort();
        self.housekeeping.abort();
        self.feeding.abort();
        // What was sent is answered and journalled first; what waits is found again at the next start.
        let _ = tokio::time::timeout(DRAIN, self.node.quiesce()).await;
        self.carrying.abort();
        let node = self.node;
        tokio::task::block_in_place(|| node.stop())
    }
}

/// Waits for SIGTERM or Ctrl-C.
pub async fn stop_signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => {
                tokio::select! {
                    _ = interrupted => {}
                    _ = terminated.recv() => {}
                }
            }
            Err(_) => drop(interrupted.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
}
