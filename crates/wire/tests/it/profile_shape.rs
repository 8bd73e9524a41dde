//! Profiles as they are shown and exported: built by a shard from events, read as JSON.

use beckon_core::dedup::Window;
use beckon_core::event::{
    Act, AddressWord, AppAct, Channel, Class, Context, Device, DeviceState, Event, Network, OrderAct,
    Permission, Place, ProductAct, ProductRef, PushAct, RoomAct, Sex, Text, Trait,
};
use beckon_core::id::{ShardId, SourceId, Term};
use beckon_core::profile::columns::row_size;
use beckon_core::profile::{HistoryPage, HotPage};
use beckon_core::shard::store;
use beckon_core::shard::{Input, Look, Shard};
use beckon_core::time::{Timestamp, Zone};
use beckon_wire::shape::{Export, Profile, stats};
use expect_test::{Expect, expect};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Monday, 2023-11-13, 00:00 UTC.
const T0: u32 = 1_699_833_600;
const MINUTE: u32 = 60;
const HOUR: u32 = 3600;
const DAY: u32 = 86_400;

const WORDS: &str = "acme Asia/Shanghai calm lin mei new pot room-1 scarf show-1 silk tea Zhejiang zh-CN";

/// A name with its number, counted from 1.
fn text(word: &'static str) -> Text<'static> {
    let place = WORDS.split(' ').position(|it| it == word).expect("the word is listed above");
    Text { term: Term(place as u32 + 1), text: word }
}

fn names(term: Term) -> Option<String> {
    WORDS.split(' ').nth(term.0 as usize - 1).map(str::to_owned)
}

fn ann(at: u32, act: Act<'static>) -> Event<'static> {
    Event {
        key: 0,
        at: Timestamp::from_secs(at),
        user: Some("ann"),
        anonymous: None,
        name: Text::default(),
        context: Context::default(),
        act,
    }
}

fn item(id: &'static str, category: &'static str, price_cents: u64) -> ProductRef<'static> {
    ProductRef { id: text(id), category: text(category), price_cents, ..ProductRef::default() }
}

fn product(at: u32, what: ProductAct, product: ProductRef<'static>) -> Event<'static> {
    ann(at, Act::Product { what, product })
}

fn viewed(at: u32) -> Event<'static> {
    product(at, ProductAct::Viewed, item("pot", "tea", 4500))
}

fn added(at: u32) -> Event<'static> {
    product(at, ProductAct::Added, item("pot", "tea", 4500))
}

fn ordered(at: u32) -> Event<'static> {
    let products = vec![ProductRef { list_price_cents: 20000, ..item("scarf", "silk", 15000) }];
    let what = OrderAct::Completed;
    ann(at, Act::Order { what, total_cents: 15000, discount_cents: 5000, coupon: false, products })
}

fn room(at: u32, what: RoomAct) -> Event<'static> {
    let (host, style, show) = (text("lin"), text("calm"), text("show-1"));
    let dwell_s = if what == RoomAct::Left { 600 } else { 0 };
    ann(at, Act::Room { what, room: text("room-1"), host, style, show, dwell_s })
}

fn state(at: u32, state: DeviceState) -> Event<'static> {
    ann(at, Act::Device(state))
}

fn online(at: u32, online: bool) -> Event<'static> {
    state(at, DeviceState { online: Some(online), ..DeviceState::default() })
}

