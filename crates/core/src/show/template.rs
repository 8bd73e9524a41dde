//! Templates: the words of a push before its facts are known, and when they may be used.
//!
//! The core chooses among them; it never reads their text, which the edge parses, lints and renders.

use crate::director::catalogue::Name;
use crate::event::Class;

/// Why a shopper became a candidate now (DESIGN.md §4, windows).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Trigger {
    /// The show's time has come and this is his moment.
    Moment,
    /// A phase began.
    PhaseBegins,
    /// A product he cares for is being shown now.
    Pinned,
    /// Something in his cart waits, and the show has it.
    CartHesitation,
    /// An offer ends soon.
    OfferEnding,
    /// A product he looked at costs less now.
    PriceDrop,
    /// A product he looked at can be had again.
    BackInStock,
    /// A host he follows went live.
    HostLive,
    /// He booked a reminder.
    Reminder,
    /// He just came online.
    CameOnline,
    /// A campaign ends soon.
    CampaignEnding,
}

impl Trigger {
    /// All, in order.
    pub const ALL: [Trigger; 11] = [
        Trigger::Moment,
        Trigger::PhaseBegins,
        Trigger::Pinned,
        Trigger::CartHesitation,
        Trigger::OfferEnding,
        Trigger::PriceDrop,
        Trigger::BackInStock,
        Trigger::HostLive,
        Trigger::Reminder,
        Trigger::CameOnline,
        Trigger::CampaignEnding,
    ];

    /// From its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Trigger::ALL.get(usize::from(number)).copied()
    }

    /// The word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Trigger::Moment => "moment",
            Trigger::PhaseBegins => "phase_begins",
            Trigger::Pinned => "product_pinned",
            Trigger::CartHesitation => "cart_hesitation",
            Trigger::OfferEnding => "offer_ending",
            Trigger::PriceDrop => "price_drop",
            Trigger::BackInStock => "back_in_stock",
            Trigger::HostLive => "host_live",
            Trigger::Reminder => "reminder",
            Trigger::CameOnline => "came_online",
            Trigger::CampaignEnding => "campaign_ending",
        }
    }

    /// What was asked for by the shopper is service, the rest is marketing.
    pub fn class(self) -> Class {
        if self == Trigger::Reminder { Class::Service } else { Class::Marketing }
    }

    /// Its bit in [`Template::triggers`].
    pub fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// One arm of copy in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its id.
    pub id: Name,
    /// The language it is written in; an empty name for any.
    pub language: Name,
    /// For which triggers, by [`Trigger::bit`].
    pub triggers: u16,
    /// For which product alone; an empty name for any.
    pub product: Name,
    /// Whether it leads with the price: for shoppers who mind it.
    pub price_led: bool,
    /// Whether it speaks of an offer: only where there is one.
    pub needs_offer: bool,
    /// The title, in Liquid.
    pub title: Box<str>,
    /// The text, in Liquid.
    pub body: Box<str>,
}
