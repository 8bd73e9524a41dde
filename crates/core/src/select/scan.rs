//! The match: one pass over all shoppers that scores each for every show, tests who may be called by bits,
//! and keeps the best by a histogram's threshold, without sorting anybody.
//!
//! A score is a sum of table look-ups by bin, plus the table of the cosine's bin: the entry model's own
//! weights over what the hot columns tell. Nothing is allocated for a shopper.

use super::vector::Direction;
use crate::decide::features::SHAPE;
use crate::decide::logistic::sigmoid;
use crate::decide::response::Response;
use crate::profile::{HotPage, cold::consent_bit};
use crate::event::{Channel, Class};
use crate::limits::PAGE_ROWS;
use crate::id::Term;

/// Bins of the histogram of scores.
pub const BINS: usize = 1024;

/// Scores are kept within this far of 0, in log odds.
const SPAN: f32 = 16.0;

/// Steps of the cosine's table.
const COSINES: usize = 64;

/// What a show looks for, as tables.
#[derive(Debug, Clone)]
pub struct Wanted {
    direction: Direction,
    category: Term,
    host: Term,
    /// Log odds by the cosine, from −1 to 1.
    by_cosine: [f32; COSINES],
    by_category_rank: [f32; 5],
    by_host_rank: [f32; 5],
    by_tier: [f32; 8],
    by_power: [f32; 8],
    by_sex: [f32; 4],
    bias: f32,
    /// Consent for marketing over one of these channels, by bit.
    consent_given: u32,
    /// Channels for which consent is assumed, by the same bits.
    consent_assumed: u32,
    /// No push since then (Unix seconds).
    quiet_since: u32,
}

/// How scores are spread, and who is eligible.
#[derive(Debug, Clone)]
pub struct Spread {
    bins: Vec<u32>,
    /// Shoppers who may be called.
    pub eligible: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { bins: vec![0; BINS], eligible: 0 }
    }
}

impl Spread {
    /// The lowest bin of the `k` best.
    pub fn threshold(&self, k: u64) -> u16 {
        let mut above = 0;
        for (at, count) in self.bins.iter().enumerate().rev() {
            above += u64::from(*count);
            if above >= k {
                return at as u16;
            }
        }
        0
    }

    /// Adds another part's.
    pub fn merge(&mut self, other: &Spread) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(sum, it)| *sum += it);
        self.eligible += other.eligible;
    }
}

/// The bin of somebody who may not be called.
pub const NOT_ELIGIBLE: u16 = u16::MAX;

/// The rules of a scan that are the same for all shows.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Channels in use.
    pub channels: Vec<Channel>,
    /// Bit of a channel: marketing goes out although consent is unknown.
    pub consent_assumed: u32,
    /// Nobody who was pushed since then (Unix seconds) is called.
    pub quiet_since: u32,
}

impl Wanted {
    /// The tables of a show, from the model as it stands.
    pub fn new(direction: Direction, category: Term, host: Term, model: &Response, rules: &Rules) -> Self {
        let at = |feature: usize, bin: u8| {
            let mut bins = [0; SHAPE.features.len()];
            bins[feature] = bin;
            let base = model.predict(&[0; SHAPE.features.len()], true).logit;
            (model.predict(&bins, true).logit - base) as f32
        };
        let cosine_bin = |step: usize| {
            let cosine = (step as f32 + 0.5) / COSINES as f32 * 2.0 - 1.0;
            const BORDERS: [f32; 7] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65];
            1 + BORDERS.iter().filter(|it| cosine >= **it).count() as u8
        };
        let bits = |channel: &Channel| 1u32 << consent_bit(*channel, Class::Marketing);
        let assumed = rules.channels.iter().filter(|it| rules.consent_assumed & 1 << **it as u8 != 0);
        Wanted {
            direction,
            category,
            host,
            // The prior leans to what matches; what was learnt is added.
            by_cosine: std::array::from_fn(|step| {
                at(0, cosine_bin(step)) + ((step as f32 + 0.5) / COSINES as f32 * 2.0 - 1.0)
            }),
            by_category_rank: std::array::from_fn(|rank| at(1, rank as u8) + rank as f32 * 0.25),
            by_host_rank: std::array::from_fn(|rank| at(2, rank as u8) + rank as f32 * 0.25),
            by_tier: std::array::from_fn(|bin| at(9, bin.min(6) as u8)),
            by_power: std::array::from_fn(|bin| at(8, bin.min(5) as u8)),
            by_sex: std::array::from_fn(|bin| at(11, bin as u8)),
            bias: model.predict(&[0; SHAPE.features.len()], true).logit as f32,
            consent_given: rules.channels.iter().map(bits).fold(0, |sum, it| sum | it),
            consent_assumed: assumed.map(bits).fold(0, |sum, it| sum | it),
            quiet_since: rules.quiet_since,
        }
    }
}

/// Scores a page's shoppers for every show into `out[show][row]`, and counts them.
#[inline]
pub fn page(page: &HotPage, wanted: &[Wanted], out: &mut [[u16; PAGE_ROWS]], spreads: &mut [Spread]) {
    for row in 0..PAGE_ROWS {
        let attributes = &page.attributes[row];
        let known = page.activity[row].events != 0;
        let last_push = page.calls[row].last;
        let taste = &page.taste[row];
        for ((show, out), spread) in wanted.iter().zip(out.iter_mut()).zip(spreads.iter_mut()) {
            let agreed = attributes.consent_given & show.consent_given
                | show.consent_assumed & !attributes.consent_refused;
            let eligible = known & (agreed != 0) & (last_push <= show.quiet_since);
            if !eligible {
                out[row] = NOT_ELIGIBLE;
                continue;
            }
            let cosine = taste.cosine(&show.direction);
            let step = ((cosine + 1.0) * (COSINES as f32 / 2.0)) as usize;
            let category = rank(page.categories[row].places(show.category));
            let host = rank(page.hosts[row].places(show.host));
            let score = show.bias
                + show.by_cosine[step.min(COSINES - 1)]
                + show.by_category_rank[category]
                + show.by_host_rank[host]
                + show.by_tier[usize::from(attributes.city_tier & 7)]
                + show.by_power[usize::from(attributes.spending_power & 7)]
                + show.by_sex[usize::from(attributes.sex & 3)];
            let bin = ((score + SPAN) * (BINS as f32 / (2.0 * SPAN))) as usize;
            let bin = bin.min(BINS - 1);
            out[row] = bin as u16;
            spread.bins[bin] += 1;
            spread.eligible += 1;
        }
    }
}

/// The probability that a score's bin stands for.
pub fn probability(bin: u16) -> f64 {
    sigmoid((f64::from(bin) + 0.5) / BINS as f64 * 2.0 * f64::from(SPAN) - f64::from(SPAN))
}

fn rank(place: Option<usize>) -> usize {
    match place {
        None => 0,
        Some(0) => 4,
        Some(1) => 3,
        Some(2 | 3) => 2,
        Some(_) => 1,
    }
}
