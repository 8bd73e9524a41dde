//! The match: one pass over all shoppers that scores each for every show, tests who may be called by bits,
//! and keeps the best by a histogram's threshold, without sorting anybody.
//!
//! A score is the entry model's own log odds for what the hot columns tell: a sum of table look-ups by bin,
//! plus the table of the cosine between taste and show. The cosines of a shopper with all shows are one small
//! product of a vector and a matrix, and what is the same for all shows is looked up once. Nothing is
//! allocated for a shopper.

#![expect(
    clippy::needless_range_loop,
    reason = "several columns are walked side by side, in the form that vectorises"
)]

use super::taste::{Tastes, Towards};
use super::vector::Direction;
use crate::decide::features::SHAPE;
use crate::decide::logistic::sigmoid;
use crate::decide::response::Response;
use crate::event::{Channel, Class};
use crate::id::Term;
use crate::limits::PAGE_ROWS;
use crate::profile::HotPage;
use crate::profile::cold::consent_bit;
use multiversion::multiversion;
use std::sync::Arc;

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
    directions: Vec<Towards>,
    categories: [Term; SHOWS],
    hosts: [Term; SHOWS],
    wants_category: Wants,
    wants_host: Wants,
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
    /// By bin; the last counts who may not be called.
    bins: Box<[u32; BINS + 1]>,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { bins: Box::new([0; BINS + 1]) }
    }
}

impl Spread {
    /// Shoppers who may be called.
    pub fn eligible(&self) -> u64 {
        self.bins[..BINS].iter().map(|it| u64::from(*it)).sum()
    }

    /// The lowest bin that is still among the `k` best, and how many lie in it or above.
    pub fn threshold(&self, k: u64) -> (u16, u64) {
        let mut above = 0;
        for (at, count) in self.bins[..BINS].iter().enumerate().rev() {
            above += u64::from(*count);
            if above >= k {
                return (at as u16, above);
            }
        }
        (0, above)
    }

    /// Adds another part's.
    pub fn merge(&mut self, other: &Spread) {
        self.bins.iter_mut().zip(&*other.bins).for_each(|(sum, it)| *sum += it);
    }
}

/// Everyone's scores for some shows.
#[derive(Debug, Clone)]
pub struct Scored {
    /// By page and show.
    bins: Vec<[u16; PAGE_ROWS]>,
    spreads: Vec<Spread>,
}

impl Scored {
    /// How the scores for a show are spread.
    pub fn spread(&self, show: usize) -> &Spread {
        &self.spreads[show]
    }

    /// Everyone dealt out to `turns` turns of one size, those who match the show best first. Equals lie in one
    /// bin and are dealt out by place. Who may not be called has the turn that `place % turns` says.
    pub fn turns(&self, show: usize, turns: u32) -> Turns<'_> {
        let spread = &self.spreads[show].bins;
        let mut above = [0; BINS + 1];
        for bin in (0..BINS).rev() {
            above[bin] = above[bin + 1] + u64::from(spread[bin]);
        }
        Turns { scored: self, show, turns, eligible: above[0].max(1), above }
    }
}

/// Whose turn it is.
#[derive(Debug, Clone)]
pub struct Turns<'s> {
    scored: &'s Scored,
    show: usize,
    turns: u32,
    eligible: u64,
    /// By bin: how many lie in it or above.
    above: [u64; BINS + 1],
}

