//! Whether a well-formed configuration does on this machine: `beckon check`, and the first thing that a
//! start does. Each finding says what to do about it.

use super::limits::*;
use super::{Config, Env, Error, Errors, Tls};
use crate::gateway::tls;
use crate::keys::{self, Keys};
use crate::zones::Zones;
use beckon_core::time::Timestamp;
use beckon_journal::limits::{SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN};
use std::fmt::Display;
use std::path::Path;
use tracing_subscriber::EnvFilter;

/// What `beckon check` answers: the configuration in effect as TOML, without secrets, or what is wrong.
pub fn run(path: Option<&Path>, env: &Env) -> Result<String, Errors> {
    let config = Config::load(path, env)?;
    config.check()?;
    let mut text = toml::to_string(&config).unwrap_or_default();
    for (name, key) in
        [("BECKON_WRITE_KEY", &config.first_keys.write), ("BECKON_SERVER_KEY", &config.first_keys.server)]
    {
        if key.is_some() {
            text.push_str(&format!("\n# {name} is set (not shown)"));
        }
    }
    Ok(text.trim_end().to_owned() + "\n")
}

/// All that is wrong with `config`.
pub(super) fn problems(config: &Config) -> Vec<Error> {
    let mut found = Vec::new();
    listen(config, &mut found);
    data(config, &mut found);
    public_url(config, &mut found);
    timezone(config, &mut found);
    sizes(config, &mut found);
    origins(config, &mut found);
    room(config, &mut found);
    log(config, &mut found);
    first_keys(config, &mut found);
    found
}

fn unfit(key: &'static str, problem: impl Into<String>, remedy: impl Into<String>) -> Error {
    Error::Unfit { key, problem: problem.into(), remedy: remedy.into() }
}

fn listen(config: &Config, found: &mut Vec<Error>) {
    let proxy = config.behind_proxy.as_deref().map(str::trim);
    if proxy == Some("") {
        found.push(unfit(
            "behind_proxy",
            "it is empty",
            "name the proxy that ends TLS, as \"nginx on web-1\", or take the line out",
        ));
    }
    let named = |it: &Tls| !it.certificate.as_os_str().is_empty() && !it.private_key.as_os_str().is_empty();
    if config.tls.as_ref().is_some_and(|it| !named(it)) {
        found.push(unfit("tls", "only one file is named", "set both certificate and private_key"));
    } else if let Some(files) = &config.tls
        && let Err(error) = tls::server_config(&files.certificate, &files.private_key)
    {
        found.push(Error::Tls(error));
    }
    let reachable = !config.listen.ip().to_canonical().is_loopback();
    if reachable && config.tls.is_none() && config.behind_proxy.is_none() {
        found.push(unfit(
            "listen",
            format!(
                "{} can be reached from other machines without TLS, and keys would travel in the clear",
                config.listen
            ),
            "set [tls], or behind_proxy = \"<name of the proxy that ends TLS>\", or listen on 127.0.0.1",
        ));
    }
}

fn public_url(config: &Config, found: &mut Vec<Error>) {
    let Some(url) = &config.public_url else { return };
    let parsed: Option<hyper::Uri> = url.parse().ok();
    let fits = parsed.as_ref().is_some_and(|it| {
        matches!(it.scheme_str(), Some("https" | "http")) && it.authority().is_some() && it.query().is_none()
    });
    if !fits {
        let problem = format!("`{url}` is no web address");
        found.push(unfit("public_url", problem, "write it as https://tap.shop.example, without a query"));
    }
}

fn data(config: &Config, found: &mut Vec<Error>) {
    let dir = &config.data;
    if dir.as_os_str().is_empty() {
        return found.push(unfit("data", "it is empty", "name the directory for journal and snapshots"));
    }
    // The directory itself may yet have to be made; what exists of its path must be directories.
    if let Some(there) = dir.ancestors().find(|it| it.exists())
        && !there.is_dir()
    {
        let problem = format!("{} is not a directory", there.display());
        return found.push(unfit("data", problem, "name a directory, or a path where one can be made"));
    }
    match Keys::open(dir) {
        Ok(_) | Err(keys::Error::Missing { .. }) => {}
        Err(error) => found.push(Error::Keys(error)),
    }
}

fn timezone(config: &Config, found: &mut Vec<Error>) {
    if Zones::new().resolve(&config.default_timezone, Timestamp(0)).is_none() {
        let problem = format!("there is no time zone `{}`", config.default_timezone);
        found.push(unfit(
            "default_timezone",
            problem,
            "name one as `Asia/Shanghai`, `Europe/Berlin` or `UTC`",
        ));
    }
}

