//! Dispatch: which of the decided messages goes next, per channel, as a pure state machine.
//!
//! It holds no message, only tickets for messages that their shards keep, and it is not journalled: what is
//! lost with it in a crash, the shards queue again. It answers one question, again and again: which tickets
//! may be attempted now, so that the most valuable go first, none goes past its deadline, no vendor is asked
//! for more than it takes, and no channel waits for another.

mod bucket;
mod lane;
pub mod retry;

pub use lane::{BATCH_MAX, BURST_MAX, GATHER_MS, IN_FLIGHT_MAX, PAUSE_MS_MAX, QUEUE_MAX, STOP_MS_MAX};

use crate::event::{Channel, Class};
use crate::id::ShardId;
use crate::time::Timestamp;
use lane::Lane;
use std::collections::BTreeMap;

/// A message's name in all of Beckon: its shard, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId {
    /// The shard that keeps the message.
    pub shard: ShardId,
    /// The message's number in its shard.
    pub sequence: u64,
}

/// A message's place in a channel's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The shard that keeps the message.
    pub shard: ShardId,
    /// The message's number in its shard.
    pub sequence: u64,
    /// The channel it is to go over.
    pub channel: Channel,
    /// Its class; the queue does not look at it, whoever carries it does.
    pub class: Class,
    /// What sending it is worth, in millionths of the shop's currency: higher goes first.
    pub value_micro: i64,
    /// From this instant on it must not be attempted.
    pub deadline: Timestamp,
    /// Until this instant it must not be attempted: the wait before another try.
    pub ready_at: Timestamp,
}

impl Ticket {
    /// Whose ticket it is.
    pub fn id(&self) -> TicketId {
        TicketId { shard: self.shard, sequence: self.sequence }
    }
}

/// What a channel takes. Everything is counted in messages, and what is out of bounds is brought within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Messages a second, at least 1.
    pub rate_per_s: u32,
    /// Messages that may go at once after a quiet time, 1 to [`BURST_MAX`].
    pub burst: u32,
    /// Messages in one attempt, 1 to [`BATCH_MAX`].
    pub batch_max: u32,
    /// Messages attempted whose answer is not known yet, 1 to [`IN_FLIGHT_MAX`].
    pub in_flight_max: u32,
    /// Messages that wait, up to [`QUEUE_MAX`].
    pub queue_max: u32,
    /// Whether the channel is in use at all.
    pub enabled: bool,
}

/// What a finished attempt says of the channel as a whole. What it means for each message its shard decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The channel works.
    Done,
    /// The channel asks to be left alone for a while: 429, 503, or nobody there.
    Retry {
        /// For how long, in milliseconds; at most [`PAUSE_MS_MAX`] is believed.
        after_ms: i64,
    },
    /// The channel takes nothing more until then, as after a daily cap; at most [`STOP_MS_MAX`] ahead.
    StopUntil(Timestamp),
}

/// What dispatch is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A channel is set up, changed, or switched off. Before this it is off.
    Configure(Channel, Options),
    /// A message is to be sent. If it is queued already, this takes its place, also from another channel.
    Queue(Ticket),
    /// A message is no longer to be sent; it ends without an effect.
    Withdrawn(TicketId),
    /// An attempt, or a part of one, was answered, given up, or withheld at the last look. Every ticket of an
    /// attempt is named once; naming those of one request together lets the next batch be as large.
    Finished {
        /// The channel.
        channel: Channel,
        /// The tickets.
        tickets: Vec<TicketId>,
        /// What it says of the channel.
        verdict: Verdict,
    },
    /// Time passed.
    Tick,
}

/// Why a ticket ended without an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndReason {
    /// Its deadline came, or lies before the time at which it would be ready.
    Expired,
    /// The queue was full, and all others were worth more.
    Overflow,
    /// The channel is not in use, or takes nothing more before the ticket's deadline.
    ChannelOff,
}

/// What dispatch asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Journal an attempt for these now, the most valuable first, and report it by [`Input::Finished`].
    Attempt {
        /// The channel.
        channel: Channel,
        /// The tickets, at most [`Options::batch_max`].
        tickets: Vec<Ticket>,
    },
    /// Tell the ticket's shard that its message was not sent.
    End {
        /// The ticket.
        ticket: Ticket,
        /// Why.
        reason: EndReason,
    },
}

/// What dispatch waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A ticket reaches its deadline.
    Expiry,
    /// A ticket may be tried again.
    Ready,
    /// The channel's rate allows more.
    Rate,
    /// A channel's pause ends.
    Pause,
}

/// How full a channel's queue is, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Tickets that wait.
    pub queued: usize,
    /// Tickets attempted and not finished.
    pub in_flight: usize,
    /// Until when the channel asked to be left alone, if that is not over.
    pub paused_until: Option<Timestamp>,
}

/// The queues of all channels.
#[derive(Debug, Clone, Default)]
pub struct Dispatch {
    lanes: BTreeMap<Channel, Lane>,
    now: Timestamp,
}

impl Dispatch {
    /// Takes one input at `now` and says what follows from it. Time does not go back here: an earlier `now`
    /// counts as the latest one.
    pub fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        self.now = self.now.max(now);
        let now = self.now;
        let touched = match input {
            Input::Configure(channel, options) => {
                let lane = self.lanes.entry(channel).or_insert_with(|| Lane::new(channel, now));
                lane.configure(options, now, effects);
                Some(channel)
            }
            Input::Queue(ticket) => {
                self.remove(ticket.id());
                match self.lanes.get_mut(&ticket.channel) {
                    Some(lane) => lane.queue(ticket, now, effects),
                    None => effects.push(Effect::End { ticket, reason: EndReason::ChannelOff }),
                }
                Some(ticket.channel)
            }
            Input::Withdrawn(id) => {
                self.remove(id);
                return;
            }
            Input::Finished { channel, tickets, verdict } => {
                if let Some(lane) = self.lanes.get_mut(&channel) {
                    lane.finished(&tickets, verdict, now, effects);
                }
                Some(channel)
            }
            Input::Tick => None,
        };
        match touched {
            Some(channel) => {
                if let Some(lane) = self.lanes.get_mut(&channel) {
                    lane.advance(now, effects);
                }
            }
            None => self.lanes.values_mut().for_each(|lane| lane.advance(now, effects)),
        }
    }

    /// When the next [`Input::Tick`] is due, and what for.
    pub fn next_deadline(&self) -> Option<(Timestamp, Reason)> {
        self.lanes.values().filter_map(|lane| lane.next_deadline(self.now)).min()
    }

    /// How full the queues are, of every channel that was ever configured.
    pub fn load(&self) -> impl Iterator<Item = (Channel, Load)> {
        self.lanes.iter().map(|(channel, lane)| (*channel, lane.load(self.now)))
    }

    fn remove(&mut self, id: TicketId) {
        // A message is queued in one place only.
        self.lanes.values_mut().any(|lane| lane.remove(id).is_some());
    }
}
