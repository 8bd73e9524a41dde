//! The configuration: defaults, then one TOML file, then the environment, then the command line.
//!
//! A key that is not known is refused with the nearest one that is: a misspelled setting that is passed
//! over in silence is found out in the night it was meant for. `docs/beckon.example.toml` explains every
//! setting; a test holds it to the defaults here.

pub mod check;
mod env;
mod error;
mod file;
pub mod limits;
pub mod room;
mod secret;

pub use env::Env;
pub use error::{Error, Errors, Place};
pub use room::Room;
pub use secret::Secret;

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    #[serde(deserialize_with = "file::address")]
    pub listen: SocketAddr,
    /// Directory of journal, snapshots and keys. One process at a time uses it.
    pub data: PathBuf,
    /// Time zone of shoppers who have not told theirs.
    pub default_timezone: String,
    /// Threads that fold events; 0 is one for each core.
    pub worker_threads: usize,
    /// Name of the proxy that ends TLS in front of Beckon, where there is one.
    pub behind_proxy: Option<String>,
    /// Where shoppers reach this server: what tap links begin with. The address it listens on when absent.
    pub public_url: Option<String>,
    /// TLS by Beckon itself.
    pub tls: Option<Tls>,
    /// The journal.
    pub journal: Journal,
    /// When snapshots are taken.
    pub snapshot: Snapshot,
    /// The window within which an event counts once.
    pub dedup: Dedup,
    /// Which web pages may send events.
    pub cors: Cors,
    /// Connections of apps and pages.
    pub in_app: InApp,
    /// The live room.
    pub room: Room,
    /// What is logged.
    pub log: Log,
    /// Keys that the environment sets. They never stand in the file.
    #[serde(skip)]
    pub first_keys: FirstKeys,
}

/// TLS from certificate files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file of the server's certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file of the certificate's private key.
    pub private_key: PathBuf,
}

/// The journal's files.
///
/// What recovery needs is always kept. Beyond it, records stay until one of the two bounds is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// Bytes of a segment file.
    pub segment_bytes: u64,
    /// Most bytes kept beyond what recovery needs.
    pub keep_bytes: u64,
    /// Longest time, in hours, that records are kept beyond what recovery needs.
    pub keep_hours: u32,
}

/// When snapshots are taken: as soon as one of the two is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Snapshot {
    /// Bytes of journal since the last one.
    pub every_bytes: u64,
    /// Minutes since the last one.
    pub every_minutes: u32,
}

/// The window within which an event counts once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dedup {
    /// Memory for the ids, in bytes.
    pub budget_bytes: usize,
    /// Longest time an id is remembered, in hours.
    pub span_hours: u32,
}

/// Which web pages may send events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Origins such as `https://shop.example`, or `*` for all.
    pub origins: Vec<String>,
}

/// Connections of apps and pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InApp {
    /// Most connections that may be open. Each needs an open file of the system.
    pub connections_max: u32,
    /// How long a message waits for the client's acknowledgement, in seconds.
    pub ack_wait_s: u32,
    /// Seconds between pings; after two and a half of them in silence a connection counts as dead.
    pub ping_s: u32,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Levels by module, e.g. `info,beckon::gateway=debug`.
    pub filter: String,
}

/// Keys that the environment sets instead of those that a first start would make.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FirstKeys {
    /// The write key of the first source.
    pub write: Option<Secret>,
    /// The first server key.
    pub server: Option<Secret>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: limits::LISTEN_DEFAULT,
            data: PathBuf::from("beckon-data"),
            default_timezone: "UTC".to_owned(),
            worker_threads: 0,
            behind_proxy: None,
            public_url: None,
            tls: None,
            journal: Journal::default(),
            snapshot: Snapshot::default(),
            dedup: Dedup::default(),
            cors: Cors::default(),
            in_app: InApp::default(),
            room: Room::default(),
            log: Log::default(),
            first_keys: FirstKeys::default(),
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Journal {
            segment_bytes: beckon_journal::limits::SEGMENT_BYTES_DEFAULT,
            keep_bytes: limits::KEEP_BYTES_DEFAULT,
            keep_hours: limits::KEEP_HOURS_DEFAULT,
        }
    }
}

impl Default for Snapshot {
    fn default() -> Self {
        Snapshot {
            every_bytes: limits::SNAPSHOT_EVERY_BYTES_DEFAULT,
            every_minutes: limits::SNAPSHOT_EVERY_MINUTES_DEFAULT,
        }
    }
}

impl Default for Dedup {
    fn default() -> Self {
        Dedup {
            budget_bytes: beckon_engine::limits::DEDUP_BYTES,
            span_hours: limits::DEDUP_SPAN_HOURS_DEFAULT,
        }
    }
}

impl Default for Cors {
    fn default() -> Self {
        Cors { origins: vec!["*".to_owned()] }
    }
}

impl Default for InApp {
    fn default() -> Self {
        InApp {
            connections_max: limits::CONNECTIONS_MAX_DEFAULT,
            ack_wait_s: limits::ACK_WAIT_S_DEFAULT,
            ping_s: limits::PING_S_DEFAULT,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { filter: "info".to_owned() }
    }
}

impl Config {
    /// The defaults, changed by the file (where there is one) and then by the environment. Whether the
    /// values fit this machine is for [`Config::check`], after the command line had its say.
    pub fn load(path: Option<&Path>, env: &Env) -> Result<Config, Errors> {
        let mut config = match path {
            Some(path) => file::read(path)?,
            None => Config::default(),
        };
        env.apply(&mut config)?;
        Ok(config)
    }

    /// What stands in the way of starting with this configuration, and what to do about it.
    pub fn check(&self) -> Result<(), Errors> {
        Errors::none_of(check::problems(self))
    }

    /// Threads that fold events: as many as are set, or as there are cores, never more than shards.
    pub fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = if self.worker_threads == 0 { cores() } else { self.worker_threads };
        wanted.clamp(1, limits::WORKER_THREADS_MAX)
    }
}

impl Dedup {
    /// Longest time an id is remembered, in milliseconds.
    pub fn span_ms(&self) -> i64 {
        i64::from(self.span_hours) * 3_600_000
    }
}
