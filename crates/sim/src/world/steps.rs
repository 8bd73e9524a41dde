//! What may happen while the node runs, one thing a step.

use super::World;
use super::clients::What;
use crate::node::Node;
use crate::plant::Plant;
use beckon_core::director::Admission;
use beckon_core::director::catalogue::{Change, Product};
use beckon_core::event::Text;
use beckon_core::id::{MachineId, SourceId};
use beckon_core::limits::SHARDS;
use beckon_core::names::Kind;
use beckon_engine::record::{self, EventsWriter};

impl World {
    /// Does one thing. `false` when the node was stopped.
    pub(super) fn act(&mut self, node: &mut Node) -> Result<bool, String> {
        self.misfortune();
        if self.random.one_in(self.weather.snapshot) {
            self.snapshots(node);
            return Ok(true);
        }
        if self.random.one_in(self.weather.erase) {
            self.erase(node)?;
            return Ok(true);
        }
        match self.random.below(100) {
            0..30 => {
                self.clock.0 += self.random.below(400) as i64;
                let number = self.clients.make_events(&self.story, self.clock, &mut self.random);
                // Not all are sent at once: that is how requests overtake each other.
                if !self.random.one_in(4) {
                    self.send(node, number);
                }
            }
            30..40 => {
                if let Some(number) = self.clients.again(&mut self.random) {
                    self.send(node, number);
                }
            }
            40..45 => {
                let source = self.random.index(self.clients.bulk.len());
                if source < self.clients.bulk.len()
                    && let Some(number) = self.clients.make_bulk(source, &mut self.random)
                {
                    self.send(node, number);
                }
            }
            45..48 => {
                let (product, price) = (self.random.index(6), self.random.below(90_000));
                let number = self.clients.make(What::Change(product, price));
                self.send(node, number);
            }
            48..68 => {
                let (seat, count) =
                    (self.random.index(node.workers() + 1), self.random.range(1, 12) as usize);
                let folded = node.fold(seat, count)?;
                self.note(format_args!("worker {seat} folds {folded}"));
            }
            68..88 => {
                self.commit(node);
                if self.random.one_in(2) {
                    self.commit(node);
                }
            }
            88..93 => {
                self.clock.0 += self.random.below(3_000) as i64;
                let offset = node.force(record::tick(), self.clock);
                self.note(format_args!("tick at {offset}"));
            }
            93..95 => {
                let bytes = self.random.below(40_000);
                let done = node.prepare(bytes);
                self.note(format_args!("prepare {bytes}: {done}"));
            }
            95..97 => {
                let sealed = node.seal();
                self.note(format_args!("seal: {sealed}"));
            }
            97 => {
                self.release(node);
            }
            _ => return self.stop(node),
        }
        Ok(true)
    }

    /// What the world does to the node beside its work.
    fn misfortune(&mut self) {
        if self.random.one_in(self.weather.jump) {
            let jump = self.random.below(7_200_000) as i64 - 3_000_000;
            self.clock.0 += jump;
            self.note(format_args!("the clock jumps by {jump} ms"));
        }
        if self.random.one_in(if self.full { 15 } else { self.weather.full }) {
            self.full = !self.full;
            self.disk.set_full(self.full);
            let full = self.full;
            self.note(format_args!("the disk is full: {full}"));
        }
        if self.random.one_in(self.weather.crash) {
            let changes = self.random.below(12);
            self.disk.stop_after(changes);
            self.note(format_args!("a crash comes after {changes} changes of the disk"));
        }
    }

    /// A client sends a request to the gateway.
    pub(super) fn send(&mut self, node: &mut Node, number: usize) {
        let what = self.clients.requests[number].what.clone();
        self.clients.requests[number].waiting = true;
        let taken = match what {
            What::Events(drafts) => {
                let split = self.weather.settings.plant == Some(Plant::RequestSplit) && drafts.len() > 1;
                let (head, tail) = drafts.split_at(if split { 1 } else { 0 });
                let head = (!head.is_empty()).then(|| self.record(node, head));
                let tail = self.record(node, tail);
                if let Some(head) = head {
                    let _ = node.append(head, self.clock, None, None);
                }
                node.append(tail, self.clock, None, Some(number)).map_err(|error| error.to_string())
            }
            What::Bulk(source, first, count) => return self.send_bulk(node, number, source, first, count),
            What::Change(product, price) => {
                let product = product_of(node, &format!("p{product}"), price);
                let change = if price % 5 == 0 {
                    Change::DeleteProduct(product.id.term)
                } else {
                    Change::PutProduct(product)
                };
                let bytes = record::changes([&change]);
                node.append(bytes, self.clock, None, Some(number)).map_err(|error| error.to_string())
            }
            What::Erase(id) => node
                .append(record::erase(&id), self.clock, None, Some(number))
                .map_err(|error| error.to_string()),
        };
        self.note(format_args!("request {number}: {taken:?}"));
        match taken {
            Err(_) => self.clients.refused(number),
            Ok(_) if self.weather.settings.plant == Some(Plant::AckBeforeCommit) => {
                self.clients.answered(number);
            }
            Ok(_) => {}
        }
    }

