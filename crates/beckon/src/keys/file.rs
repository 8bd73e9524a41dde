//! `keys.toml`: readable by its owner only, and replaced as a whole, so that a crash leaves the old keys or
//! the new ones.

use super::limits::FILE_BYTES_MAX;
use super::{Error, Hash, Source, kind_name, kind_named, make};
use beckon_core::id::SourceId;
use ring::hmac;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const HEAD: &str = "\
# The keys of Beckon. Only hashes stand here, except shopper secrets, which are needed as they are.
# Change it with `beckon keys`; keep it readable by its owner only.

";

/// What the file holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    /// The number of the next source. Numbers are not used twice, for the journal knows sources by them.
    pub next_source_id: u16,
    #[serde(default)]
    pub server_key: Vec<StoredServerKey>,
    #[serde(default)]
    pub source: Vec<StoredSource>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredServerKey {
    pub name: String,
    pub sha256: Hex,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredSource {
    pub id: u16,
    pub name: String,
    pub kind: Kind,
    pub write_key_sha256: Hex,
    pub verify_identity: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shopper_secret: Option<String>,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").finish_non_exhaustive()
    }
}

impl Stored {
    /// A store without keys. Source 0 is left to the program itself.
    pub(super) fn empty() -> Self {
        Stored { next_source_id: 1, server_key: Vec::new(), source: Vec::new() }
    }

    /// The sources, ready for use; an error when the file was tampered with in a way that matters.
    pub(super) fn sources(&self, dir: &Path) -> Result<Vec<Source>, Error> {
        let damaged = |detail: String| Error::Damaged { file: path(dir), detail };
        let (mut ids, mut names, mut hashes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for it in &self.source {
            if it.id == 0 || it.id >= self.next_source_id || !ids.insert(it.id) {
                return Err(damaged(format!(
                    "source `{}` has the number {}, which is not its own",
                    it.name, it.id
                )));
            }
            if !names.insert(&it.name) || !hashes.insert(it.write_key_sha256.0) {
                return Err(damaged(format!("two sources have the name or the key of `{}`", it.name)));
            }
            if it.shopper_secret.as_deref().is_some_and(|it| make::check_shopper_secret(it).is_err()) {
                return Err(damaged(format!("the shopper secret of `{}` is too short or too long", it.name)));
            }
        }
        if self.server_key.iter().any(|it| hashes.contains(&it.sha256.0)) {
            return Err(Error::SameKeys);
        }
        let signing = |secret: &String| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let source = |it: &StoredSource| Source {
            id: SourceId(it.id),
            name: it.name.clone(),
            kind: it.kind.0,
            verify_identity: it.verify_identity,
            shopper: it.shopper_secret.as_ref().map(signing),
        };
        Ok(self.source.iter().map(source).collect())
    }
}

/// Where the keys of a data directory are.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("keys.toml")
}

/// Reads the store in `dir`.
pub(super) fn read(dir: &Path) -> Result<Stored, Error> {
    let file = path(dir);
    let damaged = |detail: String| Error::Damaged { file: file.clone(), detail };
    let unread = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => Error::Missing { file: file.clone() },
        _ => Error::Io { what: "read the keys", file: file.clone(), source },
    };
    let open = File::open(&file).map_err(unread)?;
    let metadata = open.metadata().map_err(unread)?;
    refuse_loose(&file, &metadata)?;
    let mut text = String::new();
    match open.take(FILE_BYTES_MAX + 1).read_to_string(&mut text) {
        Ok(bytes) if bytes as u64 > FILE_BYTES_MAX => Err(damaged("far too large".to_owned())),
        Ok(_) => toml::from_str(&text).map_err(|error| damaged(error.message().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(damaged("not text".to_owned())),
        Err(error) => Err(unread(error)),
    }
}

/// Replaces the store in `dir`; when this returns, the new one is on the disk.
pub(super) fn write(dir: &Path, stored: &Stored) -> Result<(), Error> {
    let (file, new) = (path(dir), dir.join("keys.toml.new"));
    let failed = |source| Error::Io { what: "write the keys", file: file.clone(), source };
    let text = toml::to_string(stored).map_err(|error| failed(io::Error::other(error)))?;
    // One left behind by a crash could have been made with other permissions.
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(failed(error));
    }
    let replace = || {
        let mut open = owner_only(OpenOptions::new().write(true).create_new(true)).open(&new)?;
        open.write_all(HEAD.as_bytes())?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&new, &file)?;
        sync_dir(dir)
    };
    replace().map_err(failed)
}

/// Held while the store is changed, so that of two changes none is lost: the second waits, some
/// milliseconds. The system lets go of it when the process ends, however it ends.
pub(super) fn lock(dir: &Path) -> Result<File, Error> {
    let file = dir.join("keys.lock");
    let failed = |source| Error::Io { what: "lock the keys", file: file.clone(), source };
    let open = owner_only(OpenOptions::new().write(true).create(true).truncate(false)).open(&file);
    let open = open.map_err(failed)?;
    open.lock().map_err(failed)?;
    Ok(open)
}

#[cfg(unix)]
pub(crate) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(unix)]
pub(crate) fn refuse_loose(file: &Path, metadata: &fs::Metadata) -> Result<(), Error> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(Error::Loose { file: file.to_owned(), mode }) }
}

#[cfg(unix)]
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

// Elsewhere the data directory's own permissions are what there is.
#[cfg(not(unix))]
pub(crate) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
pub(crate) fn refuse_loose(_: &Path, _: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A hash, written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Hex(pub Hash);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = self.0.iter().map(|it| format!("{it:02x}")).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pairs =
            text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        let bytes: Option<Vec<u8>> = pairs.collect();
        let hash = bytes.and_then(|it| Hash::try_from(it).ok());
        hash.map(Hex).ok_or_else(|| de::Error::custom("a hash is not 64 hexadecimal digits"))
    }
}

/// A source's kind, written as a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(pub beckon_wire::collect::SourceKind);

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind_name(self.0))
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        kind_named(&text).map(Kind).ok_or_else(|| de::Error::custom("a kind is not `web`, `app` or `server`"))
    }
}
