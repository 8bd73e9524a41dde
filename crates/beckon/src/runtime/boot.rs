//! The boot story, top to bottom: lock the directory, open the log, load the snapshots, fold what came
//! after them, start the threads, send what a crash kept from being sent.

use super::committer::{self, Committed};
use super::folder::folder_of;
use super::line::{Line, Shared, Waiter};
use super::node::Node;
use super::{director, folder, preparer, snapshotter};
use crate::clock::{Clock, Stopwatch};
use beckon_core::dedup::Window;
use beckon_core::id::ShardId;
use beckon_core::limits::SHARDS;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record::{self, LOGIC_VERSION};
use beckon_engine::recovery::{self, Head, Replay};
use beckon_engine::sequencer::Sequencer;
use beckon_engine::worker::{Unsent, Worker};
use beckon_journal::{Event, FileLog, Log, Offset, OpenError, RealDisk, SnapshotStore};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock};
use std::time::Duration;

/// How to run a node.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory that everything is kept in.
    pub data: PathBuf,
    /// Threads that fold; 0 for as many as there are cores.
    pub folders: usize,
    /// Whether time is virtual: it then continues where the journal ended.
    pub virtual_clock: bool,
    /// The journal's own options; the log's id is drawn anew for a new log.
    pub journal: beckon_journal::Options,
    /// How long journal is kept that no start needs, within `keep_bytes`.
    pub keep_for: Duration,
    /// How much journal is kept, in bytes, whatever its age; starts may need more.
    pub keep_bytes: u64,
    /// Memory of the dedup window, in bytes.
    pub dedup_bytes: usize,
    /// The longest time an id is remembered, in milliseconds.
    pub dedup_span_ms: i64,
    /// Bytes of journal after which snapshots are taken.
    pub snapshot_bytes: u64,
    /// Time after which snapshots are taken.
    pub snapshot_every: Duration,
}

impl Options {
    /// The usual options over a directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Options {
            data: data.into(),
            folders: 0,
            virtual_clock: false,
            journal: beckon_journal::Options::default(),
            keep_for: Duration::ZERO,
            keep_bytes: 4 << 30,
            dedup_bytes: beckon_engine::limits::DEDUP_BYTES,
            dedup_span_ms: beckon_engine::limits::DEDUP_SPAN_MS,
            snapshot_bytes: 512 << 20,
            snapshot_every: Duration::from_secs(600),
        }
    }
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory cannot be used.
    #[error("{path}: {error}", path = path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another process has it.
    #[error(
        "{} is in use by another process (its lock file is held): stop that one, or give this one a \
         directory of its own with --data",
        path.display()
    )]
    InUse {
        /// Which directory.
        path: PathBuf,
    },
    /// The journal does not open.
    #[error("the journal does not open: {0}")]
    Open(#[from] OpenError),
    /// What is on disk cannot be brought back.
    #[error(transparent)]
    Recovery(#[from] recovery::Error),
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] beckon_journal::DiskError),
}

/// What a start found.
#[derive(Debug, Clone, Copy)]
struct Found {
    records: u64,
    from: Offset,
}

/// Takes the lock of a data directory. It is held as long as the file is.
pub(super) fn lock(data: &Path) -> Result<std::fs::File, Error> {
    let io = |error| Error::Directory { path: data.to_owned(), error };
    std::fs::create_dir_all(data).map_err(io)?;
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(data.join("LOCK"));
    let file = file.map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse { path: data.to_owned() }),
        Err(std::fs::TryLockError::Error(error)) => Err(io(error)),
    }
}

/// An id that tells this journal's files from any other's: drawn once, when the journal begins.
fn fresh_log_id() -> u64 {
    let mut bytes = [0; 8];
    // Without randomness the id is 0: files of two such journals could then be confused by hand only.
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    u64::from_le_bytes(bytes)
}

fn real_disk(path: PathBuf) -> Result<RealDisk, Error> {
    std::fs::create_dir_all(&path)
        .and_then(|()| RealDisk::open(&path))
        .map_err(|error| Error::Directory { path, error })
}

fn monitor() -> beckon_journal::Monitor {
    Box::new(|event| match event {
        Event::TornTailCut { ref file, at, bytes } => tracing::warn!(
            file,
            at,
            bytes,
            "cut {bytes} bytes that a crash left unfinished at the journal's end; none of it was acknowledged"
        ),
        Event::SnapshotDamaged { ref file, at } => {
            tracing::warn!(file, at, "a snapshot is damaged: an older one and more of the journal are used");
        }
        other => tracing::debug!(?other, "journal"),
    })
}

