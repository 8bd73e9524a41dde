//! Dispatch, rule by rule: order, bounds, deadlines, rates, pauses, and lanes that do not know each other.

use beckon_core::dispatch::{
    Dispatch, Effect, Input, Options, Reason, STOP_MS_MAX, Ticket, TicketId, Verdict,
};
use beckon_core::event::{Channel, Class};
use beckon_core::id::ShardId;
use beckon_core::time::Timestamp;

const OPEN: Options = Options {
    rate_per_s: 1_000_000,
    burst: 1_000,
    batch_max: 100,
    in_flight_max: 1_000,
    queue_max: 1_000,
    enabled: true,
};

const HOUR: i64 = 3_600_000;

fn ticket(sequence: u64, value: i64) -> Ticket {
    Ticket {
        shard: ShardId(3),
        sequence,
        channel: Channel::Webhook,
        class: Class::Marketing,
        value_micro: value,
        deadline: Timestamp(HOUR),
        ready_at: Timestamp(0),
    }
}

fn id(sequence: u64) -> TicketId {
    TicketId { shard: ShardId(3), sequence }
}

/// A dispatch, and what it says in short: `send 3 1`, `end 2 Expired`.
struct Told(Dispatch);

impl Told {
    /// At 0 the channel is configured; from 1000 on its bucket is full.
    fn with(options: Options) -> Self {
        let mut told = Told(Dispatch::default());
        assert_eq!(told.at(0, Input::Configure(Channel::Webhook, options)), [""; 0]);
        told
    }

    fn at(&mut self, now: i64, input: Input) -> Vec<String> {
        let mut effects = Vec::new();
        self.0.handle(Timestamp(now), input, &mut effects);
        effects.iter().map(short).collect()
    }

    fn queue(&mut self, now: i64, ticket: Ticket) -> Vec<String> {
        self.at(now, Input::Queue(ticket))
    }

    fn finished(&mut self, now: i64, sequences: &[u64], verdict: Verdict) -> Vec<String> {
        let tickets = sequences.iter().map(|it| id(*it)).collect();
        self.at(now, Input::Finished { channel: Channel::Webhook, tickets, verdict })
    }

    fn next(&self) -> Option<(i64, Reason)> {
        self.0.next_deadline().map(|(at, why)| (at.0, why))
    }
}

fn short(effect: &Effect) -> String {
    match effect {
        Effect::Attempt { channel, tickets } => {
            assert!(tickets.iter().all(|it| it.channel == *channel));
            let numbers: Vec<String> = tickets.iter().map(|it| it.sequence.to_string()).collect();
            format!("send {}", numbers.join(" "))
        }
        Effect::End { ticket, reason } => format!("end {} {reason:?}", ticket.sequence),
    }
}

/// One at a time: the answer to one lets the next go.
const ONE: Options = Options { in_flight_max: 1, batch_max: 1, ..OPEN };

#[test]
fn a_ticket_that_finds_the_way_free_goes_at_once() {
    let mut told = Told::with(OPEN);
    assert_eq!(told.queue(1_000, ticket(1, 5)), ["send 1"]);
    assert_eq!(told.next(), None, "what is under way waits for nothing here");
}

#[test]
fn the_most_valuable_goes_first_then_the_most_urgent() {
    let mut told = Told::with(ONE);
    assert_eq!(told.queue(1_000, ticket(1, 5)), ["send 1"]);
    told.queue(1_000, ticket(2, 5));
    told.queue(1_000, Ticket { deadline: Timestamp(HOUR - 1), ..ticket(3, 5) });
    told.queue(1_000, ticket(4, 9));
    let mut sent = Vec::new();
    for last in [1, 4, 3, 2] {
        sent.extend(told.finished(1_001, &[last], Verdict::Done));
    }
    assert_eq!(sent, ["send 4", "send 3", "send 2"]);
}

