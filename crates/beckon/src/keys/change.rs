//! Changes to the keys: by the first start, and by `beckon keys` also while a server runs. Each change reads
//! the file again under a lock, so that it builds on what is there and not on what was.

use super::file::{self, Hex, Kind, Stored, StoredServerKey, StoredSource};
use super::limits::{SERVER_KEYS_MAX, SOURCES_MAX};
use super::{Error, FIRST, Keys, Printed, hash, make};
use crate::config::FirstKeys;
use beckon_wire::collect::SourceKind;
use std::path::Path;

const SOURCE: &str = "source";
const SERVER_KEY: &str = "server key";

/// The store in `dir` with its first keys: those of the environment, else those there are, else new ones.
pub(super) fn first_start(dir: &Path, env: &FirstKeys, printed: &mut Printed) -> Result<Keys, Error> {
    make_dir(dir)?;
    let _lock = file::lock(dir)?;
    let (mut stored, mut changed) = match file::read(dir) {
        Err(Error::Missing { .. }) => (Stored::empty(), true),
        other => (other?, false),
    };
    let new = changed;
    match &env.write {
        Some(key) => {
            make::check_write_key(key.expose())?;
            changed |= adopt_write_key(&mut stored, key.expose())?;
        }
        None if new => printed.write = Some(add_source(&mut stored, FIRST, SourceKind::Web, false)?),
        None => {}
    }
    match &env.server {
        Some(key) => {
            make::check_server_key(key.expose())?;
            changed |= adopt_server_key(&mut stored, key.expose());
        }
        None if new => printed.server = Some(add_server_key(&mut stored, FIRST)?),
        None => {}
    }
    let keys = Keys::of(dir, stored)?;
    if changed {
        file::write(dir, &keys.stored)?;
    }
    Ok(keys)
}

fn make_dir(dir: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io { what: "make the data directory", file: dir.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(failed)
}

/// Whether the store had to change for the first source to have this key.
fn adopt_write_key(stored: &mut Stored, key: &str) -> Result<bool, Error> {
    let hash = Hex(hash(key));
    if stored.source.iter().any(|it| it.write_key_sha256 == hash) {
        return Ok(false);
    }
    match stored.source.iter_mut().find(|it| it.name == FIRST) {
        Some(first) => first.write_key_sha256 = hash,
        None => push_source(stored, FIRST, SourceKind::Web, false, hash)?,
    }
    Ok(true)
}

/// Whether the store had to change for the first server key to be this one.
fn adopt_server_key(stored: &mut Stored, key: &str) -> bool {
    let sha256 = Hex(hash(key));
    if stored.server_key.iter().any(|it| it.sha256 == sha256) {
        return false;
    }
    match stored.server_key.iter_mut().find(|it| it.name == FIRST) {
        Some(first) => first.sha256 = sha256,
        None => stored.server_key.push(StoredServerKey { name: FIRST.to_owned(), sha256 }),
    }
    true
}

impl Keys {
    /// Makes a source and its write key, which is shown only now.
    pub fn add_source(
        &mut self,
        name: &str,
        kind: SourceKind,
        verify_identity: bool,
    ) -> Result<String, Error> {
        self.change(|stored| add_source(stored, name, kind, verify_identity))
    }

    /// Removes a source: its key is refused from then on; what it sent stays.
    pub fn remove_source(&mut self, name: &str) -> Result<(), Error> {
        self.change(|stored| {
            named(stored, name)?;
            stored.source.retain(|it| it.name != name);
            Ok(())
        })
    }

    /// Sets whether a source needs shopper tokens where it matters.
    pub fn set_verify_identity(&mut self, name: &str, verify_identity: bool) -> Result<(), Error> {
        self.change(|stored| {
            named(stored, name)?.verify_identity = verify_identity;
            Ok(())
        })
    }

    /// Makes the secret with which the customer's server signs shopper tokens for a source. It is shown
    /// only now; tokens signed with an earlier one are refused from then on.
    pub fn make_shopper_secret(&mut self, name: &str) -> Result<String, Error> {
        let secret = make::shopper_secret()?;
        self.set_shopper_secret(name, &secret)?;
        Ok(secret)
    }

    /// Like [`Keys::make_shopper_secret`], with a secret that the customer has already.
    pub fn set_shopper_secret(&mut self, name: &str, secret: &str) -> Result<(), Error> {
        make::check_shopper_secret(secret)?;
        self.change(|stored| {
            named(stored, name)?.shopper_secret = Some(secret.to_owned());
            Ok(())
        })
    }

    /// Makes a server key, which is shown only now.
    pub fn add_server_key(&mut self, name: &str) -> Result<String, Error> {
        self.change(|stored| add_server_key(stored, name))
    }

    /// Removes a server key, unless it is the only one.
    pub fn remove_server_key(&mut self, name: &str) -> Result<(), Error> {
        self.change(|stored| {
            let there: Vec<_> = stored.server_key.iter().map(|it| it.name.clone()).collect();
            if !there.iter().any(|it| it == name) {
                return Err(Error::Unknown { what: SERVER_KEY, name: name.to_owned(), there });
            }
            if there.len() == 1 {
                return Err(Error::LastServerKey { name: name.to_owned() });
            }
            stored.server_key.retain(|it| it.name != name);
            Ok(())
        })
    }

    fn change<T>(&mut self, edit: impl FnOnce(&mut Stored) -> Result<T, Error>) -> Result<T, Error> {
        let _lock = file::lock(&self.dir)?;
        let mut stored = file::read(&self.dir)?;
        let answer = edit(&mut stored)?;
        let changed = Keys::of(&self.dir, stored)?;
        file::write(&self.dir, &changed.stored)?;
        *self = changed;
        Ok(answer)
    }
}

fn named<'s>(stored: &'s mut Stored, name: &str) -> Result<&'s mut StoredSource, Error> {
    let there: Vec<_> = stored.source.iter().map(|it| it.name.clone()).collect();
    let unknown = || Error::Unknown { what: SOURCE, name: name.to_owned(), there };
    stored.source.iter_mut().find(|it| it.name == name).ok_or_else(unknown)
}