    fn record(&mut self, node: &Node, drafts: &[crate::story::Draft]) -> Vec<u8> {
        let source = drafts.first().map_or(SourceId(0), |it| it.source);
        let mut writer = EventsWriter::new(source, 480);
        for draft in drafts {
            writer.event(&self.story.event(draft, node.names()));
        }
        if drafts.len().is_multiple_of(3) {
            let seen = product_of(node, &format!("seen-{}", drafts.len()), 100);
            writer.change(&Change::SeenProduct(seen));
        }
        writer.finish(None)
    }

    fn send_bulk(&mut self, node: &mut Node, number: usize, source: usize, first: u64, count: u64) {
        let bulk = &self.clients.bulk[source];
        let name = bulk.name.clone();
        let admission = node.sequencer().admit_bulk(&name, first, count);
        self.note(format_args!("request {number}: {name} sends {count} from {first}: {admission:?}"));
        let skip = match admission {
            Admission::Skip(skip) => skip,
            Admission::Gap { expected } => {
                self.clients.refused(number);
                self.clients.bulk[source].cursor = expected;
                return;
            }
            Admission::TooManySources => return self.clients.refused(number),
        };
        if skip == count {
            // All was taken before; but it must not be answered before that is durable.
            if node.wait(number) {
                self.clients.answered(number);
            }
            return;
        }
        let bulk = &self.clients.bulk[source];
        let mut writer = EventsWriter::new(SourceId(7), 480);
        for draft in &bulk.file[(first + skip) as usize..(first + count) as usize] {
            writer.event(&self.story.event(draft, node.names()));
        }
        let next = first + count;
        let bytes = writer.finish(Some((&name, next)));
        if let Err(error) = node.append(bytes, self.clock, Some((&name, first + skip, next)), Some(number)) {
            self.note(format_args!("request {number}: {error}"));
            self.clients.refused(number);
        }
    }

    /// Takes snapshots of some machines, as fast as the disk allows; releases the journal after a round.
    pub(super) fn snapshots(&mut self, node: &mut Node) {
        let machines = *self.random.pick(&[1, 8, 65]);
        for _ in 0..machines {
            let machine = self.next_machine;
            node.freeze(MachineId(machine));
            let mut written = node.write_frozen();
            for _ in 0..4 {
                if written.is_some() || self.disk.is_stopped() {
                    break;
                }
                self.commit(node);
                written = node.write_frozen();
            }
            self.note(format_args!("snapshot of machine {machine}: {written:?}"));
            if written != Some(true) {
                return;
            }
            self.summary.snapshots += 1;
            self.next_machine = (machine + 1) % (SHARDS as u8 + 1);
            if self.next_machine == 0 {
                self.release(node);
            }
        }
    }

    /// Lets go of old segments, and tries again when the disk refuses.
    fn release(&mut self, node: &mut Node) {
        for _ in 0..3 {
            let released = node.release();
            self.note(format_args!("release up to {released:?}"));
            if released.is_some() || self.disk.is_stopped() {
                return;
            }
        }
    }

    /// Somebody wants to be forgotten: in the midst of everything, or when nothing is under way.
    fn erase(&mut self, node: &mut Node) -> Result<(), String> {
        let of = if self.random.one_in(3) { &self.story.visitors } else { &self.story.users };
        let id = self.random.pick(of).clone();
        let quiet = self.random.one_in(2) && self.settle(node)?;
        let offset = node.sequencer().next_offset();
        let number = self.clients.make(What::Erase(id.clone()));
        self.note(format_args!("erase {id} at {offset}, quiet: {quiet}"));
        self.send(node, number);
        if quiet && self.clients.requests[number].waiting {
            self.quiet_erasures.insert(offset.0);
            if !self.settle(node)? {
                self.quiet_erasures.remove(&offset.0);
            }
        }
        Ok(())
    }

    /// Folds and commits until nothing is under way; `false` when the disk does not let it.
    pub(super) fn settle(&mut self, node: &mut Node) -> Result<bool, String> {
        for _ in 0..200 {
            node.drain()?;
            if node.is_quiet() {
                return Ok(true);
            }
            if !self.commit(node) {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Stops the node in an orderly way, mostly.
    fn stop(&mut self, node: &mut Node) -> Result<bool, String> {
        if !self.settle(node)? {
            return Ok(true);
        }
        if self.random.one_in(2) {
            self.snapshots(node);
        }
        if self.disk.is_stopped() || !node.is_quiet() || !node.seal() {
            return Ok(true);
        }
        self.note(format_args!("stopped"));
        self.clients.cut_off();
        if self.random.one_in(self.weather.rot) {
            self.rot();
        }
        Ok(false)
    }
}

fn product_of(node: &Node, id: &str, price: u64) -> Product {
    let term = node.names().intern(Kind::Product, id);
    let category = node.names().intern(Kind::Category, "tea");
    Product {
        id: Text { term, text: id }.into(),
        category: Text { term: category, text: "tea" }.into(),
        title: "Spring tea".into(),
        price_cents: price,
        currency: "CNY".into(),
        ..Product::default()
    }
}
