//! Cues: what happens in a show while it is on, as it is posted.

use super::{At, Money, Phase};
use serde::{Deserialize, Serialize};

/// Something that happened in a show. Each cue takes its own fields and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "cue", rename_all = "snake_case", deny_unknown_fields)]
pub enum Cue {
    /// It went on air.
    Start {},
    /// A phase began, whatever was planned.
    Phase {
        /// Which.
        phase: Phase,
    },
    /// A product is being shown now.
    Pin {
        /// Which; the catalogue has it.
        product_id: String,
    },
    /// An offer opened, before its time or at it.
    OfferOpened {
        /// Which.
        offer_id: String,
    },
    /// An offer changed; what is left out stays.
    OfferChanged {
        /// Which.
        offer_id: String,
        /// Its new price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price: Option<Money>,
        /// How many pieces are left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stock: Option<u32>,
        /// Its new end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends_at: Option<At>,
    },
    /// An offer runs low.
    OfferLow {
        /// Which.
        offer_id: String,
    },
    /// An offer ended before its time.
    OfferEnded {
        /// Which.
        offer_id: String,
    },
    /// So many pieces of an offer are left.
    Stock {
        /// Which offer.
        offer_id: String,
        /// How many.
        stock: u32,
    },
    /// It went off air. The show is over and takes no further cue.
    End {},
}
