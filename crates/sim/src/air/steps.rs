//! What happens while shows are on, one thing a step, with the node moved on a little after each.

use super::Air;
use super::cast::SOURCE;
use crate::node::{BootError, Node};
use crate::oracle::Difference;
use beckon_core::director::catalogue::Change;
use beckon_core::event::Event;
use beckon_core::id::MachineId;
use beckon_core::limits::SHARDS;
use beckon_core::shard::route;
use beckon_engine::record::{self, EventsWriter};

/// Records and commits that a step moves the node on by at most.
const MOVES: u64 = 6;

/// Events of one request at most.
const REQUEST_MAX: u64 = 4;

impl Air {
    /// Plans are entered and shoppers introduced.
    pub(super) fn begin(&mut self) -> Result<(), String> {
        while self.node.is_none() {
            self.start()?;
        }
        let Some(mut node) = self.node.take() else { return Ok(()) };
        let mut events = Vec::new();
        for number in 0..self.cast.shoppers.len() {
            events.push(self.cast.introduce(number, self.clock, node.names(), &mut self.random));
        }
        for some in events.chunks(20) {
            self.send_events(&mut node, some);
        }
        self.node = Some(node);
        Ok(())
    }

    /// Does one thing. `false` when the process is killed.
    pub(super) fn act(&mut self, node: &mut Node) -> Result<bool, String> {
        self.clock.0 += self.random.below(16_000) as i64;
        if self.random.one_in(self.weather.jump) {
            let jump = self.random.below(1_500_000) as i64 - 600_000;
            self.clock.0 += jump;
            self.note(format_args!("the clock jumps by {jump} ms"));
        }
        node.set_clock(self.clock);
        self.happen(node);
        if self.random.one_in(self.weather.crash) {
            if self.random.one_in(2) {
                self.disk.stop_after(self.random.below(6));
            } else {
                // Killed between two of the things that follow.
                let moves = self.random.below(MOVES);
                for _ in 0..moves {
                    self.go_on(node)?;
                }
                return Ok(false);
            }
        }
        for _ in 0..MOVES {
            self.go_on(node)?;
        }
        if self.random.one_in(self.weather.snapshot) {
            self.snapshots(node)?;
        }
        Ok(true)
    }

    /// What the world does.
    fn happen(&mut self, node: &mut Node) {
        while let Some(change) = self.script.due(self.clock) {
            self.send_change(node, &change);
        }
        if self.random.one_in(self.weather.whim) {
            let change = self.script.whim(&mut self.random, self.clock);
            self.send_change(node, &change);
        }
        if self.random.one_in(self.weather.turn) {
            self.sink.turn(&mut self.random);
            self.note(format_args!("a channel dies or comes back"));
        }
        if self.random.one_in(self.weather.erase) {
            let id = self.cast.somebody(&mut self.random);
            self.note(format_args!("erase {id}"));
            self.send(node, record::erase(&id));
        }
        for _ in 0..self.random.below(3) {
            let count = self.random.range(1, REQUEST_MAX);
            let events: Vec<_> =
                (0..count).map(|_| self.cast.act(self.clock, node.names(), &mut self.random)).collect();
            self.send_events(node, &events);
        }
        if self.random.one_in(8) {
            // A client that got no answer sends again.
            let open: Vec<usize> = (0..self.open.len()).filter(|it| self.open[*it].is_some()).collect();
            if let Some(bytes) = open.first().and_then(|it| self.open[*it].take()) {
                self.send(node, bytes);
            }
        }
    }

    fn send_change(&mut self, node: &mut Node, change: &Change) {
        self.note(format_args!("{change:?}"));
        self.send(node, record::changes([change]));
    }

    fn send_events(&mut self, node: &mut Node, events: &[Vec<u8>]) {
        let mut writer = EventsWriter::new(SOURCE, 480);
        for bytes in events {
            let event = Event::decode(bytes).expect("it was encoded a moment ago");
            debug_assert!(route(&event).is_some());
            let (user, visitor, act) = (event.user, event.anonymous, &event.act);
            self.trace.step(self.step, format_args!("{user:?} {visitor:?} at {}: {act:?}", event.at.0));
            writer.event(&event);
        }
        self.send(node, writer.finish(None));
    }

