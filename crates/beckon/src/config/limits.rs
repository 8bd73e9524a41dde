//! Every default and bound of the configuration, by name.

use beckon_core::limits::SHARDS;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where Beckon listens unless told otherwise: only the own machine can reach it.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Most bytes of a configuration file.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

/// Most threads that fold events: a shard is folded by one thread, further ones would idle.
pub const WORKER_THREADS_MAX: usize = SHARDS;

/// Bytes of journal kept beyond what recovery needs: a few days of a middling shop, to dump or replay.
pub const KEEP_BYTES_DEFAULT: u64 = 4 << 30;

/// Hours for which journal is kept beyond what recovery needs: a week.
pub const KEEP_HOURS_DEFAULT: u32 = 7 * 24;

/// Bytes of journal between snapshots; recovery reads about as much.
pub const SNAPSHOT_EVERY_BYTES_DEFAULT: u64 = 512 << 20;

/// Fewest bytes of journal between snapshots: below, writing snapshots costs more than the journal.
pub const SNAPSHOT_EVERY_BYTES_MIN: u64 = 1 << 20;

/// Most bytes of journal between snapshots: a start that reads more takes hours.
pub const SNAPSHOT_EVERY_BYTES_MAX: u64 = 1 << 40;

/// Minutes between snapshots.
pub const SNAPSHOT_EVERY_MINUTES_DEFAULT: u32 = 10;

/// Most minutes between snapshots: a week.
pub const SNAPSHOT_EVERY_MINUTES_MAX: u32 = 7 * 24 * 60;

/// Fewest bytes of the dedup window: 64 KiB, about 3,400 ids, for each shard.
pub const DEDUP_BYTES_MIN: usize = SHARDS << 16;

/// Most bytes of the dedup window: more is a slip of the hand on the machines of today.
pub const DEDUP_BYTES_MAX: usize = 1 << 40;

/// Hours that an id is remembered: what the engine promises.
pub const DEDUP_SPAN_HOURS_DEFAULT: u32 = (beckon_engine::limits::DEDUP_SPAN_MS / 3_600_000) as u32;

/// Most hours that an id is remembered: 30 days.
pub const DEDUP_SPAN_HOURS_MAX: u32 = 30 * 24;

/// UDP port of the live room's media.
pub const ROOM_UDP_PORT_DEFAULT: u16 = 8189;

/// Viewers of one room: what a core carries at 2.5 Mbit/s with room to spare.
pub const ROOM_VIEWERS_DEFAULT: usize = 1_000;

/// Most viewers of one room that can be set.
pub const ROOM_VIEWERS_MAX: usize = 100_000;

/// Megabits a second that go out: a common network card.
pub const ROOM_EGRESS_MBIT_DEFAULT: u32 = 1_000;

/// Most megabits a second that can be set.
pub const ROOM_EGRESS_MBIT_MAX: u32 = 400_000;

/// Most threads that carry media: each has a letter of its own in the names of its sessions.
pub const ROOM_THREADS_MAX: usize = 26;

/// Most public addresses and most ICE servers that are told of: each makes every answer longer.
pub const ROOM_ADDRESSES_MAX: usize = 8;

/// Most origins named for CORS: each is compared on every request of a browser.
pub const CORS_ORIGINS_MAX: usize = 100;

/// In-app connections that may be open at once.
pub const CONNECTIONS_MAX_DEFAULT: u32 = 100_000;

/// Most in-app connections that can be asked for: beyond it one machine has no ports and no memory.
pub const CONNECTIONS_MAX: u32 = 10_000_000;

/// Seconds that an in-app message waits for its acknowledgement.
pub const ACK_WAIT_S_DEFAULT: u32 = 20;

/// Most of them: longer, and the moment is over before another channel is tried.
pub const ACK_WAIT_S_MAX: u32 = 600;

/// Seconds between pings: under the half minute after which widespread proxies cut what is silent.
pub const PING_S_DEFAULT: u32 = 25;

/// Most of them.
pub const PING_S_MAX: u32 = 300;

/// Most letters by which a word may differ from a known one and still be taken for it.
pub const TYPO_DISTANCE_MAX: usize = 2;

const _: () = assert!(DEDUP_BYTES_MIN <= beckon_engine::limits::DEDUP_BYTES, "the default is allowed");
