//! What is known of one shopper: attributes, behaviour, live state.
//!
//! The parts that decisions scan are hot columns ([`Hot`]); the longer memory that explains them and
//! that only a shopper's own event touches are history columns ([`History`]); ids, devices and free
//! traits are cold ([`cold`]). Every part says for itself how it keeps its value whatever the order of
//! events; where it cannot, it says that too.

pub mod called;
pub mod cold;
pub mod columns;
pub mod device;
mod fold;
pub mod lists;
pub mod live;
pub mod pulse;
pub mod purchase;
pub mod rhythm;

use crate::decide::fatigue::Weariness;
use crate::select::taste::Taste;
use bytemuck::{Pod, Zeroable};
use columns::columns;
pub use fold::{fold, weight};
use lists::{Days, Ranked, Recent, Toggles};
use live::Live;
use pulse::Pulse;
use purchase::{Cart, Tallies};
use rhythm::Rhythm;

/// Attributes that decisions test. 0 is "unknown" throughout; when each was set is kept cold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Attributes {
    /// Region, as a term.
    pub region: u32,
    /// Language tag, as a term.
    pub language: u32,
    /// Bit `2 · channel + class`: consent was given.
    pub consent_given: u32,
    /// Bit `2 · channel + class`: consent was refused.
    pub consent_refused: u32,
    /// Year of birth.
    pub birth_year: u16,
    /// [`crate::event::Sex`] as its number.
    pub sex: u8,
    /// 1 (largest cities) to 6.
    pub city_tier: u8,
    /// 1 to 5.
    pub spending_power: u8,
    /// The language's primary subtag in lower case, e.g. `zh`, filled up with zeros ([`primary_language`]).
    pub primary_language: [u8; 3],
}

/// The first three letters of a BCP 47 tag's primary subtag, in lower case: templates are written for it.
pub fn primary_language(tag: &str) -> [u8; 3] {
    let primary = tag.split(['-', '_']).next().unwrap_or("").bytes();
    let mut letters = [0; 3];
    for (place, letter) in letters.iter_mut().zip(primary) {
        *place = letter.to_ascii_lowercase();
    }
    letters
}

/// Since when the shopper is known, when he was last active, and in how many events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Activity {
    /// Time of the earliest event (Unix seconds).
    pub first: u32,
    /// Time of the latest event.
    pub last: u32,
    /// Events folded.
    pub events: u32,
}

/// The shopper's clock, as the edge last resolved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Clock {
    /// The zone's name, as a term; 0 when none is known.
    pub zone: u32,
    /// When it was told (Unix seconds).
    pub at: u32,
    /// Until when `offset_min` holds.
    pub until: u32,
    /// Minutes east of UTC until then.
    pub offset_min: i16,
    /// Minutes east of UTC after that.
    pub next_offset_min: i16,
}

impl Clock {
    /// Minutes east of UTC at `at`; `default` while no zone is known.
    pub fn offset_min(&self, at: u32, default: i16) -> i16 {
        match (self.zone, at < self.until) {
            (0, _) => default,
            (_, true) => self.offset_min,
            (_, false) => self.next_offset_min,
        }
    }
}

/// How a shopper was called in so far.
#[derive(Debug, Clone, Copy, PartialEq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Calls {
    /// When he was last pushed (Unix seconds); 0 never.
    pub last: u32,
    /// What past pushes did to his patience.
    pub weariness: Weariness,
    /// Room for what comes.
    pub spare: u32,
}

columns! {
    /// The columns that a decision reads first, and that the match's rows follow from ([`crate::select::row`]).
    Hot, HotPage, HotView, HotRef {
        /// Attributes.
        attributes: Attributes = 1,
        /// Activity in all.
        activity: Activity = 1,
        /// Pushes to him.
        calls: Calls = 1,
        /// What he leans to.
        taste: Taste = 2,
        /// Categories cared for.
        categories: Ranked<8> = 1,
        /// Hosts cared for.
        hosts: Ranked<4> = 1,
        /// Brands cared for.
        brands: Ranked<4> = 1,
        /// Styles of hosting cared for.
        styles: Ranked<2> = 1,
        /// Live state.
        live: Live = 1,
        /// The products he touched last.
        lately: Recent<3> = 1,
    }
}