impl Turns<'_> {
    /// The places whose turn it is, from the first to the last; with them, whether they may be called at all.
    pub fn places(&self, turn: u32) -> impl Iterator<Item = (u32, bool)> {
        let shows = self.scored.spreads.len();
        let rows = (self.scored.bins.len() / shows * PAGE_ROWS) as u64;
        let pages = self.scored.bins.iter().skip(self.show).step_by(shows);
        let places = (0u32..).zip(pages.flatten());
        places.filter_map(move |(place, bin)| {
            let turns = u64::from(self.turns);
            let (of, may) = if *bin == NOT_ELIGIBLE {
                (u64::from(place) % turns, false)
            } else {
                let (best, all) = (self.above[usize::from(*bin) + 1], self.above[usize::from(*bin)]);
                let rank = best + (all - best) * u64::from(place) / rows;
                (rank * turns / self.eligible, true)
            };
            (of == u64::from(turn)).then_some((place, may))
        })
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
        let directions = wanted.iter().map(|it| Towards::of(&it.direction)).collect();
        let (mut categories, mut hosts) = ([Term::NONE; SHOWS], [Term::NONE; SHOWS]);
        for (show, it) in wanted.iter().enumerate() {
            (categories[show], hosts[show]) = (it.category, it.host);
        }
        let cosine = |step: usize| (step as f32 + 0.5) / COSINES as f32 * 2.0 - 1.0;
        let cosine_bin = |step: usize| {
            const BORDERS: [f32; 7] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65];
            1 + BORDERS.iter().filter(|it| cosine(step) >= **it).count()
        };
        let bit = |it: &Channel| 1u32 << consent_bit(*it, Class::Marketing);
        let assumed = rules.channels.iter().filter(|it| rules.consent_assumed & 1 << **it as u8 != 0);
        Match {
            directions,
            wants_category: Wants::of(&categories),
            wants_host: Wants::of(&hosts),
            categories,
            hosts,
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
        self.directions.len()
    }

    /// Scores everyone for every show.
    pub fn everyone(&self, pages: &[Arc<HotPage>]) -> Scored {
        let shows = self.shows();
        let mut scored = Scored {
            bins: vec![[NOT_ELIGIBLE; PAGE_ROWS]; pages.len() * shows],
            spreads: vec![Spread::default(); shows],
        };
        if shows > 0 {
            for (page, bins) in pages.iter().zip(scored.bins.chunks_exact_mut(shows)) {
                self.page(page, bins, &mut scored.spreads);
            }
        }
        scored
    }

    /// Scores a page's shoppers for every show, into `bins[show][row]`, and counts them.
    pub fn page(&self, page: &HotPage, bins: &mut [[u16; PAGE_ROWS]], spreads: &mut [Spread]) {
        score_page(self, page, bins, spreads);
    }

    /// All bits for each row of somebody who may be called at all, none for the others.
    #[inline(always)]
    fn eligible(&self, page: &HotPage) -> [u16; PAGE_ROWS] {
        std::array::from_fn(|row| {
            let attributes = &page.attributes[row];
            let agreed = attributes.consent_given & self.consent_given
                | self.consent_assumed & !attributes.consent_refused;
            let there = (agreed != 0)
                & (page.activity[row].events != 0)
                & (page.calls[row].last <= self.pushed_before);
            0u16.wrapping_sub(u16::from(there))
        })
    }

    /// What is the same for all shows: who the shopper is.
    #[inline(always)]
    fn same(&self, page: &HotPage) -> [f32; PAGE_ROWS] {
        let none = self.bias + self.by_category_rank[0] + self.by_host_rank[0];
        std::array::from_fn(|row| {
            let attributes = &page.attributes[row];
            none + self.by_tier[usize::from(attributes.city_tier & 7)]
                + self.by_power[usize::from(attributes.spending_power & 7)]
                + self.by_sex[usize::from(attributes.sex & 3)]
        })
    }

    /// What is added by show and row for a category or host that the shopper cares for. Most care for nothing that
    /// is on air.
    #[inline(always)]
    fn more(&self, page: &HotPage) -> [[f32; PAGE_ROWS]; SHOWS] {
        let mut more = [[0.0; PAGE_ROWS]; SHOWS];
        for row in 0..PAGE_ROWS {
            let (categories, hosts) = (&page.categories[row], &page.hosts[row]);
            if self.wants_category.any(categories.terms()) {
                for (place, term) in categories.terms().enumerate() {
                    let by_rank = self.by_category_rank[rank(place)] - self.by_category_rank[0];
                    let wanting = self.wants_category.shows(term, &self.categories);
                    wanting.for_each(|show| more[show][row] += by_rank);
                }
            }
            if self.wants_host.any(hosts.terms()) {
                for (place, term) in hosts.terms().enumerate() {
                    let by_rank = self.by_host_rank[rank(place)] - self.by_host_rank[0];
                    let wanting = self.wants_host.shows(term, &self.hosts);
                    wanting.for_each(|show| more[show][row] += by_rank);
                }
            }
        }
        more
    }
}

