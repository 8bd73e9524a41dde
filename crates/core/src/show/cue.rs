//! Cues: what happens in a show while it is on.

use super::Phase;
use crate::director::catalogue::Name;
use crate::id::Term;
use crate::time::Timestamp;

/// Something that happened in a show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// In which show.
    pub show: Term,
    /// What.
    pub kind: CueKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CueKind {
    /// It went on air.
    Start,
    /// A phase began, whatever was planned.
    Phase(Phase),
    /// A product is being shown now.
    Pin(Name),
    /// An offer opened.
    OfferOpened(Term),
    /// An offer changed; what is `None` stays.
    OfferChanged {
        /// Which.
        offer: Term,
        /// Its new price in hundredths.
        price_cents: Option<u64>,
        /// Its new stock.
        stock: Option<u32>,
        /// Its new end.
        ends: Option<Timestamp>,
    },
    /// An offer runs low.
    OfferLow(Term),
    /// An offer ended before its time.
    OfferEnded(Term),
    /// So many pieces of an offer are left.
    Stock {
        /// Which offer.
        offer: Term,
        /// How many.
        left: u32,
    },
    /// It went off air.
    End,
}

impl CueKind {
    /// The word for it on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            CueKind::Start => "start",
            CueKind::Phase(_) => "phase",
            CueKind::Pin(_) => "pin",
            CueKind::OfferOpened(_) => "offer_opened",
            CueKind::OfferChanged { .. } => "offer_changed",
            CueKind::OfferLow(_) => "offer_low",
            CueKind::OfferEnded(_) => "offer_ended",
            CueKind::Stock { .. } => "stock",
            CueKind::End => "end",
        }
    }
}
