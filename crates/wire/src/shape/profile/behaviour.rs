//! What a shopper does: what he touched, how far he went towards buying, and when he is there.

use super::interests::Interests;
use super::{Lens, instant, money, rounded};
use beckon_core::id::Term;
use beckon_core::profile::purchase::Tallies;
use beckon_core::profile::{History, Hot, rhythm as core};
use serde::{Deserialize, Serialize};

/// What he does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Behaviour {
    /// What he cares for.
    pub interests: Interests,
    /// What he touched last.
    pub recent: Recent,
    /// Hosts he follows, latest first.
    pub followed_hosts: Vec<Since>,
    /// Shows (or rooms, where no show was named) he wants to be reminded of, latest first.
    pub reminders: Vec<Since>,
    /// What he did in rooms and with pushes.
    pub engagement: Engagement,
    /// How far he went towards buying.
    pub funnel: Funnel,
    /// What he paid.
    pub money: Money,
    /// How much a reduction moves him; absent before his first order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_sensitivity: Option<PriceSensitivity>,
    /// When he is active.
    pub rhythm: Rhythm,
}

/// What he touched last, latest first in each list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recent {
    /// Looked at.
    pub viewed: Vec<Touched>,
    /// In the cart now.
    pub in_cart: Vec<InCart>,
    /// On the wish list now.
    pub wished: Vec<Touched>,
    /// Bought.
    pub bought: Vec<Touched>,
}

/// A product that was touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Touched {
    /// Which.
    pub product_id: String,
    /// When it last was.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub at: String,
}

/// A product in the cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InCart {
    /// Which.
    pub product_id: String,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How many, as the latest event of this product says.
    pub quantity: u32,
    /// When it was put in.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub at: String,
}

/// Something that is on since a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Since {
    /// What.
    pub id: String,
    /// Since when.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub since: String,
}

/// What he did in rooms and with pushes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each is the count its name says")]
pub struct Engagement {
    pub rooms_entered: u32,
    /// Seconds in rooms, as far as leaving them was told.
    pub dwell_seconds: u32,
    /// When he last entered a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub last_room_entered: Option<String>,
    pub likes: u32,
    pub comments: u32,
    pub shares: u32,
    pub pushes_received: u32,
    pub pushes_tapped: u32,
    pub pushes_dismissed: u32,
}

/// How far he went towards buying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each is the count or the time its name says")]
pub struct Funnel {
    /// Where his latest act puts him: `none`, `viewing`, `carting`, `checking_out` or `purchased`.
    pub stage: String,
    pub views: u32,
    pub carts: u32,
    pub removals: u32,
    pub wishes: u32,
    pub checkouts: u32,
    pub purchases: u32,
    pub refunds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub last_view: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub last_cart: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub last_checkout: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub last_purchase: Option<String>,
}

/// What he paid, in whole units of the shop's currency. Orders sent back stay counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MoneySpent))]
pub struct Money {
    /// Paid in all.
    pub spent: f64,
    /// Taken off in all.
    pub discount: f64,
    /// Orders.
    pub purchases: u32,
    /// Paid per order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_order: Option<f64>,
    /// Whole days since the latest order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_since_purchase: Option<u32>,
}

/// How much a reduction moves him.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceSensitivity {
    /// 0 (buys at list price) to 1 (buys only reduced), drawn towards one half as by two orders.
    pub value: f64,
    /// What that rests on.
    pub evidence: Orders,
}

/// Orders, and how many of them were reduced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Orders {
    /// All.
    pub orders: u32,
    /// Those with a coupon, a discount or a product below its list price.
    pub reduced_orders: u32,
}

/// When he is active: active hours by hour of his own day, halving every 21 days, as of the week of his
/// latest activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rhythm {
    /// Monday to Friday, from the hour after midnight on: 24 numbers.
    pub weekday: Vec<f64>,
    /// Saturday and Sunday, likewise.
    pub weekend: Vec<f64>,
    /// The hour (0 to 23) of a weekday in which he is active most; the earliest of equals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_weekday: Option<u8>,
    /// The same of Saturday and Sunday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_weekend: Option<u8>,
    /// Active hours in all.
    pub total: f64,
}

