//! The cart, and the hesitation that grows from it.

use crate::say::*;
use beckon_core::event::{Act, Event, OrderAct, ProductRef};
use beckon_core::id::Term;
use beckon_core::profile::purchase::{CART_ROWS, HESITATION_MAX_S, HESITATION_MIN_S, Hesitation, hesitation};

fn cart(events: &[Event<'static>]) -> Vec<String> {
    let profile = profile(events);
    profile.history.cart.lines().map(|it| format!("{}x {}", it.quantity, word(Term(it.product)))).collect()
}

#[test]
fn what_was_put_in_is_in_with_its_latest_quantity() {
    let two = ProductRef { quantity: 2, ..item("boot", "shoes") };
    let put = |secs, item| ann(secs, product(beckon_core::event::ProductAct::Added, item));
    assert_eq!(cart(&[put(T0, item("boot", "shoes"))]), ["1x boot"]);
    assert_eq!(cart(&[put(T0, item("boot", "shoes")), put(T0 + 1, two)]), ["2x boot"]);
}

#[test]
fn a_removal_that_arrives_before_its_putting_in_still_removes() {
    let (put, take) = (ann(T0, added("boot", "shoes")), ann(T0 + 9, removed("boot", "shoes")));
    assert!(cart(&[put.clone(), take.clone()]).is_empty());
    assert!(cart(&[take.clone(), put.clone()]).is_empty());
    let again = ann(T0 + 10, added("boot", "shoes"));
    assert_eq!(cart(&[again, take, put]), ["1x boot"]);
}

#[test]
fn an_order_takes_its_products_out_and_leaves_the_others() {
    let paid = ann(T0 + 9, order(OrderAct::Completed, 1, &[item("boot", "shoes")]));
    let events = [ann(T0, added("boot", "shoes")), ann(T0 + 1, added("pot", "tea")), paid];
    assert_eq!(cart(&events), ["1x pot"]);
    let mut late = events.to_vec();
    late.reverse();
    assert_eq!(cart(&late), ["1x pot"]);
}

#[test]
fn an_order_without_a_list_empties_the_cart_as_of_its_time() {
    let before = [ann(T0, added("boot", "shoes")), ann(T0 + 5, added("pot", "tea"))];
    let paid = ann(T0 + 5, order(OrderAct::Completed, 1, &[]));
    let after = ann(T0 + 6, added("scarf", "coats"));
    let [boot, pot] = before;
    assert_eq!(cart(&[boot.clone(), pot.clone(), paid.clone(), after.clone()]), ["1x scarf"]);
    assert_eq!(cart(&[after, paid, pot, boot]), ["1x scarf"]);
}

#[test]
fn a_category_told_late_is_still_the_lines_category() {
    let bare = ann(T0 + 9, added("boot", ""));
    let named = ann(T0, added("boot", "shoes"));
    let category = |events: &[Event<'static>]| {
        profile(events).history.cart.lines().map(|it| word(Term(it.category))).collect::<Vec<_>>()
    };
    assert_eq!(category(&[named.clone(), bare.clone()]), ["shoes"]);
    assert_eq!(category(&[bare, named]), ["shoes"]);
}

#[test]
fn only_the_products_with_the_latest_cart_events_are_remembered() {
    let ids = ["x1", "x2", "x3", "x4", "x5", "x6"];
    let events: Vec<_> = ids.into_iter().zip(0..).map(|(id, i)| ann(T0 + i, added(id, "toys"))).collect();
    assert_eq!(cart(&events).len(), CART_ROWS);
    assert_eq!(cart(&events), ["1x x6", "1x x5", "1x x4", "1x x3"]);
    let mut late = events;
    late.reverse();
    assert_eq!(cart(&late), ["1x x6", "1x x5", "1x x4", "1x x3"]);
}

/// Two looks on Monday, one on Tuesday, and into the cart on Tuesday at 10:00.
fn waiting() -> Vec<Event<'static>> {
    let tuesday = T0 + DAY;
    vec![
        ann(T0 + 9 * HOUR, viewed("boot", "shoes")),
        ann(T0 + 10 * HOUR, viewed("scarf", "shoes")),
        ann(tuesday + 9 * HOUR, viewed("boot", "shoes")),
        ann(tuesday + 10 * HOUR, added("boot", "shoes")),
    ]
}

