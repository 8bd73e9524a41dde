//! The carrier: takes what leaves the machines, asks dispatch whose turn it is, journals attempts, sends, and
//! journals the answers.
//!
//! Nothing is sent before the record of its attempt is durable. So a crash between sending and answering leaves
//! an attempt without an answer, which the next start journals as ambiguous; it is never sent again.

use super::compose::Composer;
use super::line::Line;
use crate::in_app::{Answered, Hub};
use crate::runtime::{Carrying, Node, Outward};
use crate::secrets::Secrets;
use beckon_channels as channels;
use beckon_core::dispatch::{Dispatch, Effect, Input, Options, Ticket, TicketId, Verdict};
use beckon_core::event::Channel;
use beckon_core::push::{Answer, PushId};
use beckon_core::shard::calling::parcel::Parcel;
use beckon_core::show::ChannelPlan;
use beckon_core::time::Timestamp;
use beckon_engine::record;
use beckon_sessions::Carried;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Messages of one channel whose answer is awaited at most.
const IN_FLIGHT_MAX: u32 = 4_096;

/// Messages that wait for one channel at most.
const QUEUE_MAX: u32 = 1 << 20;

/// Answers of in-app connections that are journalled together at most.
const CARRIED_TOGETHER_MAX: usize = 1_024;

/// How long to sleep when nothing is due.
const NOTHING_DUE: Duration = Duration::from_secs(3600);

/// An attempt: the pushes of one journalled record, until each has passed its last look or not.
#[derive(Debug)]
struct Attempt {
    channel: Channel,
    missing: usize,
    parcels: Vec<Parcel>,
    kept: Vec<TicketId>,
}

/// What a request came to.
#[derive(Debug)]
struct Sent {
    channel: Channel,
    /// Those that need no more of the channel.
    tickets: Vec<TicketId>,
    /// What is known of them already.
    answers: Vec<(PushId, Answer)>,
    verdict: Verdict,
}

/// Carries pushes out until the node stops.
pub struct Carrier {
    node: Node,
    secrets: Secrets,
    composer: Arc<Composer>,
    hub: Hub,
    carried: UnboundedReceiver<Answered>,
    machine: Dispatch,
    lines: BTreeMap<Channel, Arc<Line>>,
    plans: BTreeMap<Channel, ChannelPlan>,
    failures: BTreeMap<Channel, u32>,
    attempts: BTreeMap<u64, Attempt>,
    of_push: BTreeMap<PushId, u64>,
    next_attempt: u64,
    sending: usize,
    waiting_for_idle: Vec<oneshot::Sender<()>>,
    sent: UnboundedSender<Sent>,
    was_sent: UnboundedReceiver<Sent>,
}

fn push_id(ticket: &Ticket) -> PushId {
    PushId { shard: ticket.shard, number: ticket.sequence }
}

fn ticket_id(push: PushId) -> TicketId {
    TicketId { shard: push.shard, sequence: push.number }
}

impl Carrier {
    /// A carrier for `node`, with the in-app connections of `hub`.
    pub fn new(node: Node, secrets: Secrets, composer: Arc<Composer>, hub: Hub) -> Self {
        let (sent, was_sent) = unbounded_channel();
        // A hub has one carrier; a second one would hear nothing of its messages.
        let carried = hub.answers().unwrap_or_else(|| unbounded_channel().1);
        Carrier {
            node,
            secrets,
            composer,
            hub,
            carried,
            machine: Dispatch::default(),
            lines: BTreeMap::new(),
            plans: BTreeMap::new(),
            failures: BTreeMap::new(),
            attempts: BTreeMap::new(),
            of_push: BTreeMap::new(),
            next_attempt: 0,
            sending: 0,
            waiting_for_idle: Vec::new(),
            sent,
            was_sent,
        }
    }

    /// Runs until the node stops.
    pub async fn run(mut self) {
        let Some(Carrying { mut leaving, waiting, unanswered }) = self.node.carry_out().await else { return };
        if !unanswered.is_empty() {
            // Whether these left before the crash nobody knows: that is journalled before anything else leaves.
            let answers = unanswered.into_iter().map(|(push, _)| (push, Answer::Ambiguous));
            self.node.journal(record::answered(answers));
        }
        self.configure();
        for ticket in waiting {
            self.handle(Input::Queue(ticket));
        }
        let mut carried = Vec::new();
        loop {
            let due = self.machine.next_deadline().map(|it| it.0);
            let nap = self.nap(due);
            tokio::select! {
                it = leaving.recv() => match it {
                    Some(it) => self.leaves(it),
                    None => return,
                },
                Some(sent) = self.was_sent.recv() => self.answered(sent),
                1.. = self.carried.recv_many(&mut carried, CARRIED_TOGETHER_MAX) => {
                    self.journal_carried(carried.drain(..));
                }
                () = tokio::time::sleep(nap) => self.handle(Input::Tick),
            }
            self.tell_idle(leaving.is_empty());
        }
    }

