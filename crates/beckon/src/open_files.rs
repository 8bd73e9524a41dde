//! How many files the process may have open: each in-app connection is one, and systems begin with a bound that is
//! meant for programs that have few.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the bound as far as the system lets a process do by itself. Returns what it is now; `None` for no bound.
pub fn raise() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(_) => current,
    }
}
