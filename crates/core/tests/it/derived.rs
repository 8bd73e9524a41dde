//! What is read off a profile: money, the funnel, bands, days, clocks; and the figures it must keep.

use crate::say::*;
use beckon_core::event::*;
use beckon_core::profile::purchase::Funnel;
use beckon_core::profile::{History, Hot, PRICE_BANDS, day_of, price_band};

#[test]
fn an_order_counts_as_reduced_by_coupon_discount_or_a_price_below_the_list_price() {
    let reduced = |coupon, discount_cents, price_cents, list_price_cents| {
        let bought = ProductRef { price_cents, list_price_cents, ..item("boot", "shoes") };
        let act = Act::Order {
            what: OrderAct::Completed,
            total_cents: 1,
            discount_cents,
            coupon,
            products: vec![bought],
        };
        profile(&[ann(T0, act)]).history.tallies.reduced_purchases == 1
    };
    assert!(!reduced(false, 0, 90, 90));
    assert!(reduced(true, 0, 90, 90));
    assert!(reduced(false, 5, 90, 90));
    assert!(reduced(false, 0, 90, 100));
    assert!(!reduced(false, 0, 0, 100), "a price that is unknown is not a low one");
}

#[test]
fn price_sensitivity_is_unknown_before_the_first_order_and_shrunk_after_it() {
    let buy = |coupon| Act::Order {
        what: OrderAct::Completed,
        total_cents: 1,
        discount_cents: 0,
        coupon,
        products: vec![],
    };
    let of = |acts: &[Act<'static>]| {
        let events: Vec<_> = acts.iter().zip(0..).map(|(act, i)| ann(T0 + i, act.clone())).collect();
        profile(&events).history.tallies.price_sensitivity()
    };
    assert_eq!(of(&[nothing()]), None);
    assert_eq!(of(&[buy(false)]), Some(1.0 / 3.0));
    assert_eq!(of(&[buy(true)]), Some(2.0 / 3.0));
    assert_eq!(of(&[buy(true), buy(false)]), Some(0.5));
}

#[test]
fn the_funnel_is_where_the_latest_act_was() {
    let steps = [
        (nothing(), Funnel::None, "none"),
        (viewed("boot", "shoes"), Funnel::Viewing, "viewing"),
        (added("boot", "shoes"), Funnel::Carting, "carting"),
        (order(OrderAct::CheckoutStarted, 0, &[]), Funnel::CheckingOut, "checking_out"),
        (order(OrderAct::Completed, 0, &[]), Funnel::Purchased, "purchased"),
        (viewed("boot", "shoes"), Funnel::Viewing, "viewing"),
    ];
    let mut events = Vec::new();
    for ((act, funnel, word), i) in steps.into_iter().zip(0..) {
        events.push(ann(T0 + i, act));
        let now = profile(&events).history.tallies.funnel();
        assert_eq!((now, now.word()), (funnel, word));
    }
    // All within one second: the furthest step came last.
    events.iter_mut().for_each(|it| it.at = at(T0));
    assert_eq!(profile(&events).history.tallies.funnel(), Funnel::Purchased);
}

#[test]
fn a_price_band_begins_at_its_border() {
    assert_eq!(price_band(0), 0, "unknown");
    assert_eq!(price_band(1), 1);
    for (border, band) in PRICE_BANDS.iter().zip(1..) {
        assert_eq!((price_band(border - 1), price_band(*border)), (band, band + 1));
    }
}

#[test]
fn a_day_begins_at_midnight_on_the_shoppers_own_clock() {
    let monday = T0 / DAY;
    assert_eq!((day_of(T0 - 1, 0), day_of(T0, 0)), (monday - 1, monday));
    assert_eq!((day_of(T0 - 8 * HOUR - 1, 480), day_of(T0 - 8 * HOUR, 480)), (monday - 1, monday));
    assert_eq!(day_of(0, -480), 0, "not before the epoch");
}

#[test]
fn without_a_zone_the_default_clock_holds_and_with_one_the_zones_until_it_ends() {
    let event = |secs, zone| {
        let context = Context { zone, ..Context::default() };
        Event { context, ..ann(secs, nothing()) }
    };
    let before = profile(&[event(T0, None)]);
    assert_eq!(before.history.rhythm.peak(false), Some(0));
    let changes =
        beckon_core::time::Zone { until: T0 + HOUR, next_offset_min: 60, ..zone("Asia/Shanghai", 480) };
    let clock = profile(&[event(T0, Some(changes))]).history.clock;
    assert_eq!((clock.offset_min(T0 + HOUR - 1, 0), clock.offset_min(T0 + HOUR, 0)), (480, 60));
    assert_eq!(beckon_core::profile::Clock::default().offset_min(T0, -300), -300);
}

#[test]
fn times_outside_of_what_a_column_holds_are_clamped() {
    let secs = |ms| beckon_core::time::Timestamp(ms).secs();
    assert_eq!((secs(i64::MIN), secs(-1), secs(0), secs(999)), (1, 1, 1, 1), "0 means never");
    assert_eq!((secs(1_500), secs(i64::MAX)), (1, u32::MAX));
    let mut events = vec![ann(T0, nothing()), ann(T0, added("boot", "shoes"))];
    events[0].at = beckon_core::time::Timestamp(i64::MIN);
    events[1].at = beckon_core::time::Timestamp(i64::MAX);
    let profile = profile(&events);
    assert_eq!((profile.hot.activity.first, profile.hot.activity.last), (1, u32::MAX));
}

#[test]
fn a_shopper_stays_within_the_figures() {
    assert!(size_of::<Hot>() <= 400 && size_of::<History>() <= 640);
    assert!(column_bytes() <= size_of::<Hot>() + size_of::<History>());
}
