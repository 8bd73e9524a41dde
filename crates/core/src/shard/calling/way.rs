//! Which way a push goes: over the first channel, in the order of policy, that is set up, that he agreed to and that
//! reaches a device of his; and which way next, when one has definitely not carried it.

use crate::event::{Channel, Class};
use crate::limits::WAYS_MAX;
use crate::profile::HotRef;
use crate::profile::cold::{Cold, consent_bit};
use crate::profile::day_of;
use crate::profile::device::Device;
use crate::push::way::{Miss, Tried};
use crate::push::{Life, Push, Reason};
use crate::shard::{Outbox, Shard};
use crate::show::{ChannelPlan, Policy};
use crate::stage::Stage;
use crate::time::Timestamp;

/// Attempts of one push over one way at most.
pub const ATTEMPTS_MAX: u8 = 4;

/// A channel that may be used, and the device.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    pub channel: Channel,
    pub device: &'a str,
}

/// Whom a channel is asked about: the shopper, the class of the push, and his day and clock; and the push itself, if it
/// is one already.
pub(super) struct Ask<'a> {
    pub hot: HotRef<'a>,
    pub cold: &'a Cold,
    pub class: Class,
    pub day: u32,
    pub secs: u32,
    pub offset_min: i16,
    /// The number of the push, which does not count against its own caps; 0 for none.
    pub number: u64,
    /// The ways it took.
    pub tried: &'a [Tried],
}

/// Whether consent allows a channel for a class.
pub(super) fn consents(hot: HotRef<'_>, policy: &Policy, channel: Channel, class: Class) -> bool {
    let bit = 1u32 << consent_bit(channel, class);
    if hot.attributes.consent_refused & bit != 0 {
        return false;
    }
    // What the shopper asked for himself needs no further word of his; marketing does.
    hot.attributes.consent_given & bit != 0 || class == Class::Service || policy.assumes_consent(channel)
}

/// Whether a channel reaches a device now.
fn reaches(channel: Channel, device: &Device) -> bool {
    match channel {
        Channel::InApp => device.is_in_app(),
        // The customer's own server knows the devices.
        Channel::Webhook => true,
        _ => device.may_show() && device.address.as_ref().is_some_and(|it| it.channel == channel),
    }
}

/// The device that a channel reaches him on, the one seen last; empty for a channel that needs none.
fn device_for<'a>(cold: &'a Cold, channel: Channel, tried: &[Tried]) -> Option<&'a str> {
    let is_open = |it: &Device| reaches(channel, it) && !tried.iter().any(|way| way.bars(channel, &it.id));
    let found = cold.details.as_deref().and_then(|it| it.devices.latest(is_open)).map(|it| &*it.id);
    match (channel, found) {
        // Without a device the shopper himself is named.
        (Channel::Webhook, None) if !tried.iter().any(|way| way.bars(channel, "")) => Some(""),
        _ => found,
    }
}

