//! The secret store: which keys may send events and which may ask and change, in `keys.toml` of the data
//! directory. It stands apart from the journal, so that a copy of the journal gives nobody access; keys
//! are kept as hashes and shown once, when they are made.
//!
//! - [`Keys`] answers whose key a request carries.
//! - [`Keys::add_source`] and its like change the store, also beside a running server, which sees the
//!   change through [`Shared`].
//! - [`verify_shopper_token`] tells which shopper a customer's server vouches for.

mod change;
mod error;
pub(crate) mod file;
pub mod limits;
mod make;
mod shared;
mod token;

pub use error::Error;
pub use make::{check_server_key, check_write_key};
pub use shared::Shared;
pub use token::verify_shopper_token;

use crate::config::FirstKeys;
use beckon_core::id::SourceId;
use beckon_wire::collect::SourceKind;
use ring::{digest, hmac};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Name of the source and of the server key that a first start makes.
const FIRST: &str = "default";

/// A SHA-256 hash.
type Hash = [u8; 32];

/// The keys, ready for look-ups.
#[derive(Debug)]
pub struct Keys {
    dir: PathBuf,
    stored: file::Stored,
    sources: Vec<Source>,
    by_hash: BTreeMap<Hash, usize>,
}

/// A source of events: one write key's owner, as the web shop or the order system.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its number in the journal. Never given again, and never 0.
    pub id: SourceId,
    /// Its name for people.
    pub name: String,
    /// How far it is trusted.
    pub kind: SourceKind,
    /// Whether what it says of a known shopper needs a shopper token where it matters: consent, device
    /// tokens, purchases, the WebSocket. Without a shopper secret no token is right.
    pub verify_identity: bool,
    shopper: Option<hmac::Key>,
}

impl Source {
    /// Whether shopper tokens can be right at all.
    pub fn has_shopper_secret(&self) -> bool {
        self.shopper.is_some()
    }
}

/// Keys made by a first start: to be shown once, for they are kept only as hashes.
#[derive(Default)]
pub struct Printed {
    /// The write key of the first source.
    pub write: Option<String>,
    /// The server key.
    pub server: Option<String>,
}

impl Keys {
    /// Opens the store in `dir`, making it and its first keys where there is none. Keys that the
    /// environment gives become those of the first source and the first server key instead, now and
    /// whenever they change.
    pub fn open_or_create(dir: &Path, from_env: &FirstKeys) -> Result<(Keys, Printed), Error> {
        let mut printed = Printed::default();
        let keys = change::first_start(dir, from_env, &mut printed)?;
        Ok((keys, printed))
    }

    /// Opens the store in `dir`; [`Error::Missing`] when there is none.
    pub fn open(dir: &Path) -> Result<Keys, Error> {
        Keys::of(dir, file::read(dir)?)
    }

    fn of(dir: &Path, stored: file::Stored) -> Result<Keys, Error> {
        let sources = stored.sources(dir)?;
        let by_hash =
            stored.source.iter().enumerate().map(|(place, it)| (it.write_key_sha256.0, place)).collect();
        Ok(Keys { dir: dir.to_owned(), stored, sources, by_hash })
    }

    /// Whose write key this is. The look-up is by hash, so its timing tells nothing about other keys.
    pub fn source(&self, write_key: &str) -> Option<&Source> {
        self.sources.get(*self.by_hash.get(&hash(write_key))?)
    }

    /// The source of that name.
    pub fn source_named(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|it| it.name == name)
    }

    /// All sources, in the order in which they were made.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The names of the server keys.
    pub fn server_keys(&self) -> impl Iterator<Item = &str> {
        self.stored.server_key.iter().map(|it| it.name.as_str())
    }

    /// Whether `key` may ask and change everything. Takes the same time whatever the key.
    pub fn is_server_key(&self, key: &str) -> bool {
        let asked = hash(key);
        self.stored.server_key.iter().fold(false, |found, it| found | equal(&asked, &it.sha256.0))
    }
}

/// The kind that `name` names: `web`, `app` or `server`.
pub fn kind_named(name: &str) -> Option<SourceKind> {
    [SourceKind::Web, SourceKind::App, SourceKind::Server].into_iter().find(|it| kind_name(*it) == name)
}

/// How a kind is written: `web`, `app` or `server`.
pub fn kind_name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Web => "web",
        SourceKind::App => "app",
        SourceKind::Server => "server",
    }
}

fn hash(key: &str) -> Hash {
    let mut hash = Hash::default();
    let digest = digest::digest(&digest::SHA256, key.as_bytes());
    for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    hash
}

/// Compares without stopping at the first difference.
fn equal(a: &Hash, b: &Hash) -> bool {
    a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}
