//! Every name that means something, and what its properties become.

use crate::edge::{TestEdge, act, receipt};
use beckon_wire::collect::{Route, collect};
use expect_test::expect;

fn check(event: &str, properties: &str, expected: expect_test::Expect) {
    expected.assert_eq(&act(event, properties));
}

#[test]
fn products_are_viewed_clicked_added_removed_and_wished_for() {
    let lip = r#"{"product_id":"p","category":"beauty","brand":"Lumi","price":89.9,"quantity":2}"#;
    for (event, what) in [
        ("Product Viewed", "Viewed"),
        ("Product Clicked", "Clicked"),
        ("Product Added", "Added"),
        ("Product Removed", "Removed"),
        ("Product Added to Wishlist", "Wished"),
        ("Product Removed from Wishlist", "Unwished"),
        ("Wishlist Product Added to Cart", "Added"),
        ("Viewed Product", "Viewed"),
        ("product viewed", "Viewed"),
    ] {
        assert_eq!(act(event, lip), format!("{what} p[beauty Lumi - [] 8990/0 x2]"), "{event}");
    }
}

#[test]
fn a_product_is_read_in_all_its_spellings() {
    check(
        "Product Viewed",
        r#"{"productId":12,"compare_at_price":"30"}"#,
        expect!["Viewed 12[- - - [] 0/3000 x0]"],
    );
    check("Product Viewed", r#"{"sku":"s"}"#, expect!["Viewed s[- - - [] 0/0 x0]"]);
    check("Product Viewed", r#"{"sku":"s","product_id":"p"}"#, expect!["Viewed p[- - - [] 0/0 x0]"]);
    check(
        "Product Viewed",
        r#"{"product_id":"p","category":["food","tea",null],"tags":["green","new, gift"],"host_id":"h"}"#,
        expect![[r#"Viewed p[tea - h ["green", "new", "gift"] 0/0 x0]"#]],
    );
    check(
        "Product Viewed",
        r#"{"product_id":"p","tags":"春茶，龙井, ,","price":"1e2","original_price":1.005}"#,
        expect![[r#"Viewed p[- - - ["春茶", "龙井"] 10000/100 x0]"#]],
    );
}

#[test]
fn prices_are_never_negative_and_never_nonsense() {
    for price in ["-1", "\"NaN\"", "\"inf\"", "\"free\"", "null", "{}", "[1]", "true", "\"\""] {
        let act = act("Product Viewed", &format!(r#"{{"product_id":"p","price":{price}}}"#));
        assert_eq!(act, "Viewed p[- - - [] 0/0 x0]", "{price}");
    }
    assert_eq!(
        act("Product Viewed", r#"{"sku":"p","price":1e300}"#),
        "Viewed p[- - - [] 9000000000000000/0 x0]"
    );
    assert_eq!(act("Product Viewed", r#"{"sku":"p","quantity":-2}"#), "Viewed p[- - - [] 0/0 x0]");
    assert_eq!(act("Product Viewed", r#"{"sku":"p","quantity":1e12}"#), "Viewed p[- - - [] 0/0 x4294967295]");
}

#[test]
fn what_an_event_leaves_out_the_catalogue_fills_in() {
    check(
        "Product Viewed",
        r#"{"product_id":"known"}"#,
        expect![[r#"Viewed known[beauty Orchid h1 ["new", "gift"] 9900/12900 x0]"#]],
    );
    check(
        "Product Added",
        r#"{"product_id":"known","category":"sale","price":50,"tags":["last"],"host_id":"h2"}"#,
        expect![[r#"Added known[sale Orchid h2 ["last"] 5000/12900 x0]"#]],
    );
    check(
        "Live Room Entered",
        r#"{"room_id":"r1","show_id":7}"#,
        expect!["Entered room=r1 host=h1 style=calm show=7 0s"],
    );
    check(
        "Live Followed",
        r#"{"room_id":"r1","host_id":"h9"}"#,
        expect!["Followed room=r1 host=h9 style=- show=- 0s"],
    );
    check("Live Followed", r#"{"host_id":"h1"}"#, expect!["Followed room=- host=h1 style=calm show=- 0s"]);
}

#[test]
fn an_unknown_product_is_reported_as_seen() {
    let body = r#"{"userId":"u","event":"Order Completed","properties":{"products":[
        {"product_id":"p1","name":"Tea 茶","category":"food","price":12.5,"currency":"cny","image_url":"https://x/y"},
        {"product_id":"known"},{"name":"no id"}]}}"#;
    let edge = TestEdge::default();
    collect(body.as_bytes(), Route::of("t").unwrap(), &receipt(), &edge, &mut |_, _| {}).unwrap();
    let seen = edge.seen.borrow();
    assert_eq!(seen.len(), 1);
    let one = &seen[0];
    assert_eq!((&*one.id.text, &*one.title, &*one.category.text), ("p1", "Tea 茶", "food"));
    assert_eq!(
        (one.price_cents, &*one.currency, &*one.image, one.seen_only),
        (1250, "CNY", "https://x/y", true)
    );
}

#[test]
fn what_the_catalogue_would_refuse_of_a_seen_product_is_left_out() {
    let long = "x".repeat(2049);
    for currency in ["yuan", "元", "¥C", "C1Y"] {
        let body = format!(
            r#"{{"userId":"u","event":"Product Viewed","properties":{{"product_id":"p1","currency":"{currency}","image_url":"{long}"}}}}"#
        );
        let edge = TestEdge::default();
        collect(body.as_bytes(), Route::of("t").unwrap(), &receipt(), &edge, &mut |_, _| {}).unwrap();
        let seen = edge.seen.borrow();
        assert_eq!((&*seen[0].currency, &*seen[0].image), ("", ""), "{currency}");
    }
}

#[test]
fn orders_carry_their_products_and_what_was_paid() {
    check(
        "Order Completed",
        r#"{"order_id":"o","revenue":179.8,"discount":"10","coupon":"SPRING","products":[
            {"product_id":"a","price":89.9,"quantity":2},{"id":5},{"sku":"s","host_id":"h2"}],"host_id":"h1"}"#,
        expect![
            "Completed 17980 -1000 coupon a[- - h1 [] 8990/0 x2] 5[- - h1 [] 0/0 x0] s[- - h2 [] 0/0 x0]"
        ],
    );
    check("Order Completed", r#"{"total":5,"revenue":4,"value":3}"#, expect!["Completed 500 -0"]);
    check("Order Completed", r#"{"value":3,"coupon":"","discount":-2}"#, expect!["Completed 300 -0"]);
    check(
        "Completed Order",
        r#"{"products":{"product_id":"one"}}"#,
        expect!["Completed 0 -0 one[- - - [] 0/0 x0]"],
    );
    check("Order Refunded", r#"{"total":30}"#, expect!["Refunded 3000 -0"]);
    check("Order Cancelled", "{}", expect!["Cancelled 0 -0"]);
    check("Checkout Started", r#"{"value":30,"products":[]}"#, expect!["CheckoutStarted 3000 -0"]);
    check(
        "Cart Viewed",
        r#"{"products":[{"product_id":"a"}]}"#,
        expect!["CartViewed 0 -0 a[- - - [] 0/0 x0]"],
    );
}

#[test]
fn categories_are_looked_through() {
    check("Product List Viewed", r#"{"list_id":"l","category":"tea"}"#, expect!["Category tea"]);
    check("Product List Filtered", r#"{"category":["food","tea"]}"#, expect!["Category tea"]);
    check("Product List Viewed", r#"{"list_id":"l"}"#, expect![[r#"Other { raw: "{\"list_id\":\"l\"}" }"#]]);
}

#[test]
fn everything_in_a_live_room_is_understood() {
    for (event, what) in [
        ("Live Room Entered", "Entered"),
        ("Live Liked", "Liked"),
        ("Live Commented", "Commented"),
        ("Live Shared", "Shared"),
        ("Live Followed", "Followed"),
        ("Live Unfollowed", "Unfollowed"),
        ("Live Reminder Booked", "ReminderBooked"),
        ("Live Reminder Cancelled", "ReminderCancelled"),
    ] {
        let expected = format!("{what} room=r host=h style=auction show=s 0s");
        let act = act(event, r#"{"room_id":"r","host_id":"h","show_id":"s","style":"auction","duration":9}"#);
        assert_eq!(act, expected, "{event}");
    }
    let left = "Left room=r host=- style=- show=- 93s";
    assert_eq!(act("Live Room Left", r#"{"roomId":"r","duration":92.6}"#), left);
    assert_eq!(act("Live Room Left", r#"{"roomId":"r","dwell_seconds":"93"}"#), left);
}

#[test]
fn apps_and_pushes_are_understood() {
    check("Application Opened", r#"{"from_background":true}"#, expect!["App(Opened)"]);
    check("Application Foregrounded", "{}", expect!["App(Opened)"]);
    check("Application Installed", "{}", expect!["App(Installed)"]);
    check("Application Backgrounded", "null", expect!["App(Backgrounded)"]);
    check("Application Uninstalled", "{}", expect!["App(Uninstalled)"]);
    check(
        "Push Notification Received",
        r#"{"message_id":"m1"}"#,
        expect![[r#"Push { what: Received, message: "m1" }"#]],
    );
    check(
        "Push Notification Tapped",
        r#"{"messageId":"m1"}"#,
        expect![[r#"Push { what: Tapped, message: "m1" }"#]],
    );
    check(
        "Push Notification Dismissed",
        r#"{"message_id":4}"#,
        expect![[r#"Push { what: Dismissed, message: "4" }"#]],
    );
    check(
        "Push Notification Tapped",
        r#"{"campaign":{"name":"spring"}}"#,
        expect![[r#"Other { raw: "{\"campaign\":{\"name\":\"spring\"}}" }"#]],
    );
    check(
        "Push Notification Bounced",
        r#"{"message_id":"m"}"#,
        expect![[r#"Other { raw: "{\"message_id\":\"m\"}" }"#]],
    );
}

#[test]
fn the_device_says_how_it_is() {
    check(
        "Device State Changed",
        r#"{"online":true,"app_state":"foreground","battery_level":0.42,"charging":false,"network":"wifi","downlink_kbps":12000,"place":"home"}"#,
        expect![
            "Device(DeviceState { online: Some(true), foreground: Some(true), battery_pct: Some(42), charging: Some(false), network: Some(Wifi), downlink_kbps: Some(12000), place: Some(Home) })"
        ],
    );
    check(
        "Device State Changed",
        r#"{"online":0,"app_state":"background","battery_level":"77","network":"offline","place":"gym"}"#,
        expect![
            "Device(DeviceState { online: Some(false), foreground: Some(false), battery_pct: Some(77), charging: None, network: Some(Offline), downlink_kbps: None, place: Some(Elsewhere) })"
        ],
    );
    check(
        "Device State Changed",
        r#"{"online":"maybe","battery_level":-1,"network":"smoke","downlink_kbps":-1,"place":null}"#,
        expect![
            "Device(DeviceState { online: None, foreground: None, battery_pct: None, charging: None, network: None, downlink_kbps: None, place: None })"
        ],
    );
}

#[test]
fn what_means_nothing_to_us_is_kept_as_it_came() {
    check(
        "Wheel Spun",
        r#"{"prize": "coupon-5", "spins":2}"#,
        expect![[r#"Other { raw: "{\"prize\": \"coupon-5\", \"spins\":2}" }"#]],
    );
    check("Coupon Applied", "{}", expect![[r#"Other { raw: "" }"#]]);
    check("Products Searched", "null", expect![[r#"Other { raw: "" }"#]]);
    check("Order Updated", r#"{"a":"\ud83d"}"#, expect![[r#"Other { raw: "{\"a\":\"\\ufffd\"}" }"#]]);
    check("Product Viewed", r#"{"price":3}"#, expect![[r#"Other { raw: "{\"price\":3}" }"#]]);
}

#[test]
fn names_that_are_too_long_are_cut_at_a_character() {
    let long = "茶".repeat(100);
    let act = act("Product List Viewed", &format!(r#"{{"category":"{long}"}}"#));
    assert_eq!(act, format!("Category {}", "茶".repeat(85)));
}
