//! The secret store: what channels sign with, and what tap links are signed with. It is a file that only its
//! owner may read (`secrets.toml`); the journal holds names of secrets, never a secret.

use crate::keys::Error;
use crate::keys::file::{owner_only, refuse_loose, sync_dir};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of the file at most.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Bytes of the key that signs tap links.
const TAP_KEY_BYTES: usize = 32;

const HEAD: &str = "\
# The secrets of Beckon: what channels and tap links are signed with. Keep it readable by its owner only.

";

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// The key of tap links, in hexadecimal.
    tap: String,
    /// Secrets of channels, by name.
    #[serde(default)]
    channel: BTreeMap<String, String>,
    /// Who the live room is to browsers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<RoomIdentity>,
}

/// The certificate of the live room and its key, each DER in base64.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoomIdentity {
    certificate: String,
    private_key: String,
}

/// The secrets, shared by whoever signs.
#[derive(Clone)]
pub struct Secrets(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    stored: Mutex<Stored>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// The store of a data directory; a new one when there is none.
    pub fn open_or_create(dir: &Path) -> Result<Self, Error> {
        let stored = match read(dir)? {
            Some(stored) => stored,
            None => {
                let mut key = [0; TAP_KEY_BYTES];
                let failed =
                    |_| failure(dir, "draw a secret", io::Error::other("the system has no randomness"));
                SystemRandom::new().fill(&mut key).map_err(failed)?;
                let tap = key.iter().map(|it| format!("{it:02x}")).collect();
                let stored = Stored { tap, ..Stored::default() };
                write(dir, &stored)?;
                stored
            }
        };
        Ok(Secrets(Arc::new(Inner { dir: dir.to_owned(), stored: Mutex::new(stored) })))
    }

    /// What tap links are signed with.
    pub fn tap_key(&self) -> Vec<u8> {
        self.stored().tap.as_bytes().to_vec()
    }

    /// A channel's secret.
    pub fn channel(&self, name: &str) -> Option<String> {
        self.stored().channel.get(name).cloned()
    }

    /// A channel's secret. Where there is none, `make` gives one, which is on the disk when this returns.
    pub fn channel_or_make<E: From<Error>>(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<String, E>,
    ) -> Result<String, E> {
        let mut stored = self.stored();
        if let Some(secret) = stored.channel.get(name) {
            return Ok(secret.clone());
        }
        let (secret, mut new) = (make()?, stored.clone());
        new.channel.insert(name.to_owned(), secret.clone());
        write(&self.0.dir, &new)?;
        *stored = new;
        Ok(secret)
    }

    /// Sets a channel's secret; it is on the disk when this returns.
    pub fn set_channel(&self, name: &str, secret: &str) -> Result<(), Error> {
        let mut stored = self.stored();
        let mut new = stored.clone();
        new.channel.insert(name.to_owned(), secret.to_owned());
        write(&self.0.dir, &new)?;
        *stored = new;
        Ok(())
    }

    /// Forgets a channel's secret; it is off the disk when this returns.
    pub fn remove_channel(&self, name: &str) -> Result<(), Error> {
        let mut stored = self.stored();
        let mut new = stored.clone();
        if new.channel.remove(name).is_some() {
            write(&self.0.dir, &new)?;
            *stored = new;
        }
        Ok(())
    }

    /// The live room's certificate and private key, DER. They are made and kept if there are none, so that its
    /// fingerprint stays the same.
    pub fn room_identity(
        &self,
        make: impl FnOnce() -> Option<(Vec<u8>, Vec<u8>)>,
    ) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let mut stored = self.stored();
        if let Some(kept) = &stored.room {
            let damaged =
                |_| Error::Damaged { file: path(&self.0.dir), detail: "room is not base64".to_owned() };
            let certificate = STANDARD.decode(&kept.certificate).map_err(damaged)?;
            return Ok((certificate, STANDARD.decode(&kept.private_key).map_err(damaged)?));
        }
        let none = || failure(&self.0.dir, "draw a secret", io::Error::other("the system has no randomness"));
        let (certificate, private_key) = make().ok_or_else(none)?;
        let kept = RoomIdentity {
            certificate: STANDARD.encode(&certificate),
            private_key: STANDARD.encode(&private_key),
        };
        let new = Stored { room: Some(kept), ..stored.clone() };
        write(&self.0.dir, &new)?;
        *stored = new;
        Ok((certificate, private_key))
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("secrets.toml")
}

fn failure(dir: &Path, what: &'static str, source: io::Error) -> Error {
    Error::Io { what, file: path(dir), source }
}

fn read(dir: &Path) -> Result<Option<Stored>, Error> {
    let file = path(dir);
    let open = match File::open(&file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failure(dir, "read the secrets", source)),
    };
    let metadata = open.metadata().map_err(|source| failure(dir, "read the secrets", source))?;
    refuse_loose(&file, &metadata)?;
    let mut text = String::new();
    let read = open.take(FILE_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|source| failure(dir, "read the secrets", source))?;
    let damaged = |error: toml::de::Error| Error::Damaged { file, detail: error.message().to_owned() };
    toml::from_str(&text).map(Some).map_err(damaged)
}

fn write(dir: &Path, stored: &Stored) -> Result<(), Error> {
    let (file, new) = (path(dir), dir.join("secrets.toml.new"));
    let replace = || {
        let text = toml::to_string(stored).map_err(io::Error::other)?;
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut open = owner_only(OpenOptions::new().write(true).create_new(true)).open(&new)?;
        open.write_all(HEAD.as_bytes())?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&new, &file)?;
        sync_dir(dir)
    };
    replace().map_err(|source| failure(dir, "write the secrets", source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_there_after_a_start_and_nobody_else_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = Secrets::open_or_create(dir.path()).unwrap();
        first.set_channel("webhook", "whsec_c2VjcmV0").unwrap();
        let again = Secrets::open_or_create(dir.path()).unwrap();
        assert_eq!(again.channel("webhook").as_deref(), Some("whsec_c2VjcmV0"));
        assert_eq!((again.tap_key(), again.tap_key().len()), (first.tap_key(), 2 * TAP_KEY_BYTES));
        again.remove_channel("webhook").unwrap();
        assert_eq!(Secrets::open_or_create(dir.path()).unwrap().channel("webhook"), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let file = path(dir.path());
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(Secrets::open_or_create(dir.path()), Err(Error::Loose { .. })));
        }
    }
}