fn add_source(
    stored: &mut Stored,
    name: &str,
    kind: SourceKind,
    verify_identity: bool,
) -> Result<String, Error> {
    let key = make::write_key()?;
    push_source(stored, name, kind, verify_identity, Hex(hash(&key)))?;
    Ok(key)
}

fn push_source(
    stored: &mut Stored,
    name: &str,
    kind: SourceKind,
    verify_identity: bool,
    write_key_sha256: Hex,
) -> Result<(), Error> {
    make::check_name(name)?;
    if stored.source.iter().any(|it| it.name == name) {
        return Err(Error::Taken { what: SOURCE, name: name.to_owned() });
    }
    let next = stored.next_source_id.checked_add(1);
    let Some(next) = next.filter(|_| stored.source.len() < SOURCES_MAX) else {
        return Err(Error::TooMany { what: SOURCE, max: SOURCES_MAX });
    };
    let id = std::mem::replace(&mut stored.next_source_id, next);
    let (name, kind) = (name.to_owned(), Kind(kind));
    stored.source.push(StoredSource {
        id,
        name,
        kind,
        write_key_sha256,
        verify_identity,
        shopper_secret: None,
    });
    Ok(())
}

fn add_server_key(stored: &mut Stored, name: &str) -> Result<String, Error> {
    make::check_name(name)?;
    if stored.server_key.iter().any(|it| it.name == name) {
        return Err(Error::Taken { what: SERVER_KEY, name: name.to_owned() });
    }
    if stored.server_key.len() >= SERVER_KEYS_MAX {
        return Err(Error::TooMany { what: SERVER_KEY, max: SERVER_KEYS_MAX });
    }
    let key = make::server_key()?;
    stored.server_key.push(StoredServerKey { name: name.to_owned(), sha256: Hex(hash(&key)) });
    Ok(key)
}
