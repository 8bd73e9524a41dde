//! Dispatch on seeds: whatever is queued, answered, paused and reconfigured in whatever order, the promises
//! hold. Each is checked from outside, by a book that is kept beside the machine.

use crate::prng::Prng;
use beckon_core::dispatch::{Dispatch, Effect, EndReason, Input, Options, Ticket, TicketId, Verdict};
use beckon_core::event::{Channel, Class};
use beckon_core::id::ShardId;
use beckon_core::time::Timestamp;
use std::collections::BTreeMap;

const SEEDS: u64 = 300;
const STEPS: usize = 400;
const CHANNELS: [Channel; 3] = [Channel::Webhook, Channel::Fcm, Channel::Vivo];

/// What an observer knows: what waits, what is under way, and what went when.
#[derive(Default)]
struct Book {
    queued: BTreeMap<TicketId, Ticket>,
    in_flight: BTreeMap<Channel, Vec<TicketId>>,
    options: BTreeMap<Channel, Options>,
    paused_until: BTreeMap<Channel, Timestamp>,
    /// Per channel, since its last configuration: instants and sizes of attempts.
    sent: BTreeMap<Channel, Vec<(i64, u64)>>,
    attempts: u64,
    ends: BTreeMap<EndReason, u64>,
}

impl Book {
    fn note(&mut self, now: Timestamp, effect: &Effect) {
        match effect {
            Effect::Attempt { channel, tickets } => self.attempt(now, *channel, tickets),
            Effect::End { ticket, reason } => {
                assert_eq!(
                    self.queued.remove(&ticket.id()),
                    Some(*ticket),
                    "ended once, and as it was queued"
                );
                *self.ends.entry(*reason).or_default() += 1;
                if *reason == EndReason::Overflow {
                    let same = self.queued.values().filter(|it| it.channel == ticket.channel);
                    assert!(
                        same.into_iter().all(|it| it.value_micro >= ticket.value_micro),
                        "the least falls"
                    );
                }
            }
        }
    }

    fn attempt(&mut self, now: Timestamp, channel: Channel, tickets: &[Ticket]) {
        let options = self.options[&channel];
        assert!(options.enabled && !tickets.is_empty() && tickets.len() <= options.batch_max as usize);
        assert!(
            self.paused_until.get(&channel).is_none_or(|until| *until <= now),
            "left alone when it asked"
        );
        for ticket in tickets {
            assert_eq!(self.queued.remove(&ticket.id()), Some(*ticket), "attempted once a queueing");
            assert!(ticket.ready_at <= now && now < ticket.deadline && ticket.channel == channel);
        }
        assert!(tickets.is_sorted_by(|a, b| a.value_micro >= b.value_micro), "the most valuable first");
        let least = tickets.last().unwrap().value_micro;
        let could = self
            .queued
            .values()
            .filter(|it| it.channel == channel && it.ready_at <= now && now < it.deadline);
        assert!(could.into_iter().all(|it| it.value_micro <= least), "nothing better was left behind");
        let in_flight = self.in_flight.entry(channel).or_default();
        in_flight.extend(tickets.iter().map(Ticket::id));
        assert!(in_flight.len() <= options.in_flight_max as usize);
        let sent = self.sent.entry(channel).or_default();
        sent.push((now.0, tickets.len() as u64));
        // Over every window that ends now: no more than the burst and what the rate earned in it.
        let mut total = 0;
        for (at, count) in sent.iter().rev() {
            total += count;
            let earned = (now.0 - at) as u64 * u64::from(options.rate_per_s) / 1000;
            assert!(total <= u64::from(options.burst) + earned, "{total} since {at}");
        }
        self.attempts += 1;
    }

    fn check(&self, now: Timestamp, dispatch: &Dispatch) {
        for (channel, load) in dispatch.load() {
            let queued = self.queued.values().filter(|it| it.channel == channel).count();
            assert_eq!(
                (load.queued, load.in_flight),
                (queued, self.in_flight.get(&channel).map_or(0, Vec::len))
            );
            assert!(queued <= self.options[&channel].queue_max as usize, "queues are bounded");
        }
        if let Some((at, why)) = dispatch.next_deadline() {
            assert!(at > now, "what is due by {now:?} was done: {why:?}");
        }
    }
}

fn options(random: &mut Prng) -> Options {
    Options {
        rate_per_s: random.pick(&[1, 7, 100, 3_000, 200_000]),
        burst: random.pick(&[1, 5, 40, 500]),
        batch_max: random.pick(&[1, 3, 100]),
        in_flight_max: random.pick(&[1, 10, 150]),
        queue_max: random.pick(&[0, 5, 60, 60]),
        enabled: !random.once_in(8),
    }
}

