//! Snapshots as the program takes them: one machine at a time is frozen, the journal has to become
//! durable up to what was in order by then, and only then it is written, older ones go, and so does the
//! journal before the oldest that is kept.

use super::Node;
use crate::plant::Plant;
use beckon_core::director::Director;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::limits::SHARDS;
use beckon_core::shard::snapshot::Frozen;
use beckon_core::time::Timestamp;
use beckon_engine::limits::SNAPSHOTS_KEPT;
use beckon_engine::snapshot;
use beckon_journal::{Log, Offset};

/// Machines that have snapshots: all shards and the director.
pub const MACHINES: u8 = SHARDS as u8 + 1;

/// A frozen machine.
#[derive(Debug)]
pub struct Pending {
    machine: MachineId,
    offset: Offset,
    /// The journal must be durable up to here first.
    wait_for: Offset,
    state: State,
}

#[derive(Debug)]
enum State {
    Shard(Box<Frozen>),
    Director(Box<Director>, Timestamp),
}

impl Node {
    /// Freezes a machine, if none is frozen yet.
    pub fn freeze(&mut self, machine: MachineId) {
        if self.pending.is_some() {
            return;
        }
        let wait_for = self.sequencer.next_offset();
        let (offset, state) = if machine == MachineId::DIRECTOR {
            let state = State::Director(Box::new(self.director.clone()), self.sequencer.now());
            (self.director_at, state)
        } else {
            let id = ShardId(machine.0);
            let seat = self.seats.iter().find(|it| it.worker.shard(id).is_some());
            let Some((seat, shard)) = seat.and_then(|it| Some((it, it.worker.shard(id)?))) else { return };
            (seat.at, State::Shard(Box::new(shard.freeze(seat.worker.stage()))))
        };
        self.pending = Some(Pending { machine, offset, wait_for, state });
    }

    /// Writes the frozen machine if the journal has come far enough. `None` while it has to wait or when
    /// nothing is frozen; else whether the disk took it.
    pub fn write_frozen(&mut self) -> Option<bool> {
        let ready = |it: &Pending| self.sequencer.durable() >= it.wait_for;
        let early = self.plant == Some(Plant::SnapshotUnawaited);
        if !self.pending.as_ref().is_some_and(|it| ready(it) || early) {
            return None;
        }
        let Pending { machine, offset, state, .. } = self.pending.take()?;
        let written = match &state {
            State::Shard(frozen) => {
                snapshot::write_shard(&mut self.store, ShardId(machine.0), offset, frozen)
            }
            State::Director(director, now) => {
                snapshot::write_director(&mut self.store, offset, director, &self.names, *now)
            }
        };
        let done = written.is_ok() && self.store.prune(machine.0.into(), SNAPSHOTS_KEPT).is_ok();
        Some(done)
    }

    /// Lets go of the journal before the oldest snapshot that is kept. `None` when the disk refused. A segment is only
    /// taken in hand at first, and goes at the next call with all others, so that commits come in between.
    pub fn release(&mut self) -> Option<Offset> {
        let mut keep_from = Offset(u64::MAX);
        for machine in 0..MACHINES {
            let offsets = self.store.offsets(machine.into()).ok()?;
            let oldest = match self.plant {
                Some(Plant::ReleasedTooFar) => offsets.first(),
                _ => offsets.last(),
            };
            keep_from = keep_from.min(oldest.copied().unwrap_or_default());
        }
        match self.removal.take() {
            None => self.removal = self.log.begin_removal(keep_from),
            Some(mut removal) => {
                let done = removal.carry_out(&mut self.log.disk().clone());
                self.log.end_removal(removal);
                done.and_then(|()| self.log.release(keep_from)).ok()?;
            }
        }
        Some(keep_from)
    }
}
