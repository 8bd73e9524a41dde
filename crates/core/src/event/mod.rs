//! What a shopper did, normalised: the one form that the journal keeps and the shards fold.
//!
//! The edge turns every dialect (Segment, RudderStack, Jitsu, a replayed log) into this. Whatever needs
//! rules or outside knowledge (time zones, the catalogue, clock skew) is settled there and enters here
//! as data, so that folding is a function of these bytes alone.

mod codec;
mod device;
mod names;

pub use device::{Address, AddressWord, Connection, Device, Permission};

use crate::id::Term;
use crate::time::{Timestamp, Zone};

/// A name and the number it goes by. `Text::default()` is "not given".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Text<'a> {
    /// The number; [`Term::NONE`] when there is no name.
    pub term: Term,
    /// The spelling.
    pub text: &'a str,
}

impl<'a> Event<'a> {
    /// What became of the in-app connection of the device in `context`, as whoever holds the connection tells it:
    /// the connection's shopper, and a name to count it under. It is told once, so it has no dedup key.
    pub fn of_connection(
        at: Timestamp,
        user: Option<&'a str>,
        anonymous: Option<&'a str>,
        name: Text<'a>,
        context: Context<'a>,
        connection: Connection,
    ) -> Self {
        Event { key: 0, at, user, anonymous, name, context, act: Act::Connection(connection) }
    }
}

impl Text<'_> {
    /// Whether a name was given.
    pub fn is_some(self) -> bool {
        self.term != Term::NONE
    }
}

/// One event of one shopper.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// Dedup key (see [`crate::id::message_key`]); 0 for a bulk source, whose sequence does that work.
    pub key: u128,
    /// When it happened on the shopper's device, corrected for its clock's skew.
    pub at: Timestamp,
    /// The known shopper, if the event names one.
    pub user: Option<&'a str>,
    /// The visitor before he is known.
    pub anonymous: Option<&'a str>,
    /// The name under which it is counted: a track event's own, else the call (`identify`, `page` …).
    pub name: Text<'a>,
    /// What the event says of its surroundings.
    pub context: Context<'a>,
    /// What happened.
    pub act: Act<'a>,
}

/// What an event says of its surroundings, whatever happened.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Context<'a> {
    /// The shopper's time zone, resolved.
    pub zone: Option<Zone<'a>>,
    /// BCP 47 language tag.
    pub language: Text<'a>,
    /// The app or site, by name or namespace.
    pub app: Option<&'a str>,
    /// The device the event came from.
    pub device: Option<Device<'a>>,
    /// The network it came over.
    pub network: Option<Network>,
}

/// A product as an event names it. What the event left out, the edge filled in from the catalogue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProductRef<'a> {
    /// The product.
    pub id: Text<'a>,
    /// Its category.
    pub category: Text<'a>,
    /// Its brand.
    pub brand: Text<'a>,
    /// The host who showed it, when the event says so.
    pub host: Text<'a>,
    /// Its tags, at most [`crate::limits::TAGS_MAX`].
    pub tags: Vec<Text<'a>>,
    /// Price in hundredths of the shop's currency; 0 when unknown.
    pub price_cents: u64,
    /// Price before any reduction; 0 when unknown.
    pub list_price_cents: u64,
    /// How many; 0 is read as 1.
    pub quantity: u32,
}

/// What a shopper did with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ProductAct {
    /// Saw it in a list and tapped it.
    Clicked,
    /// Looked at it.
    Viewed,
    /// Put it into the cart.
    Added,
    /// Took it out again.
    Removed,
    /// Put it on the wish list.
    Wished,
    /// Took it off the wish list.
    Unwished,
}

/// What a shopper did with a whole order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum OrderAct {
    /// Looked at the cart.
    CartViewed,
    /// Began to pay.
    CheckoutStarted,
    /// Paid.
    Completed,
    /// Sent back.
    Refunded,
    /// Called off.
    Cancelled,
}

/// What a shopper did in a live room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RoomAct {
    /// Came in.
    Entered,
    /// Went out; `dwell_s` says after how long.
    Left,
    /// Liked.
    Liked,
    /// Commented.
    Commented,
    /// Shared.
    Shared,
    /// Followed the host.
    Followed,
    /// Stopped following the host.
    Unfollowed,
    /// Asked to be reminded of the show.
    ReminderBooked,
    /// No longer wants to be reminded.
    ReminderCancelled,
}

/// A push message's life as the shopper's device tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PushAct {
    /// It was shown.
    Received,
    /// It was tapped.
    Tapped,
    /// It was put away.
    Dismissed,
}

/// What the player of a live room tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PlayerAct {
    /// The first picture was shown.
    Started,
    /// The picture stood still, and moves again.
    Stalled,
}

/// What happened to the app itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AppAct {
    /// Installed.
    Installed,
    /// Opened: on screen.
    Opened,
    /// Sent to the background.
    Backgrounded,
    /// Removed.
    Uninstalled,
}

/// The network a device is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Network {
    /// None.
    Offline = 1,
    /// Up to 2G.
    Slow,
    /// 3G or an unnamed mobile network.
    Cellular,
    /// 4G.
    Fast,
    /// 5G.
    Fastest,
    /// Wi-Fi or wire.
    Wifi,
}

/// Where a shopper is, as far as his own device says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Place {
    /// At home.
    Home = 1,
    /// On the way.
    Commute,
    /// At work.
    Work,
    /// Somewhere else.
    Elsewhere,
}

