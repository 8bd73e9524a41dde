//! The match: one pass over all shoppers that scores each for every show, tests who may be called by bits,
//! and keeps the best by a histogram's threshold, without sorting anybody.
//!
//! A score is the entry model's own log odds for what the hot columns tell: a sum of table look-ups by bin,
//! plus the table of the cosine between taste and show. The cosines of a shopper with all shows are one small
//! product of a vector and a matrix, and what is the same for all shows is looked up once. Nothing is
//! allocated for a shopper.

use super::vector::{DIMENSIONS, Direction};
use crate::decide::features::SHAPE;
use crate::decide::logistic::sigmoid;
use crate::decide::response::Response;
use crate::event::{Channel, Class};
use crate::id::Term;
use crate::limits::PAGE_ROWS;
use crate::profile::HotPage;
use crate::profile::cold::consent_bit;

/// Shows of one pass.
pub const SHOWS: usize = 16;

/// Bins of the histogram of scores.
pub const BINS: usize = 512;

/// Scores are kept within this far of 0, in log odds.
const SPAN: f32 = 16.0;

/// Steps of the cosine's table.
const COSINES: usize = 64;

/// The bin of somebody who may not be called.
pub const NOT_ELIGIBLE: u16 = u16::MAX;

/// Slots of the table that says which shows want a term.
const TERMS: usize = 256;

/// The rules that are the same for all shows.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Channels in use.
    pub channels: Vec<Channel>,
    /// Bit of a channel: marketing goes out although consent is unknown.
    pub consent_assumed: u32,
    /// Nobody who was pushed after that (Unix seconds) is called.
    pub pushed_before: u32,
}

/// What a show looks for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Where it lies.
    pub direction: Direction,
    /// Its category.
    pub category: Term,
    /// Its host.
    pub host: Term,
}

/// Up to [`SHOWS`] shows and the model, as tables.
#[derive(Debug, Clone)]
pub struct Match {
    shows: usize,
    /// By dimension and show: the shows' directions, each of length 1.
    matrix: Box<[[f32; SHOWS]; DIMENSIONS]>,
    categories: [Term; SHOWS],
    hosts: [Term; SHOWS],
    /// Bit of a show: it wants a category, or a host, with these low bits.
    wants_category: [u16; TERMS],
    wants_host: [u16; TERMS],
    by_cosine: [f32; COSINES],
    by_category_rank: [f32; 5],
    by_host_rank: [f32; 5],
    by_tier: [f32; 8],
    by_power: [f32; 8],
    by_sex: [f32; 4],
    bias: f32,
    consent_given: u32,
    consent_assumed: u32,
    pushed_before: u32,
}

/// How scores are spread, and who is eligible.
#[derive(Debug, Clone)]
pub struct Spread {
    bins: Vec<u32>,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { bins: vec![0; BINS] }
    }
}

impl Spread {
    /// Shoppers who may be called.
    pub fn eligible(&self) -> u64 {
        self.bins.iter().map(|it| u64::from(*it)).sum()
    }

    /// The lowest bin that is still among the `k` best, and how many lie in it or above.
    pub fn threshold(&self, k: u64) -> (u16, u64) {
        let mut above = 0;
        for (at, count) in self.bins.iter().enumerate().rev() {
            above += u64::from(*count);
            if above >= k {
                return (at as u16, above);
            }
        }
        (0, above)
    }

    /// Adds another part's.
    pub fn merge(&mut self, other: &Spread) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(sum, it)| *sum += it);
    }
}

