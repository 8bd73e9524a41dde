//! One channel's queue: ordered by value, bounded, rid of what is past its deadline, and let out by a rate
//! and by how much is under way. Lanes share nothing, so a slow one cannot hold up another.

use super::bucket::Bucket;
use super::{Effect, EndReason, Load, Options, Reason, Ticket, TicketId, Verdict};
use crate::event::Channel;
use crate::time::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The longest queue a channel may be given.
pub const QUEUE_MAX: u32 = 1 << 20;

/// The largest batch a channel may be given.
pub const BATCH_MAX: u32 = 1_000;

/// The largest burst a channel may be given.
pub const BURST_MAX: u32 = 1 << 20;

/// The most messages that a channel may have under way.
pub const IN_FLIGHT_MAX: u32 = 1 << 16;

/// The longest pause that a single answer can ask for, in milliseconds.
pub const PAUSE_MS_MAX: i64 = 3_600_000;

/// How far ahead a channel can be stopped, in milliseconds: over the end of the day in any zone.
pub const STOP_MS_MAX: i64 = 48 * 3_600_000;

/// While the rate is what holds a lane up, tickets are let out together that it earns in this time, in
/// milliseconds: batches stay worth their request, and nothing waits longer for it.
pub const GATHER_MS: i64 = 10;

/// The order in which tickets go: the most valuable, then the most urgent, then the oldest number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(Reverse<i64>, Timestamp, TicketId);

impl Rank {
    fn of(ticket: &Ticket) -> Self {
        Rank(Reverse(ticket.value_micro), ticket.deadline, ticket.id())
    }
}

#[derive(Debug, Clone)]
pub(super) struct Lane {
    channel: Channel,
    options: Options,
    bucket: Bucket,
    tickets: BTreeMap<TicketId, Ticket>,
    /// All tickets, first the one to go first, last the one to fall out first.
    ranked: BTreeSet<Rank>,
    /// Those that may go now.
    ready: BTreeSet<Rank>,
    /// The others, by the time from which they may.
    waiting: BTreeSet<(Timestamp, TicketId)>,
    deadlines: BTreeSet<(Timestamp, TicketId)>,
    /// With how often: a message may be queued again before its last attempt was reported.
    in_flight: BTreeMap<TicketId, u32>,
    in_flight_count: usize,
    paused_until: Timestamp,
    stopped_until: Timestamp,
}

impl Lane {
    pub(super) fn new(channel: Channel, now: Timestamp) -> Self {
        let off =
            Options { rate_per_s: 1, burst: 1, batch_max: 1, in_flight_max: 1, queue_max: 0, enabled: false };
        Lane {
            channel,
            options: off,
            bucket: Bucket::new(now),
            tickets: BTreeMap::new(),
            ranked: BTreeSet::new(),
            ready: BTreeSet::new(),
            waiting: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            in_flight: BTreeMap::new(),
            in_flight_count: 0,
            paused_until: Timestamp(i64::MIN),
            stopped_until: Timestamp(i64::MIN),
        }
    }

    pub(super) fn configure(&mut self, options: Options, now: Timestamp, effects: &mut Vec<Effect>) {
        self.options = Options {
            rate_per_s: options.rate_per_s.max(1),
            burst: options.burst.clamp(1, BURST_MAX),
            batch_max: options.batch_max.clamp(1, BATCH_MAX),
            in_flight_max: options.in_flight_max.clamp(1, IN_FLIGHT_MAX),
            queue_max: options.queue_max.min(QUEUE_MAX),
            enabled: options.enabled,
        };
        self.bucket.configure(self.options.rate_per_s, self.options.burst, now);
        if !self.options.enabled {
            while let Some(worst) = self.ranked.last().map(|it| it.2) {
                self.end(worst, EndReason::ChannelOff, effects);
            }
            // Whoever switches it on again has seen to what was wrong.
            self.paused_until = Timestamp(i64::MIN);
            self.stopped_until = Timestamp(i64::MIN);
        }
        self.expire(now, effects);
        while self.tickets.len() > self.options.queue_max as usize {
            let worst = self.ranked.last().expect("a queue above its bound is not empty").2;
            self.end(worst, EndReason::Overflow, effects);
        }
    }

    pub(super) fn queue(&mut self, ticket: Ticket, now: Timestamp, effects: &mut Vec<Effect>) {
        self.expire(now, effects);
        let mut end = |reason| effects.push(Effect::End { ticket, reason });
        if !self.options.enabled {
            return end(EndReason::ChannelOff);
        }
        if ticket.deadline <= now.max(ticket.ready_at) {
            return end(EndReason::Expired);
        }
        if self.is_hopeless(&ticket, now) {
            return end(EndReason::ChannelOff);
        }
        let rank = Rank::of(&ticket);
        if self.tickets.len() >= self.options.queue_max as usize {
            match self.ranked.last() {
                Some(worst) if rank < *worst => {
                    let worst = worst.2;
                    self.end(worst, EndReason::Overflow, effects);
                }
                _ => return end(EndReason::Overflow),
            }
        }
        let id = ticket.id();
        self.ranked.insert(rank);
        self.deadlines.insert((ticket.deadline, id));
        if ticket.ready_at > now {
            self.waiting.insert((ticket.ready_at, id));
        } else {
            self.ready.insert(rank);
        }
        self.tickets.insert(id, ticket);
    }

