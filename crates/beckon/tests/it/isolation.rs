//! One channel that hangs or fails for minutes holds up no other: each has its queue, its place in flight and its
//! pauses to itself, and none grows beyond its bound.

use beckon_core::dispatch::{Dispatch, Effect, EndReason, Input, Options, Ticket, TicketId, Verdict};
use beckon_core::event::{Channel, Class};
use beckon_core::id::ShardId;
use beckon_core::time::Timestamp;
use std::collections::BTreeMap;

const SICK: Channel = Channel::Fcm;
const WELL: Channel = Channel::InApp;
const IN_FLIGHT: u32 = 64;
const QUEUE: u32 = 500;
/// Messages for each channel, one every 20 ms of virtual time, for ten minutes.
const EVERY_MS: i64 = 20;
const ENDS_MS: i64 = 10 * 60_000;
/// A message is given up after a quarter of a minute without an answer.
const TIMEOUT_MS: i64 = 15_000;

/// How the sick channel is.
#[derive(Debug, Clone, Copy)]
enum Sickness {
    /// It takes everything and never answers.
    Hangs,
    /// It refuses everything at once.
    Fails,
}

#[derive(Debug, Default)]
struct Seen {
    /// Virtual milliseconds from queued to attempted, at most, of the channel that is well.
    waited_ms: i64,
    attempted: u64,
    fallen: u64,
    queued_most: usize,
    in_flight_most: usize,
}

fn evening(sickness: Sickness) -> Seen {
    let mut machine = Dispatch::default();
    let mut effects = Vec::new();
    let options = Options {
        rate_per_s: 1_000,
        burst: 1_000,
        batch_max: 8,
        in_flight_max: IN_FLIGHT,
        queue_max: QUEUE,
        enabled: true,
    };
    for channel in [SICK, WELL] {
        machine.handle(Timestamp(0), Input::Configure(channel, options), &mut effects);
    }
    let mut seen = Seen::default();
    let mut queued: BTreeMap<TicketId, i64> = BTreeMap::new();
    let mut answers: BTreeMap<i64, Vec<(Channel, Vec<TicketId>, Verdict)>> = BTreeMap::new();
    let mut sequence = 0;
    let mut failures = 0;
    for now in (0..ENDS_MS).step_by(EVERY_MS as usize) {
        let mut inputs = vec![Input::Tick];
        let due: Vec<i64> = answers.range(..=now).map(|it| *it.0).collect();
        for (channel, tickets, verdict) in due.iter().filter_map(|it| answers.remove(it)).flatten() {
            inputs.push(Input::Finished { channel, tickets, verdict });
        }
        for channel in [SICK, WELL] {
            sequence += 1;
            let ticket = Ticket {
                shard: ShardId(0),
                sequence,
                channel,
                class: Class::Marketing,
                value_micro: sequence as i64 % 97,
                deadline: Timestamp(now + 5 * 60_000),
                ready_at: Timestamp(now),
            };
            queued.insert(ticket.id(), now);
            inputs.push(Input::Queue(ticket));
        }
        for input in inputs {
            machine.handle(Timestamp(now), input, &mut effects);
            for effect in effects.drain(..) {
                match effect {
                    Effect::Attempt { channel: WELL, tickets } => {
                        for ticket in &tickets {
                            let waited = now - queued[&ticket.id()];
                            seen.waited_ms = seen.waited_ms.max(waited);
                            seen.attempted += 1;
                        }
                        let ids = tickets.iter().map(Ticket::id).collect();
                        answers.entry(now + EVERY_MS).or_default().push((WELL, ids, Verdict::Done));
                    }
                    Effect::Attempt { channel, tickets } => {
                        let ids = tickets.iter().map(Ticket::id).collect();
                        failures += 1;
                        let (at, after_ms) = match sickness {
                            Sickness::Hangs => (now + TIMEOUT_MS, 60_000),
                            Sickness::Fails => (now + EVERY_MS, 1_000 << failures.min(6)),
                        };
                        answers.entry(at).or_default().push((channel, ids, Verdict::Retry { after_ms }));
                    }
                    Effect::End { ticket, reason } => {
                        assert_eq!(ticket.channel, SICK, "{reason:?}");
                        assert!(matches!(reason, EndReason::Overflow | EndReason::Expired));
                        seen.fallen += 1;
                    }
                }
            }
        }
        for (channel, load) in machine.load() {
            if channel == SICK {
                seen.queued_most = seen.queued_most.max(load.queued);
                seen.in_flight_most = seen.in_flight_most.max(load.in_flight);
            }
        }
    }
    seen
}

#[test]
fn a_channel_that_hangs_or_fails_for_minutes_delays_no_message_of_another() {
    for sickness in [Sickness::Hangs, Sickness::Fails] {
        let seen = evening(sickness);
        let all = (ENDS_MS / EVERY_MS) as u64;
        assert!(seen.attempted + 8 >= all, "{sickness:?}: {seen:?}");
        // No longer than messages are gathered for one request.
        assert!(seen.waited_ms <= beckon_core::dispatch::GATHER_MS + EVERY_MS, "{sickness:?}: {seen:?}");
        assert!(seen.queued_most <= QUEUE as usize, "{sickness:?}: {seen:?}");
        assert!(seen.in_flight_most <= IN_FLIGHT as usize, "{sickness:?}: {seen:?}");
        assert!(
            seen.fallen > 1_000,
            "{sickness:?}: the queue was never full, so its bound was not seen: {seen:?}"
        );
    }
}
