//! One running Beckon, as the program puts it together, but moved on by hand: each queue is emptied, each
//! batch taken and committed, each snapshot written only when the world says so. What threads would do in
//! some order happens here in an order that the seed chooses.

mod boot;
mod outbox;
mod snapshots;

pub use boot::BootError;
use outbox::Outbox;
pub use snapshots::Pending;

use crate::disk::SimDisk;
use crate::plant::Plant;
use beckon_core::dedup::Window;
use beckon_core::director::Director;
use beckon_core::event::Event;
use beckon_core::id::ShardId;
use beckon_core::limits::SHARDS;
use beckon_core::shard::Shard;
use beckon_core::stage::Stage;
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record::{self, Body, Record};
use beckon_engine::recovery;
use beckon_engine::sequencer::{Refused, Sequencer};
use beckon_engine::worker::{Tell, Worker};
use beckon_journal::{Batch, Check, FileLog, Log, Offset, Options, Preparation, Removal, SnapshotStore};
use std::collections::VecDeque;
use std::rc::Rc;

/// Who waits for an answer: the number of a request.
pub type Waiter = usize;

/// How a node is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Threads that the shards are spread over.
    pub workers: usize,
    /// How the log is kept.
    pub log: Options,
    /// The dedup window.
    pub window: Window,
    /// The bug to be found.
    pub plant: Option<Plant>,
}

/// A record on its way to a worker.
type Item = (Offset, Rc<[u8]>);

/// What folds in a thread of its own.
#[derive(Debug)]
struct Seat {
    worker: Worker,
    queue: VecDeque<Item>,
    /// The first record that it has not folded.
    at: Offset,
}

/// A running Beckon.
pub struct Node {
    log: FileLog<SimDisk>,
    store: SnapshotStore<SimDisk>,
    sequencer: Sequencer<Waiter>,
    seats: Vec<Seat>,
    director: Director,
    director_queue: VecDeque<Item>,
    director_at: Offset,
    names: Dictionary,
    /// The batch that the committer has in hand.
    writing: Option<Batch>,
    /// The next segment, in the hands of the preparer.
    preparation: Option<Preparation>,
    /// The oldest segment, in the hands of the snapshotter.
    removal: Option<Removal>,
    /// A snapshot that waits for the journal.
    pending: Option<Pending>,
    plant: Option<Plant>,
    /// Records and messages handled, for bugs that strike now and then.
    handled: u64,
    outbox: Outbox,
    clock: Timestamp,
}

/// What came of a step of the committer.
#[derive(Debug)]
pub enum Committed {
    /// There was nothing to do.
    Idle,
    /// A batch was taken in hand.
    Taken,
    /// It is durable: its records, and who is answered.
    Durable(Vec<Box<[u8]>>, Vec<Waiter>),
    /// It is not: who is told to try again.
    Failed(String, Vec<Waiter>),
}

impl Node {
    /// The gateway hands a record over. `bulk` is source, first and next sequence.
    pub fn append(
        &mut self,
        mut bytes: Vec<u8>,
        clock: Timestamp,
        bulk: Option<(&str, u64, u64)>,
        waiter: Option<Waiter>,
    ) -> Result<Offset, Refused> {
        let offset = self.sequencer.append(&mut bytes, clock, bulk, waiter)?;
        self.hand_out(offset, bytes);
        Ok(offset)
    }

    /// Lets somebody wait for everything so far; `true` when it is durable already.
    pub fn wait(&mut self, waiter: Waiter) -> bool {
        self.sequencer.wait(waiter).is_some()
    }

    /// A record of our own.
    pub fn force(&mut self, mut bytes: Vec<u8>, clock: Timestamp) -> Offset {
        let offset = self.sequencer.force(&mut bytes, clock, None);
        self.hand_out(offset, bytes);
        offset
    }

    fn hand_out(&mut self, offset: Offset, bytes: Vec<u8>) {
        let bytes: Rc<[u8]> = bytes.into();
        self.director_queue.push_back((offset, Rc::clone(&bytes)));
        for seat in &mut self.seats {
            seat.queue.push_back((offset, Rc::clone(&bytes)));
        }
    }

    /// Lets one worker, or the director after the last of them, fold up to `count` records. Returns how
    /// many it folded.
    pub fn fold(&mut self, seat: usize, count: usize) -> Result<usize, String> {
        for done in 0..count {
            let folded = if seat < self.seats.len() { self.fold_one(seat)? } else { self.direct_one()? };
            if !folded {
                return Ok(done);
            }
        }
        Ok(count)
    }

    fn fold_one(&mut self, seat: usize) -> Result<bool, String> {
        let seat = &mut self.seats[seat];
        let Some((offset, bytes)) = seat.queue.pop_front() else { return Ok(false) };
        self.handled += 1;
        seat.at = Offset(offset.0 + 1);
        let mut outs = Vec::new();
        let erase = matches!(Record::decode(&bytes), Ok(Record { body: record::Body::Erase { .. }, .. }));
        let skipped = match self.plant {
            Some(Plant::RecordSkipped) => self.handled.is_multiple_of(97),
            Some(Plant::EraseIgnored) => erase,
            _ => false,
        };
        if !skipped {
            let bent = self.plant.and_then(|it| it.bend(&bytes));
            let bytes = bent.as_deref().unwrap_or(&bytes);
            seat.worker.apply(offset, bytes, |it| outs.push(it)).map_err(|error| error.to_string())?;
        }
        outs.into_iter().for_each(|it| self.carry_out(offset, it));
        Ok(true)
    }

