//! What a shopper cares for, by decayed weight: a look at a product weighs 1 on the day.

use super::{Lens, money, rounded};
use beckon_core::decay::{INTEREST_HALF_LIFE_S, Level};
use beckon_core::id::Term;
use beckon_core::profile::lists::Ranked;
use beckon_core::profile::{History, Hot, PRICE_BANDS};
use serde::{Deserialize, Serialize};

/// What he cares for, most first in each list. The lists are short: they hold what he cares for most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Interests {
    /// Categories.
    pub categories: Vec<Interest>,
    /// Brands.
    pub brands: Vec<Interest>,
    /// Hosts.
    pub hosts: Vec<Interest>,
    /// Styles of hosting.
    pub hosting_styles: Vec<Interest>,
    /// Tags.
    pub tags: Vec<Interest>,
    /// Prices.
    pub price_bands: Vec<PriceBand>,
}

/// A name and how much a shopper cares for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Interest {
    /// The name.
    pub name: String,
    /// How much, halving every 14 days: a product viewed now weighs 1, put into the cart 3, bought 5.
    pub weight: f64,
    /// Its part of this list, 0 to 1.
    pub share: f64,
}

/// A range of prices and how much a shopper cares for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceBand {
    /// The least price in it.
    pub from: f64,
    /// The least price above it; the highest band has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// How much, as for an interest.
    pub weight: f64,
    /// Its part of this list, 0 to 1.
    pub share: f64,
}

impl Interests {
    pub(super) fn of(hot: &Hot, history: &History, lens: Lens<'_>) -> Self {
        Interests {
            categories: interests(&hot.categories, lens),
            brands: interests(&hot.brands, lens),
            hosts: interests(&hot.hosts, lens),
            hosting_styles: interests(&hot.styles, lens),
            tags: interests(&history.tags, lens),
            price_bands: weighed(&history.price_bands, lens).map(PriceBand::of).collect(),
        }
    }
}

fn interests<const N: usize>(list: &Ranked<N>, lens: Lens<'_>) -> Vec<Interest> {
    weighed(list, lens)
        .map(|(term, weight, share)| Interest { name: lens.name(term), weight, share })
        .collect()
}

/// Each term with its weight now and its share of the list.
fn weighed<const N: usize>(list: &Ranked<N>, lens: Lens<'_>) -> impl Iterator<Item = (Term, f64, f64)> {
    let weight = move |level: Level| level.value(lens.now, INTEREST_HALF_LIFE_S);
    let sum: f64 = list.iter().map(|(_, level)| weight(level)).sum();
    list.iter().map(move |(term, level)| {
        let weight = weight(level);
        (term, rounded(weight), rounded(if sum > 0.0 { weight / sum } else { 0.0 }))
    })
}

/// The borders of a band of [`beckon_core::profile::price_band`], in hundredths.
pub(super) fn borders(band: u32) -> (u64, Option<u64>) {
    let band = band as usize;
    let border = |at: Option<usize>| at.and_then(|it| PRICE_BANDS.get(it)).copied();
    (border(band.checked_sub(2)).unwrap_or(0), border(band.checked_sub(1)))
}

impl PriceBand {
    fn of((band, weight, share): (Term, f64, f64)) -> Self {
        let (from, to) = borders(band.0);
        PriceBand { from: money(from), to: to.map(money), weight, share }
    }
}

#[cfg(test)]
mod tests {
    use super::borders;
    use beckon_core::profile::{PRICE_BANDS, price_band};

    #[test]
    fn the_borders_of_a_band_are_those_that_put_a_price_into_it() {
        for price in PRICE_BANDS.iter().flat_map(|it| [it - 1, *it, it + 1]) {
            let (from, to) = borders(price_band(price));
            assert!(from <= price && to.is_none_or(|to| price < to), "{price} is not in {from}–{to:?}");
        }
    }
}
