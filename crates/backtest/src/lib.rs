//! Back-tests: what the decisions of `beckon-core` would have done on a log that lies there already.
//!
//! The code that decides is the core's own, fed with the log in order: profiles are folded, models learn, and
//! every decision sees only what came before it. Beside it stand simpler policies and the clairvoyant one,
//! so that a figure can be judged. A log of past behaviour cannot say what a push would have changed:
//! timing is scored as *reaching an active shopper*, and every report says so.
//!
//! | file | what it does |
//! |---|---|
//! | [`log`] | reads a log, whole, into trails by shopper |
//! | `shopper` | one shopper's columns, folded by the core |
//! | `days`, `reach` | which days are for fitting; a model of activity that has seen only the past |
//! | [`timing`] | one push a shopper-day: the table of policies |
//! | [`activity`] | how well activity in the next ten minutes is predicted; how well the best hours |
//! | [`interest`] | how well the next category is predicted |
//! | [`report`], `svg`, `bootstrap` | tables, pictures and intervals |

pub mod activity;
mod bootstrap;
mod days;
pub mod interest;
pub mod log;
mod reach;
pub mod report;
mod shopper;
mod svg;
pub mod timing;

pub use log::{Format, Log};
pub use report::Report;

/// Why a back-test could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder holds no file of the format.
    #[error("no file of this format in {path}: expected {expected}")]
    NoFile {
        /// The folder.
        path: std::path::PathBuf,
        /// What its files are called.
        expected: &'static str,
    },
    /// A line that is not of the format.
    #[error("{path}, line {line}: {what}; is the format right?")]
    Line {
        /// The file.
        path: std::path::PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// More than is held in memory.
    #[error("{what}: more than {max}; take a part of the log")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much is taken.
        max: usize,
    },
    /// Too few days to fit on some and test on others.
    #[error("the log has {days} whole days, a test needs at least {needed}: some to fit on, some to test on")]
    TooShort {
        /// Days in it.
        days: usize,
        /// Days needed.
        needed: usize,
    },
    /// What was measured could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
