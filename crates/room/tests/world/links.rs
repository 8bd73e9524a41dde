//! What floors tell each other, on a channel as a program's threads have it: in order between two floors, late now and
//! then, and lost where it is full.

use super::random::Random;
use beckon_room::LinkMessage;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// What the channels do to messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passage {
    /// Lost, of a thousand, one by one.
    pub loss: u64,
    /// How often a channel fills up, of a thousand messages: then all is lost for a while.
    pub fills: u64,
    /// How long a message takes at least, in microseconds.
    pub delay_us: u64,
    /// How much longer it may take. What comes after waits for it.
    pub jitter_us: u64,
}

/// How long a channel stays full at most.
const FULL_MS_MAX: u64 = 600;

#[derive(Debug, Default)]
struct Channel {
    under_way: VecDeque<(Instant, LinkMessage)>,
    full_until: Option<Instant>,
}

/// All channels.
#[derive(Debug, Default)]
pub struct Links {
    /// What they do.
    pub passage: Passage,
    /// Messages that set out.
    pub sent: u64,
    channels: BTreeMap<(u8, u8), Channel>,
}

impl Links {
    /// A message sets out.
    pub fn send(&mut self, now: Instant, random: &mut Random, message: LinkMessage) {
        self.sent += 1;
        let Passage { loss, fills, delay_us, jitter_us } = self.passage;
        let channel = self.channels.entry((message.from, message.to)).or_default();
        if random.permille(fills) {
            channel.full_until = Some(now + Duration::from_millis(random.within(1, FULL_MS_MAX)));
        }
        if random.permille(loss) || channel.full_until.is_some_and(|until| now < until) {
            return;
        }
        let takes = Duration::from_micros(delay_us + random.below(jitter_us + 1));
        let behind = channel.under_way.back().map_or(now, |(at, _)| *at);
        channel.under_way.push_back(((now + takes).max(behind), message));
    }

    /// Nothing is full any more.
    pub fn heal(&mut self) {
        self.passage = Passage { delay_us: self.passage.delay_us, ..Passage::default() };
        self.channels.values_mut().for_each(|channel| channel.full_until = None);
    }

    /// When the next arrives.
    pub fn next(&self) -> Option<Instant> {
        self.channels.values().filter_map(|channel| channel.under_way.front().map(|(at, _)| *at)).min()
    }

    /// What arrives now.
    pub fn arrive(&mut self, now: Instant) -> Option<LinkMessage> {
        let due = |channel: &&mut Channel| channel.under_way.front().is_some_and(|(at, _)| *at <= now);
        let (_, message) = self.channels.values_mut().find(due)?.under_way.pop_front()?;
        Some(message)
    }
}
