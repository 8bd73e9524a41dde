//! What a replay is told: the command line, and what follows from it.

use super::error::Error;
use super::formats::Format;
use super::limits::{BATCH_EVENTS, FILE_NAME_BYTES_MAX, FINGERPRINT_BYTES};
use beckon_wire::limits::{BATCH_EVENTS_MAX, BULK_SOURCE_BYTES_MAX};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// `beckon replay`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The log, plain or gzip.
    pub file: PathBuf,
    /// Its format.
    #[arg(long, value_enum)]
    pub format: Format,
    /// Where it goes.
    #[command(flatten)]
    pub destination: Destination,
    /// Send at most so many events a second.
    #[arg(long, value_name = "N", value_parser = positive)]
    pub rate: Option<f64>,
    /// Send events as they once came, so many times faster.
    #[arg(long, value_name = "X", value_parser = positive)]
    pub speed: Option<f64>,
    /// Events in a request, at most.
    #[arg(long, value_name = "N", default_value_t = BATCH_EVENTS, value_parser = batch)]
    pub batch: usize,
    /// Name under which the server remembers how far it has come [default: made from the file].
    #[arg(long, value_name = "NAME", value_parser = source_name)]
    pub source_name: Option<String>,
    /// Leave out lines that are not of the format, and count them.
    #[arg(long)]
    pub skip_bad: bool,
    /// Write key of the source that the events are counted for.
    #[arg(long, value_name = "K", env = "BECKON_WRITE_KEY", hide_env_values = true)]
    pub write_key: Option<String>,
    /// Server key, to ask how far the server has come and to move its virtual clock.
    #[arg(long, value_name = "K", env = "BECKON_SERVER_KEY", hide_env_values = true)]
    pub server_key: Option<String>,
}

/// Where a replay goes.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Destination {
    /// A running server, e.g. http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// The directory of a server that is not running.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|it| it.is_finite() && *it > 0.0);
    number.ok_or_else(|| "must be a number above 0".into())
}

fn batch(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|it| (1..=BATCH_EVENTS_MAX).contains(it));
    number.ok_or_else(|| format!("must be between 1 and {BATCH_EVENTS_MAX}"))
}

fn source_name(text: &str) -> Result<String, String> {
    let fits = (1..=BULK_SOURCE_BYTES_MAX).contains(&text.len());
    if fits { Ok(text.into()) } else { Err(format!("must be 1 to {BULK_SOURCE_BYTES_MAX} bytes long")) }
}

impl Args {
    /// What the replay itself has to know. Reads the file's beginning unless the source has a name.
    pub fn options(&self) -> Result<Options, Error> {
        let source = match &self.source_name {
            Some(name) => name.clone(),
            None => fingerprinted(&self.file, self.format)?,
        };
        Ok(Options {
            file: self.file.clone(),
            format: self.format,
            source,
            rate: self.rate,
            speed: self.speed,
            batch: self.batch,
            skip_bad: self.skip_bad,
        })
    }
}

/// What a replay does, wherever it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The log.
    pub file: PathBuf,
    /// Its format.
    pub format: Format,
    /// Name of the bulk source: events are known by it and their number, whatever their age.
    pub source: String,
    /// Events a second, at most.
    pub rate: Option<f64>,
    /// Seconds of event time in a second.
    pub speed: Option<f64>,
    /// Events in a batch, at most; 1 to [`BATCH_EVENTS_MAX`].
    pub batch: usize,
    /// Leave out bad lines, and count them.
    pub skip_bad: bool,
}

impl Options {
    /// All of a file as fast as can be, under the name that follows from its content.
    pub fn new(file: impl Into<PathBuf>, format: Format) -> Result<Self, Error> {
        let file = file.into();
        let source = fingerprinted(&file, format)?;
        let (rate, speed) = (None, None);
        Ok(Options { file, format, source, rate, speed, batch: BATCH_EVENTS, skip_bad: false })
    }
}

/// `UserBehavior.csv.gz:taobao:0123456789abcdef`: the file's name, the format, and a hash of its length and
/// first bytes. A file that is another by content is another source; one that was moved is the same.
fn fingerprinted(path: &Path, format: Format) -> Result<String, Error> {
    let failed = |source| Error::Open { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mut content = file.metadata().map_err(failed)?.len().to_le_bytes().to_vec();
    file.take(FINGERPRINT_BYTES).read_to_end(&mut content).map_err(failed)?;
    let hash = ring::digest::digest(&ring::digest::SHA256, &content);
    let hash: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let name = &name[..name.floor_char_boundary(FILE_NAME_BYTES_MAX)];
    Ok(format!("{name}:{}:{hash}", format.word()))
}