#[test]
fn a_batch_holds_the_best_and_no_more_than_fit() {
    let mut told = Told::with(Options { batch_max: 2, in_flight_max: 3, ..OPEN });
    told.at(1_000, Input::Configure(Channel::Webhook, Options { enabled: false, ..OPEN }));
    told.at(1_000, Input::Configure(Channel::Webhook, Options { batch_max: 2, in_flight_max: 3, ..OPEN }));
    assert_eq!(told.queue(1_000, ticket(1, 1)), ["send 1"]);
    assert_eq!(told.queue(1_000, ticket(2, 2)), ["send 2"]);
    assert_eq!(told.queue(1_000, ticket(3, 3)), ["send 3"]);
    for sequence in 4..9 {
        assert!(told.queue(1_000, ticket(sequence, sequence as i64)).is_empty(), "three are under way");
    }
    assert_eq!(told.finished(1_001, &[1, 2, 3], Verdict::Done), ["send 8 7", "send 6"]);
}

#[test]
fn what_is_not_sent_by_its_deadline_is_never_sent() {
    let mut told = Told::with(ONE);
    told.queue(1_000, ticket(1, 1));
    told.queue(1_000, Ticket { deadline: Timestamp(2_000), ..ticket(2, 9) });
    told.queue(1_000, ticket(3, 1));
    assert_eq!(told.next(), Some((2_000, Reason::Expiry)));
    assert_eq!(told.finished(2_000, &[1], Verdict::Done), ["end 2 Expired", "send 3"]);
    assert_eq!(told.queue(2_000, Ticket { deadline: Timestamp(2_000), ..ticket(4, 1) }), ["end 4 Expired"]);
    let never_ready = Ticket { ready_at: Timestamp(HOUR), ..ticket(5, 1) };
    assert_eq!(told.queue(2_000, never_ready), ["end 5 Expired"], "it would be ready only when it is over");
}

#[test]
fn a_full_queue_lets_the_least_valuable_fall() {
    let mut told = Told::with(Options { queue_max: 2, ..ONE });
    told.queue(1_000, ticket(1, 1));
    assert!(told.queue(1_000, ticket(2, 20)).is_empty());
    assert!(told.queue(1_000, ticket(3, 30)).is_empty());
    assert_eq!(told.queue(1_000, ticket(4, 10)), ["end 4 Overflow"]);
    assert_eq!(told.queue(1_000, ticket(5, 25)), ["end 2 Overflow"]);
    let less = Options { queue_max: 1, ..ONE };
    assert_eq!(told.at(1_000, Input::Configure(Channel::Webhook, less)), ["end 5 Overflow"]);
}

#[test]
fn a_ticket_waits_until_it_may_be_tried_again() {
    let mut told = Told::with(OPEN);
    assert!(told.queue(1_000, Ticket { ready_at: Timestamp(3_000), ..ticket(1, 1) }).is_empty());
    assert_eq!(told.next(), Some((3_000, Reason::Ready)));
    assert!(told.at(2_999, Input::Tick).is_empty());
    assert_eq!(told.at(3_000, Input::Tick), ["send 1"]);
}

#[test]
fn the_rate_holds_from_the_start_and_gathers_batches() {
    // 2,000 a second earn 20 in the time of gathering.
    let mut told = Told::with(Options { rate_per_s: 2_000, burst: 50, ..OPEN });
    for sequence in 0..100 {
        assert!(told.queue(0, ticket(sequence, 0)).is_empty(), "a start grants no burst");
    }
    let mut sizes = Vec::new();
    while let Some((at, Reason::Rate)) = told.next() {
        let sent = told.at(at, Input::Tick);
        sizes.push((at, sent[0].split(' ').count() - 1));
    }
    assert_eq!(sizes, [(10, 20), (20, 20), (30, 20), (40, 20), (50, 20)]);
}

