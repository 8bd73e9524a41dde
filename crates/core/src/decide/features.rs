//! The features of the push model: what is known of a shopper and a show when a push is decided.
//!
//! When he is active is not among them: that is the hazard's part ([`super::hazard`]), and counting it twice
//! would push whoever happens to be there. Every feature is a bin; bin 0 is "unknown" or "none".

use super::model::{Feature, Shape};
use crate::event::Channel;
use crate::id::Term;
use crate::profile::live::Dated;
use crate::profile::purchase::Funnel;
use crate::profile::{HistoryRef, HotRef, price_band};
use crate::show::{Phase, Trigger};
use crate::time::LocalHour;

/// The features, in the order of their bins.
pub const SHAPE: Shape = Shape::new(&[
    Feature { name: "match of taste and show", bins: 9 },
    Feature { name: "interest in the category", bins: 5 },
    Feature { name: "interest in the host", bins: 5 },
    Feature { name: "what he did with the product", bins: 6 },
    Feature { name: "trigger", bins: 11 },
    Feature { name: "phase", bins: 4 },
    Feature { name: "price beside what he looks at", bins: 5 },
    Feature { name: "discount by price sensitivity", bins: 16 },
    Feature { name: "spending power", bins: 6 },
    Feature { name: "city tier", bins: 7 },
    Feature { name: "age", bins: 8 },
    Feature { name: "sex", bins: 4 },
    Feature { name: "network", bins: 7 },
    Feature { name: "place", bins: 5 },
    Feature { name: "battery", bins: 4 },
    Feature { name: "time since the last push", bins: 6 },
    Feature { name: "pushes tapped", bins: 5 },
    Feature { name: "visits to rooms", bins: 5 },
    Feature { name: "way to a purchase", bins: 6 },
    Feature { name: "hour by category", bins: 192 },
    Feature { name: "channel", bins: 14 },
]);

/// One bin a feature.
pub type Bins = [u8; SHAPE.features.len()];

/// What a push would be about.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// Why now.
    pub trigger: Trigger,
    /// In which phase.
    pub phase: Phase,
    /// The host.
    pub host: Term,
    /// The product, if it is about one.
    pub product: Term,
    /// Its category, or the show's first.
    pub category: Term,
    /// What it costs now, in hundredths; 0 when unknown.
    pub price_cents: u64,
    /// What it cost before, in hundredths; 0 when it did not.
    pub original_cents: u64,
    /// Over which channel.
    pub channel: Channel,
    /// Cosine of the shopper's taste and the show.
    pub cosine: f32,
}

/// The bins of a shopper and a subject at `now` (Unix seconds), `hour` being his own.
pub fn bins(
    hot: HotRef<'_>,
    history: HistoryRef<'_>,
    last_push: u32,
    subject: &Subject,
    hour: LocalHour,
    now: u32,
) -> Bins {
    let tallies = history.tallies;
    [
        cosine(hot, subject.cosine),
        rank(hot.categories.iter().position(|it| it.0 == subject.category)),
        host(hot, history, subject.host),
        product(history, subject),
        subject.trigger as u8,
        subject.phase as u8,
        band(history, subject.price_cents),
        discount(history, subject),
        hot.attributes.spending_power.min(5),
        hot.attributes.city_tier.min(6),
        age(hot.attributes.birth_year, now),
        hot.attributes.sex.min(3),
        fresh(hot.live.network(), now, 900).map_or(0, |it| it as u8),
        fresh(hot.live.place(), now, 3600).map_or(0, |it| it as u8),
        battery(hot, now),
        since_push(last_push, now),
        tapped(tallies.pushes_tapped, tallies.pushes_received.max(tallies.pushes_tapped)),
        rooms(tallies.rooms),
        match tallies.funnel() {
            Funnel::None => 0,
            Funnel::Viewing => 1,
            Funnel::Carting => 2,
            Funnel::CheckingOut => 3,
            Funnel::Purchased => 4,
        },
        hour.hour + 24 * (subject.category.0 % 8) as u8,
        subject.channel as u8,
    ]
}

fn cosine(hot: HotRef<'_>, cosine: f32) -> u8 {
    if hot.taste.is_empty() {
        return 0;
    }
    const BORDERS: [f32; 7] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65];
    1 + BORDERS.iter().filter(|it| cosine >= **it).count() as u8
}

fn rank(place: Option<usize>) -> u8 {
    match place {
        None => 0,
        Some(0) => 4,
        Some(1) => 3,
        Some(2 | 3) => 2,
        Some(_) => 1,
    }
}

