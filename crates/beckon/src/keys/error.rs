//! What can be wrong with the keys. No message holds a key.

use std::path::PathBuf;

/// Why the keys could not be read or changed, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no store.
    #[error("{} does not exist: give the data directory of a server that was started once", file.display())]
    Missing {
        /// Where it should be.
        file: PathBuf,
    },
    /// Others may read the store.
    #[error("{} can be read by other users (mode {mode:03o}): run `chmod 600` on it, and replace the keys if somebody may have looked", file.display())]
    Loose {
        /// Which file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The system refused.
    #[error("{}: cannot {what} ({source}): check the directory's permissions and its disk", file.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store is not what was written.
    #[error("{} is damaged ({detail}): put a backup back, or move it away and start with new keys", file.display())]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A name that is taken.
    #[error("there is already a {what} named `{name}`: choose another name, or remove that one first")]
    Taken {
        /// `source` or `server key`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name that nothing has.
    #[error("there is no {what} named `{name}`: there {}", listed(there))]
    Unknown {
        /// `source` or `server key`.
        what: &'static str,
        /// The name.
        name: String,
        /// The names there are.
        there: Vec<String>,
    },
    /// A name that does not do.
    #[error(
        "{name:?} is no name: use 1 to {} characters without control characters",
        super::limits::NAME_BYTES_MAX
    )]
    BadName {
        /// The name.
        name: String,
    },
    /// A key or secret that does not do.
    #[error(
        "this {what} does not do: use {least} to {} printable ASCII characters without spaces{more}",
        super::limits::KEY_BYTES_MAX
    )]
    BadKey {
        /// What it is.
        what: &'static str,
        /// Its fewest bytes.
        least: usize,
        /// A further rule, or nothing.
        more: &'static str,
    },
    /// Too many of something.
    #[error("there are already {max} {what}s, the most there can be: remove one first")]
    TooMany {
        /// `source` or `server key`.
        what: &'static str,
        /// How many there can be.
        max: usize,
    },
    /// The only server key cannot go.
    #[error("`{name}` is the only server key: add another one first, or nobody can use the control API")]
    LastServerKey {
        /// Its name.
        name: String,
    },
    /// A write key that is also a server key would open everything to whoever reads a web page.
    #[error("a write key and a server key are the same: a write key is public, so give them different ones")]
    SameKeys,
    /// No randomness from the system.
    #[error("the system gives no randomness to make a key of: check /dev/urandom")]
    NoRandomness,
}

fn listed(there: &[String]) -> String {
    match there {
        [] => "are none".to_owned(),
        [one] => format!("is `{one}`"),
        many => format!("are `{}`", many.join("`, `")),
    }
}