/// A change of a device's state; what is `None` did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeviceState {
    /// Reachable.
    pub online: Option<bool>,
    /// The app is on screen.
    pub foreground: Option<bool>,
    /// Battery, 0 to 100.
    pub battery_pct: Option<u8>,
    /// On a charger.
    pub charging: Option<bool>,
    /// Kind of network.
    pub network: Option<Network>,
    /// Downlink in kbit/s.
    pub downlink_kbps: Option<u32>,
    /// Where.
    pub place: Option<Place>,
}

/// Sex as the shopper or the customer states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Sex {
    /// Female.
    Female = 1,
    /// Male.
    Male,
    /// Stated, and neither.
    Other,
}

/// Push channels, by the names of DESIGN.md §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are the vendors' own")]
pub enum Channel {
    InApp,
    WebPush,
    Webhook,
    Fcm,
    Apns,
    Huawei,
    Honor,
    Xiaomi,
    Oppo,
    Vivo,
    Meizu,
    Jpush,
    Getui,
    Wechat,
}

/// Why a message is sent, in law and in vendors' caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// Asked for by the shopper.
    Service,
    /// Promotion.
    Marketing,
}

/// Something that is known of who a shopper is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trait<'a> {
    /// Year of birth.
    BirthYear(u16),
    /// Sex.
    Sex(Sex),
    /// Region, as the customer names it.
    Region(Text<'a>),
    /// City tier, 1 to 6 as commonly used in China (1 is the largest cities).
    CityTier(u8),
    /// BCP 47 language tag.
    Language(Text<'a>),
    /// Spending power, 1 (least) to 5 (most).
    SpendingPower(u8),
    /// Consent; `channel` `None` is "every channel".
    Consent {
        /// For which channel.
        channel: Option<Channel>,
        /// For which class.
        class: Class,
        /// Given or refused.
        granted: bool,
    },
    /// Any other trait: its name and its value as JSON text. `null` takes it away.
    Custom {
        /// The name.
        name: &'a str,
        /// The value as JSON text.
        json: &'a str,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Act<'a> {
    /// Nothing that changes more than activity and counts: pages, screens, groups, unknown names. Their
    /// properties stay in the journal as JSON text (empty when there were none).
    Other {
        /// Properties as JSON text.
        raw: &'a str,
    },
    /// The customer says who the shopper is.
    Identify {
        /// What is known of him.
        traits: Vec<Trait<'a>>,
    },
    /// Two ids are one shopper: what was known of `previous` moves to the event's user.
    Alias {
        /// The former id.
        previous: &'a str,
    },
    /// A product was touched.
    Product {
        /// How.
        what: ProductAct,
        /// Which.
        product: ProductRef<'a>,
    },
    /// A category was looked through.
    Category {
        /// Which.
        category: Text<'a>,
    },
    /// A cart or an order moved.
    Order {
        /// How.
        what: OrderAct,
        /// What was paid, in hundredths; 0 when unknown.
        total_cents: u64,
        /// What was taken off, in hundredths.
        discount_cents: u64,
        /// A coupon was used.
        coupon: bool,
        /// What was in it.
        products: Vec<ProductRef<'a>>,
    },
    /// Something in a live room.
    Room {
        /// What.
        what: RoomAct,
        /// The room.
        room: Text<'a>,
        /// Its host.
        host: Text<'a>,
        /// The host's style of hosting.
        style: Text<'a>,
        /// The show.
        show: Text<'a>,
        /// Seconds spent inside, with [`RoomAct::Left`].
        dwell_s: u32,
    },
    /// The device's state changed.
    Device(DeviceState),
    /// The in-app connection of the device in the event's context opened, closed, or went on or off screen.
    Connection(Connection),
    /// The shopper signed out on the device in the event's context: it is no longer his.
    SignedOut,
    /// The app's state changed.
    App(AppAct),
    /// A push message moved on.
    Push {
        /// How.
        what: PushAct,
        /// Which.
        message: &'a str,
    },
    /// The player of a live room told of its picture.
    Player {
        /// What.
        what: PlayerAct,
        /// The room.
        room: Text<'a>,
        /// The show.
        show: Text<'a>,
        /// The push whose link led there; empty for none.
        message: &'a str,
        /// Milliseconds: from the tap to the picture, or for how long it stood still.
        ms: u32,
    },
}

/// Reads one of the field-less enums above from its number.
macro_rules! numbered {
    ($($name:ident { $($variant:ident),+ $(,)? })+) => {$(
        impl $name {
            /// All, in order.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// From its number; `None` for a number that is none of ours.
            pub fn from_number(number: u8) -> Option<Self> {
                $name::ALL.iter().copied().find(|it| *it as u8 == number)
            }

            /// The word for it on the wire and in the console.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => stringify!($variant)),+ }
            }
        }
    )+};
}

numbered! {
    ProductAct { Clicked, Viewed, Added, Removed, Wished, Unwished }
    OrderAct { CartViewed, CheckoutStarted, Completed, Refunded, Cancelled }
    RoomAct { Entered, Left, Liked, Commented, Shared, Followed, Unfollowed, ReminderBooked, ReminderCancelled }
    PushAct { Received, Tapped, Dismissed }
    PlayerAct { Started, Stalled }
    AppAct { Installed, Opened, Backgrounded, Uninstalled }
    Network { Offline, Slow, Cellular, Fast, Fastest, Wifi }
    Place { Home, Commute, Work, Elsewhere }
    Permission { Granted, Denied, Default }
    Connection { Closed, Background, Foreground }
    Sex { Female, Male, Other }
    Channel { InApp, WebPush, Webhook, Fcm, Apns, Huawei, Honor, Xiaomi, Oppo, Vivo, Meizu, Jpush, Getui, Wechat }
    Class { Service, Marketing }
}