impl Match {
    /// The tables of shows (at most [`SHOWS`]; further ones are left out), from the model as it stands.
    pub fn new(wanted: &[Wanted], model: &Response, rules: &Rules) -> Self {
        let none = [0; SHAPE.features.len()];
        let bias = model.predict(&none, true).logit;
        let at = |feature: usize, bin: usize| {
            let mut bins = none;
            bins[feature] = bin as u8;
            (model.predict(&bins, true).logit - bias) as f32
        };
        let wanted = &wanted[..wanted.len().min(SHOWS)];
        let mut matrix = Box::new([[0.0; SHOWS]; DIMENSIONS]);
        let (mut categories, mut hosts) = ([Term::NONE; SHOWS], [Term::NONE; SHOWS]);
        let (mut wants_category, mut wants_host) = ([0; TERMS], [0; TERMS]);
        for (show, it) in wanted.iter().enumerate() {
            for (row, q) in matrix.iter_mut().zip(it.direction.q) {
                row[show] = f32::from(q) * it.direction.inverse_length;
            }
            (categories[show], hosts[show]) = (it.category, it.host);
            for (table, term) in [(&mut wants_category, it.category), (&mut wants_host, it.host)] {
                if term != Term::NONE {
                    table[term.0 as usize % TERMS] |= 1 << show;
                }
            }
        }
        let cosine = |step: usize| (step as f32 + 0.5) / COSINES as f32 * 2.0 - 1.0;
        let cosine_bin = |step: usize| {
            const BORDERS: [f32; 7] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65];
            1 + BORDERS.iter().filter(|it| cosine(step) >= **it).count()
        };
        let bit = |it: &Channel| 1u32 << consent_bit(*it, Class::Marketing);
        let assumed = rules.channels.iter().filter(|it| rules.consent_assumed & 1 << **it as u8 != 0);
        Match {
            shows: wanted.len(),
            matrix,
            categories,
            hosts,
            wants_category,
            wants_host,
            // Before anything was learnt the better match is the better guess.
            by_cosine: std::array::from_fn(|step| at(0, cosine_bin(step)) + cosine(step)),
            by_category_rank: std::array::from_fn(|rank| at(1, rank) + rank as f32 * 0.25),
            by_host_rank: std::array::from_fn(|rank| at(2, rank) + rank as f32 * 0.25),
            by_tier: std::array::from_fn(|bin| at(9, bin.min(6))),
            by_power: std::array::from_fn(|bin| at(8, bin.min(5))),
            by_sex: std::array::from_fn(|bin| at(11, bin)),
            bias: bias as f32,
            consent_given: rules.channels.iter().map(bit).fold(0, |sum, it| sum | it),
            consent_assumed: assumed.map(bit).fold(0, |sum, it| sum | it),
            pushed_before: rules.pushed_before,
        }
    }

    /// How many shows it holds.
    pub fn shows(&self) -> usize {
        self.shows
    }

    /// Scores a page's shoppers for every show, into `bins[show][row]`, and counts them.
    pub fn page(&self, page: &HotPage, bins: &mut [[u16; PAGE_ROWS]], spreads: &mut [Spread]) {
        for row in 0..PAGE_ROWS {
            let attributes = &page.attributes[row];
            let agreed = attributes.consent_given & self.consent_given
                | self.consent_assumed & !attributes.consent_refused;
            let there = page.activity[row].events != 0 && page.calls[row].last <= self.pushed_before;
            if !there || agreed == 0 {
                bins.iter_mut().for_each(|it| it[row] = NOT_ELIGIBLE);
                continue;
            }
            let same = self.bias
                + self.by_tier[usize::from(attributes.city_tier & 7)]
                + self.by_power[usize::from(attributes.spending_power & 7)]
                + self.by_sex[usize::from(attributes.sex & 3)]
                + self.by_category_rank[0]
                + self.by_host_rank[0];
            let mut scores = [same; SHOWS];
            for (place, (term, _)) in page.categories[row].iter().enumerate() {
                let wanting = self.wants_category[term.0 as usize % TERMS];
                if wanting != 0 {
                    let more = self.by_category_rank[rank(place)] - self.by_category_rank[0];
                    add(&mut scores, wanting, &self.categories, term, more);
                }
            }
            for (place, (term, _)) in page.hosts[row].iter().enumerate() {
                let wanting = self.wants_host[term.0 as usize % TERMS];
                if wanting != 0 {
                    let more = self.by_host_rank[rank(place)] - self.by_host_rank[0];
                    add(&mut scores, wanting, &self.hosts, term, more);
                }
            }
            let cosines = page.taste[row].cosines(&self.matrix, self.shows);
            for show in 0..self.shows {
                let step = ((cosines[show] + 1.0) * (COSINES as f32 / 2.0)) as usize;
                let score = scores[show] + self.by_cosine[step.min(COSINES - 1)];
                let bin = ((score + SPAN) * (BINS as f32 / (2.0 * SPAN))) as usize;
                let bin = bin.min(BINS - 1);
                bins[show][row] = bin as u16;
                spreads[show].bins[bin] += 1;
            }
        }
    }
}

