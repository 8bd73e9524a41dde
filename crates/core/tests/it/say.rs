//! Short ways to say what a shopper did.

use beckon_core::dedup::Window;
use beckon_core::event::{
    Act, AddressWord, Context, Device, Event, OrderAct, ProductAct, ProductRef, RoomAct, Text, Trait,
};
use beckon_core::id::{MachineId, ShardId, SourceId, Term};
use beckon_core::profile::{HistoryPage, HotPage, columns::Columns};
use beckon_core::shard::store::Profile;
use beckon_core::shard::{Effect, Input, Look, Outcome, Shard};
use beckon_core::stage::Stage;
use beckon_core::time::{Timestamp, Zone};
use std::sync::LazyLock;

/// Monday, 2023-11-13, 00:00 UTC.
pub const T0: u32 = 1_699_833_600;
pub const MINUTE: u32 = 60;
pub const HOUR: u32 = 3600;
pub const DAY: u32 = 86_400;

pub const WINDOW: Window = Window { ids_max: 1 << 20, span_ms: 3 * 86_400_000 };
pub const SHOP: SourceId = SourceId(1);

/// Words that the tests use as names; [`word`] finds them again.
const WORDS: &[&str] = &[
    "shoes",
    "coats",
    "tea",
    "lamps",
    "toys",
    "acme",
    "orient",
    "borealis",
    "crane",
    "lin",
    "mei",
    "ola",
    "pia",
    "calm",
    "auction",
    "new",
    "sale",
    "red",
    "silk",
    "boot",
    "scarf",
    "pot",
    "lantern",
    "robot",
    "room-1",
    "room-2",
    "show-1",
    "show-2",
    "show-3",
    "Zhejiang",
    "en",
    "zh-CN",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Product Viewed",
    "x1",
    "x2",
    "x3",
    "x4",
    "x5",
    "x6",
    "x7",
    "x8",
    "x9",
];

/// A name with a number that follows from its spelling (FNV-1a).
pub fn text(word: &'static str) -> Text<'static> {
    if word.is_empty() {
        return Text::default();
    }
    let hash =
        word.bytes().fold(0x811C_9DC5u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    Text { term: Term(hash.max(1)), text: word }
}

/// The spelling behind a number.
pub fn word(term: Term) -> String {
    let found = WORDS.iter().find(|it| text(it).term == term);
    found.map_or_else(|| format!("#{}", term.0), |it| (*it).to_owned())
}

pub fn at(secs: u32) -> Timestamp {
    Timestamp::from_secs(secs)
}

pub fn event(
    secs: u32,
    user: Option<&'static str>,
    anonymous: Option<&'static str>,
    act: Act<'static>,
) -> Event<'static> {
    Event { key: 0, at: at(secs), user, anonymous, name: Text::default(), context: Context::default(), act }
}

/// What Ann, a known shopper, did.
pub fn ann(secs: u32, act: Act<'static>) -> Event<'static> {
    event(secs, Some("ann"), None, act)
}

pub fn nothing() -> Act<'static> {
    Act::Other { raw: "" }
}

pub fn identify(traits: &[Trait<'static>]) -> Act<'static> {
    Act::Identify { traits: traits.to_vec() }
}

pub fn alias(previous: &'static str) -> Act<'static> {
    Act::Alias { previous }
}

/// A product of a category, and nothing else known of it.
pub fn item(id: &'static str, category: &'static str) -> ProductRef<'static> {
    ProductRef { id: text(id), category: text(category), ..ProductRef::default() }
}

pub fn product(what: ProductAct, product: ProductRef<'static>) -> Act<'static> {
    Act::Product { what, product }
}

pub fn viewed(id: &'static str, category: &'static str) -> Act<'static> {
    product(ProductAct::Viewed, item(id, category))
}

pub fn added(id: &'static str, category: &'static str) -> Act<'static> {
    product(ProductAct::Added, item(id, category))
}

pub fn removed(id: &'static str, category: &'static str) -> Act<'static> {
    product(ProductAct::Removed, item(id, category))
}

pub fn order(what: OrderAct, total_cents: u64, products: &[ProductRef<'static>]) -> Act<'static> {
    Act::Order { what, total_cents, discount_cents: 0, coupon: false, products: products.to_vec() }
}

pub fn room(what: RoomAct, room: &'static str) -> Act<'static> {
    Act::Room {
        what,
        room: text(room),
        host: text("lin"),
        style: text("calm"),
        show: text("show-1"),
        dwell_s: if what == RoomAct::Left { 600 } else { 0 },
    }
}

/// A zone whose clock never changes.
pub fn zone(name: &'static str, offset_min: i16) -> Zone<'static> {
    Zone { name: text(name), offset_min, until: u32::MAX, next_offset_min: offset_min }
}

pub fn bytes(event: &Event<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    event.encode(&mut out);
    out
}

/// A stage on which nothing is on.
pub fn bare() -> &'static Stage {
    static BARE: LazyLock<Stage> = LazyLock::new(Stage::default);
    &BARE
}

/// Hands one event to a shard, with the shopper's clock at UTC while his zone is unknown.
pub fn collect(shard: &mut Shard, now: Timestamp, event: &Event<'_>, effects: &mut Vec<Effect>) -> Outcome {
    let input = Input::Collected { source: SHOP, event: &bytes(event), default_offset_min: 0 };
    shard.handle(now, input, bare(), effects).expect("an event that was encoded decodes")
}

/// What a shard tells the director to learn from: it comes with time, whatever the input.
pub fn is_lesson(effect: &Effect) -> bool {
    matches!(effect, Effect::Tell { to: MachineId::DIRECTOR, .. })
}

/// Ann's shard after these events, in this order. She is the only shopper, so it has nothing to tell.
pub fn shard_of_ann(events: &[Event<'static>]) -> Shard {
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    let mut effects = Vec::new();
    for event in events {
        collect(&mut shard, event.at, event, &mut effects);
    }
    effects.retain(|it| !is_lesson(it));
    assert_eq!(effects, []);
    shard
}

/// Ann's profile after these events, in this order.
pub fn profile(events: &[Event<'static>]) -> Profile {
    found(&shard_of_ann(events), "ann").unwrap_or_default()
}

/// The profile that a shard has under an id.
pub fn found(shard: &Shard, id: &str) -> Option<Profile> {
    match shard.look(id) {
        Look::Found(profile) => Some(*profile),
        Look::Elsewhere(_) | Look::Unknown => None,
    }
}

/// Bytes of all columns a shopper.
pub fn column_bytes() -> usize {
    HotPage::COLUMNS.iter().chain(HistoryPage::COLUMNS).map(|it| it.size).sum()
}

/// A device; an empty token takes its address back.
pub fn a_device(id: &'static str, platform: &'static str, token: Option<&'static str>) -> Device<'static> {
    let address = token.map_or(AddressWord::Silent, |it| AddressWord::of(platform, it));
    Device { id, platform, address, permission: None }
}