fn input(random: &mut Prng, now: Timestamp, book: &mut Book) -> Input {
    let channel = random.pick(&CHANNELS);
    match random.below(20) {
        0 => {
            let options = options(random);
            book.options.insert(channel, options);
            book.sent.remove(&channel);
            if !options.enabled {
                book.paused_until.remove(&channel);
            }
            Input::Configure(channel, options)
        }
        1 => {
            let id = ticket_id(random);
            book.queued.remove(&id);
            Input::Withdrawn(id)
        }
        2..=6 => finished(random, now, channel, book),
        7..=9 => Input::Tick,
        _ => {
            let id = ticket_id(random);
            let ticket = Ticket {
                shard: id.shard,
                sequence: id.sequence,
                channel,
                class: random.pick(&[Class::Service, Class::Marketing]),
                value_micro: random.below(50) as i64 - 5,
                deadline: Timestamp(now.0 + random.below(4_000) as i64 - 100),
                ready_at: Timestamp(now.0 + random.below(600) as i64 - 400),
            };
            book.queued.insert(id, ticket);
            Input::Queue(ticket)
        }
    }
}

fn finished(random: &mut Prng, now: Timestamp, channel: Channel, book: &mut Book) -> Input {
    let in_flight = book.in_flight.entry(channel).or_default();
    let count = random.below(in_flight.len() + 1);
    let tickets: Vec<TicketId> = in_flight.drain(..count).collect();
    let (verdict, until) = match random.below(12) {
        0 => {
            let after_ms = random.below(900) as i64;
            (Verdict::Retry { after_ms }, Timestamp(now.0 + after_ms))
        }
        1 => {
            let until = Timestamp(now.0 + random.below(900) as i64);
            (Verdict::StopUntil(until), until)
        }
        _ => (Verdict::Done, Timestamp(i64::MIN)),
    };
    if book.options.contains_key(&channel) {
        let paused = book.paused_until.entry(channel).or_insert(until);
        *paused = (*paused).max(until);
    }
    Input::Finished { channel, tickets, verdict }
}

fn ticket_id(random: &mut Prng) -> TicketId {
    TicketId { shard: ShardId(random.below(4) as u8), sequence: random.below(40) as u64 }
}

/// Everything dispatch said on this seed, and what the book counted.
fn play(seed: u64) -> (Vec<Effect>, Book) {
    let (mut random, mut book, mut dispatch) = (Prng(seed), Book::default(), Dispatch::default());
    let (mut now, mut all, mut effects) = (Timestamp(1_700_000_000_000), Vec::new(), Vec::new());
    let mut step = |now, input, book: &mut Book, dispatch: &mut Dispatch| {
        dispatch.handle(now, input, &mut effects);
        effects.iter().for_each(|it| book.note(now, it));
        all.append(&mut effects);
    };
    for _ in 0..STEPS {
        // Sometimes as a runtime does it, to the very deadline; sometimes late.
        let due = dispatch.next_deadline().filter(|_| random.once_in(2));
        now = due.map_or(Timestamp(now.0 + random.below(120) as i64), |it| it.0);
        if due.is_some() {
            step(now, Input::Tick, &mut book, &mut dispatch);
            book.check(now, &dispatch);
        }
        step(now, Input::Tick, &mut book, &mut dispatch);
        let input = input(&mut random, now, &mut book);
        step(now, input, &mut book, &mut dispatch);
        step(now, Input::Tick, &mut book, &mut dispatch);
        book.check(now, &dispatch);
    }
    while let Some((at, _)) = dispatch.next_deadline() {
        step(at, Input::Tick, &mut book, &mut dispatch);
        book.check(at, &dispatch);
    }
    assert!(book.queued.is_empty(), "in the end every ticket was attempted or ended");
    (all, book)
}

#[test]
fn on_every_seed_the_promises_of_dispatch_hold() {
    let (mut attempts, mut ends) = (0, BTreeMap::<EndReason, u64>::new());
    for seed in 0..SEEDS {
        let (_, book) = std::panic::catch_unwind(|| play(seed)).unwrap_or_else(|_| panic!("seed {seed}"));
        attempts += book.attempts;
        book.ends.into_iter().for_each(|(reason, count)| *ends.entry(reason).or_default() += count);
    }
    assert!(attempts > 5_000, "the seeds reach what they are to reach: {attempts}");
    assert!(ends.len() == 3 && ends.values().all(|it| *it > 500), "{ends:?}");
}

#[test]
fn two_runs_of_a_seed_say_the_same() {
    for seed in 0..20 {
        assert_eq!(play(seed).0, play(seed).0, "seed {seed}");
    }
}