fn add(scores: &mut [f32; SHOWS], mut wanting: u16, terms: &[Term; SHOWS], term: Term, more: f32) {
    while wanting != 0 {
        let show = wanting.trailing_zeros() as usize;
        wanting &= wanting - 1;
        if terms[show] == term {
            scores[show] += more;
        }
    }
}

/// The probability of an entry that a score's bin stands for.
pub fn probability(bin: u16) -> f64 {
    sigmoid((f64::from(bin) + 0.5) / BINS as f64 * 2.0 * f64::from(SPAN) - f64::from(SPAN))
}

fn rank(place: usize) -> usize {
    match place {
        0 => 4,
        1 => 3,
        2 | 3 => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decay::Level;
    use crate::decide::model::Prior;
    use crate::decide::response::Treatment;
    use crate::select::vector;

    const CATEGORY: Term = Term(77);

    fn wanted() -> Wanted {
        let mut sum = [0.0; DIMENSIONS];
        vector::add(&mut sum, CATEGORY, 1.0);
        Wanted { direction: Direction::of(&sum), category: CATEGORY, host: Term(5) }
    }

    fn model() -> Response {
        let prior = Prior { bias: -3.0, bias_variance: 1.0, variance: 0.25, forgetting: 0.0 };
        let treatment = Treatment { share: 0.9, effect: 0.5, effect_variance: 0.25, variance: 0.05 };
        Response::new(SHAPE, prior, treatment)
    }

    #[test]
    fn who_cares_for_what_a_show_has_comes_before_who_does_not_and_nobody_without_consent_comes() {
        let mut page = HotPage::default();
        let agreed = 1 << consent_bit(Channel::Webhook, Class::Marketing);
        for row in 0..PAGE_ROWS {
            page.activity[row].events = 1;
            page.attributes[row].consent_given = if row % 2 == 0 { agreed } else { 0 };
            if row >= 8 {
                let mut sum = [0.0; DIMENSIONS];
                vector::add(&mut sum, CATEGORY, 1.0);
                page.taste[row].touch(&sum, 1.0, 1_700_000_000);
                page.categories[row].add(CATEGORY, Level(1_000_000));
            }
        }
        page.calls[14].last = 2_000;
        let rules = Rules { channels: vec![Channel::Webhook], consent_assumed: 0, pushed_before: 1_999 };
        for shows in [1, SHOWS] {
            let it = Match::new(&vec![wanted(); shows], &model(), &rules);
            let mut bins = vec![[0; PAGE_ROWS]; shows];
            let mut spreads = vec![Spread::default(); shows];
            it.page(&page, &mut bins, &mut spreads);
            for (bins, spread) in bins.iter().zip(&spreads) {
                let eligible: Vec<usize> = (0..PAGE_ROWS).filter(|row| bins[*row] != NOT_ELIGIBLE).collect();
                assert_eq!(eligible, [0, 2, 4, 6, 8, 10, 12]);
                assert_eq!(spread.eligible(), 7);
                let (lowest, count) = spread.threshold(3);
                assert_eq!(count, 3);
                let best: Vec<usize> = eligible.into_iter().filter(|row| bins[*row] >= lowest).collect();
                assert_eq!(best, [8, 10, 12]);
                assert!(probability(bins[8]) > probability(bins[0]));
            }
        }
    }
}
