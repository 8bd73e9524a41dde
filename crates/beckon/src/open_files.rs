//! How many files the process may have open: each in-app connection is one, and systems begin with a bound that is
//! meant for programs that have few.

use crate::config::limits::CONNECTIONS_MAX_DEFAULT;

/// Raises the bound as far as the system lets a process do by itself. Returns what it is now; `None` for no bound.
#[cfg(unix)]
pub fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(_) => current,
    }
}

/// Other systems know no such bound.
#[cfg(not(unix))]
pub fn raise() -> Option<u64> {
    None
}

/// Says in the log where fewer files may be open than in-app connections. Whoever set their number is to do something;
/// the default asks for more than most machines are given, and nobody has to care.
pub fn tell(files: Option<u64>, connections_max: u32) {
    let Some(files) = files.filter(|it| *it < u64::from(connections_max)) else { return };
    if connections_max == CONNECTIONS_MAX_DEFAULT {
        tracing::debug!(files, connections_max, "fewer files may be open than in-app connections");
        return;
    }
    tracing::warn!(
        files,
        connections_max,
        "fewer files may be open than in-app connections: raise the limit (`ulimit -n`, or LimitNOFILE= of a systemd \
         unit), or set in_app.connections_max lower; connections beyond it are not accepted"
    );
}
