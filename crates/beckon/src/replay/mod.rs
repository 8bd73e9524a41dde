//! `beckon replay`: streams a log of real events through the real path, as fast as it goes or at a pace,
//! and goes on where it stopped, whoever was killed.
//!
//! A log is a bulk source: each of its events has one number, from 0, that follows from the file alone
//! ([`Format`] says how lines become events). The server keeps the number that it continues at, so it is
//! the only one who has to remember anything: [`replay`] asks it, skips what it has, and sends batches
//! strictly in order. A file sent again counts nothing twice, whatever its age.
//!
//! Under a virtual clock the replay moves the server's time to each batch's latest event before it sends
//! it, and never back: in a log that is out of order the late events are late there too.

pub mod limits;

mod batches;
mod calls;
mod counts;
mod deliver;
mod error;
mod formats;
mod http;
mod lines;
mod options;
mod pace;
mod progress;
mod target;
mod terminal;

pub use batches::{Batch, Batches};
pub use counts::{Counts, expected_counts};
pub use deliver::replay;
pub use error::Error;
pub use formats::Format;
pub use http::HttpTarget;
pub use options::{Args, Destination, Options};
pub use progress::{Event, Summary};
pub use target::{Clock, Failure, Target};
pub use terminal::Terminal;

/// Replays a log into the server at `url`, with the keys that the command line or the environment gave,
/// and shows it on the terminal.
pub async fn run(args: &Args, url: &str) -> Result<Summary, Error> {
    let write_key = needed(&args.write_key, "write key", "--write-key", "BECKON_WRITE_KEY")?;
    let server_key = needed(&args.server_key, "server key", "--server-key", "BECKON_SERVER_KEY")?;
    let mut target = HttpTarget::new(url, write_key, server_key)?;
    let mut terminal = Terminal::default();
    replay(&mut target, &args.options()?, &mut |event| terminal.show(event)).await
}

fn needed<'k>(
    key: &'k Option<String>,
    what: &'static str,
    option: &'static str,
    variable: &'static str,
) -> Result<&'k str, Error> {
    key.as_deref().filter(|it| !it.is_empty()).ok_or(Error::KeyMissing { what, option, variable })
}
