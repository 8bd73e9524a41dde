//! Calling shoppers in, as one shard does it on a stage made by hand: what holds at the last look, when ids turn
//! out to be one shopper, and when somebody is forgotten.

use crate::say::{WINDOW, bytes, event, text};
use crate::snapshots;
use beckon_core::event::{Act, Channel, Class, Event, OrderAct, ProductRef, Trait};
use beckon_core::id::{MachineId, ShardId, Term};
use beckon_core::push::{Answer, End, Life, Push, Reason};
use beckon_core::shard::{Effect, Input, Shard, snapshot::Thaw};
use beckon_core::show::{ChannelPlan, Cue, CueKind, Item, Policy, Show, Slot, Template, Trigger, Worth};
use beckon_core::stage::{Notice, Stage, Staged};
use beckon_core::time::Timestamp;

const MINUTE: i64 = 60_000;
pub const T: i64 = 1_700_000_000_000;

/// Everybody is pushed at a random time of the window, as often as the caps allow; there is no other rule.
pub fn policy(show_cap: u8, day_cap: u8) -> Policy {
    Policy {
        quiet_from_min: 0,
        quiet_until_min: 0,
        gap_s: 1,
        day_cap,
        show_cap,
        say_again: true,
        never_permille: 0,
        ghost_permille: 0,
        random_permille: 1000,
        // With this one the random times of these shoppers lie early enough for two pushes each.
        salt: 20,
        ..Policy::default()
    }
}

fn name(word: &'static str) -> beckon_core::director::catalogue::Name {
    text(word).into()
}

pub struct Evening {
    pub stage: Stage,
    pub shard: Shard,
    pub now: i64,
    pub effects: Vec<Effect>,
}

impl Evening {
    /// A show that is on for an hour, with one product, over one channel.
    pub fn new(id: ShardId, policy: Policy) -> Self {
        let item = Item { product: name("boot"), category: name("shoes"), ..Item::default() };
        let show = Show {
            id: name("crane"),
            room: name("tea"),
            host: name("acme"),
            style: Default::default(),
            title: "".into(),
            starts: Timestamp(T),
            ends: Timestamp(T + 60 * MINUTE),
            opens_before_s: 0,
            capacity: 0,
            push_budget: 0,
            audience: None,
            phases: Vec::new(),
            slots: vec![Slot { item, at: Timestamp(T), until: Timestamp(T + 60 * MINUTE) }],
            worth: Worth { enter_cents: 1_000, margin_pct: 20 },
        };
        let template = Template {
            id: name("lamps"),
            language: Default::default(),
            triggers: Trigger::ALL.iter().map(|it| it.bit()).sum(),
            product: Default::default(),
            price_led: false,
            needs_offer: false,
            title: "".into(),
            body: "".into(),
        };
        let channel = ChannelPlan { day_cap: 0, ..ChannelPlan::new(Channel::Webhook) };
        let cue = Cue { show: show.id.term, kind: CueKind::Start };
        let mut evening =
            Evening { stage: Stage::default(), shard: Shard::new(id, WINDOW), now: T, effects: Vec::new() };
        evening.change(Staged::PutPolicy(policy));
        evening.change(Staged::PutChannel(channel));
        evening.change(Staged::PutTemplate(template));
        evening.change(Staged::PutShow(Box::new(show)));
        evening.change(Staged::Cue(cue));
        evening.stage.notice(1, Notice::Price { show: evening.show(), price_cents: 0.0 });
        evening
    }

    pub fn show(&self) -> Term {
        text("crane").term
    }

    pub fn change(&mut self, change: Staged) {
        self.stage.apply(Timestamp(self.now), &change).expect("a change that fits");
        self.shard.staged(Timestamp(self.now), &self.stage);
    }

    pub fn handle(&mut self, input: Input<'_>) {
        self.shard.handle(Timestamp(self.now), input, &self.stage, &mut self.effects).unwrap();
    }

    pub fn happens(&mut self, user: Option<&'static str>, visitor: Option<&'static str>, act: Act<'static>) {
        let it = Event { at: Timestamp(self.now), ..event(0, user, visitor, act) };
        let input = Input::Collected { source: crate::say::SHOP, event: &bytes(&it), default_offset_min: 0 };
        self.handle(input);
    }

    pub fn agrees(&mut self, user: Option<&'static str>, visitor: Option<&'static str>) {
        let consent = Trait::Consent { channel: None, class: Class::Marketing, granted: true };
        self.happens(user, visitor, Act::Identify { traits: vec![consent] });
    }

    /// Lets a minute pass.
    pub fn tick(&mut self) {
        self.now += MINUTE;
        self.handle(Input::Tick);
    }

    pub fn push(&self, number: u64) -> &Push {
        self.shard.ledger().get(number).expect("a push of that number")
    }

