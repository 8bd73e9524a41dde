//! What happens in a show, as the control API takes it, and what follows from it for those who look in.

use crate::market::Setting;
use crate::show::Phase;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Something that happens in a show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cue {
    /// It goes live.
    Start,
    /// A phase begins.
    Phase(Phase),
    /// A product is shown.
    Pin {
        /// Which.
        product_id: String,
    },
    /// An offer opens, or is changed.
    Offer {
        /// Is it a change of one that is open?
        changed: bool,
        /// Which.
        offer_id: String,
        /// Of which product.
        product_id: String,
        /// What it costs.
        price_cents: u64,
        /// Pieces, if the cue says it.
        stock: Option<u32>,
        /// When it ends, Unix ms, if the cue says it. Only told to the market, not enforced by it.
        ends_at: Option<u64>,
    },
    /// An offer runs low.
    OfferLow {
        /// Which.
        offer_id: String,
        /// Pieces left.
        stock: u32,
    },
    /// An offer has as many pieces.
    Stock {
        /// Which.
        offer_id: String,
        /// Pieces left.
        stock: u32,
    },
    /// An offer is over.
    OfferEnded {
        /// Which.
        offer_id: String,
    },
    /// The show is over.
    End,
}

/// Cents as the whole units that money has on the wire.
pub fn money(cents: u64) -> Value {
    json!(cents as f64 / 100.0)
}

impl Cue {
    /// The bodies of `POST /api/v1/shows/{id}/cues` that tell it, in their order: what an offer is now, and then
    /// that it opened.
    pub fn to_posts(&self) -> Vec<Value> {
        let one = |body: Value| vec![body];
        match self {
            Cue::Start => one(json!({"cue": "start"})),
            Cue::Phase(phase) => one(json!({"cue": "phase", "phase": phase.name()})),
            Cue::Pin { product_id } => one(json!({"cue": "pin", "product_id": product_id})),
            Cue::Offer { changed, offer_id, price_cents, stock, ends_at, .. } => {
                let mut body =
                    json!({"cue": "offer_changed", "offer_id": offer_id, "price": money(*price_cents)});
                if let Some(stock) = stock {
                    body["stock"] = json!(stock);
                }
                if let Some(ends_at) = ends_at {
                    body["ends_at"] = json!(crate::instant::rfc3339(*ends_at));
                }
                let mut posts = one(body);
                if !changed {
                    posts.push(json!({"cue": "offer_opened", "offer_id": offer_id}));
                }
                posts
            }
            Cue::OfferLow { offer_id, stock } => {
                vec![left(offer_id, *stock), json!({"cue": "offer_low", "offer_id": offer_id})]
            }
            Cue::Stock { offer_id, stock } => one(left(offer_id, *stock)),
            Cue::OfferEnded { offer_id } => one(json!({"cue": "offer_ended", "offer_id": offer_id})),
            Cue::End => one(json!({"cue": "end"})),
        }
    }
}

fn left(offer_id: &str, stock: u32) -> Value {
    json!({"cue": "stock", "offer_id": offer_id, "stock": stock})
}

/// An offer while its show runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOffer {
    /// Position of its product.
    pub product: usize,
    /// What it costs now.
    pub price_cents: u64,
    /// Pieces left.
    pub stock: u32,
    /// Pieces it began with.
    pub stock_first: u32,
    /// Can it be bought?
    pub open: bool,
    /// Were the few pieces left told already?
    pub told_low: bool,
}

/// A show as it really runs.
#[derive(Debug, Clone, Default)]
pub struct Running {
    /// Is it live?
    pub live: bool,
    /// Did it end?
    pub over: bool,
    /// The phase it is in.
    pub phase: Option<Phase>,
    /// Position of the pinned product.
    pub pinned: Option<usize>,
    /// Its offers by id.
    pub offers: BTreeMap<String, OpenOffer>,
}

impl Running {
    /// Takes a cue in. Says the product that those in the room look at anew, if there is one.
    pub(crate) fn play(&mut self, cue: &Cue, setting: &Setting, show: usize) -> Option<usize> {
        match cue {
            Cue::Start => {
                self.live = true;
                self.over = false;
            }
            Cue::Phase(phase) => self.phase = Some(*phase),
            Cue::Pin { product_id } => {
                self.pinned = setting.catalogue.product(product_id);
                return self.pinned;
            }
            Cue::Offer { offer_id, product_id, price_cents, stock, .. } => {
                let planned = setting.shows[show].slots.iter().find(|it| it.offer_id == *offer_id);
                let product = setting.catalogue.product(product_id);
                let product =
                    product.or_else(|| planned.and_then(|it| setting.catalogue.product(&it.product_id)))?;
                let known = self.offers.get(offer_id);
                let price = Some(*price_cents).filter(|it| *it > 0);
                let price = price.or(known.map(|it| it.price_cents)).or(planned.map(|it| it.price_cents))?;
                let stock = stock.or(known.map(|it| it.stock)).or(planned.map(|it| it.stock)).unwrap_or(0);
                let first = known.map_or(stock, |it| it.stock_first.max(stock));
                let offer = OpenOffer {
                    product,
                    price_cents: price,
                    stock,
                    stock_first: first,
                    open: stock > 0,
                    told_low: false,
                };
                self.offers.insert(offer_id.clone(), offer);
                return Some(product);
            }
            Cue::OfferLow { offer_id, stock } | Cue::Stock { offer_id, stock } => {
                if let Some(offer) = self.offers.get_mut(offer_id) {
                    offer.stock = *stock;
                }
            }
            Cue::OfferEnded { offer_id } => {
                if let Some(offer) = self.offers.get_mut(offer_id) {
                    offer.open = false;
                }
            }
            Cue::End => {
                self.live = false;
                self.over = true;
                self.pinned = None;
                self.offers.values_mut().for_each(|it| it.open = false);
            }
        }
        None
    }

    /// The open offer of a product, with its id.
    pub fn offer_of(&self, product: usize) -> Option<(&str, &OpenOffer)> {
        let mut offers = self.offers.iter();
        offers.find(|it| it.1.open && it.1.product == product).map(|(id, offer)| (&**id, offer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_opens_as_it_is_then() {
        let offer = |changed| Cue::Offer {
            changed,
            offer_id: "o-1".into(),
            product_id: "p".into(),
            price_cents: 5_990,
            stock: Some(7),
            ends_at: None,
        };
        let now = json!({"cue": "offer_changed", "offer_id": "o-1", "price": 59.9, "stock": 7});
        assert_eq!(offer(true).to_posts(), std::slice::from_ref(&now));
        assert_eq!(offer(false).to_posts(), [now, json!({"cue": "offer_opened", "offer_id": "o-1"})]);
    }
}
