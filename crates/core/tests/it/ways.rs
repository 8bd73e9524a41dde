//! Which way a push goes, which next, and when it goes no further.

use crate::calls::{Evening, policy};
use crate::say::*;
use beckon_core::dispatch::EndReason;
use beckon_core::event::*;
use beckon_core::id::ShardId;
use beckon_core::push::way::Miss;
use beckon_core::push::{Answer, End, Life, Reason};
use beckon_core::shard::{Effect, Input};
use beckon_core::show::{ChannelPlan, Policy};
use beckon_core::stage::Staged;
use beckon_core::time::Timestamp;

const CHANNELS: [Channel; 4] = [Channel::InApp, Channel::WebPush, Channel::Fcm, Channel::Webhook];

/// An evening with these channels, and Ann, who agrees to all of them.
fn evening(channels: &[Channel]) -> Evening {
    let mut evening = Evening::new(ShardId::of("ann"), policy(1, 9));
    evening.change(Staged::DeleteChannel(Channel::Webhook));
    for channel in channels {
        evening.change(Staged::PutChannel(ChannelPlan { day_cap: 0, ..ChannelPlan::new(*channel) }));
    }
    evening.agrees(Some("ann"), None);
    evening
}

fn device(
    id: &'static str,
    channel: Channel,
    token: &'static str,
    permission: Option<Permission>,
) -> Device<'static> {
    Device { id, platform: "web", address: AddressWord::At(Address { channel, token }), permission }
}

impl Evening {
    /// Something happens on a device of hers.
    fn on(&mut self, device: Device<'static>, act: Act<'static>) {
        let context = Context { device: Some(device), ..Context::default() };
        let it = Event { at: Timestamp(self.now), context, ..event(0, Some("ann"), None, act) };
        let input = Input::Collected { source: SHOP, event: &bytes(&it), default_offset_min: 0 };
        self.handle(input);
    }

    fn opens_app(&mut self, id: &'static str) {
        self.on(Device { id, ..Device::default() }, Act::Connection(Connection::Foreground));
    }

    fn answer(&mut self, answer: Answer) {
        self.effects.clear();
        self.handle(Input::Answered { push: 1, answer });
    }

    /// Where the push goes, and where it went.
    fn ways(&self) -> (Channel, &str, Vec<(Channel, Miss)>) {
        let push = self.push(1);
        let tried = push.tried.iter().map(|it| (it.channel, it.why)).collect();
        (push.channel, &push.device, tried)
    }

    /// Over which channel a ticket was queued.
    fn queued(&self) -> Option<Channel> {
        self.effects.iter().find_map(|it| match it {
            Effect::Queue(ticket) => Some(ticket.channel),
            _ => None,
        })
    }
}

#[test]
fn who_is_in_the_app_is_called_there_and_else_the_order_of_policy_decides() {
    let first = |order: &[Channel], in_app: bool| {
        let mut evening = evening(&CHANNELS);
        let with_order = Policy { channel_order: order.to_vec(), ..evening.stage.policy().clone() };
        evening.change(Staged::PutPolicy(with_order));
        evening.on(device("d-1", Channel::WebPush, "{}", None), nothing());
        if in_app {
            evening.opens_app("d-2");
        }
        evening.until_decided(1);
        evening.push(1).channel
    };
    assert_eq!(first(&[], true), Channel::InApp);
    assert_eq!(first(&[], false), Channel::WebPush);
    assert_eq!(first(&[Channel::Webhook, Channel::WebPush], true), Channel::Webhook);
}

#[test]
fn of_several_devices_the_one_seen_last_that_may_show_something_is_taken() {
    let mut evening = evening(&[Channel::WebPush]);
    evening.on(device("d-1", Channel::WebPush, "{1}", None), nothing());
    evening.on(device("d-2", Channel::WebPush, "{2}", Some(Permission::Denied)), nothing());
    evening.until_decided(1);
    assert_eq!(evening.push(1).device.as_ref(), "d-1", "the other may show nothing");
}

