//! Offers: a product at a price with a stock and an end.

use super::field::{Names, invalid, spelled, unknown};
use super::{At, Money};
use crate::collect::Edge;
use crate::problem::Problem;
use beckon_core::names::Kind;
use beckon_core::show::{self as core, Show};
use beckon_core::stage::{OnOffer, Stage};
use beckon_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An offer, as it is put under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferInput {
    /// In which show.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub show_id: String,
    /// Of which product; the catalogue has it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub product_id: String,
    /// What it costs.
    pub price: Money,
    /// What it cost before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_price: Option<Money>,
    /// Pieces left; left out when nobody counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
    /// From when it holds. Left out, it opens when the show really starts, early or late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<At>,
    /// Until when. Left out, it holds as long as the show, also when that runs late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<At>,
}

/// Whether one can buy at an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OfferState {
    /// Its time is to come.
    Planned,
    /// One can buy.
    Open,
    /// No piece is left.
    SoldOut,
    /// It is over.
    Ended,
}

/// An offer, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// What is true of it now.
    #[serde(flatten)]
    pub offer: OfferInput,
    /// Whether one can buy.
    pub state: OfferState,
    /// Raised whenever something changes that a message may have said.
    pub version: u32,
    /// A cue said that it runs low.
    pub is_low: bool,
    /// Its price before the last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_price: Option<Money>,
    /// Its stock is spoken for by what is on its way.
    pub is_spoken_for: bool,
}

impl OfferInput {
    /// As the stage keeps it under `id`, in `show`.
    pub fn into_core(self, id: &str, show: &Show, edge: &dyn Edge) -> Result<core::Offer, Problem> {
        let term = |kind: Kind, text: &str| edge.term(kind, text);
        let names = Names(&term);
        let product = names.named("/product_id", Kind::Product, &self.product_id)?;
        if edge.product(product.term).is_none() {
            let detail = format!("there is no product `{}`: put it first", self.product_id);
            return Err(unknown("/product_id", detail));
        }
        if self.price.0 == 0 {
            return Err(invalid("/price", "must be more than 0"));
        }
        if self.original_price.is_some_and(|it| it < self.price) {
            return Err(invalid("/original_price", "must not be less than `price`"));
        }
        let opens = self.opens_at.map_or(show.starts, |it| it.0);
        let ends = self.ends_at.map_or(show.ends, |it| it.0);
        if ends <= opens {
            return Err(invalid("/ends_at", "must be after `opens_at`"));
        }
        Ok(core::Offer {
            id: names.id(Kind::Offer, id)?,
            show: show.id.clone(),
            product,
            price_cents: self.price.0,
            original_cents: self.original_price.map_or(0, |it| it.0),
            stock: self.stock,
            opens,
            ends,
            opens_with_show: self.opens_at.is_none(),
            ends_with_show: self.ends_at.is_none(),
        })
    }
}

impl OfferState {
    fn of(on: &OnOffer, now: Timestamp) -> Self {
        if on.ended || on.offer.ends <= now {
            OfferState::Ended
        } else if on.offer.stock == Some(0) {
            OfferState::SoldOut
        } else if on.is_open(now) {
            OfferState::Open
        } else {
            OfferState::Planned
        }
    }
}

impl Offer {
    /// An offer as it stands on `stage` at `now`.
    pub fn of(on: &OnOffer, stage: &Stage, now: Timestamp) -> Self {
        let offer = &on.offer;
        let money = |cents: u64| (cents > 0).then_some(Money(cents));
        Offer {
            id: spelled(&offer.id),
            offer: OfferInput {
                show_id: spelled(&offer.show),
                product_id: spelled(&offer.product),
                price: Money(offer.price_cents),
                original_price: money(offer.original_cents),
                stock: offer.stock,
                opens_at: Some(At(offer.opens)),
                ends_at: Some(At(offer.ends)),
            },
            state: OfferState::of(on, now),
            version: on.version,
            is_low: on.low,
            former_price: money(on.former_cents),
            is_spoken_for: stage.is_closed(offer.show.term, Some(offer.id.term)),
        }
    }
}
