//! How long threads wait for a core while something is measured. A long turn of a folder is its own work only if it had
//! a core; on a machine that others use too, this line says which it was.
//!
//! The kernel adds a wait to a thread's account when it ends (`/proc/self/task/*/schedstat`, the second number). So what
//! an account grows by between two looks is one wait, if it is longer than the time between them.

use super::figure::line;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two looks. Waits that are shorter cannot be told from several.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A watch over the threads that there are when it begins.
pub struct Waits {
    ends: Arc<AtomicBool>,
    watching: JoinHandle<BTreeMap<String, Duration>>,
}

struct Thread {
    /// Threads of one kind (`fold-0`, `fold-1`) are told together.
    kind: String,
    schedstat: File,
    waited: Duration,
}

impl Waits {
    /// Begins to watch.
    pub fn watch() -> Waits {
        let ends = Arc::new(AtomicBool::new(false));
        let is_over = ends.clone();
        let watching = std::thread::spawn(move || {
            let (mut threads, mut longest) = (threads(), BTreeMap::<String, Duration>::new());
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK_EVERY);
                for thread in &mut threads {
                    let waited = waited(&thread.schedstat);
                    let most = longest.entry(thread.kind.clone()).or_default();
                    *most = (*most).max(waited.saturating_sub(thread.waited));
                    thread.waited = waited;
                }
            }
            longest
        });
        Waits { ends, watching }
    }

    /// Ends, and prints the longest waits.
    pub fn print(self) {
        self.ends.store(true, Ordering::Relaxed);
        let longest = self.watching.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let mut list: Vec<_> = longest.into_iter().filter(|it| it.1 >= Duration::from_millis(1)).collect();
        list.sort_by_key(|it| std::cmp::Reverse(it.1));
        let list: Vec<String> =
            list.iter().map(|(kind, wait)| format!("{kind} {:.1}", wait.as_secs_f64() * 1e3)).collect();
        let list = if list.is_empty() { "none of a millisecond".to_owned() } else { list.join(", ") };
        line("longest wait of a thread for a core, ms", list);
    }
}

fn threads() -> Vec<Thread> {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let thread = |path: std::path::PathBuf| {
        let name = std::fs::read_to_string(path.join("comm")).ok()?;
        let kind = name.trim().trim_end_matches(|it: char| it.is_ascii_digit() || it == '-').to_owned();
        let schedstat = File::open(path.join("schedstat")).ok()?;
        let waited = waited(&schedstat);
        Some(Thread { kind, schedstat, waited })
    };
    tasks.flatten().filter_map(|it| thread(it.path())).collect()
}

/// All that a thread has waited for a core; nothing where the system does not tell, or the thread is gone.
fn waited(schedstat: &File) -> Duration {
    let mut text = [0; 64];
    let count = schedstat.read_at(&mut text, 0).unwrap_or(0);
    let nanos = std::str::from_utf8(&text[..count]).ok().and_then(|it| it.split(' ').nth(1)?.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}