/// Goes column by column, and show by show, over all rows of the page and nearly without a branch: that is how a
/// processor reads memory ahead and works on several rows at once. Compiled once more for processors with AVX2 (x86-64
/// since 2013), which take twice as many at once; which one runs is seen when it runs, and both give the same.
#[multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+lzcnt+popcnt"))]
fn score_page(it: &Match, page: &HotPage, bins: &mut [[u16; PAGE_ROWS]], spreads: &mut [Spread]) {
    let eligible = it.eligible(page);
    if eligible == [0; PAGE_ROWS] {
        bins.iter_mut().for_each(|it| *it = [NOT_ELIGIBLE; PAGE_ROWS]);
        spreads.iter_mut().for_each(|it| it.bins[BINS] += PAGE_ROWS as u32);
        return;
    }
    let tastes = Tastes::of(&page.taste);
    let (same, more) = (it.same(page), it.more(page));
    // Loops, not closures: a closure would be compiled for every processor and could not be drawn in here.
    for show in 0..it.directions.len().min(bins.len()).min(spreads.len()) {
        let cosines = tastes.cosines(&it.directions[show]);
        let (more, bins, spread) = (&more[show], &mut bins[show], &mut *spreads[show].bins);
        let mut scores = [0.0; PAGE_ROWS];
        for row in 0..PAGE_ROWS {
            let step = whole((cosines[row] + 1.0) * (COSINES as f32 / 2.0), COSINES);
            scores[row] = same[row] + more[row] + it.by_cosine[step as usize % COSINES];
        }
        for row in 0..PAGE_ROWS {
            let place = (scores[row] + SPAN) * (BINS as f32 / (2.0 * SPAN));
            bins[row] = whole(place, BINS) as u16 | !eligible[row];
        }
        for bin in bins {
            spread[usize::from(*bin).min(BINS)] += 1;
        }
    }
}

/// The whole part of a number, brought within 0 and `end` − 1. A number added to 2²³ has its whole part in its last
/// bits: unlike a conversion this needs no case for what no integer holds, and goes lane by lane.
#[inline(always)]
fn whole(number: f32, end: usize) -> u32 {
    const TWO_23: f32 = 8_388_608.0;
    let within = (number - 0.5).max(0.0).min((end - 1) as f32);
    (within + TWO_23).to_bits() & 0x007F_FFFF
}

/// Which shows want a term: the bit of a show, by a term's low bits.
#[derive(Debug, Clone)]
struct Wants([u16; TERMS]);

impl Wants {
    fn of(terms: &[Term]) -> Self {
        let mut table = [0; TERMS];
        for (show, term) in terms.iter().enumerate() {
            if *term != Term::NONE {
                table[term.0 as usize % TERMS] |= 1 << show;
            }
        }
        Wants(table)
    }

    fn by(&self, term: Term) -> u16 {
        self.0[term.0 as usize % TERMS]
    }

    /// Whether one of these terms may be wanted: most shoppers care for nothing that is on air.
    #[inline(always)]
    fn any(&self, terms: impl Iterator<Item = Term>) -> bool {
        terms.fold(0, |bits, it| bits | self.by(it)) != 0
    }

    /// The shows that want this term.
    fn shows(&self, term: Term, wanted: &[Term; SHOWS]) -> impl Iterator<Item = usize> {
        let wanting = self.by(term);
        (0..SHOWS).filter(move |show| wanting >> show & 1 == 1 && wanted[*show] == term)
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
    use crate::select::vector::{self, DIMENSIONS};

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
            let scored = it.everyone(&[Arc::new(page.clone())]);
            let turns = scored.turns(shows - 1, 3);
            let of = |turn| turns.places(turn).collect::<Vec<_>>();
            let (may, not) = (true, false);
            assert_eq!(
                of(0)[..],
                [(3, not), (8, may), (9, not), (10, may), (12, may), (15, not)],
                "best first"
            );
            assert_eq!(of(1)[..], [(0, may), (1, not), (2, may), (4, may), (6, may), (7, not), (13, not)]);
            assert_eq!(of(2)[..], [(5, not), (11, not), (14, not)]);
        }
    }
}