    /// How long to sleep until something is due. A virtual clock moves when it is told to, never by waiting.
    fn nap(&self, due: Option<Timestamp>) -> Duration {
        let Some(due) = due else { return NOTHING_DUE };
        let now = self.node.clock().now();
        if due <= now {
            return Duration::ZERO;
        }
        if self.node.clock().is_virtual() {
            return NOTHING_DUE;
        }
        Duration::from_millis((due.0 - now.0).unsigned_abs())
    }

    fn leaves(&mut self, it: Outward) {
        match it {
            Outward::Queue(ticket) => self.handle(Input::Queue(ticket)),
            Outward::Carry(_, parcel) => {
                let push = parcel.id;
                self.looked_at(push, Some(*parcel));
            }
            Outward::Kept(push) => self.looked_at(push, None),
            Outward::Staged => self.configure(),
            Outward::WhenIdle(done) => {
                // Time may have moved since the last look at the queues.
                self.handle(Input::Tick);
                self.hub.tick();
                self.waiting_for_idle.push(done);
            }
            Outward::NextDeadline(answer) => {
                let queues = self.machine.next_deadline().map(|it| it.0);
                let _ = answer.send(queues.into_iter().chain(self.hub.next_deadline()).min());
            }
        }
    }

    /// Nothing is on the way and nothing may go now.
    fn tell_idle(&mut self, nothing_leaves: bool) {
        let now = self.node.clock().now();
        let due = self.machine.next_deadline().is_some_and(|it| it.0 <= now);
        // What waits for an acknowledgement is not waited for here: with a virtual clock its time would never be up.
        let is_idle = self.sending == 0 && self.attempts.is_empty() && self.carried.is_empty();
        if nothing_leaves && is_idle && !due {
            self.waiting_for_idle.drain(..).for_each(|it| {
                let _ = it.send(());
            });
        }
    }

    /// Sets the channels up as the stage has them now.
    fn configure(&mut self) {
        let plans: Vec<ChannelPlan> = self.node.director(|it| it.stage().channels().cloned().collect());
        let gone: Vec<Channel> =
            self.plans.keys().copied().filter(|it| !plans.iter().any(|plan| plan.channel == *it)).collect();
        for channel in gone {
            self.plans.remove(&channel);
            self.lines.remove(&channel);
            self.handle(Input::Configure(channel, options(None)));
        }
        for plan in plans {
            if plan.channel == Channel::InApp {
                self.configure_in_app(plan);
                continue;
            }
            let secret = self.secrets.channel(&plan.secret);
            let same = self.plans.get(&plan.channel) == Some(&plan)
                && self.lines.get(&plan.channel).is_some_and(|it| it.has_secret(secret.as_deref()));
            if same {
                continue;
            }
            let line = Line::open(&plan, secret.as_deref());
            let works = line.is_ok();
            match line {
                Ok(line) => drop(self.lines.insert(plan.channel, Arc::new(line))),
                Err(error) => {
                    self.lines.remove(&plan.channel);
                    tracing::error!(channel = plan.channel.word(), %error, "a channel cannot be used: nothing is sent over it");
                }
            }
            let channel = plan.channel;
            let options = options(Some(&plan).filter(|_| works));
            self.plans.insert(channel, plan);
            self.handle(Input::Configure(channel, options));
        }
    }

    /// The in-app channel needs no line: its connections are here.
    fn configure_in_app(&mut self, plan: ChannelPlan) {
        if self.plans.get(&plan.channel) != Some(&plan) {
            self.handle(Input::Configure(plan.channel, options(Some(&plan))));
            self.plans.insert(plan.channel, plan);
        }
    }

    fn handle(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.machine.handle(self.node.clock().now(), input, &mut effects);
        let mut dropped = Vec::new();
        for effect in effects {
            match effect {
                Effect::Attempt { channel, tickets } => self.attempt(channel, &tickets),
                Effect::End { ticket, reason } => dropped.push((push_id(&ticket), reason)),
            }
        }
        if !dropped.is_empty() {
            self.node.journal(record::dropped(dropped));
        }
    }

    fn attempt(&mut self, channel: Channel, tickets: &[Ticket]) {
        let number = self.next_attempt;
        self.next_attempt += 1;
        for ticket in tickets {
            self.of_push.insert(push_id(ticket), number);
        }
        let attempt = Attempt { channel, missing: tickets.len(), parcels: Vec::new(), kept: Vec::new() };
        self.attempts.insert(number, attempt);
        self.node.journal(record::attempt(tickets.iter().map(push_id)));
    }

    /// A push of an attempt had its last look. When all have, those that passed are sent.
    fn looked_at(&mut self, push: PushId, parcel: Option<Parcel>) {
        let Some(number) = self.of_push.remove(&push) else { return };
        let Some(attempt) = self.attempts.get_mut(&number) else { return };
        attempt.missing -= 1;
        match parcel {
            Some(parcel) => attempt.parcels.push(parcel),
            None => attempt.kept.push(ticket_id(push)),
        }
        if attempt.missing > 0 {
            return;
        }
        let Some(Attempt { channel, parcels, kept, .. }) = self.attempts.remove(&number) else { return };
        if !kept.is_empty() {
            self.handle(Input::Finished { channel, tickets: kept, verdict: Verdict::Done });
        }
        if !parcels.is_empty() {
            self.send(channel, parcels);
        }
    }

