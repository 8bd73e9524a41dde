//! Why a measurement came to nothing.

use crate::{runtime, serve};
use std::path::PathBuf;

/// Why a measurement came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory to work in cannot be used.
    #[error("{} cannot be used to measure in: {why}", path.display())]
    Scratch {
        /// Which.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// The system refused something.
    #[error("{what}: {error}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// The server does not start.
    #[error(transparent)]
    Serve(#[from] serve::Error),
    /// The node does not start.
    #[error(transparent)]
    Node(#[from] runtime::Error),
    /// The node did not take what was made for it.
    #[error(transparent)]
    NotTaken(#[from] runtime::NotTaken),
    /// The journal, alone, failed.
    #[error("the journal alone: {0}")]
    Journal(String),
    /// The server answered something that no load should lead to.
    #[error("the server answered {status} to {path}: {body}")]
    Answer {
        /// Where it was asked.
        path: String,
        /// HTTP's status.
        status: u16,
        /// The beginning of what it said.
        body: String,
    },
    /// The clients of in-app connections failed.
    #[error("the clients of the in-app connections: {0}")]
    Crowd(String),
    /// An event did not become visible in reasonable time.
    #[error("the event of {user} was not visible after {seconds} s")]
    NeverVisible {
        /// Whose.
        user: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The push service did not take what was sent to it.
    #[error("of {sent} messages {taken} were taken")]
    NotPushed {
        /// How many were.
        taken: usize,
        /// Of how many.
        sent: usize,
    },
    /// An event that must lead to a push did not.
    #[error("{user} was never called in: {why}")]
    NeverCalled {
        /// Who.
        user: String,
        /// What the server says of it.
        why: String,
    },
    /// The check at the end failed: the figure would be a lie.
    #[error("{acknowledged} events were acknowledged, but {folded} were folded: the figure does not count")]
    Lost {
        /// Answered with 200.
        acknowledged: u64,
        /// In the profiles.
        folded: u64,
    },
    /// A part that runs in a process of its own did not succeed.
    #[error("the part `{stage}` did not succeed ({status})")]
    Stage {
        /// Which.
        stage: String,
        /// How it ended.
        status: String,
    },
    /// The state came back as another one.
    #[error("the state's digest was {before} before the restart and {after} after it")]
    Digest {
        /// Before.
        before: String,
        /// After.
        after: String,
    },
}

impl Error {
    /// Names what was being done when the system refused it.
    pub fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Error {
        move |error| Error::Io { what, error }
    }
}
