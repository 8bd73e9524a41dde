//! What leaves a node: tickets wait in dispatch, attempts are journalled, and a parcel leaves once the record
//! that let it go is durable. Nobody outside is spoken to here; the world takes the parcels and brings answers.

use super::Node;
use crate::plant::Plant;
use beckon_core::dispatch::{self, Dispatch, Options, Ticket, TicketId, Verdict};
use beckon_core::event::Channel;
use beckon_core::id::ShardId;
use beckon_core::push::{Answer, PushId};
use beckon_core::shard::calling::parcel::Parcel;
use beckon_core::show::ChannelPlan;
use beckon_core::time::Timestamp;
use beckon_engine::record;
use beckon_engine::worker::Out;
use beckon_journal::Offset;
use std::collections::{BTreeMap, VecDeque};

/// Messages of one attempt at most, whatever the channel takes: small ones meet more crashes.
const BATCH_MAX: u32 = 8;

/// Tickets that may wait for a channel.
const QUEUE_MAX: u32 = 256;

/// Messages whose answer is not known yet.
const IN_FLIGHT_MAX: u32 = 48;

/// The way out of a node.
#[derive(Debug, Default)]
pub struct Outbox {
    dispatch: Dispatch,
    /// What dispatch has not been told yet.
    asked: VecDeque<dispatch::Input>,
    /// Attempts that were not reported yet, and over which channel.
    under_way: BTreeMap<TicketId, Channel>,
    /// Parcels by the record that let them go, while it is not durable.
    #[expect(clippy::vec_box, reason = "parcels are boxed where they come from")]
    held: BTreeMap<Offset, Vec<Box<Parcel>>>,
    /// Parcels that may leave.
    ready: VecDeque<Box<Parcel>>,
    channels: Vec<ChannelPlan>,
    /// What a replay let go, if a bug kept it.
    #[expect(clippy::vec_box, reason = "parcels are boxed where they come from")]
    pub(super) replayed: Vec<Box<Parcel>>,
}

fn ticket_of(push: PushId) -> TicketId {
    TicketId { shard: push.shard, sequence: push.number }
}

fn push_of(ticket: &Ticket) -> PushId {
    PushId { shard: ticket.shard, number: ticket.sequence }
}

impl Node {
    /// The instant by which everything that leaves is held: it never goes back.
    fn now(&self) -> Timestamp {
        self.clock.max(self.sequencer.now())
    }

    /// The clock moves.
    pub fn set_clock(&mut self, clock: Timestamp) {
        self.clock = clock;
    }

    /// Carries out what a shard wants done on folding the record at `offset`.
    pub(super) fn carry_out(&mut self, offset: Offset, out: Out) {
        match out {
            Out::Tell(tell) => self.tell(tell),
            Out::Queue(ticket) => self.outbox.asked.push_back(dispatch::Input::Queue(ticket)),
            Out::Kept(push) => self.finished(push, Verdict::Done),
            Out::Carry(parcel) => {
                if offset < self.sequencer.durable() || self.plant == Some(Plant::LeftBeforeDurable) {
                    self.outbox.ready.push_back(parcel);
                } else {
                    self.outbox.held.entry(offset).or_default().push(parcel);
                }
            }
        }
    }

    fn finished(&mut self, push: PushId, verdict: Verdict) {
        if let Some(channel) = self.outbox.under_way.remove(&ticket_of(push)) {
            let tickets = vec![ticket_of(push)];
            self.outbox.asked.push_back(dispatch::Input::Finished { channel, tickets, verdict });
        }
    }

    /// Records are durable: what they let go may leave.
    pub(super) fn let_go(&mut self) {
        let durable = self.sequencer.durable();
        while let Some(first) = self.outbox.held.first_entry().filter(|it| *it.key() < durable) {
            self.outbox.ready.extend(first.remove());
        }
    }

