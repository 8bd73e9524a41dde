//! Profiles as they are shown and exported: built by a shard from events, read as JSON.
//! Here stand the events that the shoppers of these tests sent, and how a shape is looked at.

mod exported;
mod live_and_derived;
mod who_and_what;

use beckon_core::dedup::Window;
use beckon_core::event::{
    Act, AddressWord, AppAct, Channel, Class, Context, Device, DeviceState, Event, Network, OrderAct,
    Permission, Place, ProductAct, ProductRef, PushAct, RoomAct, Sex, Text, Trait,
};
use beckon_core::id::{ShardId, SourceId, Term};
use beckon_core::shard::store;
use beckon_core::shard::{Input, Look, Shard};
use beckon_core::time::{Timestamp, Zone};
use beckon_wire::shape::Profile;
use expect_test::Expect;
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
