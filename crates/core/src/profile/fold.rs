//! Folding one event into a shopper's columns.
//!
//! One function an act. Times are event times: receipt plays no part here, so that late events give the
//! profile that punctual ones would have given.

use super::{HistoryView, HotView, day_of, price_band};
use crate::decay::{INTEREST_HALF_LIFE_S, Level};
use crate::event::{
    Act, AppAct, Connection, DeviceState, Event, OrderAct, ProductAct, ProductRef, PushAct, RoomAct, Text,
};
use crate::id::Term;
use crate::select::vector::{self, DIMENSIONS};

/// How much each act says about what a shopper cares for, a look at a product being 1.
pub mod weight {
    #![expect(missing_docs, reason = "each is the weight of the act its name says")]
    pub const LISTED: f64 = 0.5;
    pub const CLICKED: f64 = 0.5;
    pub const VIEWED: f64 = 1.0;
    pub const WISHED: f64 = 2.0;
    pub const ADDED: f64 = 3.0;
    pub const BOUGHT: f64 = 5.0;
    pub const ENTERED: f64 = 1.0;
    pub const LIKED: f64 = 1.0;
    pub const COMMENTED: f64 = 2.0;
    pub const SHARED: f64 = 3.0;
    pub const FOLLOWED: f64 = 5.0;
    pub const BOOKED: f64 = 3.0;
    /// A minute in the room.
    pub const DWELL_MINUTE: f64 = 0.2;
    /// The most that one stay counts for.
    pub const DWELL_MAX: f64 = 6.0;
}

/// Folds an event into the columns. `default_offset_min` is the clock of a shopper whose zone is unknown.
pub fn fold(
    event: &Event<'_>,
    hot: &mut HotView<'_>,
    history: &mut HistoryView<'_>,
    default_offset_min: i16,
) {
    let at = event.at.secs();
    if let Some(zone) = event.context.zone
        && at >= history.clock.at
    {
        *history.clock = super::Clock {
            zone: zone.name.term.0,
            at,
            until: zone.until,
            offset_min: zone.offset_min,
            next_offset_min: zone.next_offset_min,
        };
    }
    let offset_min = match event.context.zone {
        Some(zone) => zone.offset_min,
        None => history.clock.offset_min(at, default_offset_min),
    };
    let activity = &mut *hot.activity;
    activity.events = activity.events.saturating_add(1);
    if !is_passive(&event.act) {
        activity.first = if activity.first == 0 { at } else { activity.first.min(at) };
        activity.last = activity.last.max(at);
        history.rhythm.active(at, offset_min);
        history.pulse.active(at);
    }
    if event.context.network.is_some() {
        hot.live.change(&DeviceState { network: event.context.network, ..DeviceState::default() }, at);
    }
    let mut fold = Fold { at, day: day_of(at, offset_min), hot, history };
    match &event.act {
        Act::Other { .. } | Act::Identify { .. } | Act::Alias { .. } | Act::Player { .. } => {}
        Act::Product { what, product } => fold.product(*what, product),
        Act::Category { category } => {
            fold.interest(|hot| hot.categories, *category, weight::LISTED);
            let mut vector = [0.0; DIMENSIONS];
            vector::add(&mut vector, category.term, vector::weight::CATEGORY);
            if category.is_some() {
                fold.hot.taste.touch(&vector, weight::LISTED, at);
            }
            fold.history.days.add(category.term, fold.day, 1);
        }
        Act::Order { what, total_cents, discount_cents, coupon, products } => {
            fold.order(*what, *total_cents, *discount_cents, *coupon, products);
        }
        Act::Room { what, room, host, style, show, dwell_s } => {
            fold.room(*what, room.term, [*host, *style], show.term, *dwell_s);
        }
        Act::Device(state) => fold.hot.live.change(state, at),
        Act::Connection(it) => fold.hot.live.change(&connected(*it), at),
        Act::SignedOut => {}
        Act::App(what) => fold.app(*what),
        Act::Push { what, .. } => fold.push(*what),
    }
}

