//! Reads the TOML file. Keys are compared with those that the defaults have before values are looked at,
//! so that a misspelled key is named with its place and the key that was probably meant, and all of them
//! at once.

use super::limits::{FILE_BYTES_MAX, TYPO_DISTANCE_MAX};
use super::{Config, Error, Errors, Place, Tls};
use serde::{Deserialize, Deserializer, de};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The configuration that the file at `path` says.
pub(super) fn read(path: &Path) -> Result<Config, Errors> {
    let unread = |source| Error::Read { file: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(unread)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(Error::TooLarge { file: path.to_owned(), bytes }.into());
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<Config, Errors> {
    let value = |error: toml::de::Error| {
        let place = Place::new(path.to_owned(), text, error.span().map_or(0, |it| it.start));
        Error::Value { place, detail: error.message().replace('\n', ", ") }
    };
    let table = DeTable::parse(text).map_err(value)?;
    let mut unknown = Vec::new();
    let place = |at| Place::new(path.to_owned(), text, at);
    find_unknown(table.get_ref(), &known(), "", &place, &mut unknown);
    unknown.sort_by_key(|(at, _)| *at);
    Errors::none_of(unknown.into_iter().map(|(_, error)| error).collect())?;
    Ok(toml::from_str(text).map_err(value)?)
}

/// An address, refused with an example of one.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let refused =
        |_| de::Error::custom(format!("`{text}` is not an address and port: write it as 127.0.0.1:8080"));
    text.parse().map_err(refused)
}

/// Every key there is: those of a configuration in which everything is set.
fn known() -> toml::Table {
    let everything = Config {
        behind_proxy: Some(String::new()),
        public_url: Some(String::new()),
        tls: Some(Tls { certificate: PathBuf::new(), private_key: PathBuf::new() }),
        ..Config::default()
    };
    toml::Table::try_from(everything).unwrap_or_default()
}

fn find_unknown(
    table: &DeTable<'_>,
    known: &toml::Table,
    name: &str,
    place: &dyn Fn(usize) -> Place,
    found: &mut Vec<(usize, Error)>,
) {
    for (key, value) in table {
        let at = key.span().start;
        match known.get(key.get_ref().as_ref()) {
            Some(toml::Value::Table(known)) => {
                if let Some(inner) = value.get_ref().as_table() {
                    find_unknown(inner, known, key.get_ref(), place, found);
                }
            }
            Some(_) => {}
            None => {
                let key = key.get_ref().to_string();
                let nearest = nearest(&key, known.keys().map(String::as_str));
                found
                    .push((at, Error::UnknownKey { place: place(at), key, table: name.to_owned(), nearest }));
            }
        }
    }
}

/// The known name that `word` was probably meant to be: a few letters off, or the same words in another
/// order or dress (`maxBytes`).
pub(super) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_', '.'], "");
    let wanted = plain(word);
    known
        .map(|name| (strsim::osa_distance(&wanted, &plain(name)), name))
        .filter(|(distance, name)| {
            *distance <= TYPO_DISTANCE_MAX.max(name.len() / 4) && *distance < name.len()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.to_owned())
}