fn identified(at: u32, traits: &[Trait<'static>]) -> Event<'static> {
    ann(at, Act::Identify { traits: traits.to_vec() })
}

/// What a shard makes of these events.
fn kept(events: &[Event<'static>]) -> store::Profile {
    let id = |it: &Event<'static>| it.anonymous.or(it.user).expect("an event is someone's");
    let mut shard = Shard::new(ShardId::of(id(&events[0])), Window { ids_max: 1024, span_ms: i64::MAX });
    for event in events {
        let mut bytes = Vec::new();
        event.encode(&mut bytes);
        let input = Input::Collected { source: SourceId(1), event: &bytes, default_offset_min: 480 };
        shard
            .handle(event.at, input, &beckon_core::stage::Stage::default(), &mut Vec::new())
            .expect("an encoded event is folded");
    }
    match shard.look(id(&events[0])) {
        Look::Found(profile) => *profile,
        other => panic!("the shard has no profile of its own: {other:?}"),
    }
}

fn shown(events: &[Event<'static>], now: u32) -> Profile {
    Profile::of(&kept(events), &names, Timestamp::from_secs(now), 480)
}

fn check(shape: &impl Serialize, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(shape).unwrap());
}

fn check_round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(shape: &T) {
    let json = serde_json::to_string(shape).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), shape, "{json}");
}

/// A week of Ann's: she lives in Hangzhou, looks at tea, buys silk, and watches Lin.
fn week_of_ann() -> Vec<Event<'static>> {
    let zone = Zone { name: text("Asia/Shanghai"), offset_min: 480, until: u32::MAX, next_offset_min: 480 };
    let phone = Device {
        id: "phone-1",
        platform: "ios",
        address: AddressWord::of("ios", "0123456789abcdef0123456789abcdef"),
        permission: Some(Permission::Granted),
    };
    let mut opened = ann(T0 + HOUR, Act::App(AppAct::Opened));
    opened.context = Context {
        zone: Some(zone),
        language: text("zh-CN"),
        app: Some("shop.app"),
        device: Some(phone),
        network: Some(Network::Wifi),
    };
    let told = [
        Trait::BirthYear(1990),
        Trait::Sex(Sex::Female),
        Trait::Region(text("Zhejiang")),
        Trait::CityTier(2),
        Trait::SpendingPower(4),
        Trait::Consent { channel: Some(Channel::WebPush), class: Class::Marketing, granted: true },
        Trait::Consent { channel: Some(Channel::InApp), class: Class::Marketing, granted: false },
        Trait::Custom { name: "plan", json: r#"{"tier":"gold","since":2021}"# },
        Trait::Custom { name: "nickname", json: "null" },
    ];
    let brand = ProductRef {
        brand: text("acme"),
        host: text("mei"),
        tags: vec![text("new")],
        ..item("pot", "tea", 4500)
    };
    vec![
        opened,
        identified(T0 + HOUR, &told),
        viewed(T0 + HOUR),
        product(T0 + DAY, ProductAct::Viewed, brand),
        product(T0 + DAY + HOUR, ProductAct::Wished, item("scarf", "silk", 15000)),
        ordered(T0 + 2 * DAY),
        room(T0 + 3 * DAY, RoomAct::Entered),
        room(T0 + 3 * DAY + 60, RoomAct::Liked),
        room(T0 + 3 * DAY + 90, RoomAct::Followed),
        room(T0 + 3 * DAY + 120, RoomAct::ReminderBooked),
        room(T0 + 3 * DAY + 600, RoomAct::Left),
        ann(T0 + 4 * DAY, Act::Push { what: PushAct::Received, message: "m1" }),
        ann(T0 + 4 * DAY + 30, Act::Push { what: PushAct::Tapped, message: "m1" }),
        added(T0 + 5 * DAY),
        state(
            T0 + 5 * DAY,
            DeviceState {
                online: Some(true),
                battery_pct: Some(55),
                charging: Some(false),
                place: Some(Place::Commute),
                downlink_kbps: Some(9_000),
                ..DeviceState::default()
            },
        ),
    ]
}

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

#[test]
fn a_shopper_who_bought_or_came_long_ago_is_not_new() {
    let new = |events: &[_], after| shown(events, T0 + after).derived.new_shopper.value;
    assert!(new(&[viewed(T0)], 7 * DAY - 1));
    assert!(!new(&[viewed(T0)], 7 * DAY));
    assert!(!new(&[ordered(T0)], 1));
}

#[test]
fn a_token_shows_its_fingerprint_in_a_profile_and_all_of_itself_in_an_export() {
    let of = |token| {
        let mut event = ann(T0, Act::Other { raw: "" });
        event.context.device =
            Some(Device { id: "phone-1", address: AddressWord::of("ios", token), ..Device::default() });
        let export = Export::of(&kept(&[event]), &names, Timestamp::from_secs(T0), 0);
        let device = &export.profile.attributes.devices[0];
        (device.token_fingerprint.clone(), device.has_token, export.held.devices[0].token.clone())
    };
    check(
        &[of("0123456789abcdef0123456789abcdef"), of("short-token"), of("")],
        expect![[r#"
            [
              [
                "bdda9f5921ab",
                true,
                "0123456789abcdef0123456789abcdef"
              ],
              [
                "11c59429113a",
                true,
                "short-token"
              ],
              [
                null,
                false,
                null
              ]
            ]"#]],
    );
}

#[test]
fn an_export_holds_every_date_trait_token_and_column() {
    let kept = kept(&week_of_ann());
    let mut export = Export::of(&kept, &names, Timestamp::from_secs(T0 + 5 * DAY), 480);
    check_round_trip(&export);
    assert_eq!(export.profile, Profile::of(&kept, &names, Timestamp::from_secs(T0 + 5 * DAY), 480));
    let digits: usize = export.held.columns.iter().map(|it| it.bytes.len()).sum();
    assert_eq!(digits, 2 * (row_size::<HotPage>() + row_size::<HistoryPage>()));
    export.held.columns.clear();
    check(
        &export.held,
        expect![[r#"
        {
          "attributes_set": [
            {
              "attribute": "birth_year",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "sex",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "region",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "city_tier",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "language",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "spending_power",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "consent.in_app.marketing",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "consent.web_push.marketing",
              "at": "2023-11-13T01:00:00Z"
            }
          ],
          "traits": [
            {
              "name": "nickname",
              "json": "null",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "name": "plan",
              "json": "{\"tier\":\"gold\",\"since\":2021}",
              "at": "2023-11-13T01:00:00Z"
            }
          ],
          "devices": [
            {
              "id": "phone-1",
              "token": "0123456789abcdef0123456789abcdef"
            }
          ],
          "interests": [
            {
              "list": "categories",
              "term": 11,
              "name": "silk",
              "level": 1476622232
            },
            {
              "list": "categories",
              "term": 12,
              "name": "tea",
              "level": 1476232818
            },
            {
              "list": "brands",
              "term": 1,
              "name": "acme",
              "level": 1473623771
            },
            {
              "list": "hosts",
              "term": 4,
              "name": "lin",
              "level": 1477532823
            },
            {
              "list": "hosts",
              "term": 5,
              "name": "mei",
              "level": 1473623771
            },
            {
              "list": "hosting_styles",
              "term": 3,
              "name": "calm",
              "level": 1477532823
            },
            {
              "list": "tags",
              "term": 6,
              "name": "new",
              "level": 1473623771
            },
            {
              "list": "price_bands",
              "term": 4,
              "level": 1476622232
            },
            {
              "list": "price_bands",
              "term": 3,
              "level": 1476232818
            }
          ],
          "days": [
            {
              "term": 12,
              "category": "tea",
              "last_day": "2023-11-18",
              "touches": [
                1,
                0,
                0,
                0,
                1,
                1,
                0
              ]
            },
            {
              "term": 11,
              "category": "silk",
              "last_day": "2023-11-15",
              "touches": [
                1,
                1,
                0,
                0,
                0,
                0,
                0
              ]
            }
          ],
          "columns": []
        }"#]],
    );
}

#[test]
fn what_is_written_is_read_back_the_same() {
    check_round_trip(&shown(&week_of_ann(), T0 + 6 * DAY));
    let stats = stats::Stats { memory: stats::Memory::of([256, 640, 100, 4], 2), ..Default::default() };
    check_round_trip(&stats);
    check(
        &stats.memory,
        expect![[r#"
        {
          "hot_bytes": 256,
          "history_bytes": 640,
          "cold_bytes": 100,
          "index_bytes": 4,
          "bytes_per_shopper": 500
        }"#]],
    );
    assert_eq!(stats::Memory::of([4096, 0, 0, 0], 0).bytes_per_shopper, 0);
}

#[cfg(feature = "openapi")]
#[test]
fn no_two_shapes_share_the_name_of_their_schema() {
    use beckon_wire::shape::{Host, Page, Product, Room, Stats};
    use utoipa::ToSchema;
    let mut schemas = Vec::new();
    Export::schemas(&mut schemas);
    Stats::schemas(&mut schemas);
    Page::<Product>::schemas(&mut schemas);
    Page::<Host>::schemas(&mut schemas);
    Page::<Room>::schemas(&mut schemas);
    let mut by_name = std::collections::BTreeMap::new();
    for (name, schema) in schemas {
        let first = by_name.entry(name.clone()).or_insert_with(|| schema.clone());
        assert!(*first == schema, "two shapes are called {name}");
    }
    check(
        &by_name.into_keys().collect::<Vec<_>>(),
        expect![[r#"
            [
              "App",
              "AttributeSet",
              "Attributes",
              "Battery",
              "Behaviour",
              "CartHesitation",
              "Channel",
              "Connection",
              "ConnectionState",
              "Consent",
              "ConsentState",
              "DedupCounts",
              "Derived",
              "Device",
              "Engagement",
              "EventCounts",
              "Fact_bool",
              "Fact_u32",
              "Funnel",
              "Heard_InRoom",
              "Heard_String",
              "Heard_bool",
              "Heard_u32",
              "Heard_u8",
              "Held",
              "HeldColumn",
              "HeldDays",
              "HeldDevice",
              "HeldInterest",
              "HeldTrait",
              "HesitationEvidence",
              "HostInput",
              "InCart",
              "Interest",
              "Interests",
              "Lag",
              "LiveState",
              "Memory",
              "MoneySpent",
              "Orders",
              "Permission",
              "PriceBand",
              "PriceSensitivity",
              "ProductInput",
              "Profile",
              "ProfileKind",
              "Rates",
              "Recent",
              "Rhythm",
              "RoomInput",
              "Since",
              "SourceCounts",
              "TimeZone",
              "Touched"
            ]"#]],
    );
}