    /// Sends a request; one sent again meets an edge that may have forgotten its names in a crash.
    pub(super) fn send(&mut self, node: &mut Node, bytes: Vec<u8>) {
        node.meet_names(&bytes);
        let waiter = self.open.len();
        self.open.push(Some(bytes.clone()));
        let taken = node.append(bytes, self.clock, None, Some(waiter));
        self.note(format_args!("request {waiter}: {taken:?}"));
    }

    /// Moves the node on a little, in one of its parts.
    pub(super) fn go_on(&mut self, node: &mut Node) -> Result<(), String> {
        match self.random.below(12) {
            0..4 => {
                let seat = self.random.index(node.workers() + 1);
                node.fold(seat, self.random.range(1, 40) as usize)?;
            }
            4..7 => {
                if self.commit(node)? {
                    self.commit(node)?;
                }
            }
            7..9 => {
                node.dispatch(self.random.range(1, 12) as usize);
            }
            9 => self.hand_over(node, 8)?,
            10 => self.bring_answers(node, 8),
            _ => self.tick(node),
        }
        Ok(())
    }

    /// A machine that wants to be woken is.
    pub(super) fn tick(&mut self, node: &mut Node) {
        let due = node.wakes().0.is_some_and(|at| at <= self.clock);
        if due && self.clock > self.ticked {
            self.ticked = self.clock;
            node.force(record::tick(), self.clock);
        }
    }

    /// Parcels leave.
    pub(super) fn hand_over(&mut self, node: &mut Node, count: usize) -> Result<(), String> {
        for _ in 0..count {
            let Some(parcel) = node.next_parcel() else { break };
            self.note(format_args!("{} leaves over {:?} to {}", parcel.id, parcel.channel, parcel.shopper));
            self.judge.leaves(self.clock, &parcel)?;
            if self.sink.take(&parcel, self.clock, &mut self.random) {
                self.cast.receives(&parcel.shopper, parcel.id.to_string());
            }
        }
        Ok(())
    }

    /// Answers come back.
    pub(super) fn bring_answers(&mut self, node: &mut Node, count: usize) {
        for _ in 0..count {
            let Some((push, answer, verdict)) = self.sink.answer(self.clock) else { break };
            self.note(format_args!("{push}: {answer:?}"));
            self.judge.hears(push, answer);
            node.answer(push, answer, verdict);
        }
    }

    fn snapshots(&mut self, node: &mut Node) -> Result<(), String> {
        for _ in 0..self.random.choose(&[8, 65]) {
            node.freeze(MachineId(self.next_machine));
            let mut written = node.write_frozen();
            for _ in 0..4 {
                if written.is_some() || self.disk.is_stopped() {
                    break;
                }
                self.commit(node)?;
                written = node.write_frozen();
            }
            if written != Some(true) {
                return Ok(());
            }
            self.next_machine = (self.next_machine + 1) % (SHARDS as u8 + 1);
            if self.next_machine == 0 {
                let released = node.release();
                self.note(format_args!("released up to {released:?}"));
            }
        }
        Ok(())
    }

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
        self.sink.cut_off();
    }

    /// Starts the node, or tries to.
    pub(super) fn start(&mut self) -> Result<(), String> {
        self.summary.starts += 1;
        self.disk.set_faults(self.weather.faults);
        if self.weather.crash != 0 && self.random.one_in(6) {
            self.disk.stop_after(self.random.below(20));
        }
        let split = self.random.one_in(2);
        let booted = Node::boot(&self.disk, &self.weather.settings, split, self.clock);
        if self.disk.is_stopped() {
            self.note(format_args!("crashed while it started"));
            self.disk.lose_power();
            return Ok(());
        }
        let node = match booted {
            Ok(node) => node,
            Err(BootError::Disk(what)) => {
                self.note(format_args!("not started: {what}"));
                return Ok(());
            }
            Err(other) => return Err(format!("not started: {other:?}")),
        };
        if let Err(difference) = self.ledger.reconcile(node.log()) {
            return Err(match difference {
                Difference::Corrupt(it) => it.to_string(),
                Difference::Wrong(what) => what,
            });
        }
        self.follow()?;
        if !self.weather.settings.plant.is_some_and(crate::plant::Plant::bends) {
            self.straight.compare(&node)?;
        }
        self.note(format_args!("started with {} workers", node.workers()));
        self.node = Some(node);
        Ok(())
    }
}
