//! The market knows what a push really did.

use crate::evening::{play, start};
use beckon_market::instant::{HOUR, MINUTE};
use beckon_market::{Added, Market};

const SHOPPERS: usize = 4_000;

#[test]
fn pushes_add_entries_and_orders_and_the_twin_knows_what_would_have_been() {
    let plan = (0..SHOPPERS).filter(|it| it % 2 == 0);
    let plan = plan.map(|it| (start() + 2 * HOUR + (it as u64 % 60) * MINUTE, it, it / 2 % 3)).collect();
    let mut market = Market::new(21, SHOPPERS, start());
    play(&mut market, plan);
    let truth = market.truth();
    let added = Added::of(&truth, u64::MAX);
    println!("{added:?}");
    assert!(added.pairs > SHOPPERS as u64 / 3);
    assert!(added.entered[0] > added.entered[1], "{added:?}");
    assert!(added.ordered[0] > added.ordered[1], "{added:?}");
    assert!(added.entered[1] > 0, "some would have come anyway");
}

#[test]
fn the_twin_does_what_the_shopper_does_when_nobody_is_pushed() {
    let plan = (0..SHOPPERS).map(|it| (start() + HOUR + (it as u64 % 150) * MINUTE, it, it % 3)).collect();
    let mut pushed = Market::new(22, SHOPPERS, start());
    play(&mut pushed, plan);
    let mut quiet = Market::new(22, SHOPPERS, start());
    let events = play(&mut quiet, vec![]);
    let mut compared = 0;
    let (mut ordered_alike, mut ordered_without) = (0, 0);
    for truth in pushed.truth() {
        let mut entered = events.iter().filter(|it| {
            it.name == "Live Room Entered"
                && *it.user_id == *truth.user_id
                && it.text("show_id") == truth.show_id
                && it.at_ms >= truth.pushed_at
        });
        assert_eq!(entered.next().map(|it| it.at_ms), truth.without.entered_at, "{truth:?}");
        let ordered = events.iter().filter(|it| {
            it.name == "Order Completed"
                && *it.user_id == *truth.user_id
                && it.text("show_id") == truth.show_id
                && it.at_ms >= truth.pushed_at
        });
        // Where stock runs out earlier, the twin cannot buy: a shopper of the quiet market may.
        let orders = ordered.count() as u32;
        assert!(truth.without.orders <= orders, "{truth:?}, and {orders} orders without");
        (ordered_alike, ordered_without) = (ordered_alike + truth.without.orders, ordered_without + orders);
        compared += u64::from(truth.without.entered_at.is_some());
    }
    assert!(compared > 20, "{compared}");
    println!("{ordered_alike} of {ordered_without} orders");
    assert!(ordered_alike * 4 >= ordered_without * 3);
}

#[test]
fn too_many_pushes_drive_shoppers_away() {
    let many = (0..40).flat_map(|round| (0..300).map(move |it| (start() + round * 8 * MINUTE, it, it % 3)));
    let mut market = Market::new(23, 300, start());
    let events = play(&mut market, many.collect());
    let gone = events.iter().filter(|it| it.name == "Application Uninstalled").count();
    assert!(gone > 60, "only {gone} of 300 left after forty pushes");
    assert!(market.truth().iter().any(|it| it.uninstalled));
}