impl Shard {
    /// The first channel that is set up, allowed, reaches him and has room under its cap.
    pub(super) fn way<'a>(&self, ask: &Ask<'a>, stage: &Stage) -> Result<Way<'a>, Reason> {
        let mut reason = Reason::NoChannel;
        for plan in stage.channels() {
            match self.over(plan, ask, stage.policy()) {
                Ok(way) => return Ok(way),
                // Of several reasons the last that is about the shopper tells most.
                Err(Reason::NoChannel) => {}
                Err(why) => reason = why,
            }
        }
        Err(reason)
    }

    /// Whether this channel is in use, allowed, reaches him and has room under its cap.
    pub(super) fn over<'a>(
        &self,
        plan: &ChannelPlan,
        ask: &Ask<'a>,
        policy: &Policy,
    ) -> Result<Way<'a>, Reason> {
        let channel = plan.channel;
        if !plan.enabled {
            return Err(Reason::NoChannel);
        }
        let device = device_for(ask.cold, channel, ask.tried).ok_or(Reason::NoChannel)?;
        self.open(plan, device, ask, policy)?;
        Ok(Way { channel, device })
    }

    /// Whether a channel that is in use may carry this to a device.
    fn open(&self, plan: &ChannelPlan, device: &str, ask: &Ask<'_>, policy: &Policy) -> Result<(), Reason> {
        let &Ask { hot, cold, class, day, secs, offset_min, number, .. } = ask;
        let channel = plan.channel;
        let count = || self.day_count(cold, day, Some((channel, device)), number);
        if !consents(hot, policy, channel, class) {
            Err(Reason::NoConsent)
        } else if !plan.takes(class, secs, offset_min) {
            Err(Reason::VendorHours)
        } else if class == Class::Marketing && plan.day_cap > 0 && count() >= usize::from(plan.day_cap) {
            Err(Reason::ChannelCap)
        } else {
            Ok(())
        }
    }

    /// Whether the way that a push goes is still open to it, as its last look finds it.
    pub(super) fn still_open(&self, push: &Push, ask: &Ask<'_>, stage: &Stage) -> Result<(), Miss> {
        let closed = |reason| Err(Miss::Closed(reason));
        let Some(plan) = stage.channel(push.channel).filter(|it| it.enabled) else {
            return closed(Reason::NoChannel);
        };
        let reached = ask.cold.device(&push.device).is_some_and(|it| reaches(push.channel, it));
        match push.channel {
            // What is named to the customer's server must not be another's by now.
            Channel::Webhook if push.device.is_empty() => {}
            _ if reached => {}
            Channel::InApp => return Err(Miss::Unreached),
            _ => return closed(Reason::NoChannel),
        }
        match self.open(plan, &push.device, ask, stage.policy()) {
            Ok(()) => Ok(()),
            Err(Reason::ChannelCap) => Err(Miss::Capped),
            Err(reason) => closed(reason),
        }
    }

    /// This way did not carry a push: it takes the next, if there is one and time is left; else it ends.
    pub(super) fn missed(&mut self, number: u64, miss: Miss, outbox: &mut Outbox<'_>) {
        let now = outbox.now;
        let Some(push) = self.calling.ledger.get(number).filter(|it| !it.life.is_terminal()) else { return };
        let mut tried = push.tried.clone();
        let attempts = push.attempts_here();
        tried.push(Tried {
            channel: push.channel,
            device: push.device.clone(),
            attempts,
            why: miss,
            at: now,
        });
        let next = if now < push.deadline && tried.len() < WAYS_MAX {
            self.next_way(number, push, &tried, now, outbox.stage)
        } else {
            None
        };
        if let Some((channel, device)) = next {
            let report = &mut self.calling.books.entry(push.show).or_default().report;
            let Some(push) = self.calling.ledger.get_mut(number) else { return };
            let from = push.clone();
            (push.channel, push.device) = (channel, device);
            (push.tried, push.life) = (tried, Life::Decided);
            report.went_on(&from, miss, push);
            return self.queue(number, now, outbox);
        }
        if miss == Miss::Lost && attempts < ATTEMPTS_MAX && now < push.deadline {
            // There is no other way, and he asked for it: once more the same way.
            if let Some(push) = self.calling.ledger.get_mut(number) {
                push.life = Life::Decided;
            }
            return self.queue(number, now, outbox);
        }
        self.end(number, miss.end());
    }

    fn next_way(
        &self,
        number: u64,
        push: &Push,
        tried: &[Tried],
        now: Timestamp,
        stage: &Stage,
    ) -> Option<(Channel, Box<str>)> {
        let slot = self.row(&push.shopper, push.known)?;
        let (hot, history, cold) = (self.store.hot(slot), self.store.history(slot), self.store.cold(slot));
        let offset_min = Shard::offset_of(history, stage, now);
        let (secs, class) = (now.secs(), push.class);
        let day = day_of(secs, offset_min);
        let ask = Ask { hot, cold, class, day, secs, offset_min, number, tried };
        self.way(&ask, stage).ok().map(|it| (it.channel, it.device.into()))
    }
}