#[test]
fn a_push_goes_on_only_after_its_way_has_definitely_not_carried_it() {
    let mut evening = evening(&CHANNELS);
    evening.on(device("d-1", Channel::WebPush, "{}", None), nothing());
    evening.on(device("d-2", Channel::Fcm, "t", None), nothing());
    evening.opens_app("d-3");
    evening.until_decided(1);
    assert!(evening.attempt(1));
    evening.answer(Answer::Unreached);
    assert_eq!(evening.queued(), Some(Channel::WebPush));
    assert!(evening.attempt(1));
    evening.answer(Answer::Gone);
    assert_eq!(evening.queued(), Some(Channel::Fcm));
    assert!(evening.attempt(1));
    evening.answer(Answer::Ambiguous);
    assert_eq!(evening.queued(), None, "nobody knows whether it arrived");
    assert_eq!(evening.push(1).life, Life::Ended(End::Ambiguous));
    let tried = vec![(Channel::InApp, Miss::Unreached), (Channel::WebPush, Miss::Gone)];
    assert_eq!(evening.ways(), (Channel::Fcm, "d-2", tried));
    let report = evening.shard.report(evening.show()).unwrap();
    assert_eq!(report.went_on.len(), 2);
    let of = |channel| {
        let cuts = report.funnels.iter().filter(|it| it.0.2 == channel);
        cuts.map(|it| (it.1.decided, it.1.dispatched)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    };
    assert_eq!((of(Channel::InApp), of(Channel::WebPush), of(Channel::Fcm)), ((0, 0), (0, 0), (1, 1)));
}

#[test]
fn an_address_that_is_gone_is_forgotten_and_never_used_again() {
    let mut evening = evening(&[Channel::WebPush]);
    evening.on(device("d-1", Channel::WebPush, "{}", None), nothing());
    evening.until_decided(1);
    assert!(evening.attempt(1));
    evening.answer(Answer::Gone);
    assert_eq!(evening.push(1).life, Life::Ended(End::Gone));
    let ann = |evening: &Evening| found(&evening.shard, "ann").unwrap().cold.device("d-1").cloned().unwrap();
    assert_eq!(ann(&evening).address, None);
    evening.now += 5_000;
    evening.on(device("d-1", Channel::WebPush, "{}", None), nothing());
    assert_eq!(ann(&evening).address, None, "the same again is as dead as before");
    evening.now += 5_000;
    evening.on(device("d-1", Channel::WebPush, "{new}", None), nothing());
    assert!(ann(&evening).address.is_some(), "a new one works at once");
    evening.until_decided(2);
    assert_eq!(evening.push(2).channel, Channel::WebPush, "and she may be called again");
}

#[test]
fn a_gone_that_comes_late_is_about_the_address_that_the_attempt_went_to() {
    let mut evening = evening(&[Channel::WebPush]);
    evening.on(device("d-1", Channel::WebPush, "{old}", None), nothing());
    evening.until_decided(1);
    assert!(evening.attempt(1));
    evening.now += 5_000;
    evening.on(device("d-1", Channel::WebPush, "{new}", None), nothing());
    evening.answer(Answer::Gone);
    let device = found(&evening.shard, "ann").unwrap().cold.device("d-1").cloned().unwrap();
    assert_eq!(device.address.unwrap().token.as_ref(), "{new}");
    assert_eq!(evening.push(1).life, Life::Ended(End::Gone), "this push had its turn on that device");
}

#[test]
fn a_way_that_closed_while_the_push_waited_is_left_at_the_last_look() {
    let mut evening = evening(&[Channel::InApp, Channel::Webhook]);
    evening.opens_app("d-1");
    evening.until_decided(1);
    assert_eq!(evening.push(1).channel, Channel::InApp);
    evening.on(Device { id: "d-1", ..Device::default() }, Act::Connection(Connection::Closed));
    assert!(!evening.attempt(1));
    // Its place in the one channel is free before it asks for one in the other.
    let order: Vec<_> = evening.effects.iter().map(|it| matches!(it, Effect::Kept(_))).collect();
    assert_eq!((order, evening.queued()), (vec![true, false], Some(Channel::Webhook)));
    assert!(evening.attempt(1));
    evening.answer(Answer::Accepted);
    assert_eq!(evening.push(1).life, Life::Ended(End::Accepted));
}

#[test]
fn a_channel_that_is_off_or_no_longer_agreed_to_is_left_too() {
    let mut evening = evening(&[Channel::WebPush, Channel::Webhook]);
    evening.on(device("d-1", Channel::WebPush, "{}", None), nothing());
    evening.until_decided(1);
    evening.effects.clear();
    evening.handle(Input::Dropped { push: 1, reason: EndReason::ChannelOff });
    assert_eq!(evening.queued(), Some(Channel::Webhook));
    let refused = Trait::Consent { channel: None, class: Class::Marketing, granted: false };
    evening.now += 1_000;
    evening.happens(Some("ann"), None, Act::Identify { traits: vec![refused] });
    assert!(!evening.attempt(1));
    assert_eq!(evening.push(1).life, Life::Ended(End::Withheld(Reason::NoConsent)));
}

#[test]
fn what_a_shopper_asked_for_himself_goes_on_after_a_lost_answer_and_ends() {
    let mut evening = evening(&[Channel::WebPush, Channel::Webhook]);
    evening.on(device("d-1", Channel::WebPush, "{}", None), nothing());
    let mut stage = std::mem::take(&mut evening.stage);
    // A show that has not begun, and of which she wants to be reminded.
    let show = stage.show(text("crane").term).unwrap().show.clone();
    stage = {
        let mut fresh = beckon_core::stage::Stage::default();
        for plan in stage.channels() {
            fresh.apply(Timestamp(evening.now), &Staged::PutChannel(plan.clone())).unwrap();
        }
        let template = stage.templates().next().unwrap().1.as_ref().clone();
        fresh.apply(Timestamp(evening.now), &Staged::PutTemplate(template)).unwrap();
        fresh.apply(Timestamp(evening.now), &Staged::PutPolicy(policy(1, 9))).unwrap();
        let starts = Timestamp(evening.now + 4 * 60_000);
        let show = beckon_core::show::Show { starts, opens_before_s: 600, ..show.as_ref().clone() };
        fresh.apply(Timestamp(evening.now), &Staged::PutShow(Box::new(show))).unwrap();
        fresh
    };
    evening.stage = stage;
    let now = Timestamp(evening.now);
    evening.shard.staged(now, &evening.stage);
    let book = Act::Room {
        what: RoomAct::ReminderBooked,
        room: text("tea"),
        host: text(""),
        style: text(""),
        show: text("crane"),
        dwell_s: 0,
    };
    evening.happens(Some("ann"), None, book);
    evening.until_decided(1);
    assert_eq!(evening.push(1).class, Class::Service);
    let mut attempts = Vec::new();
    while evening.push(1).life == Life::Decided && evening.attempt(1) {
        attempts.push(evening.push(1).channel);
        evening.answer(Answer::Ambiguous);
        assert!(attempts.len() < 20, "it never ends");
    }
    assert_eq!(evening.push(1).life, Life::Ended(End::Ambiguous));
    assert_eq!(attempts.first(), Some(&Channel::WebPush));
    assert_eq!(attempts[1..], [Channel::Webhook; 4]);
}
