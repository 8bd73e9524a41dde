//! The server under load: the real one, in this process, over a directory of the scratch.

use super::client::{Connection, get};
use super::error::Error;
use super::figure::line;
use super::limits::BACK_OFF;
use super::load::Plan;
use crate::clock::Stopwatch;
use crate::config::Config;
use crate::in_app::Hub;
use crate::runtime::Node;
use crate::serve::Server;
use base64::Engine as _;
use beckon_channels::Message;
use beckon_wire::shape::Stats;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::Runtime;

/// A port that the system chooses, for this machine only.
pub const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How long figures may take to agree once the load is over.
const SETTLING: Duration = Duration::from_secs(60);

/// A server under load.
pub struct Target {
    runtime: Runtime,
    server: Server,
    /// The write key.
    pub key: String,
    /// The `Authorization` header of sources.
    pub write: String,
    /// The `Authorization` header of control calls.
    pub control: String,
}

/// What the journal has written.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Commits, each one fdatasync.
    pub commits: u64,
    /// Records.
    pub records: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Written {
    /// What was written since `before`.
    pub fn since(self, before: Written) -> Written {
        Written {
            commits: self.commits - before.commits,
            records: self.records - before.records,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// A runtime as `beckon serve` has it.
pub fn runtime() -> Result<Runtime, Error> {
    let built = tokio::runtime::Builder::new_multi_thread().thread_name("http").enable_all().build();
    built.map_err(Error::io("start the server's threads"))
}

impl Target {
    /// Starts a server over `dir`, with everything else as it is by default.
    pub fn start(dir: &Path) -> Result<Target, Error> {
        let runtime = runtime()?;
        let config = Config { listen: ANY_PORT, data: dir.to_owned(), ..Config::default() };
        let server = runtime.block_on(Server::start(&config, false))?;
        let key = server.printed.write.clone().unwrap_or_default();
        let write = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
        let control = server.printed.server.clone().unwrap_or_default();
        Ok(Target {
            runtime,
            server,
            key,
            write: format!("Basic {write}"),
            control: format!("Bearer {control}"),
        })
    }

    /// A load of batches on it.
    pub fn plan(&self, path: &'static str, events: usize, connections: usize) -> Plan {
        Plan {
            address: self.server.address,
            authorization: self.write.clone(),
            path,
            events,
            connections,
            time: Duration::ZERO,
            rate: None,
            phase: 0,
            ends: None,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The in-app connections.
    pub fn hub(&self) -> &Hub {
        self.server.hub()
    }

    /// Sends in-app messages on the server's threads, and does not wait for them to arrive.
    pub fn send_all(&self, mut messages: Vec<Message>) {
        let half = messages.split_off(messages.len() / 2);
        for part in [messages, half] {
            let hub = self.hub().clone();
            self.runtime.spawn(async move {
                for message in &part {
                    hub.send(message).await;
                }
            });
        }
    }

    /// Waits until everything acknowledged is folded.
    pub fn settle(&self) -> Result<(), Error> {
        Ok(self.runtime.block_on(self.node().settled())?)
    }

    /// What the journal has written so far.
    pub fn written(&self) -> Written {
        let counts = self.node().committed();
        Written {
            commits: counts.commits.load(Ordering::Relaxed),
            records: counts.records.load(Ordering::Relaxed),
            bytes: counts.bytes.load(Ordering::Relaxed),
        }
    }

    /// Begins to look for the longest turns anew.
    pub fn begin_turns(&self) {
        self.node().turns().begin_anew();
    }

    /// Prints the longest turns of folders and committer since then.
    pub fn print_turns(&self) {
        let of = |it: crate::runtime::Taken| format!("{} {:.1}", it.work, it.longest_s * 1e3);
        let list: Vec<String> = self.node().turns().all().filter(|it| it.count > 0).map(of).collect();
        line("longest turn of folders and committer, ms", list.join(", "));
    }

    /// Holds what the server says it folded against what it acknowledged.
    pub fn check(&self, acknowledged: u64) -> Result<Stats, Error> {
        let watch = Stopwatch::start();
        loop {
            let stats = self.stats()?;
            // What connections tell is journalled like what is sent.
            let acknowledged = acknowledged + self.hub().tallies().told.load(Ordering::Relaxed);
            let folded = stats.events.total;
            if folded == acknowledged && stats.lag.fold_backlog_bytes == 0 {
                return Ok(stats);
            }
            if folded > acknowledged || watch.elapsed() > SETTLING {
                return Err(Error::Lost { acknowledged, folded });
            }
            std::thread::sleep(BACK_OFF);
        }
    }

    fn stats(&self) -> Result<Stats, Error> {
        const PATH: &str = "/api/v1/stats";
        self.runtime.block_on(async {
            let mut connection = Connection::open(self.address()).await.map_err(Error::io("connect"))?;
            let status =
                connection.exchange(&get(PATH, &self.control)).await.map_err(Error::io("ask for stats"))?;
            let stats = serde_json::from_slice(connection.body()).ok().filter(|_| status == 200);
            stats.ok_or_else(|| connection.refusal(PATH, status))
        })
    }

    fn node(&self) -> &Node {
        &self.server.node
    }

    /// Stops it in an orderly way.
    pub fn stop(self) {
        let _ = self.runtime.block_on(self.server.stop());
    }
}