/// Whether the event says nothing about the shopper being there: it came from a server or a device.
fn is_passive(act: &Act<'_>) -> bool {
    matches!(
        act,
        Act::Identify { .. }
            | Act::Alias { .. }
            | Act::Device(_)
            | Act::Connection(_)
            | Act::SignedOut
            | Act::App(AppAct::Uninstalled)
            | Act::Push { what: PushAct::Received, .. }
            | Act::Player { .. }
            | Act::Order { what: OrderAct::Refunded | OrderAct::Cancelled, .. }
    )
}

/// What an in-app connection says of the shopper: with one he is online, and the app is on screen or not. That it
/// closed says nothing of his network.
fn connected(connection: Connection) -> DeviceState {
    DeviceState {
        online: (connection != Connection::Closed).then_some(true),
        foreground: Some(connection == Connection::Foreground),
        ..DeviceState::default()
    }
}

fn is_reduced(product: &ProductRef<'_>) -> bool {
    product.price_cents != 0 && product.price_cents < product.list_price_cents
}

struct Fold<'f, 'p, 'h> {
    at: u32,
    day: u32,
    hot: &'f mut HotView<'p>,
    history: &'f mut HistoryView<'h>,
}

macro_rules! count {
    ($field:expr) => {
        $field = $field.saturating_add(1)
    };
}