impl Node {
    /// Brings back what the directory holds and starts.
    pub fn start(options: &Options) -> Result<Node, Error> {
        let watch = Stopwatch::start();
        let lock = lock(&options.data)?;
        let folders = match options.folders {
            0 => std::thread::available_parallelism().map_or(2, |it| it.get()).min(SHARDS),
            n => n.min(SHARDS),
        };
        let journal = beckon_journal::Options { new_log_id: fresh_log_id(), ..options.journal.clone() };
        let log = FileLog::open(real_disk(options.data.join("journal"))?, journal, monitor())?;
        let snapshots = options.data.join("snapshots");
        let mut store = SnapshotStore::open(real_disk(snapshots.clone())?, monitor())?;

        let names = Dictionary::default();
        let window = Window::of_budget(options.dedup_bytes, SHARDS, options.dedup_span_ms);
        let mut head = Head::load(&mut store, &names)?;
        recovery::check_director(&head, Replay::oldest(&log))?;
        let workers = load(&snapshots, folders, window, Replay::oldest(&log))?;
        let newest = workers.iter().map(|it| it.0.newest_from()).max().unwrap_or_default().max(head.from);
        recovery::check_not_ahead(newest, log.next_offset())?;
        let (workers, unsent, found) = replay(&log, workers, &mut head, &names)?;

        let lost_notices = std::mem::take(&mut head.unsent).into_tells();
        let end = log.next_offset();
        let clock = if options.virtual_clock { Clock::virtual_at(head.now) } else { Clock::System };
        let sequencer = Sequencer::new(end, head.now, head.director.bulk().clone());
        let shoppers: usize = workers.iter().flat_map(Worker::shards).map(|it| it.store().len()).sum();
        tracing::info!(
            shoppers,
            replayed = found.records,
            from = found.from.0,
            end = end.0,
            took_ms = watch.elapsed().as_millis() as u64,
            "state brought back"
        );
        let node =
            spawn(options, Parts { lock, log, store, workers, head, names, clock, sequencer, end, window });
        node.shared.tell(unsent.into_iter().flat_map(Unsent::into_tells).chain(lost_notices));
        Ok(node)
    }
}

