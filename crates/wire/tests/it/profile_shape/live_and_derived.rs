//! What is so at this moment, and what follows from it: live state and derived facts.

use super::{
    DAY, HOUR, MINUTE, T0, added, check, identified, online, ordered, room, shown, state, viewed, week_of_ann,
};
use beckon_core::event::{Act, DeviceState, Event, Network, RoomAct, Text};
use expect_test::expect;

#[test]
fn live_state_says_when_it_was_heard_and_what_is_stale() {
    let profile = shown(&week_of_ann(), T0 + 5 * DAY + 301);
    check(
        &profile.live_state,
        expect![[r#"
        {
          "online": {
            "value": true,
            "at": "2023-11-18T00:00:00Z",
            "age_seconds": 301,
            "stale": true
          },
          "foreground": {
            "value": true,
            "at": "2023-11-13T01:00:00Z",
            "age_seconds": 428701,
            "stale": true
          },
          "room": {
            "value": null,
            "at": "2023-11-16T00:10:00Z",
            "age_seconds": 172501,
            "stale": true
          },
          "place": {
            "value": "commute",
            "at": "2023-11-18T00:00:00Z",
            "age_seconds": 301,
            "stale": false
          },
          "battery": {
            "percent": {
              "value": 55,
              "at": "2023-11-18T00:00:00Z",
              "age_seconds": 301,
              "stale": false
            },
            "charging": {
              "value": false,
              "at": "2023-11-18T00:00:00Z",
              "age_seconds": 301,
              "stale": false
            }
          },
          "network": {
            "value": "wifi",
            "at": "2023-11-13T01:00:00Z",
            "age_seconds": 428701,
            "stale": true
          },
          "downlink_kbps": {
            "value": 9000,
            "at": "2023-11-18T00:00:00Z",
            "age_seconds": 301,
            "stale": false
          }
        }"#]],
    );
    let inside = shown(&[room(T0, RoomAct::Entered)], T0 + 10).live_state;
    check(
        &inside,
        expect![[r#"
        {
          "room": {
            "value": "room-1",
            "at": "2023-11-13T00:00:00Z",
            "age_seconds": 10,
            "stale": false
          }
        }"#]],
    );
    let mut nameless = room(T0, RoomAct::Entered);
    if let Act::Room { room, .. } = &mut nameless.act {
        *room = Text::default();
    }
    assert_eq!(shown(&[nameless], T0).live_state.room.unwrap().value.0.as_deref(), Some(""));
    let left = shown(&[room(T0, RoomAct::Entered), room(T0 + 5, RoomAct::Left)], T0 + 10).live_state;
    expect![[r#"{"room":{"value":null,"at":"2023-11-13T00:00:05Z","age_seconds":5,"stale":false}}"#]]
        .assert_eq(&serde_json::to_string(&left).unwrap());
}

#[test]
fn what_is_unknown_of_a_visitor_is_absent() {
    let visit = Event { user: None, anonymous: Some("v-1"), ..viewed(T0) };
    let profile = shown(&[visit], T0);
    assert_eq!(profile.id, "v-1");
    check(&profile.kind, expect![[r#""visitor""#]]);
    check(
        &profile.attributes,
        expect![[r#"
        {
          "time_zone": {
            "utc_offset_minutes": 480
          },
          "consent": [],
          "apps": [],
          "devices": [],
          "traits": {}
        }"#]],
    );
    check(&profile.live_state, expect!["{}"]);
    check(
        &profile.derived,
        expect![[r#"
        {
          "cart_hesitation": {
            "active": false,
            "because": "the cart is empty"
          },
          "reachable_now": {
            "value": true,
            "because": "was active 0 s ago"
          },
          "new_shopper": {
            "value": true,
            "because": "first active 0 s ago, has not bought yet"
          },
          "dormant_days": {
            "value": 0,
            "because": "last active at 2023-11-13T00:00:00Z"
          }
        }"#]],
    );
}

#[test]
fn what_follows_says_what_it_rests_on() {
    check(
        &shown(&week_of_ann(), T0 + 5 * DAY + HOUR).derived,
        expect![[r#"
        {
          "cart_hesitation": {
            "active": true,
            "because": "pot has been in the cart for 60 min, its category tea was touched 3 times on 3 of the last 7 days, and nothing was paid since",
            "product_id": "pot",
            "category": "tea",
            "since": "2023-11-18T00:00:00Z",
            "evidence": {
              "category_touches_7d": 3,
              "days": 3,
              "no_payment_since": "2023-11-15T00:00:00Z"
            }
          },
          "reachable_now": {
            "value": false,
            "because": "the last sign of him came 60 min ago: stale"
          },
          "new_shopper": {
            "value": false,
            "because": "first active 5 days ago, has bought once"
          },
          "dormant_days": {
            "value": 0,
            "because": "last active at 2023-11-18T00:00:00Z"
          }
        }"#]],
    );
}

#[test]
fn a_cart_that_does_not_wait_says_why() {
    let cases: [(&[Event<'static>], u32); 5] = [
        (&[viewed(T0)], HOUR),
        (&[added(T0)], MINUTE),
        (&[added(T0)], HOUR),
        (&[added(T0)], 8 * DAY),
        (&[viewed(T0), viewed(T0), added(T0), ordered(T0 + MINUTE)], HOUR),
    ];
    let said: Vec<_> = cases
        .into_iter()
        .map(|(events, after)| shown(events, T0 + after).derived.cart_hesitation)
        .inspect(|it| assert!(!it.active && it.evidence.is_none()))
        .map(|it| it.because)
        .collect();
    check(
        &said,
        expect![[r#"
        [
          "the cart is empty",
          "pot has been in the cart for less than 15 min",
          "the category of pot was touched fewer than 3 times in the last 7 days",
          "pot has been in the cart for 8 days: forgotten",
          "something was paid since pot was put into the cart"
        ]"#]],
    );
}

#[test]
fn the_latest_sign_that_is_not_stale_says_whether_a_shopper_can_be_reached() {
    let offline = DeviceState { network: Some(Network::Offline), ..DeviceState::default() };
    let cases: [(&[Event<'static>], u32); 7] = [
        (&[identified(T0, &[])], 10),
        (&[viewed(T0)], 40),
        (&[viewed(T0)], 301),
        (&[viewed(T0), room(T0 + 1, RoomAct::Entered)], 40),
        (&[viewed(T0), online(T0 + 10, false)], 40),
        (&[online(T0, false), online(T0 + 10, true)], 130),
        (&[online(T0, true), state(T0, offline)], 10),
    ];
    let said: Vec<_> = cases
        .into_iter()
        .map(|(events, after)| shown(events, T0 + after).derived.reachable_now)
        .map(|it| format!("{}: {}", it.value, it.because))
        .collect();
    check(
        &said,
        expect![[r#"
        [
          "false: nothing was ever heard of his device",
          "true: was active 40 s ago",
          "false: the last sign of him came 5 min ago: stale",
          "true: entered a room 39 s ago",
          "false: the device was offline 30 s ago",
          "true: the device was online 2 min ago",
          "false: the device had no network 10 s ago"
        ]"#]],
    );
}
