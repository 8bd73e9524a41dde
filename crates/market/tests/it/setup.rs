//! What is put before the evening, the cues, and rehearsals.

use crate::evening::{end, play, start};
use beckon_market::instant::MINUTE;
use beckon_market::{Cue, Market, Setting, Sketch};
use std::collections::BTreeSet;

#[test]
fn the_setup_names_only_what_is_there() {
    let market = Market::new(31, 500, start());
    let calls = market.setup();
    let mut there: BTreeSet<String> = BTreeSet::new();
    for (method, path, body) in &calls {
        assert_eq!(*method, "PUT");
        for (field, kind) in
            [("room_id", "rooms"), ("host_id", "hosts"), ("show_id", "shows"), ("product_id", "products")]
        {
            let Some(id) = body[field].as_str().filter(|it| !it.is_empty()) else { continue };
            assert!(there.contains(&format!("/api/v1/{kind}/{id}")), "{path} names {field} {id}");
        }
        assert!(there.insert(path.clone()), "{path} twice");
    }
    let of = |kind: &str| there.iter().filter(|it| it.starts_with(&format!("/api/v1/{kind}/"))).count();
    assert_eq!((of("products"), of("hosts"), of("rooms"), of("shows")), (300, 6, 4, 3));
    assert_eq!(of("offers"), 27);
}

#[test]
fn a_show_has_phases_slots_and_reduced_offers_within_its_time() {
    let market = Market::new(32, 500, start());
    for show in &market.setting().shows {
        assert!(show.starts_at > start() && show.ends_at < end());
        assert_eq!(show.phases.len(), 3);
        assert!((6..=10).contains(&show.slots.len()));
        for slot in &show.slots {
            assert!(slot.starts_at >= show.starts_at && slot.ends_at <= show.ends_at);
            assert!(slot.price_cents < slot.original_cents, "{slot:?}");
        }
    }
}

#[test]
fn the_script_runs_late_and_leaves_a_slot_out() {
    let market = Market::new(33, 500, start());
    let cues = market.cues_of_evening();
    let opened = cues.iter().filter(|it| matches!(it.2, Cue::Offer { changed: false, .. })).count();
    // That an offer opens takes two calls.
    assert_eq!(cues.len() + opened, market.script().len());
    let begins = |show: &str| cues.iter().find(|it| it.1 == show && it.2 == Cue::Start).unwrap().0;
    let late = market.setting().shows.iter().filter(|it| begins(&it.id) >= it.starts_at + 4 * MINUTE);
    assert_eq!(late.count(), 1);
    let planned: usize = market.setting().shows.iter().map(|it| it.slots.len()).sum();
    let pinned = cues.iter().filter(|it| matches!(it.2, Cue::Pin { .. })).count();
    assert!(pinned < planned);
    assert_eq!(cues.iter().filter(|it| it.2 == Cue::End).count(), 3);
}

#[test]
fn stock_is_sold_once_and_told() {
    let mut market = Market::new(34, 4_000, start());
    let plan = (0..4_000).map(|it| (start() + (65 + it as u64 % 180) * MINUTE, it, it % 3)).collect();
    let events = play(&mut market, plan);
    for show in market.setting().shows.clone() {
        for slot in &show.slots {
            // Before its offer opens a product is sold at its usual price, and not from the offer's stock.
            let usual = slot.original_cents as f64 / 100.0;
            let sold = events.iter().filter(|it| {
                it.name == "Order Completed"
                    && it.text("show_id") == show.id
                    && it.properties["products"][0]["product_id"] == slot.product_id.as_str()
                    && it.properties["total"] != usual
            });
            assert!(sold.count() <= slot.stock as usize, "{} sold too often", slot.offer_id);
        }
    }
    let ends = market.sales().iter().filter(|it| it.2["cue"] == "offer_ended").count();
    assert!(ends > 0, "nothing sold out");
}

#[test]
fn a_rehearsal_is_peopled_by_the_shoppers_that_there_are() {
    let setting: Setting = Market::new(35, 1_000, start()).setting().clone();
    let sketch = |it: usize| Sketch {
        user_id: format!("real-{it}"),
        interests: vec![(if it.is_multiple_of(2) { "beauty" } else { "sports" }.into(), 5.0)],
        consent: Some(true),
        ..Sketch::default()
    };
    let sketches: Vec<Sketch> = (0..3_000).map(sketch).collect();
    let mut market = Market::rehearsal(35, start(), setting, &sketches);
    let events = play(&mut market, vec![]);
    let entered = |even: bool| {
        let beauty =
            events.iter().filter(|it| it.name == "Live Room Entered" && it.text("show_id") == "show-beauty");
        beauty.filter(|it| it.user_id[5..].parse::<usize>().unwrap().is_multiple_of(2) == even).count()
    };
    println!("{} {}", entered(true), entered(false));
    assert!(entered(true) > 2 * entered(false));
}