/// Loads the snapshots, each folder its own shards on its own thread.
fn load(
    snapshots: &Path,
    folders: usize,
    window: Window,
    oldest: Offset,
) -> Result<Vec<(Worker, Offset)>, Error> {
    std::thread::scope(|scope| {
        let loading: Vec<_> = (0..folders)
            .map(|number| {
                scope.spawn(move || {
                    let mut store = SnapshotStore::open(real_disk(snapshots.to_owned())?, monitor())?;
                    let mine = ShardId::all().filter(|it| folder_of(*it, folders) == number);
                    let (worker, from) = recovery::load_worker(&mut store, mine, window, oldest)?;
                    Ok::<_, Error>((worker, from.unwrap_or(oldest)))
                })
            })
            .collect();
        loading
            .into_iter()
            .map(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Records read ahead for each folder while it folds.
const CHUNKS_AHEAD: usize = 8;

/// Bytes of records that travel together from the reader to the folders.
const CHUNK_BYTES: usize = 1 << 20;

#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    records: Vec<(Offset, usize)>,
}

type Replayed = (Vec<Worker>, Vec<Unsent>, Found);

/// Reads the journal once, here, and folds it on one thread for each folder.
fn replay(
    log: &FileLog<RealDisk>,
    workers: Vec<(Worker, Offset)>,
    head: &mut Head,
    names: &Dictionary,
) -> Result<Replayed, Error> {
    let from = workers.iter().map(|it| it.1).min().unwrap_or(head.from).min(head.from);
    let mut found = Found { records: 0, from };
    std::thread::scope(|scope| {
        let mut feeds = Vec::new();
        let mut folding = Vec::new();
        for (worker, _) in workers {
            let (feed, fed) = sync_channel::<Arc<Chunk>>(CHUNKS_AHEAD);
            feeds.push(feed);
            folding.push(scope.spawn(move || fold_chunks(worker, names, &fed)));
        }
        let mut chunk = Chunk::default();
        let read = log.replay(from, &mut |offset, record| {
            found.records += 1;
            head.replay(offset, record, names)?;
            chunk.bytes.extend_from_slice(record);
            chunk.records.push((offset, chunk.bytes.len()));
            if chunk.bytes.len() >= CHUNK_BYTES {
                let full = Arc::new(std::mem::take(&mut chunk));
                // A folder that has failed says why when it is joined.
                feeds.iter().for_each(|it| drop(it.send(full.clone())));
            }
            Ok(())
        });
        let last = Arc::new(chunk);
        feeds.iter().for_each(|it| drop(it.send(last.clone())));
        drop(feeds);
        let mut done = (Vec::new(), Vec::new());
        for it in folding {
            let (worker, unsent) = it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            done.0.push(worker);
            done.1.push(unsent);
        }
        read?;
        Ok((done.0, done.1, found))
    })
}

fn fold_chunks(
    mut worker: Worker,
    names: &Dictionary,
    chunks: &Receiver<Arc<Chunk>>,
) -> Result<(Worker, Unsent), recovery::Error> {
    let mut unsent = Unsent::default();
    for chunk in chunks {
        let mut start = 0;
        for (offset, end) in &chunk.records {
            worker.replay(*offset, &chunk.bytes[start..*end], names, &mut unsent)?;
            start = *end;
        }
    }
    Ok((worker, unsent))
}

struct Parts {
    lock: std::fs::File,
    log: FileLog<RealDisk>,
    store: SnapshotStore<RealDisk>,
    workers: Vec<Worker>,
    head: Head,
    names: Dictionary,
    clock: Clock,
    sequencer: Sequencer<Waiter>,
    end: Offset,
    window: Window,
}

fn spawn(options: &Options, parts: Parts) -> Node {
    let Parts { lock, log, store, workers, head, names, clock, sequencer, end, window } = parts;
    let folders = workers.len();
    let (queues, jobs): (Vec<_>, Vec<_>) = (0..folders).map(|_| channel()).unzip();
    let (director_queue, director_jobs) = channel();
    let shared = Arc::new(Shared {
        line: Mutex::new(Line {
            sequencer,
            folders: queues,
            director: director_queue,
            appended: 0,
            stopping: false,
        }),
        work: Condvar::new(),
        durable: Condvar::new(),
        director: RwLock::new(head.director),
        names,
        clock,
        folded: (0..folders).map(|_| AtomicU64::new(0)).collect(),
        deadlines: (0..=folders).map(|_| AtomicU64::new(i64::MAX as u64)).collect(),
        committed: Committed::default(),
        turns: super::turns::Turns::default(),
        window,
        outward: OnceLock::new(),
        staged: tokio::sync::watch::Sender::new(()),
    });
    if !head.epoch {
        shared.own(record::epoch(LOGIC_VERSION));
    }
    let disk = log.disk().clone();
    let log = Arc::new(Mutex::new(log));
    // Held until nobody writes to the directory any more.
    let lock = Arc::new(lock);
    let mut threads = Vec::new();
    let mut thread = |name: &str, run: Box<dyn FnOnce() + Send>| {
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        threads.push(spawned.expect("the system has no thread left at the start"));
    };
    for (number, (worker, jobs)) in workers.into_iter().zip(jobs).enumerate() {
        let shared = shared.clone();
        thread(&format!("fold-{number}"), Box::new(move || folder::run(&shared, number, worker, end, &jobs)));
    }
    let its = shared.clone();
    thread("director", Box::new(move || director::run(&its, end, &director_jobs)));
    let (wake, woken) = preparer::wake();
    let (its, its_log, held) = (shared.clone(), log.clone(), lock.clone());
    thread(
        "commit",
        Box::new(move || {
            committer::run(&its, &its_log, &wake);
            drop(held);
        }),
    );
    let (its, its_log, its_disk) = (shared.clone(), log.clone(), disk.clone());
    thread(
        "prepare",
        Box::new(move || {
            preparer::run(&its, &its_log, its_disk, &woken);
            drop(lock);
        }),
    );
    let (orders, ordered) = channel();
    let its = shared.clone();
    let pace = snapshotter::Pace {
        bytes: options.snapshot_bytes,
        every: options.snapshot_every,
        keep_for: options.keep_for,
        keep_bytes: options.keep_bytes,
    };
    let journal = snapshotter::Journal { log, disk };
    thread("snapshot", Box::new(move || snapshotter::run(&its, journal, store, pace, &ordered)));
    Node { shared, threads: Arc::new(Mutex::new(threads)), snapshots: orders }
}
