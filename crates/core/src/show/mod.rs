//! Shows and what they are decided with: rundowns, offers, cues, templates, policy, channels, campaigns.
//!
//! These are the customer's plans, as the control API entered them. They are journalled as
//! [`crate::director::catalogue::Change`]s and folded by the director and by every worker's
//! [`crate::stage::Stage`], so that a shard decides with exactly what stood in the journal before.

pub mod audience;
mod codec;
pub mod cue;
pub mod policy;
pub mod template;

use crate::director::catalogue::Name;
use crate::id::Term;
use crate::time::Timestamp;
use audience::Predicate;
pub use cue::{Cue, CueKind};
pub use policy::{CHANNEL_ORDER, ChannelPlan, Policy};
pub use template::{Template, Trigger};

/// A part of a show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// From the opening of the window until the climax: shoppers gather.
    WarmUp = 1,
    /// The main offers.
    Climax,
    /// The last call.
    Closing,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Phase; 3] = [Phase::WarmUp, Phase::Climax, Phase::Closing];

    /// From its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Phase::ALL.iter().copied().find(|it| *it as u8 == number)
    }

    /// The word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Phase::WarmUp => "warm_up",
            Phase::Climax => "climax",
            Phase::Closing => "closing",
        }
    }
}

/// When a phase is planned to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhasePlan {
    /// Which.
    pub phase: Phase,
    /// From when.
    pub at: Timestamp,
}

/// A product as a show presents it: what the catalogue said when the show was put.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// The product.
    pub product: Name,
    /// Its category.
    pub category: Name,
    /// Its brand.
    pub brand: Name,
    /// Its tags.
    pub tags: Vec<Name>,
    /// Words of its title, cut by language at the edge.
    pub words: Vec<Name>,
    /// Price in hundredths; 0 when unknown.
    pub price_cents: u64,
}

/// A span of a show in which a product is planned to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What.
    pub item: Item,
    /// From when.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What a shopper in the room is worth to the customer, in hundredths of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// An entry in itself.
    pub enter_cents: u32,
    /// Margin of a sale, in percent of its price.
    pub margin_pct: u8,
}

/// 0.50 an entry and 20 % of a sale: a stand-in until the customer says better.
pub const WORTH_DEFAULT: Worth = Worth { enter_cents: 50, margin_pct: 20 };

/// One live session of a room.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// Its id.
    pub id: Name,
    /// Where.
    pub room: Name,
    /// Who.
    pub host: Name,
    /// The host's style of hosting.
    pub style: Name,
    /// Its title.
    pub title: Box<str>,
    /// When it is planned to start.
    pub starts: Timestamp,
    /// When it is planned to end.
    pub ends: Timestamp,
    /// How long before the start its first pushes may go, in seconds.
    pub opens_before_s: u32,
    /// Shoppers the room can hold; 0 for no bound.
    pub capacity: u32,
    /// Pushes that may be sent for it in all; 0 for no bound.
    pub push_budget: u64,
    /// Who may be called in; everyone when absent.
    pub audience: Option<Audience>,
    /// The phases, by time.
    pub phases: Vec<PhasePlan>,
    /// The product slots, by time.
    pub slots: Vec<Slot>,
    /// What a shopper in the room is worth.
    pub worth: Worth,
}

impl Show {
    /// When its first pushes may go.
    pub fn opens(&self) -> Timestamp {
        Timestamp(self.starts.0 - i64::from(self.opens_before_s) * 1000)
    }

    /// The slot of a product.
    pub fn slot_of(&self, product: Term) -> Option<&Slot> {
        self.slots.iter().find(|it| it.item.product.term == product)
    }
}

/// An audience rule: its text, and what it was compiled to.
#[derive(Debug, Clone, PartialEq)]
pub struct Audience {
    /// The rule as it was written (CEL).
    pub text: Box<str>,
    /// What is evaluated.
    pub predicate: Predicate,
}

/// A product at a price with a stock and an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub id: Name,
    /// In which show.
    pub show: Name,
    /// Of which product.
    pub product: Name,
    /// Price in hundredths.
    pub price_cents: u64,
    /// Price before, in hundredths; 0 when there was none.
    pub original_cents: u64,
    /// Pieces left; `None` when nobody counts them.
    pub stock: Option<u32>,
    /// From when it holds. Of one that opens with its show, the planned start until that is on, then the real one.
    pub opens: Timestamp,
    /// Until when. Of one that ends with its show, the end that the show has as things stand.
    pub ends: Timestamp,
    /// It has no time of its own to open at: it opens when its show does, be that early or late.
    pub opens_with_show: bool,
    /// It has no end of its own: it ends with its show.
    pub ends_with_show: bool,
}

/// A time of many shows, e.g. a shopping festival (大促).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Its id.
    pub id: Name,
    /// What shoppers call it.
    pub name: Box<str>,
    /// From when.
    pub starts: Timestamp,
    /// Until when.
    pub ends: Timestamp,
}
