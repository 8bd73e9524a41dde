//! Where a replay goes: a server over HTTP ([`super::HttpTarget`]), or one within this process. A replay
//! asks of both the same four things and treats their answers alike, so that both take the real path.

use beckon_core::time::Timestamp;
use beckon_wire::shape::Answer;
use bytes::Bytes;
use std::future::Future;
use std::time::Duration;

/// Where a replay goes.
pub trait Target: Send {
    /// The number that the next event of a bulk source has to carry: all before it are durable.
    fn next(&mut self, source: &str) -> impl Future<Output = Result<u64, Failure>> + Send;

    /// Takes a batch (the body of `POST /v1/batch`); returns once its events are durable.
    fn batch(&mut self, body: Bytes) -> impl Future<Output = Result<Answer, Failure>> + Send;

    /// What clock it has.
    fn clock(&mut self) -> impl Future<Output = Result<Clock, Failure>> + Send;

    /// Moves the clock forward; returns once all that falls due by then has happened.
    fn advance(&mut self, to: Timestamp) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The clock of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The real one: nobody moves it.
    System,
    /// One that shows this until it is moved.
    Virtual(Timestamp),
}

/// Why a target did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Not now, or nobody knows: the answer was lost, the server is away or has too much to do.
    Later {
        /// How long it asks to be left alone.
        after: Option<Duration>,
        /// What it said, or what happened to the connection.
        why: String,
    },
    /// It is somewhere else than was assumed (409): what is there has to be asked again.
    Moved {
        /// What it said.
        why: String,
    },
    /// Not ever, unless something is changed.
    Refused {
        /// What it said.
        why: String,
    },
}