fn host(hot: HotRef<'_>, history: HistoryRef<'_>, host: Term) -> u8 {
    if host == Term::NONE {
        return 0;
    }
    if history.followed.on().any(|it| it.0 == host) {
        return 4;
    }
    rank(hot.hosts.iter().position(|it| it.0 == host)).min(3)
}

fn product(history: HistoryRef<'_>, subject: &Subject) -> u8 {
    let product = subject.product;
    if product == Term::NONE {
        return 0;
    }
    if history.cart.lines().any(|it| it.product == product.0) {
        return 5;
    }
    if history.wished.on().any(|it| it.0 == product) {
        return 4;
    }
    if history.bought.when(product).is_some() {
        return 3;
    }
    if history.viewed.when(product).is_some() {
        return 2;
    }
    u8::from(history.days.get(subject.category).is_some())
}

fn band(history: HistoryRef<'_>, price_cents: u64) -> u8 {
    let Some((own, _)) = history.price_bands.iter().next() else { return 0 };
    match price_band(price_cents) {
        0 => 0,
        band if band < own.0 => 1,
        band if band == own.0 => 2,
        band if band == own.0 + 1 => 3,
        _ => 4,
    }
}

/// Percent off, in four steps, by how much he minds prices, in four.
fn discount(history: HistoryRef<'_>, subject: &Subject) -> u8 {
    let off = match (subject.price_cents, subject.original_cents) {
        (0, _) | (_, 0) => 0,
        (price, original) if price >= original => 0,
        (price, original) => 100 - price * 100 / original,
    };
    let off = match off {
        0 => 0,
        1..=14 => 1,
        15..=34 => 2,
        _ => 3,
    };
    off + 4 * sensitivity(history)
}

/// 0 unknown, 1 minds prices little, 2 some, 3 much.
pub fn sensitivity(history: HistoryRef<'_>) -> u8 {
    match history.tallies.price_sensitivity() {
        None => 0,
        Some(it) if it < 0.4 => 1,
        Some(it) if it < 0.65 => 2,
        Some(_) => 3,
    }
}

fn age(birth_year: u16, now: u32) -> u8 {
    if birth_year == 0 {
        return 0;
    }
    let year = 1970 + i64::from(now) / 31_556_952;
    match year - i64::from(birth_year) {
        ..18 => 1,
        18..25 => 2,
        25..31 => 3,
        31..41 => 4,
        41..51 => 5,
        51..61 => 6,
        _ => 7,
    }
}

fn fresh<T>(dated: Option<Dated<T>>, now: u32, within_s: u32) -> Option<T> {
    dated.filter(|it| now.saturating_sub(it.at) < within_s).map(|it| it.value)
}

fn battery(hot: HotRef<'_>, now: u32) -> u8 {
    match (fresh(hot.live.battery_pct(), now, 3600), fresh(hot.live.charging(), now, 3600)) {
        (_, Some(true)) => 3,
        (Some(pct), _) if pct < 15 => 1,
        (Some(_), _) => 2,
        (None, _) => 0,
    }
}

fn since_push(last_push: u32, now: u32) -> u8 {
    if last_push == 0 {
        return 0;
    }
    match now.saturating_sub(last_push) / 3600 {
        0..2 => 5,
        2..8 => 4,
        8..24 => 3,
        24..72 => 2,
        _ => 1,
    }
}

fn tapped(tapped: u16, received: u16) -> u8 {
    match (received, u32::from(tapped) * 100 / u32::from(received.max(1))) {
        (0, _) => 0,
        (_, 0) => 1,
        (_, ..10) => 2,
        (_, ..40) => 3,
        _ => 4,
    }
}

fn rooms(visits: u16) -> u8 {
    match visits {
        0 => 0,
        1 => 1,
        2..5 => 2,
        5..20 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{History, Hot};

    #[test]
    fn every_bin_of_an_unknown_shopper_is_within_its_feature() {
        let (hot, history) = (Hot::default(), History::default());
        for trigger in Trigger::ALL {
            for channel in Channel::ALL {
                let subject = Subject {
                    trigger,
                    phase: Phase::Closing,
                    host: Term(3),
                    product: Term(9),
                    category: Term(u32::MAX),
                    price_cents: 1,
                    original_cents: u64::MAX / 200,
                    channel: *channel,
                    cosine: 1.0,
                };
                let hour = LocalHour { hour: 23, weekend: true };
                let bins = bins(hot.seen(), history.seen(), 1, &subject, hour, u32::MAX);
                for (bin, feature) in bins.iter().zip(SHAPE.features) {
                    assert!(*bin < feature.bins, "{}: {bin} of {}", feature.name, feature.bins);
                }
            }
        }
    }
}
