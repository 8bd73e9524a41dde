//! One shopper's columns, folded from his trail by the core's own code.

use crate::log::{Act, Deed};
use beckon_core::decide::rhythm::{Intensity, Known};
use beckon_core::event::{self, Event, OrderAct, ProductRef, Text};
use beckon_core::profile::{History, Hot, fold};
use beckon_core::time::Timestamp;

/// A shopper in the middle of the log.
#[derive(Clone, Default)]
pub struct Shopper {
    /// The columns that are scanned.
    pub hot: Hot,
    /// The longer memory.
    pub history: History,
}

impl Shopper {
    /// Folds one act.
    pub fn fold(&mut self, act: &Act, offset_min: i16) {
        let text = |term| Text { term, text: "" };
        let product = ProductRef {
            id: text(act.item),
            category: text(act.category),
            quantity: 1,
            ..ProductRef::default()
        };
        let event = Event {
            key: 0,
            at: Timestamp::from_secs(act.at),
            user: None,
            anonymous: None,
            name: Text::default(),
            context: event::Context::default(),
            act: match act.deed {
                Deed::Product(what) => event::Act::Product { what, product },
                Deed::Bought => event::Act::Order {
                    what: OrderAct::Completed,
                    total_cents: 0,
                    discount_cents: 0,
                    coupon: false,
                    products: vec![product],
                },
            },
        };
        fold(&event, &mut self.hot.view(), &mut self.history.view(), offset_min);
    }

    /// His rhythm at `now`, having been observed since `since`.
    pub fn intensity(&self, since: u32, now: u32, offset_min: i16, average: &Intensity) -> Intensity {
        Intensity::of(&self.history.rhythm, &Known::between(since, now, offset_min), average)
    }
}