impl Behaviour {
    pub(super) fn of(hot: &Hot, history: &History, lens: Lens<'_>) -> Self {
        let tallies = &history.tallies;
        let since = |(term, at)| Since { id: lens.name(term), since: instant::rfc3339(at) };
        Behaviour {
            interests: Interests::of(hot, history, lens),
            recent: Recent::of(history, lens),
            followed_hosts: history.followed.on().map(since).collect(),
            reminders: history.reminders.on().map(since).collect(),
            engagement: Engagement::of(tallies),
            funnel: Funnel::of(tallies),
            money: Money::of(tallies, lens),
            price_sensitivity: tallies.price_sensitivity().map(|value| PriceSensitivity {
                value: rounded(value),
                evidence: Orders {
                    orders: tallies.purchases.into(),
                    reduced_orders: tallies.reduced_purchases.into(),
                },
            }),
            rhythm: Rhythm::of(&history.rhythm),
        }
    }
}

impl Recent {
    fn of(history: &History, lens: Lens<'_>) -> Self {
        let touched = |(term, at)| Touched { product_id: lens.name(term), at: instant::rfc3339(at) };
        let in_cart = history.cart.lines().map(|line| InCart {
            product_id: lens.name(Term(line.product)),
            category: lens.named(line.category),
            quantity: line.quantity,
            at: instant::rfc3339(line.at),
        });
        Recent {
            viewed: history.viewed.iter().map(touched).collect(),
            in_cart: in_cart.collect(),
            wished: history.wished.on().map(touched).collect(),
            bought: history.bought.iter().map(touched).collect(),
        }
    }
}

impl Engagement {
    fn of(tallies: &Tallies) -> Self {
        Engagement {
            rooms_entered: tallies.rooms.into(),
            dwell_seconds: tallies.dwell_s,
            last_room_entered: instant::told(tallies.last_room),
            likes: tallies.likes.into(),
            comments: tallies.comments.into(),
            shares: tallies.shares.into(),
            pushes_received: tallies.pushes_received.into(),
            pushes_tapped: tallies.pushes_tapped.into(),
            pushes_dismissed: tallies.pushes_dismissed.into(),
        }
    }
}

impl Funnel {
    fn of(tallies: &Tallies) -> Self {
        Funnel {
            stage: tallies.funnel().word().into(),
            views: tallies.views,
            carts: tallies.carts.into(),
            removals: tallies.removals.into(),
            wishes: tallies.wishes.into(),
            checkouts: tallies.checkouts.into(),
            purchases: tallies.purchases.into(),
            refunds: tallies.refunds.into(),
            last_view: instant::told(tallies.last_view),
            last_cart: instant::told(tallies.last_cart),
            last_checkout: instant::told(tallies.last_checkout),
            last_purchase: instant::told(tallies.last_purchase),
        }
    }
}

impl Money {
    fn of(tallies: &Tallies, lens: Lens<'_>) -> Self {
        let orders = u64::from(tallies.purchases);
        let last = tallies.last_purchase;
        Money {
            spent: money(tallies.spent_cents),
            discount: money(tallies.discount_cents),
            purchases: tallies.purchases.into(),
            average_order: tallies.spent_cents.checked_div(orders).map(money),
            days_since_purchase: (last != 0).then(|| lens.age(last) / 86_400),
        }
    }
}

impl Rhythm {
    fn of(rhythm: &core::Rhythm) -> Self {
        let hours = |bins: std::ops::Range<usize>| bins.map(|bin| rounded(rhythm.hours(bin))).collect();
        Rhythm {
            weekday: hours(0..core::BINS / 2),
            weekend: hours(core::BINS / 2..core::BINS),
            peak_weekday: rhythm.peak(false),
            peak_weekend: rhythm.peak(true),
            total: rounded(rhythm.total()),
        }
    }
}
