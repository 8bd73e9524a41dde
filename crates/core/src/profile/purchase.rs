//! The way to a purchase: the cart, the counts along the funnel, money, and hesitation.
//!
//! A product's place in the cart is what its latest event says; an order without a list of products
//! empties the cart as of its time. Both hold in any order of arrival. Amounts are sums and counts.

use super::lists::{Days, Week};
use crate::event::ProductRef;
use crate::id::Term;
use bytemuck::{Pod, Zeroable};

/// Products whose cart state is remembered.
pub const CART_ROWS: usize = 4;

/// A product's latest cart event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Pod, Zeroable)]
#[repr(C)]
pub struct CartLine {
    /// When (Unix seconds); 0 is an empty place.
    pub at: u32,
    /// Which product.
    pub product: u32,
    /// Its category.
    pub category: u32,
    /// How many are in the cart; 0 when it was taken out or bought.
    pub quantity: u32,
}

/// The cart: the products with the latest cart events, latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Cart {
    lines: [CartLine; CART_ROWS],
    /// The latest time at which the whole cart was bought.
    emptied_at: u32,
}

impl Cart {
    /// The product was put in (`quantity` > 0) or is no longer in (0), as of `at`.
    pub fn set(&mut self, product: &ProductRef<'_>, quantity: u32, at: u32) {
        self.put(CartLine { at, product: product.id.term.0, category: product.category.term.0, quantity });
    }

    /// Everything in the cart was bought at `at`.
    pub fn empty(&mut self, at: u32) {
        self.emptied_at = self.emptied_at.max(at);
    }

    /// What is in the cart, latest first.
    pub fn lines(&self) -> impl Iterator<Item = &CartLine> {
        self.lines.iter().filter(|it| it.at > self.emptied_at && it.quantity > 0)
    }

    /// Takes over what is newer in another's cart.
    pub fn merge(&mut self, other: &Cart) {
        other.lines.iter().filter(|it| it.at != 0).for_each(|it| self.put(*it));
        self.empty(other.emptied_at);
    }

    fn put(&mut self, mut new: CartLine) {
        if new.product == 0 {
            return;
        }
        let place = match self.lines.iter().position(|it| it.at != 0 && it.product == new.product) {
            Some(place) => {
                let old = self.lines[place];
                if old.at > new.at {
                    if old.category == 0 {
                        self.lines[place].category = new.category;
                    }
                    return;
                }
                if new.category == 0 {
                    new.category = old.category;
                }
                place
            }
            None if self.lines[CART_ROWS - 1] >= new => return,
            None => CART_ROWS - 1,
        };
        self.lines[place] = new;
        self.lines[..=place].sort_unstable_by(|a, b| b.cmp(a));
    }
}

/// How often, how long, how much. Counts stop at their type's maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
#[expect(missing_docs, reason = "each is the count its name says")]
pub struct Tallies {
    pub spent_cents: u64,
    pub discount_cents: u64,
    pub views: u32,
    pub dwell_s: u32,
    pub last_view: u32,
    pub last_cart: u32,
    pub last_checkout: u32,
    pub last_purchase: u32,
    pub last_room: u32,
    pub carts: u16,
    pub removals: u16,
    pub wishes: u16,
    pub checkouts: u16,
    pub purchases: u16,
    pub refunds: u16,
    pub rooms: u16,
    pub likes: u16,
    pub comments: u16,
    pub shares: u16,
    pub pushes_received: u16,
    pub pushes_tapped: u16,
    pub pushes_dismissed: u16,
    /// Orders paid with a coupon or a discount.
    pub reduced_purchases: u16,
}

const _: () = assert!(size_of::<Tallies>() == 72, "no padding: Pod");

impl Tallies {
    /// Adds another's counts.
    pub fn merge(&mut self, other: &Tallies) {
        macro_rules! add { ($($field:ident)+) => { $(self.$field = self.$field.saturating_add(other.$field);)+ } }
        macro_rules! latest { ($($field:ident)+) => { $(self.$field = self.$field.max(other.$field);)+ } }
        add!(spent_cents discount_cents views dwell_s carts removals wishes checkouts purchases refunds
             rooms likes comments shares pushes_received pushes_tapped pushes_dismissed reduced_purchases);
        latest!(last_view last_cart last_checkout last_purchase last_room);
    }

    /// 0 (buys at list price) to 1 (buys only reduced), shrunk towards one half by two orders; `None`
    /// before the first order.
    pub fn price_sensitivity(&self) -> Option<f64> {
        let orders = f64::from(self.purchases);
        (orders > 0.0).then(|| (f64::from(self.reduced_purchases).min(orders) + 1.0) / (orders + 2.0))
    }

    /// How far along the way to a purchase the shopper is, by his latest act.
    pub fn funnel(&self) -> Funnel {
        let steps = [
            (self.last_purchase, Funnel::Purchased),
            (self.last_checkout, Funnel::CheckingOut),
            (self.last_cart, Funnel::Carting),
            (self.last_view, Funnel::Viewing),
        ];
        // Of equal times the further step: it came last.
        let mut latest = (0, Funnel::None);
        for step in steps.into_iter().filter(|(at, _)| *at != 0) {
            if step.0 > latest.0 {
                latest = step;
            }
        }
        latest.1
    }
}

/// Where a shopper stands on the way to a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funnel {
    /// No product was touched yet.
    None,
    /// Looking.
    Viewing,
    /// Something was put into the cart.
    Carting,
    /// Began to pay.
    CheckingOut,
    /// Paid.
    Purchased,
}

impl Funnel {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Funnel::None => "none",
            Funnel::Viewing => "viewing",
            Funnel::Carting => "carting",
            Funnel::CheckingOut => "checking_out",
            Funnel::Purchased => "purchased",
        }
    }
}

/// A cart that waits: put in, looked at again and again, not paid for (DESIGN.md §4, windows).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hesitation {
    /// The product in the cart.
    pub product: Term,
    /// Its category.
    pub category: Term,
    /// Since when it lies there (Unix seconds).
    pub since: u32,
    /// Touches of the category in the seven days up to now.
    pub category_touches: u32,
    /// On how many of those days.
    pub category_days: u32,
}

/// A cart younger than this is not hesitation but shopping.
pub const HESITATION_MIN_S: u32 = 15 * 60;
/// A cart older than this is forgotten rather than waiting.
pub const HESITATION_MAX_S: u32 = 7 * 86_400;
/// Touches of the category within a week that make it more than one look.
pub const HESITATION_TOUCHES_MIN: u32 = 3;

/// The cart's strongest hesitation at `now` (Unix seconds), with its evidence.
pub fn hesitation<const N: usize>(
    cart: &Cart,
    tallies: &Tallies,
    days: &Days<N>,
    now: u32,
    offset_min: i16,
) -> Option<Hesitation> {
    let today = super::day_of(now, offset_min);
    let in_cart = cart.lines().filter(|line| {
        let age = now.saturating_sub(line.at);
        (HESITATION_MIN_S..HESITATION_MAX_S).contains(&age) && tallies.last_purchase < line.at
    });
    in_cart
        .map(|line| {
            let week = days.get(Term(line.category)).copied().unwrap_or(Week::default());
            Hesitation {
                product: Term(line.product),
                category: Term(line.category),
                since: line.at,
                category_touches: week.in_week_of(today),
                category_days: week.days_in_week_of(today),
            }
        })
        .filter(|it| it.category_touches >= HESITATION_TOUCHES_MIN)
        .max_by_key(|it| (it.category_touches, it.since, it.product))
}