columns! {
    /// The columns that a shopper's own events move and that explain what was decided.
    History, HistoryPage, HistoryView, HistoryRef {
        /// When he is active.
        rhythm: Rhythm = 1,
        /// The last hour of activity.
        pulse: Pulse = 1,
        /// Counts, times and money along the funnel.
        tallies: Tallies = 1,
        /// Tags cared for.
        tags: Ranked<4> = 1,
        /// Price bands cared for.
        price_bands: Ranked<3> = 1,
        /// Categories touched this week, day by day.
        days: Days<5> = 1,
        /// The cart.
        cart: Cart = 1,
        /// Products looked at.
        viewed: Recent<8> = 1,
        /// Products wished for.
        wished: Toggles<3> = 1,
        /// Products bought.
        bought: Recent<4> = 1,
        /// Hosts followed.
        followed: Toggles<4> = 1,
        /// Shows to be reminded of.
        reminders: Toggles<2> = 1,
        /// His clock.
        clock: Clock = 1,
    }
}

impl HotView<'_> {
    /// Adds what is known of the same shopper under another id.
    pub fn merge(&mut self, other: &Hot) {
        self.categories.merge(&other.categories);
        self.brands.merge(&other.brands);
        self.hosts.merge(&other.hosts);
        self.styles.merge(&other.styles);
        self.live.merge(&other.live);
        self.taste.merge(&other.taste);
        self.lately.merge(&other.lately);
        self.calls.last = self.calls.last.max(other.calls.last);
        self.calls.weariness.merge(&other.calls.weariness);
        // Attributes follow their dates: see `cold::Details::merge`.
        let (mine, theirs) = (&mut *self.activity, &other.activity);
        mine.first = match (mine.first, theirs.first) {
            (0, only) | (only, 0) => only,
            (mine, theirs) => mine.min(theirs),
        };
        mine.last = mine.last.max(theirs.last);
        mine.events = mine.events.saturating_add(theirs.events);
    }
}

impl HistoryView<'_> {
    /// Adds what is known of the same shopper under another id.
    pub fn merge(&mut self, other: &History) {
        self.rhythm.merge(&other.rhythm);
        self.pulse.merge(&other.pulse);
        self.tallies.merge(&other.tallies);
        self.tags.merge(&other.tags);
        self.price_bands.merge(&other.price_bands);
        self.days.merge(&other.days);
        self.cart.merge(&other.cart);
        self.viewed.merge(&other.viewed);
        self.wished.merge(&other.wished);
        self.bought.merge(&other.bought);
        self.followed.merge(&other.followed);
        self.reminders.merge(&other.reminders);
        if other.clock.at > self.clock.at {
            *self.clock = other.clock;
        }
    }
}

/// The day at `secs` on a clock `offset_min` minutes east of UTC, in days since the epoch.
pub fn day_of(secs: u32, offset_min: i16) -> u32 {
    (i64::from(secs) + i64::from(offset_min) * 60).div_euclid(86_400).max(0) as u32
}

/// Upper borders of the price bands, in hundredths: each about three times the one before.
#[expect(clippy::inconsistent_digit_grouping, reason = "hundredths stand apart")]
pub const PRICE_BANDS: [u64; 6] = [10_00, 30_00, 100_00, 300_00, 1_000_00, 3_000_00];

/// The band of a price, 1 to 7; 0 when the price is unknown.
pub fn price_band(price_cents: u64) -> u32 {
    if price_cents == 0 {
        return 0;
    }
    1 + PRICE_BANDS.iter().filter(|border| price_cents >= **border).count() as u32
}
