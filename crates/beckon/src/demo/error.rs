//! What can stand in the way of a demo or a rehearsal, and what to do about it.

use std::path::PathBuf;

/// Why it did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server in this process did not start.
    #[error(transparent)]
    Server(#[from] crate::serve::Error),
    /// The directory holds another server's data.
    #[error("{} is not empty: a demo begins with nothing; name a new directory with --data", .0.display())]
    NotEmpty(PathBuf),
    /// The directory cannot be made or looked into.
    #[error("{} cannot be used: {error}; name another directory with --data", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The sink of the pushes cannot listen.
    #[error("no port of this machine can be listened on for the pushes: {0}")]
    Sink(std::io::Error),
    /// Not a server's address.
    #[error("{url} {why}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The server did not answer.
    #[error("{call}: the server does not answer: {why}")]
    Silent {
        /// Method and path.
        call: String,
        /// What happened.
        why: String,
    },
    /// The server refused a call.
    #[error("{call}: {status}, {why}")]
    Refused {
        /// Method and path.
        call: String,
        /// Its status.
        status: u16,
        /// What its problem says.
        why: String,
    },
    /// An answer is not one of Beckon's.
    #[error("{call}: the answer is not Beckon's: {why}")]
    Answer {
        /// Method and path.
        call: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is nobody to rehearse with.
    #[error("the server knows no shoppers yet: send it events first")]
    Nobody,
}
