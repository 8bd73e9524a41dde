//! Rates that a real evening would have. The ranges are wide on purpose: the market is there to be plausible, and
//! not to be right.

use crate::evening::{count, play, start};
use beckon_market::event::Kind;
use beckon_market::instant::{HOUR, MINUTE, minute_of};
use beckon_market::{Event, Market};
use std::collections::{BTreeMap, BTreeSet};

const SHOPPERS: usize = 4_000;

#[track_caller]
fn within(what: &str, value: f64, low: f64, high: f64) {
    println!("{what}: {value:.4}");
    assert!(value >= low && value <= high, "{what} is {value}, not within {low} to {high}");
}

#[test]
fn the_days_before_are_thin_uneven_and_busiest_in_the_evening() {
    let mut market = Market::new(11, SHOPPERS, start());
    let events: Vec<Event> = market.history().collect();
    let identified = events.iter().filter(|it| it.kind == Kind::Identify).count();
    assert_eq!(identified, SHOPPERS);
    within("events a shopper", (events.len() - identified) as f64 / SHOPPERS as f64, 6.0, 12.0);
    assert!(events.iter().all(|it| it.at_ms < start()));
    let mut by_hour = [0usize; 24];
    for event in events.iter().filter(|it| it.name == "Product Viewed") {
        by_hour[(minute_of(event.at_ms) / 60.0) as usize] += 1;
    }
    let busiest = (0..24).max_by_key(|it| by_hour[*it]).unwrap();
    assert!((19..=22).contains(&busiest), "busiest at {busiest}: {by_hour:?}");
    assert!(by_hour[4] * 8 < by_hour[busiest], "{by_hour:?}");
    assert!(by_hour[12] > by_hour[15], "no lunch: {by_hour:?}");
    within(
        "carted of viewed",
        count(&events, "Product Added") as f64 / count(&events, "Product Viewed") as f64,
        0.03,
        0.2,
    );
    within(
        "ordered of viewed",
        count(&events, "Order Completed") as f64 / count(&events, "Product Viewed") as f64,
        0.005,
        0.06,
    );
}

#[test]
fn without_pushes_a_few_of_a_hundred_shoppers_come_into_a_show() {
    let mut market = Market::new(12, SHOPPERS, start());
    let events = play(&mut market, vec![]);
    let mut by_show: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in events.iter().filter(|it| it.name == "Live Room Entered") {
        by_show.entry(event.text("show_id")).or_default().insert(&event.user_id);
    }
    assert_eq!(by_show.len(), 3);
    for (show, shoppers) in &by_show {
        within(&format!("{show}, entered"), shoppers.len() as f64 / SHOPPERS as f64, 0.008, 0.035);
    }
    let entries: u64 = market.tallies().iter().map(|it| it.entries).sum();
    let orders: u64 = market.tallies().iter().map(|it| it.orders).sum();
    within("orders an entry", orders as f64 / entries as f64, 0.03, 0.3);
    assert_eq!(count(&events, "Live Room Left") as u64, entries, "all left");
    within("events a shopper in the evening", events.len() as f64 / SHOPPERS as f64, 8.0, 60.0);
    assert!(market.truth().is_empty());
}

#[test]
fn pushes_are_tapped_by_a_few_and_the_right_moment_is_worth_more_than_a_random_one() {
    let at = |who: usize| start() + 2 * HOUR + (who as u64 * 7 % 90) * MINUTE;
    let random = (0..SHOPPERS).map(|it| (at(it), it, it % 3)).collect();
    let mut market = Market::new(13, SHOPPERS, start());
    let events = play(&mut market, random);
    let received = count(&events, "Push Notification Received") as f64;
    within("received", received / SHOPPERS as f64, 0.9, 1.0);
    let tapped = count(&events, "Push Notification Tapped") as f64;
    within("tapped of received", tapped / received, 0.02, 0.07);
    within("swiped of received", count(&events, "Push Notification Dismissed") as f64 / received, 0.03, 0.4);
    let by_push: u64 = market.tallies().iter().map(|it| it.entries_by_push).sum();
    within("entered of tapped", by_push as f64 / tapped, 0.6, 1.0);
    within("uninstalled of received", count(&events, "Application Uninstalled") as f64 / received, 0.0, 0.02);

    // The same market, pushed when the phone was just taken up at home, for the show that lies closest to
    // what was looked at before.
    let aimed = aimed_plan();
    let pushes = aimed.len() as f64;
    let mut market = Market::new(13, SHOPPERS, start());
    let events = play(&mut market, aimed);
    let share = count(&events, "Push Notification Tapped") as f64 / pushes;
    within("tapped of aimed", share, 0.05, 0.2);
    assert!(share > 1.5 * tapped / received);
}

fn aimed_plan() -> Vec<(u64, usize, usize)> {
    let mut market = Market::new(13, SHOPPERS, start());
    let shows = [["fresh", "snacks"], ["beauty", "skincare"], ["electronics", "fashion"]];
    let mut viewed = vec![[0u32; 3]; SHOPPERS];
    let number = |event: &Event| event.user_id[2..].parse::<usize>().unwrap() - 1;
    for event in market.history().filter(|it| it.name == "Product Viewed") {
        for (show, categories) in shows.iter().enumerate() {
            viewed[number(&event)][show] += u32::from(categories.contains(&event.text("category")));
        }
    }
    let events = play(&mut market, vec![]);
    let mut plan: BTreeMap<usize, (u64, usize, usize)> = BTreeMap::new();
    for event in events.iter().filter(|it| it.text("place") == "home") {
        let who = number(event);
        let show = (0..3).max_by_key(|it| viewed[who][*it]).unwrap();
        let begins = start() + [75, 105, 165][show] * MINUTE;
        let is_on = event.at_ms > begins && event.at_ms < begins + 80 * MINUTE;
        if viewed[who][show] >= 2 && is_on {
            plan.entry(who).or_insert((event.at_ms + MINUTE, who, show));
        }
    }
    plan.into_values().collect()
}
