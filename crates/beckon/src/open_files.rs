//! How many files the process may have open: each in-app connection is one, and systems begin with a bound that is
//! meant for programs that have few.

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