#[test]
fn a_channel_that_asks_to_be_left_alone_is_left_alone() {
    let mut told = Told::with(ONE);
    told.queue(1_000, ticket(1, 1));
    told.queue(1_000, ticket(2, 1));
    assert!(told.finished(1_000, &[1], Verdict::Retry { after_ms: 5_000 }).is_empty());
    assert_eq!(told.next(), Some((6_000, Reason::Pause)));
    assert!(told.at(5_999, Input::Tick).is_empty());
    assert_eq!(told.at(6_000, Input::Tick), ["send 2"]);
}

#[test]
fn a_channel_stopped_for_the_day_gives_back_what_cannot_wait() {
    let mut told = Told::with(ONE);
    told.queue(1_000, ticket(1, 1));
    told.queue(1_000, ticket(2, 1));
    told.queue(1_000, Ticket { deadline: Timestamp(3 * HOUR), ..ticket(3, 1) });
    let stop = Verdict::StopUntil(Timestamp(2 * HOUR));
    assert_eq!(told.finished(1_000, &[1], stop), ["end 2 ChannelOff"]);
    assert_eq!(told.queue(1_000, ticket(4, 1)), ["end 4 ChannelOff"]);
    assert_eq!(told.next(), Some((2 * HOUR, Reason::Pause)));
    assert_eq!(told.at(2 * HOUR, Input::Tick), ["send 3"]);
    told.finished(2 * HOUR, &[3], Verdict::StopUntil(Timestamp(i64::MAX)));
    let (channel, load) = told.0.load().next().unwrap();
    assert_eq!((channel, load.paused_until), (Channel::Webhook, Some(Timestamp(2 * HOUR + STOP_MS_MAX))));
}

#[test]
fn a_channel_that_is_off_or_unknown_takes_nothing() {
    let mut told = Told::with(ONE);
    assert_eq!(told.queue(1_000, Ticket { channel: Channel::Fcm, ..ticket(1, 1) }), ["end 1 ChannelOff"]);
    told.queue(1_000, ticket(2, 1));
    told.queue(1_000, ticket(3, 1));
    let off = Input::Configure(Channel::Webhook, Options { enabled: false, ..ONE });
    assert_eq!(told.at(1_000, off), ["end 3 ChannelOff"]);
    assert_eq!(told.queue(1_000, ticket(4, 1)), ["end 4 ChannelOff"]);
    assert!(told.finished(1_001, &[2], Verdict::Done).is_empty());
}

#[test]
fn a_withdrawn_ticket_leaves_no_trace_and_a_second_one_takes_the_place_of_the_first() {
    let mut told = Told::with(ONE);
    told.queue(1_000, ticket(1, 1));
    told.queue(1_000, ticket(2, 9));
    told.queue(1_000, ticket(3, 5));
    told.queue(1_000, ticket(2, 2));
    assert!(told.at(1_000, Input::Withdrawn(id(3))).is_empty());
    assert_eq!(told.finished(1_001, &[1], Verdict::Done), ["send 2"]);
    assert!(told.finished(1_002, &[2], Verdict::Done).is_empty());
}

#[test]
fn what_is_reported_twice_makes_no_room_twice() {
    let mut told = Told::with(ONE);
    told.queue(1_000, ticket(1, 1));
    told.queue(1_000, ticket(2, 1));
    told.queue(1_000, ticket(3, 1));
    assert_eq!(told.finished(1_001, &[1, 1, 7], Verdict::Done), ["send 2"]);
    assert!(told.finished(1_001, &[1], Verdict::Done).is_empty());
}

#[test]
fn a_paused_or_full_lane_holds_up_no_other() {
    let mut told = Told::with(ONE);
    told.at(0, Input::Configure(Channel::Fcm, ONE));
    for sequence in 0..50 {
        told.queue(1_000, ticket(sequence, 1));
    }
    told.finished(1_000, &[0], Verdict::Retry { after_ms: HOUR });
    let other = Ticket { channel: Channel::Fcm, ..ticket(99, 1) };
    assert_eq!(told.queue(1_001, other), ["send 99"]);
}