impl Fold<'_, '_, '_> {
    fn interest<const N: usize>(
        &mut self,
        list: for<'a, 'p> fn(&'a mut HotView<'p>) -> &'a mut super::Ranked<N>,
        name: Text<'_>,
        weight: f64,
    ) {
        if name.is_some() {
            let level = self.level(weight);
            list(self.hot).add(name.term, level);
        }
    }

    fn level(&self, weight: f64) -> Level {
        Level::of(weight, self.at, INTEREST_HALF_LIFE_S)
    }

    fn touch_product(&mut self, product: &ProductRef<'_>, weight: f64) {
        let mut vector = [0.0; DIMENSIONS];
        vector::add(&mut vector, product.id.term, vector::weight::PRODUCT);
        vector::add(&mut vector, product.category.term, vector::weight::CATEGORY);
        vector::add(&mut vector, product.brand.term, vector::weight::BRAND);
        vector::add(&mut vector, product.host.term, vector::weight::HOST);
        product.tags.iter().for_each(|it| vector::add(&mut vector, it.term, vector::weight::TAG));
        self.hot.taste.touch(&vector, weight, self.at);
        self.hot.lately.touch(product.id.term, self.at);
        self.interest(|hot| hot.categories, product.category, weight);
        self.interest(|hot| hot.brands, product.brand, weight);
        self.interest(|hot| hot.hosts, product.host, weight);
        for tag in &product.tags {
            if tag.is_some() {
                let level = self.level(weight);
                self.history.tags.add(tag.term, level);
            }
        }
        let band = price_band(product.price_cents);
        if band != 0 {
            let level = self.level(weight);
            self.history.price_bands.add(Term(band), level);
        }
        self.history.days.add(product.category.term, self.day, 1);
    }

    fn product(&mut self, what: ProductAct, product: &ProductRef<'_>) {
        let (at, id) = (self.at, product.id.term);
        let tallies = &mut *self.history.tallies;
        match what {
            ProductAct::Clicked => self.touch_product(product, weight::CLICKED),
            ProductAct::Viewed => {
                count!(tallies.views);
                tallies.last_view = tallies.last_view.max(at);
                self.history.viewed.touch(id, at);
                self.touch_product(product, weight::VIEWED);
            }
            ProductAct::Added => {
                count!(tallies.carts);
                tallies.last_cart = tallies.last_cart.max(at);
                self.history.cart.set(product, product.quantity.max(1), at);
                self.touch_product(product, weight::ADDED);
            }
            ProductAct::Removed => {
                count!(tallies.removals);
                self.history.cart.set(product, 0, at);
            }
            ProductAct::Wished => {
                count!(tallies.wishes);
                self.history.wished.set(id, at, true);
                self.touch_product(product, weight::WISHED);
            }
            ProductAct::Unwished => self.history.wished.set(id, at, false),
        }
    }

    fn order(
        &mut self,
        what: OrderAct,
        total: u64,
        discount: u64,
        coupon: bool,
        products: &[ProductRef<'_>],
    ) {
        let at = self.at;
        let tallies = &mut *self.history.tallies;
        match what {
            OrderAct::CartViewed => {}
            OrderAct::CheckoutStarted => {
                count!(tallies.checkouts);
                tallies.last_checkout = tallies.last_checkout.max(at);
            }
            OrderAct::Completed => {
                count!(tallies.purchases);
                tallies.last_purchase = tallies.last_purchase.max(at);
                tallies.spent_cents = tallies.spent_cents.saturating_add(total);
                tallies.discount_cents = tallies.discount_cents.saturating_add(discount);
                let listed_lower = products.iter().any(is_reduced);
                if coupon || discount > 0 || listed_lower {
                    count!(tallies.reduced_purchases);
                }
                if products.is_empty() {
                    self.history.cart.empty(at);
                }
                for product in products {
                    self.history.bought.touch(product.id.term, at);
                    self.history.cart.set(product, 0, at);
                    self.touch_product(product, weight::BOUGHT);
                }
            }
            OrderAct::Refunded => count!(tallies.refunds),
            OrderAct::Cancelled => {}
        }
    }

    fn room(&mut self, what: RoomAct, room: Term, [host, style]: [Text<'_>; 2], show: Term, dwell_s: u32) {
        let at = self.at;
        let tallies = &mut *self.history.tallies;
        let weight = match what {
            RoomAct::Entered => {
                count!(tallies.rooms);
                tallies.last_room = tallies.last_room.max(at);
                self.hot.live.enter(Some(room), at);
                weight::ENTERED
            }
            RoomAct::Left => {
                tallies.dwell_s = tallies.dwell_s.saturating_add(dwell_s);
                self.hot.live.enter(None, at);
                (f64::from(dwell_s) / 60.0 * weight::DWELL_MINUTE).min(weight::DWELL_MAX)
            }
            RoomAct::Liked => {
                count!(tallies.likes);
                weight::LIKED
            }
            RoomAct::Commented => {
                count!(tallies.comments);
                weight::COMMENTED
            }
            RoomAct::Shared => {
                count!(tallies.shares);
                weight::SHARED
            }
            RoomAct::Followed | RoomAct::Unfollowed => {
                let on = what == RoomAct::Followed;
                self.history.followed.set(host.term, at, on);
                if on { weight::FOLLOWED } else { 0.0 }
            }
            RoomAct::ReminderBooked | RoomAct::ReminderCancelled => {
                let on = what == RoomAct::ReminderBooked;
                self.history.reminders.set(if show == Term::NONE { room } else { show }, at, on);
                if on { weight::BOOKED } else { 0.0 }
            }
        };
        if weight > 0.0 {
            let mut vector = [0.0; DIMENSIONS];
            vector::add(&mut vector, host.term, vector::weight::HOST);
            vector::add(&mut vector, style.term, vector::weight::STYLE);
            if host.is_some() || style.is_some() {
                self.hot.taste.touch(&vector, weight, at);
            }
            self.interest(|hot| hot.hosts, host, weight);
            self.interest(|hot| hot.styles, style, weight);
        }
    }

    fn app(&mut self, what: AppAct) {
        let foreground = matches!(what, AppAct::Opened);
        if what != AppAct::Installed {
            let state = DeviceState { foreground: Some(foreground), ..DeviceState::default() };
            self.hot.live.change(&state, self.at);
        }
    }

    fn push(&mut self, what: PushAct) {
        let tallies = &mut *self.history.tallies;
        match what {
            PushAct::Received => count!(tallies.pushes_received),
            PushAct::Tapped => count!(tallies.pushes_tapped),
            PushAct::Dismissed => count!(tallies.pushes_dismissed),
        }
    }
}
