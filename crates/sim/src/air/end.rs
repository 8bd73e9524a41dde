//! The end of a run: nothing new happens, the disk is well, time runs on; every push must come to its end, and
//! the reports must say what happened.

use super::Air;
use crate::disk::Faults;
use crate::node::Node;
use beckon_core::profile::device::ClaimKey;
use beckon_core::push::report::Report;
use beckon_core::push::{End, Life, PushId, Reason};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rounds until nothing may be open any more: an hour of them.
const ROUNDS: u64 = 2_000;

/// A round that finds nothing due moves the clock on by so long.
const ROUND_MS: i64 = 20_000;

impl Air {
    pub(super) fn end(&mut self) -> Result<(), String> {
        self.weather.crash = 0;
        self.weather.faults = Faults::default();
        self.disk.set_faults(Faults::default());
        let mut node = self.up()?;
        // Whoever was not answered asks again; some of it was taken before.
        let open: Vec<Vec<u8>> = self.open.iter_mut().filter_map(Option::take).collect();
        for bytes in open {
            self.send(&mut node, bytes);
        }
        self.run_out(&mut node)?;
        self.judge_all(&node)?;
        drop(node);
        self.disk.lose_power();
        self.sink.cut_off();
        let mut node = self.up()?;
        self.run_out(&mut node)?;
        self.judge_all(&node)
    }

    fn up(&mut self) -> Result<Node, String> {
        for _ in 0..50 {
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

    /// Lets time run on until nothing is open.
    fn run_out(&mut self, node: &mut Node) -> Result<(), String> {
        for _ in 0..ROUNDS {
            self.clock.0 += ROUND_MS;
            node.set_clock(self.clock);
            for _ in 0..20 {
                node.drain()?;
                node.dispatch(usize::MAX);
                self.tick(node);
                while self.commit(node)? {}
                self.hand_over(node, usize::MAX)?;
                self.bring_answers(node, usize::MAX);
            }
            self.follow_gone();
            let over = self.clock > self.script.ends;
            if over && node.is_quiet() && node.has_left() && self.judge.lives().open().next().is_none() {
                return Ok(());
            }
        }
        let open: Vec<PushId> = self.judge.lives().open().collect();
        Err(format!("{} pushes never end, e.g. {:?}", open.len(), open.first()))
    }

    /// A push that never left because its shopper was forgotten, or became another, leaves no other trace than
    /// its row without a name.
    fn follow_gone(&mut self) {
        let open: Vec<PushId> = self.judge.lives().open().collect();
        for id in open {
            let row = self.straight.shard(id.shard).and_then(|it| it.ledger().get(id.number));
            if row.is_some_and(|it| {
                it.life == Life::Ended(End::Withheld(Reason::Gone)) && it.shopper.is_empty()
            }) {
                self.judge.gone(id);
            }
        }
    }

    /// Nothing is under way any more: every device and every push address is with one shopper at most.
    fn judge_owners(&self) -> Result<(), String> {
        let mut owners: BTreeMap<ClaimKey, Arc<str>> = BTreeMap::new();
        for shard in self.straight.shards() {
            for slot in shard.store().slots() {
                let cold = shard.store().cold(slot);
                let keys: BTreeSet<ClaimKey> =
                    cold.details.iter().flat_map(|it| it.devices.keys()).map(|it| it.0).collect();
                for key in keys {
                    if let Some(other) = owners.insert(key, cold.id.clone()) {
                        return Err(format!("{key:?} is with {other} and with {}", cold.id));
                    }
                }
            }
        }
        Ok(())
    }

    fn judge_all(&mut self, node: &Node) -> Result<(), String> {
        self.straight.compare(node)?;
        self.judge_owners()?;
        let mut decided: BTreeMap<PushId, ()> = self.judge.lives().ids().map(|it| (it, ())).collect();
        for show in self.script.shows() {
            let mut report = Report::default();
            let mut rows = Rows::default();
            for shard in self.straight.shards() {
                shard.report(show.id.term).into_iter().for_each(|it| report.merge(it));
                for (number, push) in shard.ledger().iter().filter(|it| it.1.show == show.id.term) {
                    let id = PushId { shard: shard.id(), number };
                    if matches!(push.life, Life::Shadow(_)) {
                        rows.ghosts += 1;
                    } else if decided.remove(&id).is_none() {
                        return Err(format!("{id} is in a ledger and was never queued"));
                    } else if !push.life.is_terminal() {
                        return Err(format!("{id} is {:?} in its ledger and is over", push.life));
                    } else {
                        rows.decided += 1;
                        rows.entered += u64::from(push.outcome.entered);
                        rows.bought += u64::from(push.outcome.purchases > 0);
                        rows.delivered += u64::from(push.outcome.delivered);
                    }
                }
            }
            self.judge.check_report(show.id.term, &report)?;
            let total = report.total();
            let said = Rows {
                ghosts: report.ghosts,
                decided: total.decided,
                entered: total.entered,
                bought: total.bought,
                delivered: total.delivered,
            };
            if said != rows {
                return Err(format!("the report of {} says {said:?}, the ledgers {rows:?}", show.id.text));
            }
        }
        match decided.first_key_value() {
            Some((id, ())) => Err(format!("{id} was queued and is in no ledger")),
            None => Ok(()),
        }
    }
}

/// What a report and the ledgers must both say of a show.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rows {
    ghosts: u64,
    decided: u64,
    entered: u64,
    bought: u64,
    delivered: u64,
}
