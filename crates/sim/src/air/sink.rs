//! The channels: they take what arrives, answer soon, late or never, and say what is true or nothing. What
//! really became of a message only the sink knows.

use crate::random::Random;
use beckon_core::dispatch::Verdict;
use beckon_core::event::Channel;
use beckon_core::push::{Answer, PushId};
use beckon_core::shard::calling::parcel::Parcel;
use beckon_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// After so long without an answer the sender gives the answer up for lost.
const TIMEOUT_MS: i64 = 20_000;

/// How a channel is today.
#[derive(Debug, Clone, Copy)]
struct Mood {
    /// Milliseconds until it answers, at most.
    slow_ms: u64,
    /// Once in so many messages, each: no answer comes; it takes nothing just now; it refuses.
    silent: u64,
    busy: u64,
    refuses: u64,
    /// Once in so many messages nobody is at the other end, and nothing is written.
    absent: u64,
    /// It takes messages and says nothing, or nobody is there at all.
    dead: Option<bool>,
}

/// All channels.
#[derive(Debug)]
pub struct Sink {
    moods: BTreeMap<Channel, Mood>,
    /// What is to be answered, by when.
    open: BTreeMap<(Timestamp, PushId), (Answer, Verdict)>,
    /// Addresses that are gone.
    dead: BTreeSet<(Channel, Box<str>)>,
    /// Messages that arrived.
    pub arrived: u64,
}

impl Sink {
    /// The channels of a seed.
    pub fn new(random: &mut Random) -> Self {
        let moods = super::script::CHANNELS.map(|channel| {
            let mood = Mood {
                slow_ms: random.choose(&[50, 2_000, 15_000, 40_000]),
                silent: random.choose(&[0, 40, 6]),
                busy: random.choose(&[0, 30, 5]),
                refuses: random.choose(&[0, 40]),
                absent: if channel == Channel::InApp { random.choose(&[2, 6, 20]) } else { 0 },
                dead: random.one_in(8).then(|| random.one_in(2)),
            };
            (channel, mood)
        });
        Sink { moods: moods.into(), open: BTreeMap::new(), dead: BTreeSet::new(), arrived: 0 }
    }

    /// A channel dies or comes back.
    pub fn turn(&mut self, random: &mut Random) {
        let channel = random.choose(&super::script::CHANNELS);
        if let Some(mood) = self.moods.get_mut(&channel) {
            mood.dead = if mood.dead.is_some() { None } else { Some(random.one_in(2)) };
        }
    }

    /// A message arrives at `now`. `true` when the shopper gets to see it.
    pub fn take(&mut self, parcel: &Parcel, now: Timestamp, random: &mut Random) -> bool {
        self.arrived += 1;
        let Some(mood) = self.moods.get(&parcel.channel).copied() else { return false };
        let after = |ms: i64| Timestamp(now.0 + ms);
        let soon = after(random.below(mood.slow_ms) as i64 + 1);
        let lost = (after(TIMEOUT_MS), Answer::Ambiguous, Verdict::Done);
        let later_ms = random.range(500, 60_000) as i64;
        let later = |at: Timestamp| {
            (at, Answer::Later(Timestamp(at.0 + later_ms)), Verdict::Retry { after_ms: later_ms / 4 })
        };
        let address = (parcel.channel, parcel.token.clone());
        let to_address = !matches!(parcel.channel, Channel::InApp | Channel::Webhook);
        if to_address && random.one_in(25) {
            self.dead.insert(address.clone());
        }
        let gone = to_address && mood.dead.is_none() && self.dead.contains(&address);
        let seen;
        let (at, answer, verdict) = match mood.dead {
            // Nobody is there: the connection never carried it.
            Some(true) => {
                seen = false;
                later(soon)
            }
            Some(false) => {
                seen = random.one_in(2);
                lost
            }
            _ if gone => {
                seen = false;
                (soon, Answer::Gone, Verdict::Done)
            }
            None if random.one_in(mood.absent) => {
                seen = false;
                (soon, Answer::Unreached, Verdict::Done)
            }
            None if random.one_in(mood.silent) => {
                seen = random.one_in(2);
                lost
            }
            None if random.one_in(mood.busy) => {
                seen = false;
                later(soon)
            }
            None if random.one_in(mood.refuses) => {
                seen = false;
                let gone = if to_address { Answer::Refused } else { Answer::Gone };
                let answer = random.choose(&[Answer::Refused, gone, Answer::Capped, Answer::NotComposed]);
                (soon, answer, Verdict::Done)
            }
            None => {
                seen = true;
                let answer = if random.one_in(4) { Answer::Delivered } else { Answer::Accepted };
                (soon, answer, Verdict::Done)
            }
        };
        // An answer that comes after the time-out is nobody's.
        let late = at.0 > now.0 + TIMEOUT_MS;
        let (at, answer, verdict) = if late { lost } else { (at, answer, verdict) };
        self.open.insert((at, parcel.id), (answer, verdict));
        seen
    }

    /// The next answer that is due by `now`.
    pub fn answer(&mut self, now: Timestamp) -> Option<(PushId, Answer, Verdict)> {
        let first = self.open.first_entry().filter(|it| it.key().0 <= now)?;
        let push = first.key().1;
        let (answer, verdict) = first.remove();
        Some((push, answer, verdict))
    }

    /// Whoever waited for answers is gone.
    pub fn cut_off(&mut self) {
        self.open.clear();
    }
}