fn sizes(config: &Config, found: &mut Vec<Error>) {
    let Config { journal, snapshot, dedup, in_app, .. } = config;
    let checked = [
        within("worker_threads", config.worker_threads, 0, WORKER_THREADS_MAX),
        within("journal.segment_bytes", journal.segment_bytes, SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX),
        within(
            "snapshot.every_bytes",
            snapshot.every_bytes,
            SNAPSHOT_EVERY_BYTES_MIN,
            SNAPSHOT_EVERY_BYTES_MAX,
        ),
        within("snapshot.every_minutes", snapshot.every_minutes, 1, SNAPSHOT_EVERY_MINUTES_MAX),
        within("dedup.budget_bytes", dedup.budget_bytes, DEDUP_BYTES_MIN, DEDUP_BYTES_MAX),
        within("dedup.span_hours", dedup.span_hours, 1, DEDUP_SPAN_HOURS_MAX),
        within("in_app.connections_max", in_app.connections_max, 1, CONNECTIONS_MAX),
        within("in_app.ack_wait_s", in_app.ack_wait_s, 1, ACK_WAIT_S_MAX),
        within("in_app.ping_s", in_app.ping_s, 1, PING_S_MAX),
    ];
    found.extend(checked.into_iter().flatten());
}

fn within<T: PartialOrd + Display>(key: &'static str, value: T, least: T, most: T) -> Option<Error> {
    let outside = value < least || value > most;
    outside.then(|| unfit(key, format!("{value} is out of bounds"), format!("set {least} to {most}")))
}

fn origins(config: &Config, found: &mut Vec<Error>) {
    let origins = &config.cors.origins;
    if origins.len() > CORS_ORIGINS_MAX {
        let remedy = format!("name at most {CORS_ORIGINS_MAX}, or \"*\" for all");
        found.push(unfit("cors.origins", format!("there are {} origins", origins.len()), remedy));
    }
    for origin in origins.iter().filter(|it| !is_origin(it)) {
        let problem = format!("`{origin}` is not an origin");
        let remedy =
            "write scheme and host (and port) without a path, as https://shop.example, or \"*\" for all";
        found.push(unfit("cors.origins", problem, remedy));
    }
}

fn room(config: &Config, found: &mut Vec<Error>) {
    let room = &config.room;
    let checked = [
        within("room.threads", room.threads, 0, ROOM_THREADS_MAX),
        within("room.viewers_a_room", room.viewers_a_room, 1, ROOM_VIEWERS_MAX),
        within("room.egress_mbit", room.egress_mbit, 1, ROOM_EGRESS_MBIT_MAX),
        within("room.public_addresses", room.public_addresses.len(), 0, ROOM_ADDRESSES_MAX),
        within("room.ice_servers", room.ice_servers.len(), 0, ROOM_ADDRESSES_MAX),
    ];
    found.extend(checked.into_iter().flatten());
    for text in room.public_addresses.iter().filter(|text| super::room::address(text, 1).is_none()) {
        let problem = format!("`{text}` is no address");
        found.push(unfit(
            "room.public_addresses",
            problem,
            "write 203.0.113.7, or 203.0.113.7:8189 with a port",
        ));
    }
    let plain = |it: &str| it.bytes().all(|it| it.is_ascii_graphic() && !b"<>\",;".contains(&it));
    let known = |it: &str| ["stun:", "stuns:", "turn:", "turns:"].iter().any(|scheme| it.starts_with(scheme));
    for server in room.ice_servers.iter().filter(|it| !known(it) || !plain(it)) {
        let problem = format!("`{server}` is no STUN or TURN server");
        found.push(unfit("room.ice_servers", problem, "write it as stun:stun.example.org:3478"));
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.split_once("://").map(|(scheme, host)| (!scheme.is_empty()).then_some(host));
    let plain =
        |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_graphic() && !b"/?#*@,\"".contains(&it));
    text == "*" || host.flatten().is_some_and(plain)
}

fn log(config: &Config, found: &mut Vec<Error>) {
    if let Err(error) = EnvFilter::try_new(&config.log.filter) {
        let problem = format!("`{}` is not a filter ({error})", config.log.filter);
        found.push(unfit("log.filter", problem, "write levels by module, as `info,beckon::gateway=debug`"));
    }
}

fn first_keys(config: &Config, found: &mut Vec<Error>) {
    let keys = &config.first_keys;
    let checked = [
        ("BECKON_WRITE_KEY", keys.write.as_ref().and_then(|it| keys::check_write_key(it.expose()).err())),
        ("BECKON_SERVER_KEY", keys.server.as_ref().and_then(|it| keys::check_server_key(it.expose()).err())),
    ];
    for (name, problem) in checked {
        if let Some(detail) = problem {
            found.push(Error::Environment { name: name.to_owned(), detail: detail.to_string() });
        }
    }
}
