//! Offers without times of their own go by those of their show, as things really stand there.

use crate::calls::{Evening, T, policy};
use crate::say::text;
use beckon_core::id::ShardId;
use beckon_core::push::Reason;
use beckon_core::shard::Input;
use beckon_core::show::{Cue, CueKind, Offer, Policy, Show};
use beckon_core::stage::{OnOffer, Stage, Staged};
use beckon_core::time::Timestamp;

const MINUTE: i64 = 60_000;

fn offer(with_show: bool) -> Offer {
    Offer {
        id: text("lids").into(),
        show: text("dune").into(),
        product: text("boot").into(),
        price_cents: 5_000,
        original_cents: 9_900,
        stock: None,
        opens: Timestamp(T),
        ends: Timestamp(T + 60 * MINUTE),
        opens_with_show: with_show,
        ends_with_show: with_show,
    }
}

/// A stage with a show that is planned from `T` on for an hour, and its offer.
struct Plan(Stage);

impl Plan {
    fn new(with_show: bool) -> Self {
        let crane = Evening::new(ShardId::of("ann"), Policy::default());
        let show = &crane.stage.show(crane.show()).unwrap().show;
        let show = Show { id: text("dune").into(), opens_before_s: 900, ..(**show).clone() };
        let mut plan = Plan(Stage::default());
        plan.at(-60, &Staged::PutShow(Box::new(show)));
        plan.at(-60, &Staged::PutOffer(offer(with_show)));
        plan
    }

    fn at(&mut self, minute: i64, change: &Staged) {
        self.0.apply(Timestamp(T + minute * MINUTE), change).unwrap();
    }

    fn cue(&mut self, minute: i64, kind: CueKind) {
        self.at(minute, &Staged::Cue(Cue { show: text("dune").term, kind }));
    }

    fn offer(&self) -> &OnOffer {
        self.0.offer(text("lids").term).unwrap()
    }

    fn is_open(&self, minute: i64) -> bool {
        self.offer().is_open(Timestamp(T + minute * MINUTE))
    }
}

#[test]
fn an_offer_without_times_opens_with_its_show_be_that_early_or_late() {
    let mut early = Plan::new(true);
    assert!(!early.is_open(-10));
    early.cue(-10, CueKind::Start);
    assert!(early.is_open(-10) && early.is_open(59) && !early.is_open(60));
    let mut late = Plan::new(true);
    assert!(!late.is_open(5), "its show should have begun and has not");
    late.cue(10, CueKind::Start);
    assert!(late.is_open(10) && late.is_open(69), "the end moves, too");
    assert_eq!(late.offer().offer.ends, Timestamp(T + 70 * MINUTE));
    late.cue(30, CueKind::End);
    assert!(!late.is_open(30));
}

#[test]
fn an_offer_with_times_of_its_own_keeps_them() {
    let mut plan = Plan::new(false);
    plan.cue(-10, CueKind::Start);
    assert!(!plan.is_open(-1) && plan.is_open(0));
    let mut moved = Plan::new(true);
    let ends = Some(Timestamp(T + 20 * MINUTE));
    moved.cue(0, CueKind::OfferChanged { offer: text("lids").term, price_cents: None, stock: None, ends });
    moved.cue(10, CueKind::Start);
    assert!(moved.is_open(19) && !moved.is_open(20), "a cue gave it an end of its own");
}

#[test]
fn an_offer_follows_a_show_that_is_planned_anew_and_survives_a_snapshot() {
    let mut plan = Plan::new(true);
    plan.cue(-10, CueKind::Start);
    let on = plan.0.show(text("dune").term).unwrap();
    let longer = Show { ends: Timestamp(T + 90 * MINUTE), ..(*on.show).clone() };
    plan.at(0, &Staged::PutShow(Box::new(longer)));
    assert!(plan.is_open(89) && !plan.is_open(90));
    let mut bytes = Vec::new();
    plan.0.encode(&mut bytes);
    assert_eq!(Stage::decode(&bytes).unwrap(), plan.0);
}

#[test]
fn why_says_that_the_offer_has_not_opened_and_not_that_words_are_missing() {
    let mut evening = Evening::new(ShardId::of("ann"), policy(9, 9));
    let lamps = evening.stage.template(text("lamps").term).unwrap();
    let lamps = beckon_core::show::Template { needs_offer: true, ..(**lamps).clone() };
    evening.change(Staged::PutTemplate(lamps));
    evening.agrees(Some("ann"), None);
    evening.now = T + 50 * MINUTE;
    evening.handle(Input::Tick);
    let why = |evening: &Evening| {
        evening.shard.why("ann", evening.show(), Timestamp(evening.now), &evening.stage).unwrap().now
    };
    assert_eq!(why(&evening), Some(Reason::NoTemplate), "there is no offer at all");
    let to_come = Offer { opens: Timestamp(T + 55 * MINUTE), ..offer(false) };
    let put = |it: Offer| Staged::PutOffer(Offer { show: text("crane").into(), ..it });
    evening.change(put(to_come));
    assert_eq!(why(&evening), Some(Reason::OfferNotOpen));
    evening.change(put(Offer { stock: Some(0), ..offer(false) }));
    assert_eq!(why(&evening), Some(Reason::OfferGone));
    evening.change(put(offer(false)));
    assert_eq!(why(&evening), None);
}
