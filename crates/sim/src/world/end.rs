//! The end of a run: the disk is well again, every request is answered, nothing is under way; then all
//! that was promised must be there, now and after one more start.

use super::World;
use super::clients::What;
use crate::disk::Faults;
use crate::node::Node;
use crate::oracle::Model;
use beckon_core::id::message_key;
use xxhash_rust::xxh3::xxh3_64;

/// Tries to bring the node up, or a request through, before that itself is a failure.
const TRIES: usize = 50;

impl World {
    pub(super) fn end(&mut self) -> Result<(), String> {
        self.weather.crash = 0;
        self.weather.faults = Faults::default();
        self.full = false;
        self.disk.set_full(false);
        self.disk.set_faults(Faults::default());
        let mut node = self.up()?;
        self.answer_all(&mut node)?;
        self.judge(&node)?;
        drop(node);
        // What only memory held is gone now.
        self.disk.lose_power();
        let mut node = self.up()?;
        if !self.settle(&mut node)? {
            return Err("a healthy disk does not take the journal".to_owned());
        }
        self.judge(&node)?;
        let (changes, disk) = self.disk.changes();
        let digest = self.straight.digest();
        self.note(format_args!("{changes} changes of the disk, {disk:016x}; {digest}"));
        self.summary.trace = xxh3_64(&self.trace.hash().to_le_bytes());
        self.summary.records = self.ledger.end().0;
        self.summary.answered = self.clients.requests.iter().filter(|it| it.answered).count() as u64;
        Ok(())
    }

    fn up(&mut self) -> Result<Node, String> {
        for _ in 0..TRIES {
            if let Some(node) = self.node.take() {
                if !self.disk.is_stopped() {
                    self.disk.kill();
                    return Ok(node);
                }
                self.crash(node);
            }
            self.start()?;
        }
        Err("the node does not start".to_owned())
    }

    fn answer_all(&mut self, node: &mut Node) -> Result<(), String> {
        for _ in 0..TRIES {
            if !self.settle(node)? {
                // A batch that failed is tried again; only then does the gateway take more.
                continue;
            }
            let open = self.clients.open();
            let mut all = open.is_empty();
            for number in open {
                self.send(node, number);
            }
            for source in 0..self.clients.bulk.len() {
                let it = &self.clients.bulk[source];
                if it.answered < it.file.len() as u64 {
                    all = false;
                    if let Some(number) = self.clients.make_bulk(source, &mut self.random) {
                        self.send(node, number);
                    }
                }
            }
            if all {
                return Ok(());
            }
        }
        Err(format!("not all requests were answered by {}", node.sequencer().next_offset()))
    }

    /// Holds everything against everything. Nothing is under way.
    fn judge(&mut self, node: &Node) -> Result<(), String> {
        self.straight.follow(&self.ledger)?;
        self.straight.compare(node)?;
        if self.straight.under_way() > 0 {
            return Err(format!("{} messages were sent and never journalled", self.straight.under_way()));
        }
        let requests = &self.clients.requests;
        let sizes: Vec<usize> = requests
            .iter()
            .map(|it| if let What::Events(events) = &it.what { events.len() } else { 0 })
            .collect();
        let window = self.weather.settings.window;
        let model = Model::read(&self.ledger, window, &self.clients.keys, &sizes, &self.quiet_erasures)?;
        for (number, request) in requests.iter().enumerate().filter(|it| it.1.answered) {
            let durable = match &request.what {
                What::Events(events) => events
                    .iter()
                    .all(|it| model.has(message_key(it.source, &format!("message-{}", it.number)))),
                What::Bulk(source, first, count) => {
                    model.bulk(&self.clients.bulk[*source].name) >= first + count
                }
                What::Change(..) | What::Erase(_) => true,
            };
            if !durable {
                return Err(format!("request {number} was answered and is lost"));
            }
        }
        model.check(&self.straight)
    }
}
