//! What follows from a profile, each fact with what it rests on. These are for people to read: what
//! decides about a push asks the columns.

use super::{Lens, instant};
use beckon_core::event::Network;
use beckon_core::id::Term;
use beckon_core::profile::live::{Live, STALE_AFTER};
use beckon_core::profile::purchase::{
    CartLine, HESITATION_MAX_S, HESITATION_MIN_S, HESITATION_TOUCHES_MIN, Hesitation, hesitation,
};
use beckon_core::profile::{Activity, History, Hot};
use serde::{Deserialize, Serialize};

/// A shopper is new for this long after his first activity, unless he buys.
const NEW_MAX_S: u32 = 7 * 86_400;

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Derived {
    /// Whether a cart waits: put in, looked at again and again, not paid for.
    pub cart_hesitation: CartHesitation,
    /// Whether what is said now would be seen now: the latest sign of him that is not stale says so.
    pub reachable_now: Fact<bool>,
    /// Whether he came within the last seven days and has not bought yet.
    pub new_shopper: Fact<bool>,
    /// Whole days since he was last active; absent if he never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dormant_days: Option<Fact<u32>>,
}

/// A value and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fact<T> {
    /// The value.
    pub value: T,
    /// What it rests on, in words.
    pub because: String,
}

/// Whether a cart waits. The other fields are about the product that waits, if one does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CartHesitation {
    /// Whether it does.
    pub active: bool,
    /// Why, or why not, in words.
    pub because: String,
    /// The product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// When it was put into the cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub since: Option<String>,
    /// What that rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<HesitationEvidence>,
}

/// What a cart hesitation rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HesitationEvidence {
    /// Touches of the product's category in the last seven of his days.
    pub category_touches_7d: u32,
    /// On how many of those days.
    pub days: u32,
    /// His last payment, which was before that; if he never paid, when the product was put in.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub no_payment_since: String,
}

impl Derived {
    pub(super) fn of(hot: &Hot, history: &History, lens: Lens<'_>) -> Self {
        Derived {
            cart_hesitation: CartHesitation::of(history, lens),
            reachable_now: reachable_now(&hot.live, &hot.activity, lens),
            new_shopper: new_shopper(&hot.activity, history.tallies.purchases, lens),
            dormant_days: dormant_days(&hot.activity, lens),
        }
    }
}

impl CartHesitation {
    fn of(history: &History, lens: Lens<'_>) -> Self {
        let offset_min = history.clock.offset_min(lens.now, lens.default_offset_min);
        let found = hesitation(&history.cart, &history.tallies, &history.days, lens.now, offset_min);
        match found {
            Some(found) => Self::active(found, history.tallies.last_purchase, lens),
            None => Self::inactive(history.cart.lines().next(), history.tallies.last_purchase, lens),
        }
    }

    fn active(found: Hesitation, last_purchase: u32, lens: Lens<'_>) -> Self {
        let Hesitation { product, category, since, category_touches, category_days } = found;
        let (product, category) = (lens.name(product), lens.name(category));
        let no_payment_since = if last_purchase == 0 { since } else { last_purchase };
        let in_cart = instant::span(lens.age(since));
        CartHesitation {
            active: true,
            because: format!(
                "{product} has been in the cart for {in_cart}, its category {category} was touched \
                 {category_touches} times on {category_days} of the last 7 days, and nothing was paid since"
            ),
            product_id: Some(product),
            category: Some(category),
            since: Some(instant::rfc3339(since)),
            evidence: Some(HesitationEvidence {
                category_touches_7d: category_touches,
                days: category_days,
                no_payment_since: instant::rfc3339(no_payment_since),
            }),
        }
    }

    /// `latest` is what was put into the cart last.
    fn inactive(latest: Option<&CartLine>, last_purchase: u32, lens: Lens<'_>) -> Self {
        let because = match latest {
            None => "the cart is empty".to_owned(),
            Some(line) => {
                let product = lens.name(Term(line.product));
                let age = lens.age(line.at);
                if last_purchase >= line.at {
                    format!("something was paid since {product} was put into the cart")
                } else if age < HESITATION_MIN_S {
                    format!(
                        "{product} has been in the cart for less than {}",
                        instant::span(HESITATION_MIN_S)
                    )
                } else if age >= HESITATION_MAX_S {
                    format!("{product} has been in the cart for {}: forgotten", instant::span(age))
                } else {
                    format!(
                        "the category of {product} was touched fewer than {HESITATION_TOUCHES_MIN} times \
                         in the last 7 days"
                    )
                }
            }
        };
        CartHesitation {
            active: false,
            because,
            product_id: None,
            category: None,
            since: None,
            evidence: None,
        }
    }
}

/// The latest sign of the shopper decides, if it is not stale. Of equal times, what says no does.
fn reachable_now(live: &Live, activity: &Activity, lens: Lens<'_>) -> Fact<bool> {
    let fresh = |at: u32, bound: u32| at != 0 && lens.age(at) <= bound;
    let presence = |at: u32| fresh(at, STALE_AFTER.presence_s);
    let network = live.network().filter(|it| it.value == Network::Offline);
    let signs = [
        presence(activity.last).then_some((activity.last, true, "was active")),
        live.room().filter(|it| it.value.is_some()).map(|it| (it.at, true, "entered a room")),
        live.foreground().filter(|it| it.value).map(|it| (it.at, true, "the app was on screen")),
        live.online().filter(|it| it.value).map(|it| (it.at, true, "the device was online")),
        live.online().filter(|it| !it.value).map(|it| (it.at, false, "the device was offline")),
        network.map(|it| (it.at, false, "the device had no network")),
    ];
    let signs = signs.into_iter().flatten();
    let ago = |at: u32| format!("{} ago", instant::span(lens.age(at)));
    // `max_by_key` gives the last of equals.
    match signs.clone().filter(|(at, ..)| presence(*at)).max_by_key(|(at, ..)| *at) {
        Some((at, value, sign)) => Fact { value, because: format!("{sign} {}", ago(at)) },
        None => {
            let because = match signs.map(|(at, ..)| at).chain([activity.last]).max() {
                None | Some(0) => "nothing was ever heard of his device".to_owned(),
                Some(at) => format!("the last sign of him came {}: stale", ago(at)),
            };
            Fact { value: false, because }
        }
    }
}

fn new_shopper(activity: &Activity, purchases: u16, lens: Lens<'_>) -> Fact<bool> {
    let recent = activity.first == 0 || lens.age(activity.first) < NEW_MAX_S;
    let first = match activity.first {
        0 => "not active yet".to_owned(),
        first => format!("first active {} ago", instant::span(lens.age(first))),
    };
    let bought = match purchases {
        0 => "has not bought yet".to_owned(),
        1 => "has bought once".to_owned(),
        times => format!("has bought {times} times"),
    };
    Fact { value: recent && purchases == 0, because: format!("{first}, {bought}") }
}

fn dormant_days(activity: &Activity, lens: Lens<'_>) -> Option<Fact<u32>> {
    let last = activity.last;
    (last != 0).then(|| Fact {
        value: lens.age(last) / 86_400,
        because: format!("last active at {}", instant::rfc3339(last)),
    })
}
