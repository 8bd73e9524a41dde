//! Every name an event carries, with its kind: how a replay rebuilds the dictionary.

use super::{Act, Event, ProductRef, Text, Trait};
use crate::names::Kind;

impl Event<'_> {
    /// Calls `each` with every name in this event.
    pub fn for_each_name(&self, mut each: impl FnMut(Kind, Text<'_>)) {
        let mut each = |kind: Kind, text: Text<'_>| {
            if text.is_some() {
                each(kind, text);
            }
        };
        each(Kind::Event, self.name);
        each(Kind::Language, self.context.language);
        if let Some(zone) = self.context.zone {
            each(Kind::Zone, zone.name);
        }
        match &self.act {
            Act::Product { product, .. } => product_names(product, &mut each),
            Act::Order { products, .. } => products.iter().for_each(|it| product_names(it, &mut each)),
            Act::Category { category } => each(Kind::Category, *category),
            Act::Room { room, host, style, show, .. } => {
                each(Kind::Room, *room);
                each(Kind::Host, *host);
                each(Kind::Style, *style);
                each(Kind::Show, *show);
            }
            Act::Player { room, show, .. } => {
                each(Kind::Room, *room);
                each(Kind::Show, *show);
            }
            Act::Identify { traits } => {
                for it in traits {
                    match it {
                        Trait::Region(region) => each(Kind::Region, *region),
                        Trait::Language(language) => each(Kind::Language, *language),
                        _ => {}
                    }
                }
            }
            Act::Other { .. }
            | Act::Alias { .. }
            | Act::Device(_)
            | Act::Connection(_)
            | Act::SignedOut
            | Act::App(_)
            | Act::Push { .. } => {}
        }
    }
}

fn product_names(product: &ProductRef<'_>, each: &mut impl FnMut(Kind, Text<'_>)) {
    each(Kind::Product, product.id);
    each(Kind::Category, product.category);
    each(Kind::Brand, product.brand);
    each(Kind::Host, product.host);
    product.tags.iter().for_each(|tag| each(Kind::Tag, *tag));
}
