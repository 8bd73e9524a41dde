//! What each act changes.

use crate::say::*;
use crate::show::show;
use beckon_core::event::*;
use expect_test::{Expect, expect};

/// The profile of a shopper who did these things at 09:00 UTC on a Monday, a minute apart.
fn check(acts: &[Act<'static>], expect: Expect) {
    let events: Vec<_> =
        acts.iter().zip(0..).map(|(act, i)| ann(T0 + 9 * HOUR + i * MINUTE, act.clone())).collect();
    expect.assert_eq(&show(&profile(&events), T0 + 9 * HOUR));
}

fn boot() -> ProductRef<'static> {
    ProductRef {
        id: text("boot"),
        category: text("shoes"),
        brand: text("acme"),
        host: text("lin"),
        tags: vec![text("new"), text("red")],
        price_cents: 19_900,
        list_price_cents: 19_900,
        quantity: 2,
    }
}

#[test]
fn a_page_or_an_unknown_event_is_activity_and_a_count() {
    check(
        &[nothing()],
        expect![[r#"
        1 events, active +32400 to +32400
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn a_look_at_a_product_is_interest_in_all_that_the_product_is() {
    check(
        &[product(ProductAct::Viewed, boot())],
        expect![[r#"
        1 events, active +32400 to +32400
        categories: shoes 1.00
        brands: acme 1.00
        hosts: lin 1.00
        tags: red 1.00, new 1.00
        price bands: 4 1.00
        tallies: views 1, last_view +32400
        viewed: boot +32400
        week: shoes 1x until day 0
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn a_click_in_a_list_is_half_a_look() {
    check(
        &[product(ProductAct::Clicked, boot())],
        expect![[r#"
        1 events, active +32400 to +32400
        categories: shoes 0.50
        brands: acme 0.50
        hosts: lin 0.50
        tags: red 0.50, new 0.50
        price bands: 4 0.50
        week: shoes 1x until day 0
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn putting_into_the_cart_is_three_looks_and_a_line_in_the_cart() {
    check(
        &[product(ProductAct::Added, boot())],
        expect![[r#"
        1 events, active +32400 to +32400
        categories: shoes 3.00
        brands: acme 3.00
        hosts: lin 3.00
        tags: red 3.00, new 3.00
        price bands: 4 3.00
        tallies: last_cart +32400, carts 1
        cart: 2x boot +32400
        week: shoes 1x until day 0
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn taking_out_of_the_cart_leaves_the_interest() {
    check(
        &[product(ProductAct::Added, boot()), product(ProductAct::Removed, boot())],
        expect![[r#"
        2 events, active +32400 to +32460
        categories: shoes 3.00
        brands: acme 3.00
        hosts: lin 3.00
        tags: red 3.00, new 3.00
        price bands: 4 3.00
        tallies: last_cart +32400, carts 1, removals 1
        week: shoes 1x until day 0
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn a_wish_is_two_looks_and_can_be_taken_back() {
    check(
        &[product(ProductAct::Wished, boot())],
        expect![[r#"
        1 events, active +32400 to +32400
        categories: shoes 2.00
        brands: acme 2.00
        hosts: lin 2.00
        tags: red 2.00, new 2.00
        price bands: 4 2.00
        tallies: wishes 1
        wished: boot +32400
        week: shoes 1x until day 0
        rhythm: weekday 9h 1.00
    "#]],
    );
    check(
        &[product(ProductAct::Wished, boot()), product(ProductAct::Unwished, boot())],
        expect![[r#"
        2 events, active +32400 to +32460
        categories: shoes 2.00
        brands: acme 2.00
        hosts: lin 2.00
        tags: red 2.00, new 2.00
        price bands: 4 2.00
        tallies: wishes 1
        week: shoes 1x until day 0
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn a_category_that_is_looked_through_is_half_a_look() {
    check(
        &[Act::Category { category: text("tea") }],
        expect![[r#"
        1 events, active +32400 to +32400
        categories: tea 0.50
        week: tea 1x until day 0
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn a_look_at_the_cart_and_a_cancelled_order_move_nothing_else() {
    check(
        &[order(OrderAct::CartViewed, 0, &[]), order(OrderAct::Cancelled, 9_00, &[boot()])],
        expect![[r#"
        2 events, active +32400 to +32400
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn an_order_is_money_five_looks_and_empties_its_lines() {
    check(
        &[
            product(ProductAct::Added, boot()),
            added("scarf", "coats"),
            order(OrderAct::CheckoutStarted, 0, &[boot()]),
            order(OrderAct::Completed, 39_800, &[boot()]),
        ],
        expect![[r#"
            4 events, active +32400 to +32580
            categories: shoes 8.00, coats 3.00
            brands: acme 8.00
            hosts: lin 8.00
            tags: red 8.00, new 8.00
            price bands: 4 8.00
            tallies: spent_cents 39800, last_cart +32460, last_checkout +32520, last_purchase +32580, carts 2, checkouts 1, purchases 1
            cart: 1x scarf +32460
            bought: boot +32580
            week: shoes 2x until day 0, coats 1x until day 0
            rhythm: weekday 9h 1.00
        "#]],
    );
}

#[test]
fn a_refund_is_counted_and_is_no_activity() {
    check(
        &[order(OrderAct::Refunded, 39_800, &[boot()])],
        expect![[r#"
        1 events, never active
        tallies: refunds 1
    "#]],
    );
}

#[test]
fn a_stay_in_a_room_is_interest_in_its_host_and_style() {
    check(
        &[room(RoomAct::Entered, "room-1")],
        expect![[r#"
        1 events, active +32400 to +32400
        hosts: lin 1.00
        styles: calm 1.00
        live: room=room-1 +32400
        tallies: last_room +32400, rooms 1
        rhythm: weekday 9h 1.00
    "#]],
    );
    check(
        &[room(RoomAct::Entered, "room-1"), room(RoomAct::Left, "room-1")],
        expect![[r#"
        2 events, active +32400 to +32460
        hosts: lin 3.00
        styles: calm 3.00
        live: room=none +32460
        tallies: dwell_s 600, last_room +32400, rooms 1
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn likes_comments_and_shares_weigh_more_and_more() {
    check(
        &[
            room(RoomAct::Liked, "room-1"),
            room(RoomAct::Commented, "room-1"),
            room(RoomAct::Shared, "room-1"),
        ],
        expect![[r#"
            3 events, active +32400 to +32520
            hosts: lin 6.00
            styles: calm 6.00
            tallies: likes 1, comments 1, shares 1
            rhythm: weekday 9h 1.00
        "#]],
    );
}

#[test]
fn a_host_is_followed_until_he_is_not() {
    check(
        &[room(RoomAct::Followed, "room-1")],
        expect![[r#"
        1 events, active +32400 to +32400
        hosts: lin 5.00
        styles: calm 5.00
        followed: lin +32400
        rhythm: weekday 9h 1.00
    "#]],
    );
    check(
        &[room(RoomAct::Followed, "room-1"), room(RoomAct::Unfollowed, "room-1")],
        expect![[r#"
        2 events, active +32400 to +32460
        hosts: lin 5.00
        styles: calm 5.00
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn a_reminder_is_booked_for_the_show_or_else_for_the_room() {
    let booked = |show| Act::Room {
        what: RoomAct::ReminderBooked,
        room: text("room-1"),
        host: text(""),
        style: text(""),
        show,
        dwell_s: 0,
    };
    check(
        &[booked(text("show-1")), booked(text(""))],
        expect![[r#"
        2 events, active +32400 to +32460
        reminders: room-1 +32460, show-1 +32400
        rhythm: weekday 9h 1.00
    "#]],
    );
    check(
        &[room(RoomAct::ReminderBooked, "room-1"), room(RoomAct::ReminderCancelled, "room-1")],
        expect![[r#"
        2 events, active +32400 to +32460
        hosts: lin 3.00
        styles: calm 3.00
        rhythm: weekday 9h 1.00
    "#]],
    );
}

#[test]
fn a_device_tells_its_state_without_its_shopper_being_active() {
    let all = DeviceState {
        online: Some(true),
        foreground: Some(false),
        battery_pct: Some(15),
        charging: Some(true),
        network: Some(Network::Wifi),
        downlink_kbps: Some(8_000),
        place: Some(Place::Home),
    };
    check(
        &[Act::Device(all)],
        expect![[r#"
        1 events, never active
        live: online=true +32400, foreground=false +32400, battery=15% +32400, charging=true +32400, network=Wifi +32400, downlink=8000 +32400, place=Home +32400
    "#]],
    );
}

#[test]
fn an_app_is_on_screen_from_its_opening_to_its_leaving() {
    check(
        &[Act::App(AppAct::Installed)],
        expect![[r#"
        1 events, active +32400 to +32400
        rhythm: weekday 9h 1.00
    "#]],
    );
    check(
        &[Act::App(AppAct::Opened)],
        expect![[r#"
        1 events, active +32400 to +32400
        live: foreground=true +32400
        rhythm: weekday 9h 1.00
    "#]],
    );
    check(
        &[Act::App(AppAct::Opened), Act::App(AppAct::Backgrounded)],
        expect![[r#"
        2 events, active +32400 to +32460
        live: foreground=false +32460
        rhythm: weekday 9h 1.00
    "#]],
    );
    check(
        &[Act::App(AppAct::Uninstalled)],
        expect![[r#"
        1 events, never active
        live: foreground=false +32400
    "#]],
    );
}

#[test]
fn a_push_that_was_received_is_no_activity_but_one_that_was_answered_is() {
    check(
        &[Act::Push { what: PushAct::Received, message: "m" }],
        expect![[r#"
        1 events, never active
        tallies: pushes_received 1
    "#]],
    );
    check(
        &[
            Act::Push { what: PushAct::Tapped, message: "m" },
            Act::Push { what: PushAct::Dismissed, message: "n" },
        ],
        expect![[r#"
            2 events, active +32400 to +32460
            tallies: pushes_tapped 1, pushes_dismissed 1
            rhythm: weekday 9h 1.00
        "#]],
    );
}

#[test]
fn an_identify_sets_traits_without_its_shopper_being_active() {
    let traits = [
        Trait::BirthYear(1990),
        Trait::Sex(Sex::Female),
        Trait::Region(text("Zhejiang")),
        Trait::CityTier(2),
        Trait::Language(text("zh-CN")),
        Trait::SpendingPower(4),
        Trait::Consent { channel: Some(Channel::Apns), class: Class::Marketing, granted: true },
        Trait::Custom { name: "plan", json: "\"gold\"" },
    ];
    check(
        &[identify(&traits)],
        expect![[r#"
        1 events, never active
        attributes: birth year 1990, sex 1, city tier 2, spending power 4, region Zhejiang, language zh-CN, +Apns/Marketing
        traits: plan="gold" +32400
    "#]],
    );
}

#[test]
fn the_surroundings_of_any_event_are_kept() {
    let context = Context {
        zone: Some(zone("Asia/Shanghai", 480)),
        language: text("zh-CN"),
        app: Some("com.example.shop"),
        device: Some(a_device("d1", "android", Some("t1"))),
        network: Some(Network::Fast),
    };
    let event = Event { context, ..ann(T0 + 9 * HOUR, nothing()) };
    expect![[r#"
        1 events, active +32400 to +32400
        live: network=Fast +32400
        attributes: language zh-CN
        rhythm: weekday 17h 1.00
        clock: Asia/Shanghai +480 min
        devices: d1 (android) t1
        apps: com.example.shop +32400
    "#]]
    .assert_eq(&show(&profile(&[event]), T0 + 9 * HOUR));
}