const SINCE: u32 = T0 + DAY + 10 * HOUR;

fn hesitates(events: &[Event<'static>], now: u32) -> Option<Hesitation> {
    let history = profile(events).history;
    hesitation(&history.cart, &history.tallies, &history.days, now, 0)
}

#[test]
fn a_cart_that_waits_is_hesitation_with_its_evidence() {
    assert_eq!(
        hesitates(&waiting(), SINCE + HOUR),
        Some(Hesitation {
            product: text("boot").term,
            category: text("shoes").term,
            since: SINCE,
            category_touches: 4,
            category_days: 2,
        })
    );
}

#[test]
fn hesitation_begins_after_a_quarter_of_an_hour_and_is_over_with_its_evidence() {
    assert_eq!(hesitates(&waiting(), SINCE + HESITATION_MIN_S - 1), None);
    assert!(hesitates(&waiting(), SINCE + HESITATION_MIN_S).is_some());
    assert_eq!(hesitates(&waiting(), SINCE - HOUR), None, "asked about a time before it");
    // Six days later Monday's looks are out of the week, and two touches are too few.
    assert!(hesitates(&waiting(), T0 + 7 * DAY - 1).is_some());
    assert_eq!(hesitates(&waiting(), T0 + 7 * DAY), None);
}

#[test]
fn a_cart_older_than_a_week_is_forgotten_even_if_its_category_is_still_looked_at() {
    let mut events = waiting();
    events.extend((0..5).map(|i| ann(SINCE + 6 * DAY + i, viewed("scarf", "shoes"))));
    assert!(hesitates(&events, SINCE + HESITATION_MAX_S - 1).is_some());
    assert_eq!(hesitates(&events, SINCE + HESITATION_MAX_S), None);
}

#[test]
fn hesitation_goes_with_payment_with_removal_and_with_an_emptied_cart() {
    let now = SINCE + 2 * HOUR;
    for end in [
        removed("boot", "shoes"),
        order(OrderAct::Completed, 1, &[item("boot", "shoes")]),
        order(OrderAct::Completed, 1, &[item("pot", "tea")]),
        order(OrderAct::Completed, 1, &[]),
    ] {
        let mut events = waiting();
        events.push(ann(SINCE + HOUR, end.clone()));
        assert_eq!(hesitates(&events, now), None, "{end:?}");
        events.rotate_right(1);
        assert_eq!(hesitates(&events, now), None, "{end:?}, arriving first");
    }
    let mut looked = waiting();
    looked.push(ann(SINCE + HOUR, order(OrderAct::CheckoutStarted, 0, &[])));
    assert!(hesitates(&looked, now).is_some(), "one who began to pay and stopped hesitates");
}

#[test]
fn looking_through_the_category_is_evidence_as_well() {
    let mut events = vec![ann(SINCE, added("boot", "shoes"))];
    events.extend((0..2).map(|i| ann(SINCE + i, Act::Category { category: text("shoes") })));
    assert_eq!(hesitates(&events, SINCE + HOUR).map(|it| it.category_touches), Some(3));
}

#[test]
fn a_cart_that_was_never_looked_at_again_is_not_hesitation() {
    assert_eq!(hesitates(&[ann(SINCE, added("boot", "shoes"))], SINCE + HOUR), None);
    let unknown = ["x1", "x2", "x3", "x4"].map(|id| ann(SINCE, added(id, "")));
    assert_eq!(hesitates(&unknown, SINCE + HOUR), None, "no category, no evidence");
}

#[test]
fn of_two_products_that_wait_the_one_with_more_looks_is_named() {
    let mut events = waiting();
    events.extend((0..5).map(|i| ann(SINCE - HOUR + i, viewed("pot", "tea"))));
    events.push(ann(SINCE - HOUR + 9, added("pot", "tea")));
    let strongest = hesitates(&events, SINCE + HOUR).unwrap();
    assert_eq!((strongest.product, strongest.category_touches), (text("pot").term, 6));
}
