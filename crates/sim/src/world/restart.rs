//! Going down and coming up again: crashes, damage, and what must hold at every start.

use super::World;
use crate::disk::Flip;
use crate::node::{BootError, Node};
use crate::oracle::Difference;
use beckon_journal::{Corruption, Disk};

impl World {
    /// The process is gone; perhaps the power with it.
    pub(super) fn crash(&mut self, node: Node) {
        drop(node);
        let power = self.random.one_in(self.weather.power);
        self.note(format_args!("crashed; the power went: {power}"));
        if power {
            self.disk.lose_power();
        } else {
            self.disk.kill();
        }
        self.clients.cut_off();
    }

    /// A bit flips in a segment, or in a snapshot.
    pub(super) fn rot(&mut self) {
        let snapshot = self.random.one_in(2);
        if let Some(flip) = self.disk.flip(snapshot) {
            self.note(format_args!("a bit flips in {} at {}", flip.name, flip.at));
            self.summary.flips += 1;
            self.flips.push(flip);
        }
    }

    /// Starts the node, or tries to: the disk may refuse, and another crash may come.
    pub(super) fn start(&mut self) -> Result<(), String> {
        self.summary.starts += 1;
        self.disk.set_faults(self.weather.faults);
        if self.random.one_in(5) && self.weather.crash != 0 {
            self.disk.stop_after(self.random.below(20));
        }
        let split = self.random.one_in(2);
        let booted = Node::boot(&self.disk, &self.weather.settings, split, self.clock);
        if self.disk.is_stopped() {
            self.note(format_args!("crashed while it started"));
            let power = self.random.one_in(self.weather.power);
            if power {
                self.disk.lose_power()
            } else {
                self.disk.kill()
            }
            return Ok(());
        }
        match booted {
            Ok(node) => self.started(node),
            Err(BootError::Bug(what)) => Err(what),
            Err(BootError::Disk(what)) => {
                self.note(format_args!("not started: {what}"));
                if self.full {
                    self.full = false;
                    self.disk.set_full(false);
                }
                Ok(())
            }
            Err(BootError::Corrupt(corruption)) => self.refused(&corruption),
            Err(BootError::SnapshotMissing { machine, oldest }) => self.missing(machine, oldest),
        }
    }

    /// A start was refused for damage: there must be such damage, and its file and place must be named.
    fn refused(&mut self, corruption: &Corruption) -> Result<(), String> {
        self.note(format_args!("refused: {corruption}"));
        let place = |it: &Flip| it.name == corruption.file && corruption.at <= it.at as u64;
        if !self.flips.iter().any(place) {
            return Err(format!("refused without cause: {corruption}; flipped was {:?}", self.flips));
        }
        self.repair();
        Ok(())
    }

    /// A start was refused for want of a snapshot: none that reaches the journal may be undamaged.
    fn missing(&mut self, machine: u8, oldest: u64) -> Result<(), String> {
        self.note(format_args!("refused: no snapshot of machine {machine} reaches {oldest}"));
        let start = format!("snap-{machine:05}-");
        let names = self.disk.list().map_err(|error| error.to_string())?;
        let damaged = |name: &str| self.flips.iter().any(|it| it.name == name);
        let of_machine = || names.iter().filter(|it| it.starts_with(&start) && it.ends_with(".snap"));
        let damages = of_machine().filter(|it| damaged(it)).count();
        let good = of_machine().find(|name| {
            let offset = name.strip_prefix(&start).and_then(|it| it.strip_suffix(".snap"));
            let reaches = offset.and_then(|it| it.parse().ok()).is_some_and(|it: u64| it >= oldest);
            // Of two that are kept one may be damaged; that is what the other is for.
            !damaged(name) && (reaches || damages == 1)
        });
        if let Some(good) = good {
            return Err(format!("refused for want of a snapshot of machine {machine}, but {good} is good"));
        }
        if self.flips.is_empty() {
            return Err(format!("no snapshot of machine {machine} reaches {oldest}, and none was damaged"));
        }
        self.repair();
        Ok(())
    }

    /// The operator puts files back from a backup.
    fn repair(&mut self) {
        for flip in std::mem::take(&mut self.flips) {
            self.disk.unflip(&flip);
        }
    }

    /// What must hold whenever a node has started.
    fn started(&mut self, node: Node) -> Result<(), String> {
        let survived = match self.ledger.reconcile(node.log()) {
            Ok(survived) => survived,
            // Damage in old segments that the start had no need of is found when they are read.
            Err(Difference::Corrupt(corruption)) => return self.refused(&corruption),
            Err(Difference::Wrong(what)) => return Err(what),
        };
        self.straight.follow(&self.ledger)?;
        self.straight.compare(&node)?;
        // Damage to a segment that did no harm lay where nothing is.
        let log_flips = |it: &Flip| it.name.ends_with(".snap");
        self.flips.retain(log_flips);
        let end = self.ledger.end().0;
        self.quiet_erasures.retain(|it| *it < end);
        let (next, workers) = (node.sequencer().next_offset(), node.workers());
        self.note(format_args!(
            "started with {workers} workers at {next}, {survived} records survived unanswered, {:?} is the state",
            self.straight.digest(),
        ));
        self.node = Some(node);
        Ok(())
    }
}
