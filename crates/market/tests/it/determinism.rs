//! One seed is one market, to the byte.

use crate::evening::{play, start};
use beckon_market::instant::MINUTE;
use beckon_market::{Event, Market};
use std::collections::BTreeSet;

fn bytes(events: &[Event]) -> String {
    events.iter().map(|it| it.to_json().to_string() + "\n").collect()
}

fn plan() -> Vec<(u64, usize, usize)> {
    (0..150).map(|it| (start() + (70 + it as u64) * MINUTE, it * 3 % 400, it % 3)).collect()
}

#[test]
fn one_seed_says_the_same_bytes_twice_and_another_seed_does_not() {
    let run = |seed| {
        let mut market = Market::new(seed, 400, start());
        let mut events: Vec<Event> = market.history().collect();
        events.extend(play(&mut market, plan()));
        (bytes(&events), market.truth(), market.sales())
    };
    let (one, other) = (run(1), run(1));
    assert!(one == other, "two runs of one seed differ");
    assert_ne!(one.0, run(2).0);
}

#[test]
fn every_message_id_is_there_once_and_time_never_goes_back() {
    let mut market = Market::new(3, 400, start());
    let mut events: Vec<Event> = market.history().collect();
    events.extend(play(&mut market, plan()));
    let ids: BTreeSet<&str> = events.iter().map(|it| &*it.message_id).collect();
    assert_eq!(ids.len(), events.len());
    assert!(events.is_sorted_by_key(|it| it.at_ms));
}

#[test]
fn how_often_the_market_is_asked_changes_nothing() {
    let mut often = Market::new(4, 300, start());
    let mut rarely = often.clone();
    let mut said = Vec::new();
    for minute in 1..=120 {
        said.extend(often.step(start() + minute * MINUTE));
    }
    assert_eq!(bytes(&said), bytes(&rarely.step(start() + 120 * MINUTE)));
}

#[test]
fn history_can_be_told_again() {
    let mut market = Market::new(5, 100, start());
    let first: Vec<Event> = market.history().collect();
    assert_eq!(first, market.history().collect::<Vec<_>>());
}

#[test]
fn a_push_to_one_shopper_leaves_the_others_as_they_were() {
    let others = |plan| {
        let mut market = Market::new(6, 400, start());
        let mut events = play(&mut market, plan);
        events.retain(|it| &*it.user_id != "u-000008");
        // What is left in stock is the one thing that shoppers share.
        events.retain(|it| it.name != "Order Completed");
        events.iter().map(|it| (it.at_ms, it.user_id.clone(), it.name)).collect::<Vec<_>>()
    };
    assert_eq!(others(vec![]), others(vec![(start() + 100 * MINUTE, 7, 1)]));
}
