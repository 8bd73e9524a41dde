//! Who the shopper is and what he does: attributes and behaviour.

use super::{DAY, HOUR, T0, check, ordered, shown, viewed, week_of_ann};
use expect_test::expect;

#[test]
fn a_profile_says_who_the_shopper_is() {
    let profile = shown(&week_of_ann(), T0 + 5 * DAY + HOUR);
    let head = (&profile.id, profile.kind, &profile.as_of, &profile.first_seen, &profile.last_active);
    check(
        &(head, profile.events, &profile.anonymous_ids),
        expect![[r#"
        [
          [
            "ann",
            "shopper",
            "2023-11-18T01:00:00Z",
            "2023-11-13T01:00:00Z",
            "2023-11-18T00:00:00Z"
          ],
          15,
          []
        ]"#]],
    );
    check(
        &profile.attributes,
        expect![[r#"
            {
              "birth_year": 1990,
              "age": 33,
              "sex": "female",
              "region": "Zhejiang",
              "city_tier": 2,
              "language": "zh-CN",
              "time_zone": {
                "name": "Asia/Shanghai",
                "utc_offset_minutes": 480,
                "since": "2023-11-13T01:00:00Z"
              },
              "spending_power": 4,
              "consent": [
                {
                  "channel": "in_app",
                  "class": "marketing",
                  "state": "refused"
                },
                {
                  "channel": "web_push",
                  "class": "marketing",
                  "state": "given"
                }
              ],
              "apps": [
                {
                  "name": "shop.app",
                  "last_used": "2023-11-13T01:00:00Z"
                }
              ],
              "devices": [
                {
                  "id": "phone-1",
                  "platform": "ios",
                  "app": "shop.app",
                  "locale": "zh-CN",
                  "permission": "granted",
                  "channel": "apns",
                  "has_token": true,
                  "token_fingerprint": "bdda9f5921ab",
                  "token_since": "2023-11-13T01:00:00Z",
                  "last_seen": "2023-11-13T01:00:00Z"
                }
              ],
              "traits": {
                "plan": {
                  "since": 2021,
                  "tier": "gold"
                }
              }
            }"#]],
    );
}

#[test]
fn a_profile_says_what_the_shopper_does() {
    let profile = shown(&week_of_ann(), T0 + 5 * DAY + HOUR);
    let behaviour = &profile.behaviour;
    check(
        &behaviour.interests,
        expect![[r#"
        {
          "categories": [
            {
              "name": "silk",
              "weight": 5.94,
              "share": 0.56
            },
            {
              "name": "tea",
              "weight": 4.59,
              "share": 0.44
            }
          ],
          "brands": [
            {
              "name": "acme",
              "weight": 0.82,
              "share": 1.0
            }
          ],
          "hosts": [
            {
              "name": "lin",
              "weight": 10.85,
              "share": 0.93
            },
            {
              "name": "mei",
              "weight": 0.82,
              "share": 0.07
            }
          ],
          "hosting_styles": [
            {
              "name": "calm",
              "weight": 10.85,
              "share": 1.0
            }
          ],
          "tags": [
            {
              "name": "new",
              "weight": 0.82,
              "share": 1.0
            }
          ],
          "price_bands": [
            {
              "from": 100.0,
              "to": 300.0,
              "weight": 5.94,
              "share": 0.56
            },
            {
              "from": 30.0,
              "to": 100.0,
              "weight": 4.59,
              "share": 0.44
            }
          ]
        }"#]],
    );
    let lists = (&behaviour.recent, &behaviour.followed_hosts, &behaviour.reminders);
    check(
        &lists,
        expect![[r#"
        [
          {
            "viewed": [
              {
                "product_id": "pot",
                "at": "2023-11-14T00:00:00Z"
              }
            ],
            "in_cart": [
              {
                "product_id": "pot",
                "category": "tea",
                "quantity": 1,
                "at": "2023-11-18T00:00:00Z"
              }
            ],
            "wished": [
              {
                "product_id": "scarf",
                "at": "2023-11-14T01:00:00Z"
              }
            ],
            "bought": [
              {
                "product_id": "scarf",
                "at": "2023-11-15T00:00:00Z"
              }
            ]
          },
          [
            {
              "id": "lin",
              "since": "2023-11-16T00:01:30Z"
            }
          ],
          [
            {
              "id": "show-1",
              "since": "2023-11-16T00:02:00Z"
            }
          ]
        ]"#]],
    );
    let counts = (&behaviour.engagement, &behaviour.funnel, &behaviour.money, &behaviour.price_sensitivity);
    check(
        &counts,
        expect![[r#"
        [
          {
            "rooms_entered": 1,
            "dwell_seconds": 600,
            "last_room_entered": "2023-11-16T00:00:00Z",
            "likes": 1,
            "comments": 0,
            "shares": 0,
            "pushes_received": 1,
            "pushes_tapped": 1,
            "pushes_dismissed": 0
          },
          {
            "stage": "carting",
            "views": 2,
            "carts": 1,
            "removals": 0,
            "wishes": 1,
            "checkouts": 0,
            "purchases": 1,
            "refunds": 0,
            "last_view": "2023-11-14T00:00:00Z",
            "last_cart": "2023-11-18T00:00:00Z",
            "last_purchase": "2023-11-15T00:00:00Z"
          },
          {
            "spent": 150.0,
            "discount": 50.0,
            "purchases": 1,
            "average_order": 150.0,
            "days_since_purchase": 3
          },
          {
            "value": 0.67,
            "evidence": {
              "orders": 1,
              "reduced_orders": 1
            }
          }
        ]"#]],
    );
}

#[test]
fn a_rhythm_has_the_hours_of_the_shoppers_own_day() {
    let profile = shown(&week_of_ann(), T0 + 5 * DAY + HOUR);
    expect![[r#"{"weekday":[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,3.59,1.59,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0],"weekend":[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0],"peak_weekday":8,"peak_weekend":8,"total":6.17}"#]].assert_eq(&serde_json::to_string(&profile.behaviour.rhythm).unwrap());
}

#[test]
fn a_shopper_who_bought_or_came_long_ago_is_not_new() {
    let new = |events: &[_], after| shown(events, T0 + after).derived.new_shopper.value;
    assert!(new(&[viewed(T0)], 7 * DAY - 1));
    assert!(!new(&[viewed(T0)], 7 * DAY));
    assert!(!new(&[ordered(T0)], 1));
}