    /// Dispatch takes up to `count` things it was asked; what follows is journalled. How many it took.
    pub fn dispatch(&mut self, count: usize) -> usize {
        for done in 0..count {
            let due = self.outbox.dispatch.next_deadline().is_some_and(|it| it.0 <= self.now());
            let input = match self.outbox.asked.pop_front() {
                Some(input) => input,
                None if due && done == 0 => dispatch::Input::Tick,
                None => return done,
            };
            let mut effects = Vec::new();
            self.outbox.dispatch.handle(self.now(), input, &mut effects);
            for effect in effects {
                let bytes = match effect {
                    dispatch::Effect::Attempt { channel, tickets } => {
                        self.outbox.under_way.extend(tickets.iter().map(|it| (it.id(), channel)));
                        record::attempt(tickets.iter().map(push_of))
                    }
                    dispatch::Effect::End { ticket, reason } => record::dropped([(push_of(&ticket), reason)]),
                };
                self.force(bytes, self.clock);
            }
        }
        count
    }

    /// A parcel that leaves now. One whose deadline came while it waited for the disk stays: it is answered
    /// for by ourselves, as one that definitely never left.
    pub fn next_parcel(&mut self) -> Option<Box<Parcel>> {
        while let Some(parcel) = self.outbox.ready.pop_front() {
            if self.now() < parcel.deadline || self.plant == Some(Plant::LeftLate) {
                return Some(parcel);
            }
            self.answer(parcel.id, Answer::Later(self.now()), Verdict::Done);
        }
        None
    }

    /// The answer to an attempt came, or it is known to be lost.
    pub fn answer(&mut self, push: PushId, mut answer: Answer, verdict: Verdict) {
        if self.plant == Some(Plant::LostIsRefused) && answer == Answer::Ambiguous {
            answer = Answer::Later(self.now());
        }
        self.force(record::answered([(push, answer)]), self.clock);
        self.finished(push, verdict);
    }

    /// After a start: what may have left without an answer is ambiguous, before anything else leaves; what
    /// waited waits again.
    pub(super) fn resume(&mut self) {
        self.configure();
        let (mut waiting, mut lost) = (Vec::new(), Vec::new());
        for id in ShardId::all() {
            if let Some((shard, _)) = self.seated(id) {
                let (tickets, unanswered) = shard.unfinished(self.now());
                waiting.extend(tickets);
                lost.extend(unanswered.into_iter().map(|it| (it.0, Answer::Ambiguous)));
            }
        }
        if self.plant == Some(Plant::RetriedAfterCrash) {
            let now = self.now();
            lost.iter_mut().for_each(|it| it.1 = Answer::Later(now));
        }
        if self.plant == Some(Plant::ReplayDispatches) {
            self.outbox.ready.extend(std::mem::take(&mut self.outbox.replayed));
        }
        if !lost.is_empty() && self.plant != Some(Plant::UnansweredForgotten) {
            self.force(record::answered(lost), self.clock);
        }
        if self.plant != Some(Plant::WaitingForgotten) {
            self.outbox.asked.extend(waiting.into_iter().map(dispatch::Input::Queue));
        }
    }

    /// Sets the queues up as the stage says.
    pub(super) fn configure(&mut self) {
        let plans: Vec<ChannelPlan> = self.director.stage().channels().cloned().collect();
        if plans == self.outbox.channels {
            return;
        }
        let gone = self.outbox.channels.iter().filter(|old| plans.iter().all(|it| it.channel != old.channel));
        let gone = gone.map(|old| ChannelPlan { enabled: false, ..old.clone() });
        for plan in plans.iter().cloned().chain(gone) {
            let options = Options {
                rate_per_s: plan.rate_per_s,
                burst: plan.rate_per_s,
                batch_max: u32::from(plan.batch_max).min(BATCH_MAX),
                in_flight_max: IN_FLIGHT_MAX,
                queue_max: QUEUE_MAX,
                enabled: plan.enabled,
            };
            self.outbox.asked.push_back(dispatch::Input::Configure(plan.channel, options));
        }
        self.outbox.channels = plans;
    }

    /// Whether nothing waits for dispatch, for the disk or for an answer.
    pub fn has_left(&self) -> bool {
        let outbox = &self.outbox;
        outbox.asked.is_empty()
            && outbox.held.is_empty()
            && outbox.ready.is_empty()
            && outbox.under_way.is_empty()
    }

    /// When a machine, or dispatch, next wants to be woken.
    pub fn wakes(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let machines = self.seats.iter().filter_map(|it| it.worker.next_deadline());
        let machines = machines.chain(self.director.next_deadline()).min();
        (machines, self.outbox.dispatch.next_deadline().map(|it| it.0))
    }
}
