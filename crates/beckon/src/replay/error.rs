//! Why a replay stopped, each with what to do about it. Whatever it was, the same command goes on where
//! it stopped.

use std::path::PathBuf;

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log cannot be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The log cannot be read on: a disk's fault, or a compressed file that was cut short.
    #[error("cannot read on after line {line}: {source}; if the file was cut short, get it again")]
    Read {
        /// The last line that was read.
        line: u64,
        /// What the system or the decompressor says.
        source: std::io::Error,
    },
    /// A line is not what the format has.
    #[error("line {line} {why}; correct it, or leave out all such lines with --skip-bad")]
    BadLine {
        /// Its number in the file, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The file is not of the format.
    #[error("{why}; is the format the right one?")]
    BadFile {
        /// What is wrong with it.
        why: String,
    },
    /// The address cannot be used.
    #[error("{url:?} {why}")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A key is needed.
    #[error("a {what} is needed: give {option} or set {variable}")]
    KeyMissing {
        /// What the key is called.
        what: &'static str,
        /// The option that gives it.
        option: &'static str,
        /// The environment variable that gives it.
        variable: &'static str,
    },
    /// The server will not take it, now or later.
    #[error("the server refuses to {doing}: {why}")]
    Refused {
        /// What was asked of it.
        doing: &'static str,
        /// What it answered.
        why: String,
    },
    /// The server was away for too long.
    #[error("gave up after waiting {waited_s} s to {doing}: {why}; run the same command again to go on")]
    GaveUp {
        /// What was asked of it.
        doing: &'static str,
        /// How long was waited, in seconds.
        waited_s: u64,
        /// What kept it from answering the last time.
        why: String,
    },
    /// The server does not take an event, and yet says that it is the next that it wants.
    #[error(
        "the server does not take event {at} of source {source_name:?} and yet asks for it ({why}); is another \
         replay of this file running?"
    )]
    Contradiction {
        /// The number that it asks for.
        at: u64,
        /// The bulk source.
        source_name: String,
        /// What it answered.
        why: String,
    },
    /// The thread that reads the log is gone.
    #[error("the thread that reads the log has died")]
    ReaderDied,
}
