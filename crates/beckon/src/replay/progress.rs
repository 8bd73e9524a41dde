//! What a replay tells while it runs. It prints nothing itself: the command line hands it a
//! [`super::Terminal`], tests and other callers whatever they like.

use std::fmt;
use std::time::Duration;

/// What a replay tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// It begins.
    Begins {
        /// The bulk source's name.
        source: &'e str,
        /// Length of the file, in bytes.
        bytes: u64,
        /// Events that the server has already.
        known: u64,
    },
    /// A batch has arrived.
    Sent {
        /// What came of all so far.
        summary: &'e Summary,
        /// Bytes of the file read so far.
        bytes_read: u64,
    },
    /// The server is away or busy.
    Waits {
        /// Until it is asked again.
        pause: Duration,
        /// What it said.
        why: &'e str,
    },
    /// It has arrived as a whole.
    Done(&'e Summary),
}

/// What came of a replay.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Events that were sent, and taken or left out by the server.
    pub sent: u64,
    /// Events among them that the server took.
    pub accepted: u64,
    /// Events among them that the server had already.
    pub repeated: u64,
    /// Calls among them that the server left out, each on its own.
    pub rejected: u64,
    /// The first of those, and why.
    pub first_rejected: Option<String>,
    /// Events at the beginning of the file that were not sent since the server had them already.
    pub known: u64,
    /// Lines that are not of the format.
    pub bad_lines: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Summary {
    /// Events a second.
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.sent as f64 / self.seconds } else { 0.0 }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events sent: {} accepted, {} known already, {} rejected; {:.1} s, {:.0} events/s",
            self.sent,
            self.accepted,
            self.known + self.repeated,
            self.rejected,
            self.seconds,
            self.rate()
        )?;
        if self.bad_lines > 0 {
            write!(f, "; {} bad lines left out", self.bad_lines)?;
        }
        match &self.first_rejected {
            Some(first) => write!(f, "; first rejected: {first}"),
            None => Ok(()),
        }
    }
}