    pub(super) fn remove(&mut self, id: TicketId) -> Option<Ticket> {
        let ticket = self.tickets.remove(&id)?;
        let rank = Rank::of(&ticket);
        self.ranked.remove(&rank);
        self.deadlines.remove(&(ticket.deadline, id));
        if !self.ready.remove(&rank) {
            self.waiting.remove(&(ticket.ready_at, id));
        }
        Some(ticket)
    }

    pub(super) fn finished(
        &mut self,
        tickets: &[TicketId],
        verdict: Verdict,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        for id in tickets {
            // What is not under way was reported before: counting it again would let too much out.
            let Some(count) = self.in_flight.get_mut(id) else { continue };
            *count -= 1;
            self.in_flight_count -= 1;
            if *count == 0 {
                self.in_flight.remove(id);
            }
        }
        match verdict {
            Verdict::Done => {}
            Verdict::Retry { after_ms } => {
                let until = Timestamp(now.0.saturating_add(after_ms.clamp(0, PAUSE_MS_MAX)));
                self.paused_until = self.paused_until.max(until);
            }
            Verdict::StopUntil(until) => {
                let until = until.min(Timestamp(now.0.saturating_add(STOP_MS_MAX)));
                self.stopped_until = self.stopped_until.max(until);
                self.expire(now, effects);
                // Who hears of it now may still take another way to the shopper.
                while let Some(id) = self.first_hopeless(now) {
                    self.end(id, EndReason::ChannelOff, effects);
                }
            }
        }
    }

    /// Ends what is past its deadline, and lets out what may go.
    pub(super) fn advance(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.expire(now, effects);
        while let Some((at, id)) = self.waiting.first().copied().filter(|it| it.0 <= now) {
            self.waiting.remove(&(at, id));
            self.ready.insert(Rank::of(&self.tickets[&id]));
        }
        if self.resumes_at(now).is_some() {
            return;
        }
        while !self.ready.is_empty() && self.room() > 0 {
            let tokens = self.bucket.tokens(now);
            if tokens < self.enough() {
                return;
            }
            let count = self.ready.len().min(tokens).min(self.room()).min(self.options.batch_max as usize);
            self.bucket.take(count);
            let ids: Vec<TicketId> = self.ready.iter().take(count).map(|it| it.2).collect();
            let tickets: Vec<Ticket> = ids.into_iter().filter_map(|id| self.remove(id)).collect();
            for ticket in &tickets {
                *self.in_flight.entry(ticket.id()).or_default() += 1;
            }
            self.in_flight_count += tickets.len();
            effects.push(Effect::Attempt { channel: self.channel, tickets });
        }
    }

    pub(super) fn next_deadline(&self, now: Timestamp) -> Option<(Timestamp, Reason)> {
        let expiry = self.deadlines.first().map(|it| (it.0, Reason::Expiry));
        let other = match self.resumes_at(now) {
            Some(at) => (!self.tickets.is_empty()).then_some((at, Reason::Pause)),
            None => {
                let waiting = self.waiting.first().map(|it| (it.0, Reason::Ready));
                let rate = (!self.ready.is_empty() && self.room() > 0)
                    .then(|| (self.bucket.holds_at(self.enough()), Reason::Rate));
                waiting.into_iter().chain(rate).min()
            }
        };
        expiry.into_iter().chain(other).min()
    }

    pub(super) fn load(&self, now: Timestamp) -> Load {
        Load {
            queued: self.tickets.len(),
            in_flight: self.in_flight_count,
            paused_until: self.resumes_at(now),
        }
    }

    /// When the lane goes on, if it is paused or stopped.
    fn resumes_at(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.paused_until.max(self.stopped_until)).filter(|until| *until > now)
    }

    /// Messages that may be under way beside those that are.
    fn room(&self) -> usize {
        (self.options.in_flight_max as usize).saturating_sub(self.in_flight_count)
    }

    /// Tokens that make an attempt worth its request, with what is ready now.
    fn enough(&self) -> usize {
        let earned = (i64::from(self.options.rate_per_s) * GATHER_MS / 1000).max(1) as usize;
        let bound = self.options.batch_max.min(self.options.burst) as usize;
        earned.min(bound).min(self.ready.len()).min(self.room()).max(1)
    }

    /// Whether the channel is stopped until after the ticket's deadline.
    fn is_hopeless(&self, ticket: &Ticket, now: Timestamp) -> bool {
        self.stopped_until > now && ticket.deadline <= self.stopped_until
    }

    fn first_hopeless(&self, now: Timestamp) -> Option<TicketId> {
        let first = self.tickets.get(&self.deadlines.first()?.1)?;
        self.is_hopeless(first, now).then(|| first.id())
    }

    fn expire(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(id) = self.deadlines.first().filter(|it| it.0 <= now).map(|it| it.1) {
            self.end(id, EndReason::Expired, effects);
        }
    }

    fn end(&mut self, id: TicketId, reason: EndReason, effects: &mut Vec<Effect>) {
        let ticket = self.remove(id).expect("the indexes name only tickets that are queued");
        effects.push(Effect::End { ticket, reason });
    }
}
