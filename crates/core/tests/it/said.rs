//! Nobody is told the same twice for one show, however high the caps are and whatever ids he goes by.

use crate::calls::{Evening, T, policy};
use crate::say::text;
use beckon_core::event::{Act, ProductAct, ProductRef};
use beckon_core::id::ShardId;
use beckon_core::push::{Answer, End, Life, Reason};
use beckon_core::shard::Input;
use beckon_core::show::{Cue, CueKind, Offer, Policy, Trigger};
use beckon_core::stage::{Staged, Stir};
use beckon_core::time::Timestamp;

/// Caps that nobody reaches, no gap, nobody held out, and everybody at a random time that has come.
fn wide() -> Policy {
    Policy { gap_s: 0, say_again: false, ..policy(100, 100) }
}

impl Evening {
    fn offers(&mut self, cents: u64, stock: Option<u32>) {
        let offer = Offer {
            id: text("lids").into(),
            show: text("crane").into(),
            product: text("boot").into(),
            price_cents: cents,
            original_cents: 9_900,
            stock,
            opens: Timestamp(T),
            ends: Timestamp(T + 600 * 60_000),
            opens_with_show: false,
            ends_with_show: false,
        };
        self.change(Staged::PutOffer(offer));
    }

    fn looks_at_it(&mut self, user: Option<&'static str>, visitor: Option<&'static str>) {
        let product =
            ProductRef { id: text("boot"), category: text("shoes"), quantity: 1, ..Default::default() };
        self.happens(user, visitor, Act::Product { what: ProductAct::Viewed, product });
    }

    /// Everybody whom it concerns is looked at for a fallen price.
    fn stirs(&mut self) {
        let product = Some(text("boot").term);
        self.handle(Input::Stirred(Stir { show: self.show(), trigger: Trigger::PriceDrop, product }));
    }

    fn cues(&mut self, kind: CueKind) {
        self.change(Staged::Cue(Cue { show: self.show(), kind }));
    }

    fn told(&self) -> Vec<Trigger> {
        (1..=self.shard.ledger().last()).map(|it| self.push(it).trigger).collect()
    }

    /// Shoppers are at the random time of theirs.
    fn late_in_the_show(user: &str) -> Evening {
        let mut evening = Evening::new(ShardId::of(user), wide());
        evening.now = T + 50 * 60_000;
        evening
    }
}

#[test]
fn a_fallen_price_is_told_once_however_often_it_is_looked_at() {
    let mut evening = Evening::late_in_the_show("ann");
    evening.offers(5_000, Some(100));
    evening.agrees(Some("ann"), None);
    assert_eq!(evening.told(), [Trigger::CameOnline], "agreeing is a sign of life");
    for _ in 0..5 {
        evening.now += 1_000;
        evening.looks_at_it(Some("ann"), None);
        evening.stirs();
    }
    assert_eq!(evening.told(), [Trigger::CameOnline, Trigger::PriceDrop]);
    let left = |left| CueKind::Stock { offer: text("lids").term, left };
    evening.cues(left(40));
    evening.stirs();
    assert_eq!(evening.told().len(), 2, "fewer pieces are no new price");
    let to = |cents| CueKind::OfferChanged {
        offer: text("lids").term,
        price_cents: Some(cents),
        stock: None,
        ends: None,
    };
    evening.cues(to(4_000));
    evening.stirs();
    evening.stirs();
    assert_eq!(evening.told()[2..], [Trigger::PriceDrop], "another price is news, once");
    let why = evening.shard.why("ann", evening.show(), Timestamp(evening.now), &evening.stage).unwrap();
    assert_eq!(why.now, Some(Reason::SaidAlready));
    assert!(why.rules.contains(&(Reason::SaidAlready, true)));
}

#[test]
fn a_policy_may_let_the_same_be_said_again() {
    let mut evening = Evening::late_in_the_show("ann");
    evening.change(Staged::PutPolicy(Policy { say_again: true, ..wide() }));
    evening.offers(5_000, None);
    evening.agrees(Some("ann"), None);
    evening.looks_at_it(Some("ann"), None);
    evening.stirs();
    evening.stirs();
    assert_eq!(evening.told()[1..], [Trigger::PriceDrop; 3]);
}

#[test]
fn what_became_the_same_on_its_way_is_kept_back_at_the_last_look() {
    let mut evening = Evening::late_in_the_show("ann");
    evening.offers(5_000, None);
    evening.agrees(Some("ann"), None);
    evening.looks_at_it(Some("ann"), None);
    let to =
        CueKind::OfferChanged { offer: text("lids").term, price_cents: Some(4_000), stock: None, ends: None };
    evening.cues(to);
    evening.stirs();
    assert_eq!(evening.told()[1..], [Trigger::PriceDrop; 2], "of two prices");
    assert!(evening.attempt(2), "it says the price of now");
    assert!(!evening.attempt(3), "which this one would say again");
    assert_eq!(evening.push(3).life, Life::Ended(End::Withheld(Reason::SaidAlready)));
}

#[test]
fn what_a_visitor_was_told_is_not_told_to_the_user_he_becomes() {
    let (user, visitor) = crate::calls::pair();
    let mut evening = Evening::late_in_the_show(user);
    evening.offers(5_000, None);
    evening.agrees(None, Some(visitor));
    evening.looks_at_it(None, Some(visitor));
    for push in [1, 2] {
        assert!(evening.attempt(push));
        evening.handle(Input::Answered { push, answer: Answer::Accepted });
    }
    evening.agrees(Some(user), Some(visitor));
    evening.looks_at_it(Some(user), None);
    evening.stirs();
    assert_eq!(evening.told().len(), 2, "{:?}", evening.told());
}