    fn direct_one(&mut self) -> Result<bool, String> {
        let Some((offset, bytes)) = self.director_queue.pop_front() else { return Ok(false) };
        self.director_at = Offset(offset.0 + 1);
        let record = Record::decode(&bytes).map_err(|error| error.to_string())?;
        let mut tells = Vec::new();
        recovery::apply_to_director(&mut self.director, &record, None, |it| tells.push(it))
            .map_err(|error| error.to_string())?;
        tells.into_iter().for_each(|it| self.tell(it));
        self.configure();
        Ok(true)
    }

    /// Journals a message between machines.
    fn tell(&mut self, tell: Tell) {
        self.handled += 1;
        if self.plant == Some(Plant::ToldDropped) && self.handled.is_multiple_of(13) {
            return;
        }
        let bytes = record::told(tell.from, tell.to, tell.sequence, &tell.message);
        // The sequencer's own clock never goes back, so the earliest instant means "now".
        self.force(bytes, Timestamp(i64::MIN));
    }

    /// Folds all there is, and all that follows from it.
    pub fn drain(&mut self) -> Result<(), String> {
        loop {
            let mut folded = 0;
            for seat in 0..=self.seats.len() {
                folded += self.fold(seat, usize::MAX)?;
            }
            if folded == 0 {
                return Ok(());
            }
        }
    }

    /// Moves the committer on by one step.
    pub fn commit(&mut self) -> Committed {
        let Some(mut batch) = self.writing.take() else {
            self.writing = self.sequencer.take();
            return if self.writing.is_some() { Committed::Taken } else { Committed::Idle };
        };
        match self.log.commit(&mut batch) {
            Ok(_) => {
                let records = batch.records().map(|(_, it)| it.into()).collect();
                let ready = self.sequencer.committed(batch).collect();
                self.let_go();
                Committed::Durable(records, ready)
            }
            Err(error) => {
                self.writing = Some(batch);
                let reason = error.to_string();
                let waiters = self.sequencer.failed(&reason).collect();
                Committed::Failed(reason, waiters)
            }
        }
    }

    /// Whether everything is folded and durable.
    pub fn is_quiet(&self) -> bool {
        let folded = self.seats.iter().all(|it| it.queue.is_empty()) && self.director_queue.is_empty();
        folded && self.writing.is_none() && self.sequencer.is_idle()
    }

    /// Closes the log's last window for damage; `false` when the disk refused.
    pub fn seal(&mut self) -> bool {
        self.writing.is_none() && self.log.seal().is_ok()
    }

    /// Moves the preparer on by one step beside the log; `false` when the disk refused. What it has in hand it keeps
    /// until it is whole or refused.
    pub fn prepare(&mut self, bytes_max: u64) -> bool {
        let in_hand = self.preparation.take().or_else(|| self.log.begin_preparation());
        let Some(mut preparation) = in_hand else { return true };
        let written = preparation.write(&mut self.log.disk().clone(), bytes_max);
        match written {
            Ok(1..) => self.preparation = Some(preparation),
            Ok(0) | Err(_) => self.log.end_preparation(preparation),
        }
        written.is_ok()
    }

    /// The log.
    pub fn log(&self) -> &FileLog<SimDisk> {
        &self.log
    }

    /// What gives the order.
    pub fn sequencer(&self) -> &Sequencer<Waiter> {
        &self.sequencer
    }

    /// The catalogue's machine.
    pub fn director(&self) -> &Director {
        &self.director
    }

    /// All names.
    pub fn names(&self) -> &Dictionary {
        &self.names
    }

    /// What the edge does before it appends a request: every name in it is given its term.
    pub fn meet_names(&self, request: &[u8]) {
        match Record::decode(request).map(|it| it.body) {
            Ok(Body::Events(events)) => {
                let events = events.iter().flatten().flat_map(|(_, it)| Event::decode(it));
                events.for_each(|it| self.names.learn_event(&it));
            }
            Ok(Body::Changes(changes)) => {
                changes.iter().flatten().for_each(|it| self.names.learn_change(&it));
            }
            _ => {}
        }
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.seats.len()
    }

    /// A shard, wherever it is, with the stage that it decides on.
    pub fn seated(&self, id: ShardId) -> Option<(&Shard, &Stage)> {
        self.seats.iter().find_map(|it| Some((it.worker.shard(id)?, it.worker.stage())))
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("log", &self.log).finish_non_exhaustive()
    }
}

/// The shards of one of `workers` workers.
fn shards_of(worker: usize, workers: usize) -> impl Iterator<Item = ShardId> {
    ShardId::all().filter(move |it| usize::from(it.0) % workers == worker)
}

/// How a log is kept on a seed.
pub fn log_options(segment_bytes: u64, keep_bytes: u64, recycle: bool, newest_only: bool) -> Options {
    Options {
        segment_bytes,
        keep_bytes,
        recycle,
        check: if newest_only { Check::Newest } else { Check::All },
        new_log_id: 0xBEC0,
        new_log_begin: Offset(0),
    }
}

const _: () = assert!(SHARDS == 64, "the shards are dealt out like cards");