    /// Lets time pass until so many pushes were decided, or the show is over.
    pub fn until_decided(&mut self, count: u64) {
        while self.shard.ledger().last() < count && self.now < T + 59 * MINUTE {
            self.tick();
        }
    }

    /// Attempts a push; whether it left.
    pub fn attempt(&mut self, push: u64) -> bool {
        self.effects.clear();
        self.handle(Input::Attempt { push });
        self.effects.iter().any(|it| matches!(it, Effect::Carry(_)))
    }
}

#[test]
fn a_show_cap_that_was_lowered_holds_for_what_was_decided_before() {
    let mut evening = Evening::new(ShardId::of("ann"), policy(2, 9));
    evening.agrees(Some("ann"), None);
    evening.until_decided(2);
    assert!(evening.attempt(1));
    evening.handle(Input::Answered { push: 1, answer: Answer::Accepted });
    evening.change(Staged::PutPolicy(policy(1, 9)));
    assert!(!evening.attempt(2));
    assert_eq!(evening.push(2).life, Life::Ended(End::Withheld(Reason::ShowCap)));
}

/// Two ids of one shard, so that one shard sees a visitor become a user.
pub fn pair() -> (&'static str, &'static str) {
    let user = "ann";
    let visitor = (0..).map(|it| format!("v{it}")).find(|it| ShardId::of(it) == ShardId::of(user));
    (user, Box::leak(visitor.unwrap_or_default().into_boxed_str()))
}

#[test]
fn what_a_visitor_was_sent_counts_against_the_caps_of_the_user_he_becomes() {
    let (user, visitor) = pair();
    let mut evening = Evening::new(ShardId::of(user), policy(9, 1));
    evening.agrees(None, Some(visitor));
    evening.until_decided(1);
    assert!(evening.attempt(1));
    evening.handle(Input::Answered { push: 1, answer: Answer::Accepted });
    evening.agrees(Some(user), Some(visitor));
    evening.until_decided(2);
    assert_eq!(evening.shard.ledger().last(), 1, "his day was spent when he had no name yet");
    let mut thaw = Thaw::new(WINDOW);
    for block in snapshots::blocks(&evening.shard) {
        thaw.block(&block).unwrap();
    }
    let (again, _) = thaw.finish().unwrap();
    let called = |it: &Shard| crate::say::found(it, user).unwrap().cold.count_calls(|_| true);
    assert_eq!((called(&again), called(&evening.shard)), (1, 1));
}

#[test]
fn what_is_on_the_wire_when_its_shopper_is_forgotten_ends_with_its_answer() {
    let mut evening = Evening::new(ShardId::of("ann"), policy(2, 9));
    evening.agrees(Some("ann"), None);
    evening.until_decided(2);
    assert!(evening.attempt(1));
    evening.handle(Input::Erase { id: "ann" });
    assert_eq!(evening.push(1).life, Life::Dispatched);
    assert_eq!(evening.push(2).life, Life::Ended(End::Withheld(Reason::Gone)), "this one never left");
    assert!(evening.push(1).shopper.is_empty());
    evening.handle(Input::Answered { push: 1, answer: Answer::Accepted });
    assert_eq!(evening.push(1).life, Life::Ended(End::Accepted));
}

#[test]
fn a_purchase_after_the_show_is_credited_whether_or_not_the_server_was_started_again() {
    let mut evening = Evening::new(ShardId::of("ann"), policy(1, 9));
    evening.agrees(Some("ann"), None);
    evening.until_decided(1);
    let show = evening.show();
    evening.change(Staged::Cue(Cue { show, kind: CueKind::End }));
    let mut bytes = Vec::new();
    evening.stage.encode(&mut bytes);
    evening.stage = Stage::decode(&bytes).unwrap();
    evening.tick();
    let product = ProductRef { id: text("boot"), price_cents: 500, quantity: 1, ..ProductRef::default() };
    let order = Act::Order {
        what: OrderAct::Completed,
        total_cents: 500,
        discount_cents: 0,
        coupon: false,
        products: vec![product],
    };
    evening.happens(Some("ann"), None, order);
    assert_eq!(evening.push(1).outcome.purchases, 1);
}

#[test]
fn a_watch_that_slept_does_not_go_through_every_slot_it_missed() {
    let mut evening = Evening::new(ShardId::of("ann"), policy(1, 9));
    evening.agrees(Some("ann"), None);
    evening.effects.clear();
    evening.now += 400 * 24 * 60 * MINUTE;
    evening.handle(Input::Tick);
    let lessons = evening
        .effects
        .iter()
        .filter(|it| matches!(it, Effect::Tell { to, .. } if *to == MachineId::DIRECTOR));
    assert!(lessons.count() < 100);
    assert!(evening.shard.next_deadline().is_some_and(|it| it.0.0 > evening.now));
}
