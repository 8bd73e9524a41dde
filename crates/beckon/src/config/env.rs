//! The environment, read once. It overrides the file: what a container is given must win over what was
//! built into its image.

use super::file::nearest;
use super::limits::TYPO_DISTANCE_MAX;
use super::{Config, Error, Errors, Secret, Tls};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What every variable of ours starts with.
const PREFIX: &str = "BECKON_";

/// The file's path: the command line reads it.
const CONFIG: &str = "BECKON_CONFIG";

/// How each variable changes the configuration.
const KNOWN: [(&str, Apply); 11] = [
    ("BECKON_LISTEN", |config, text| {
        parsed(text, "an address and port, as 127.0.0.1:8080", &mut config.listen)
    }),
    ("BECKON_DATA_DIR", |config, text| set(&mut config.data, PathBuf::from(text))),
    ("BECKON_TIMEZONE", |config, text| set(&mut config.default_timezone, text.to_owned())),
    ("BECKON_WORKER_THREADS", |config, text| parsed(text, "a number", &mut config.worker_threads)),
    ("BECKON_PUBLIC_URL", |config, text| set(&mut config.public_url, Some(text.to_owned()))),
    ("BECKON_BEHIND_PROXY", |config, text| set(&mut config.behind_proxy, Some(text.to_owned()))),
    ("BECKON_TLS_CERTIFICATE", |config, text| set(&mut tls(config).certificate, PathBuf::from(text))),
    ("BECKON_TLS_PRIVATE_KEY", |config, text| set(&mut tls(config).private_key, PathBuf::from(text))),
    ("BECKON_LOG", |config, text| set(&mut config.log.filter, text.to_owned())),
    ("BECKON_WRITE_KEY", |config, text| set(&mut config.first_keys.write, Some(Secret::new(text)))),
    ("BECKON_SERVER_KEY", |config, text| set(&mut config.first_keys.server, Some(Secret::new(text)))),
];

type Apply = fn(&mut Config, &str) -> Result<(), String>;

/// Variables of the environment that begin with `BECKON_`. An empty one counts as not set.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, Option<String>>);

impl Env {
    /// The environment of this process.
    pub fn read() -> Self {
        // A value that is not Unicode is remembered as such, and refused if it is one of ours.
        Env(std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect())
    }

    /// An environment of these variables.
    pub fn of<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Env(variables.into_iter().map(|(name, value)| (name.into(), Some(value.into()))).collect())
    }

    /// Changes `config` as the environment says.
    pub(super) fn apply(&self, config: &mut Config) -> Result<(), Errors> {
        let mut found = Vec::new();
        for (name, value) in &self.0 {
            let known = KNOWN.iter().find(|(known, _)| known == name);
            let detail = match (known, value.as_deref()) {
                (Some(_), None) => Err("its value is not Unicode text".to_owned()),
                (Some(_), Some("")) => Ok(()),
                (Some((_, apply)), Some(value)) => apply(config, value),
                (None, _) => misspelled(name),
            };
            if let Err(detail) = detail {
                found.push(Error::Environment { name: name.clone(), detail });
            }
        }
        Errors::none_of(found)
    }
}

/// Variables that we do not know are left alone, since Kubernetes sets `BECKON_PORT` and its like for a
/// service of that name; but one that is nearly ours was meant for us.
fn misspelled(name: &str) -> Result<(), String> {
    let known = KNOWN.iter().map(|(name, _)| *name);
    match nearest(name, known) {
        Some(meant) if name != CONFIG && strsim::osa_distance(name, &meant) <= TYPO_DISTANCE_MAX => {
            Err(format!("unknown: did you mean {meant}?"))
        }
        _ => Ok(()),
    }
}

fn tls(config: &mut Config) -> &mut Tls {
    config.tls.get_or_insert_with(|| Tls { certificate: PathBuf::new(), private_key: PathBuf::new() })
}

fn set<T>(field: &mut T, value: T) -> Result<(), String> {
    *field = value;
    Ok(())
}

fn parsed<T: std::str::FromStr>(text: &str, what: &str, field: &mut T) -> Result<(), String> {
    set(field, text.parse().map_err(|_| format!("`{text}` is not {what}"))?)
}