    fn send(&mut self, channel: Channel, parcels: Vec<Parcel>) {
        self.sending += 1;
        if channel == Channel::InApp {
            return self.send_in_app(parcels);
        }
        let (node, composer, sent) = (self.node.clone(), self.composer.clone(), self.sent.clone());
        let line = self.lines.get(&channel).cloned();
        let failures = self.failures.get(&channel).copied().unwrap_or(0) + 1;
        tokio::spawn(async move {
            if !node.until_durable().await {
                return;
            }
            let (messages, mut answers) = composer.compose(&node, &parcels);
            let now = node.clock().now();
            let mut verdict_of_channel = Verdict::Done;
            match line {
                Some(line) if !messages.is_empty() => {
                    let told = line.send(&node, &messages).await;
                    let all: Vec<channels::Answer> = told.iter().map(|it| it.1.clone()).collect();
                    verdict_of_channel = line.verdict(node.clock().now(), &all, failures);
                    let now = node.clock().now();
                    answers.extend(told.into_iter().filter_map(|(id, it)| {
                        let push: PushId = id.parse().ok()?;
                        let attempt = parcels.iter().find(|it| it.id == push).map_or(1, |it| it.attempt);
                        Some((push, answer(&it, attempt, now)))
                    }));
                }
                Some(_) => {}
                // The channel was taken out in between: nothing left.
                None => answers.extend(
                    parcels
                        .iter()
                        .filter(|it| !answers.iter().any(|a| a.0 == it.id))
                        .map(|it| (it.id, Answer::Later(now)))
                        .collect::<Vec<_>>(),
                ),
            }
            let tickets = answers.iter().map(|it| ticket_id(it.0)).collect();
            let _ = sent.send(Sent { channel, tickets, answers, verdict: verdict_of_channel });
        });
    }

    /// Gives messages to their devices. That is all the channel has to do with them: what waits for a slow device
    /// waits there, and holds up nobody here. Its answer comes later, by itself.
    fn send_in_app(&self, parcels: Vec<Parcel>) {
        let (node, composer, hub, sent) =
            (self.node.clone(), self.composer.clone(), self.hub.clone(), self.sent.clone());
        tokio::spawn(async move {
            if !node.until_durable().await {
                return;
            }
            let (messages, answers) = composer.compose(&node, &parcels);
            for message in &messages {
                hub.send(message).await;
            }
            let tickets = parcels.iter().map(|it| ticket_id(it.id)).collect();
            let _ = sent.send(Sent { channel: Channel::InApp, tickets, answers, verdict: Verdict::Done });
        });
    }

    /// What became of in-app messages.
    fn journal_carried(&self, carried: impl Iterator<Item = Answered>) {
        let answers: Vec<(PushId, Answer)> = carried
            .filter_map(|(id, carried)| {
                let answer = match carried {
                    Carried::Delivered => Answer::Delivered,
                    Carried::Unreached => Answer::Unreached,
                    Carried::Ambiguous => Answer::Ambiguous,
                };
                Some((id.parse().ok()?, answer))
            })
            .collect();
        if !answers.is_empty() {
            self.node.journal(record::answered(answers));
        }
    }

    fn answered(&mut self, sent: Sent) {
        self.sending -= 1;
        let Sent { channel, tickets, answers, verdict } = sent;
        let failures = self.failures.entry(channel).or_default();
        *failures = if verdict == Verdict::Done { 0 } else { *failures + 1 };
        if !answers.is_empty() {
            self.node.journal(record::answered(answers));
        }
        self.handle(Input::Finished { channel, tickets, verdict });
    }
}

/// What a vendor's answer means for a push.
fn answer(it: &channels::Answer, attempt: u8, now: Timestamp) -> Answer {
    match it {
        channels::Answer::Accepted { .. } => Answer::Accepted,
        channels::Answer::Delivered => Answer::Delivered,
        channels::Answer::Gone { .. } => Answer::Gone,
        channels::Answer::Unreached => Answer::Unreached,
        channels::Answer::Later { after_ms } => {
            match beckon_core::dispatch::retry::after(u32::from(attempt), *after_ms) {
                Some(wait_ms) => Answer::Later(Timestamp(now.0.saturating_add(wait_ms))),
                None => Answer::Refused,
            }
        }
        channels::Answer::StopToday { .. } => Answer::Capped,
        channels::Answer::Refused { .. } | channels::Answer::ChannelGone { .. } => Answer::Refused,
        channels::Answer::Ambiguous { .. } => Answer::Ambiguous,
    }
}

fn options(plan: Option<&ChannelPlan>) -> Options {
    let Some(plan) = plan else {
        return Options {
            rate_per_s: 1,
            burst: 1,
            batch_max: 1,
            in_flight_max: 1,
            queue_max: 1,
            enabled: false,
        };
    };
    Options {
        rate_per_s: plan.rate_per_s,
        burst: plan.rate_per_s,
        batch_max: plan.batch_max.into(),
        in_flight_max: IN_FLIGHT_MAX,
        queue_max: QUEUE_MAX,
        enabled: plan.enabled,
    }
}
