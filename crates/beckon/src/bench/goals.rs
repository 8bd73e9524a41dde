//! What the figures must be and are meant to become: DESIGN.md §6 as numbers.

use super::figure::{Better, Goal, Unit};

/// Durable ingest in batches.
pub const INGEST: Goal = Goal {
    name: "durable ingest, batches of 100, parsed and folded",
    unit: Unit::PerSecond,
    better: Better::Higher,
    must: 300_000.0,
    aim: Some(1_000_000.0),
};

/// Single posts.
pub const SINGLE: Goal = Goal {
    name: "single-event posts, durable",
    unit: Unit::PerSecond,
    better: Better::Higher,
    must: 20_000.0,
    aim: Some(60_000.0),
};

/// An event's way into a profile.
pub const VISIBLE: Goal = Goal {
    name: "event → visible in the profile, p99",
    unit: Unit::Millis,
    better: Better::Lower,
    must: 50.0,
    aim: None,
};

/// An event's way to the push that it leads to.
pub const CALLED: Goal = Goal {
    name: "event → webhook handed over, p99",
    unit: Unit::Millis,
    better: Better::Lower,
    must: 60.0,
    aim: None,
};

/// An event's way to the push that it leads to, in the app.
pub const IN_APP: Goal = Goal {
    name: "event → in-app frame at the client, p99",
    unit: Unit::Millis,
    better: Better::Lower,
    must: 50.0,
    aim: None,
};

/// Memory of a connection that does nothing.
pub const SOCKET: Goal = Goal {
    name: "memory an idle in-app connection",
    unit: Unit::Bytes,
    better: Better::Lower,
    must: 16.0 * 1024.0,
    aim: Some(8.0 * 1024.0),
};

/// Messages to many connections.
pub const FAN_OUT: Goal = Goal {
    name: "in-app frames written, a core",
    unit: Unit::PerSecond,
    better: Better::Higher,
    must: 80_000.0,
    aim: None,
};

/// Hot columns.
pub const HOT: Goal = Goal {
    name: "memory a shopper, hot columns",
    unit: Unit::Bytes,
    better: Better::Lower,
    must: 400.0,
    aim: Some(256.0),
};

/// All that is held of a shopper.
pub const ALL: Goal = Goal {
    name: "memory a shopper, with history, cold data and index",
    unit: Unit::Bytes,
    better: Better::Lower,
    must: 1.2 * 1024.0,
    aim: Some(800.0),
};

/// Restart behind a load that was never trimmed.
pub const RESTART_LOADED: Goal = Goal {
    name: "restart, all of the load's journal still there",
    unit: Unit::Seconds,
    better: Better::Lower,
    must: 30.0,
    aim: Some(10.0),
};

/// Restart as a server that has been running for a while has it.
pub const RESTART: Goal = Goal { name: "restart, journal trimmed to what a start needs", ..RESTART_LOADED };

/// Everyone scored for one show, and the best selected.
pub const MATCH_ONE: Goal = Goal {
    name: "score and select among all shoppers, one show",
    unit: Unit::Millis,
    better: Better::Lower,
    must: 200.0,
    aim: Some(50.0),
};

/// The same for sixteen shows in one pass.
pub const MATCH_MANY: Goal = Goal {
    name: "score and select among all shoppers, 16 shows",
    must: 300.0,
    aim: Some(100.0),
    ..MATCH_ONE
};

/// A message encrypted to a browser.
pub const ENCRYPT: Goal = Goal {
    name: "Web Push: encrypted, one core",
    unit: Unit::PerSecond,
    better: Better::Higher,
    must: 18e3,
    aim: None,
};

/// A message composed, encrypted and sent to its browser's push service.
pub const WEBPUSH: Goal =
    Goal { name: "Web Push: encrypted and sent over HTTP/2, one core", must: 8e3, ..ENCRYPT };
