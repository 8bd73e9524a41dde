//! The match: one pass over all shoppers that scores each for every show, tests who may be called by bits,
//! and counts the scores, so that the best are known without sorting anybody.
//!
//! A score is the entry model's own log odds for what a shopper's row tells ([`super::row`]): a sum of table look-ups,
//! plus steps and a slope over the cosine between taste and show. Everybody is scored, nobody is left out before. Sixteen
//! rows are turned into columns once for all shows; what is the same for all shows is looked up once; the cosines
//! are a small product of matrices (`kernel.rs`). All of it is whole numbers.

use super::kernel::{self, CATEGORY_RANKS, HALF, HOST_RANKS, Page, Reasons, Square, TOGETHER, Towards, any};
use super::row::{self, CATEGORIES, HOSTS, Row, Rows, THERE};
use super::turns::{NOT_ELIGIBLE, Scored};
use super::vector::Direction;
use crate::decide::response::Response;
use crate::event::{Channel, Class};
use crate::id::Term;
use crate::limits::PAGE_ROWS;
use crate::profile::cold::consent_bit;
use multiversion::multiversion;
use multiversion::target::match_target;

/// Shows of one pass.
pub const SHOWS: usize = 16;

/// Steps of a score in one unit of log odds: a bin is a sixteenth of one wide, and scores are kept within eight units
/// of that of somebody of whom nothing is known.
const UNIT: f32 = 256.0;

/// No single reason counts for more than this, in log odds.
const SPAN: f32 = 16.0;

/// Ranks of a name among a shopper's own, as the model has them, with none.
const RANKS: usize = 5;

/// Borders of the bins of the cosine, as the model has them ([`SHAPE`](crate::decide::features::SHAPE)): whole twentieths.
const COSINES: [f32; 7] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65];

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
    towards: Vec<Towards>,
    reasons: Vec<Reasons>,
    /// By the lower half of [`Row::who`].
    by_who: [i16; 256],
    given: u16,
    assumed: u16,
    pushed_before: [u16; 2],
}

fn steps(log_odds: f64) -> i16 {
    (log_odds as f32).clamp(-SPAN, SPAN).mul_add(UNIT, 0.0) as i16
}

/// What the model says of single bins, in log odds beside nobody in particular. Asked once for all shows and rows.
struct Says {
    cosine: [f64; COSINES.len() + 2],
    category: [f64; RANKS],
    host: [f64; RANKS],
    power: [f64; 6],
    tier: [f64; 7],
    sex: [f64; 4],
}

impl Says {
    fn of(model: &Response) -> Self {
        Says {
            cosine: std::array::from_fn(|it| model.adds(0, it)),
            category: std::array::from_fn(|it| model.adds(1, it)),
            host: std::array::from_fn(|it| model.adds(2, it)),
            power: std::array::from_fn(|it| model.adds(8, it)),
            tier: std::array::from_fn(|it| model.adds(9, it)),
            sex: std::array::from_fn(|it| model.adds(11, it)),
        }
    }
}

impl Reasons {
    fn of(wanted: &Wanted, towards: &Towards, says: &Says) -> Self {
        let one = 4.0 * towards.length;
        let of = |parts: f32| if one > 0.0 { (parts * 65_536.0 / one) as i16 } else { 0 };
        // The first for all below 0, then one for each twentieth.
        let by_cosine = |place: usize| {
            let from = (place as f32 - 0.5) / 20.0;
            steps(says.cosine[1 + COSINES.iter().filter(|it| from >= **it).count()])
        };
        let worth = |of_rank: &[f64; RANKS], place: usize, term: Term| {
            let rank = rank(place);
            let worth = of_rank[rank] - of_rank[0] + 0.25 * rank as f64;
            // An empty place looks like no name at all: who wants none gets nothing for it.
            if term == Term::NONE { 0 } else { steps(worth) }
        };
        Reasons {
            twentieths: of(20.0),
            by_cosine: kernel::twice(&std::array::from_fn(by_cosine)),
            // Before anything was learnt the better match is the better guess: one unit from one end to the middle.
            slope: of(UNIT),
            category: (
                row::folded(wanted.category),
                CATEGORY_RANKS.map(|places| worth(&says.category, places[0], wanted.category)),
            ),
            host: (
                row::folded(wanted.host),
                HOST_RANKS.map(|places| worth(&says.host, places[0] - CATEGORIES, wanted.host)),
            ),
        }
    }
}

/// Where the numbers of a row's second half stand; a test holds them against [`Row`].
mod column {
    use super::{CATEGORIES, HOSTS};
    pub const LENGTH: usize = CATEGORIES + HOSTS;
    pub const GIVEN: usize = LENGTH + 1;
    pub const REFUSED: usize = GIVEN + 1;
    pub const WHO: usize = REFUSED + 1;
    pub const PUSHED: usize = WHO + 1;
}

impl Match {
    /// The tables of shows (at most [`SHOWS`]; further ones are left out), from the model as it stands.
    pub fn new(wanted: &[Wanted], model: &Response, rules: &Rules) -> Self {
        let says = Says::of(model);
        let wanted = &wanted[..wanted.len().min(SHOWS)];
        let towards: Vec<Towards> = wanted.iter().map(|it| Towards::of(&it.direction)).collect();
        let bit = |it: &Channel| 1u32 << consent_bit(*it, Class::Marketing);
        let assumed = rules.channels.iter().filter(|it| rules.consent_assumed & 1 << **it as u8 != 0);
        let by_who = |who: usize| {
            let (tier, power, sex) = (who & 7, who >> 3 & 7, who >> 6);
            steps(says.tier[tier.min(6)] + says.power[power.min(5)] + says.sex[sex])
        };
        Match {
            reasons: wanted
                .iter()
                .zip(&towards)
                .map(|(it, towards)| Reasons::of(it, towards, &says))
                .collect(),
            towards,
            by_who: std::array::from_fn(by_who),
            given: row::marketing(rules.channels.iter().map(bit).fold(0, |sum, it| sum | it)),
            assumed: row::marketing(assumed.map(bit).fold(0, |sum, it| sum | it)),
            pushed_before: row::halves(rules.pushed_before),
        }
    }

    /// How many shows it holds.
    pub fn shows(&self) -> usize {
        self.towards.len()
    }

    /// Scores everyone for every show.
    pub fn everyone(&self, rows: &Rows, scored: &mut Scored) {
        scored.begin(self.shows(), rows.len());
        let mut first = 0;
        for stretch in rows.stretches() {
            score_stretch(self, stretch, first, scored);
            first += stretch.len();
        }
    }

    /// All bits for each row of somebody who may be called at all, none for the others.
    #[inline(always)]
    fn eligible(&self, rest: &Square) -> [u16; PAGE_ROWS] {
        let mut eligible = [0; PAGE_ROWS];
        let [before_low, before_high] = self.pushed_before;
        for row in 0..PAGE_ROWS {
            let agreed = rest[column::GIVEN][row] & self.given | self.assumed & !rest[column::REFUSED][row];
            let (low, high) = (rest[column::PUSHED][row], rest[column::PUSHED + 1][row]);
            let rested = (high < before_high) | (high == before_high) & (low <= before_low);
            let may = (agreed != 0) & (rest[column::WHO][row] & THERE != 0) & rested;
            eligible[row] = 0u16.wrapping_sub(u16::from(may));
        }
        eligible
    }
}

/// Scores a stretch of rows, the first of which has the place `first`, for every show, and counts the scores. Compiled
/// once more for processors with AVX2; both give the same. Loops, not closures, within: a closure would be compiled for
/// every processor and could not be drawn in here.
#[multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+lzcnt+popcnt"))]
fn score_stretch(it: &Match, stretch: &[Row], first: usize, scored: &mut Scored) {
    let (pages, _) = stretch.as_chunks::<PAGE_ROWS>();
    for (number, rows) in pages.iter().enumerate() {
        let first = first + number * PAGE_ROWS;
        let [tastes, rest] = kernel::halves(rows);
        let rest = match_target! {
            "x86_64+avx+avx2" => kernel::avx2::turned(&rest),
            _ => any::turned(&rest),
        };
        let eligible = it.eligible(&rest);
        if eligible == [0; PAGE_ROWS] {
            for show in 0..it.shows() {
                *scored.page(show, first) = [NOT_ELIGIBLE; PAGE_ROWS];
            }
            continue;
        }
        let tastes = match_target! {
            "x86_64+avx+avx2" => kernel::avx2::turned(&tastes),
            _ => any::turned(&tastes),
        };
        let mut page = Page { eligible, inverse_lengths: rest[column::LENGTH], same: [0; PAGE_ROWS], rest };
        for row in 0..PAGE_ROWS {
            page.same[row] = it.by_who[usize::from(page.rest[column::WHO][row] & 0xFF)];
        }
        let (fours, ones) = it.towards.as_chunks::<TOGETHER>();
        for (at, four) in fours.iter().enumerate() {
            let sums = match_target! {
                "x86_64+avx+avx2" => kernel::avx2::sums(&tastes, four),
                _ => any::sums(&tastes, four),
            };
            for one in 0..TOGETHER {
                let show = at * TOGETHER + one;
                *scored.page(show, first) = match_target! {
                    "x86_64+avx+avx2" => kernel::avx2::bins(&four[one], &it.reasons[show], &page, &sums[one]),
                    _ => any::bins(&four[one], &it.reasons[show], &page, &sums[one]),
                };
            }
        }
        let (singles, _) = ones.as_chunks::<1>();
        for (at, single) in singles.iter().enumerate() {
            let sums = match_target! {
                "x86_64+avx+avx2" => kernel::avx2::sums(&tastes, single),
                _ => any::sums(&tastes, single),
            };
            let show = fours.len() * TOGETHER + at;
            *scored.page(show, first) = match_target! {
                "x86_64+avx+avx2" => kernel::avx2::bins(&single[0], &it.reasons[show], &page, &sums[0]),
                _ => any::bins(&single[0], &it.reasons[show], &page, &sums[0]),
            };
        }
    }
    for show in 0..it.shows() {
        let (bins, spread) = scored.part(show, first, stretch.len());
        spread.count(bins);
    }
}

/// As the features of the model have it: the first place is worth most.
fn rank(place: usize) -> usize {
    match place {
        0 => 4,
        1 => 3,
        2 | 3 => 2,
        _ => 1,
    }
}

const _: () = assert!(column::PUSHED + 2 == HALF, "a row's second half is what the columns say");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decay::Level;
    use crate::decide::chance::mix;
    use crate::decide::features::SHAPE;
    use crate::decide::model::Prior;
    use crate::decide::response::Treatment;
    use crate::profile::Hot;
    use crate::select::kernel::MIDDLE;
    use crate::select::vector::{self, DIMENSIONS};

    const CATEGORY: Term = Term(77);
    const SECS: u32 = 1_700_000_000;

    fn place(term: u32) -> [f32; DIMENSIONS] {
        let mut sum = [0.0; DIMENSIONS];
        vector::add(&mut sum, Term(term), 1.0);
        sum
    }

    fn wanted(term: u32) -> Wanted {
        Wanted { direction: Direction::of(&place(term)), category: Term(term), host: Term(5) }
    }

    fn model() -> Response {
        let prior = Prior { bias: -3.0, bias_variance: 1.0, variance: 0.25, forgetting: 0.0 };
        let treatment = Treatment { share: 0.9, effect: 0.5, effect_variance: 0.25, variance: 0.05 };
        Response::new(SHAPE, prior, treatment)
    }

    fn rules(pushed_before: u32) -> Rules {
        Rules { channels: vec![Channel::Webhook], consent_assumed: 0, pushed_before }
    }

    fn rows(shoppers: &[Hot]) -> Rows {
        let mut rows = Rows::default();
        (0..shoppers.len().div_ceil(PAGE_ROWS)).for_each(|_| rows.push_page());
        shoppers.iter().enumerate().for_each(|(at, it)| rows.set(at, Row::of(it.seen())));
        rows
    }

    #[test]
    fn the_columns_of_a_row_stand_where_the_pass_reads_them() {
        let row = Row {
            inverse_length: 1,
            given: 2,
            refused: 3,
            who: 4,
            pushed: [5, 6],
            ..bytemuck::Zeroable::zeroed()
        };
        let [_, rest]: [[u16; HALF]; 2] = bytemuck::cast(row);
        let columns = [column::LENGTH, column::GIVEN, column::REFUSED, column::WHO, column::PUSHED];
        assert_eq!(columns.map(|it| rest[it]), [1, 2, 3, 4, 5]);
        assert_eq!(rest[column::PUSHED + 1], 6);
    }

    #[test]
    fn who_cares_for_what_a_show_has_comes_before_who_does_not_and_nobody_without_consent_comes() {
        let agreed = 1 << consent_bit(Channel::Webhook, Class::Marketing);
        let mut shoppers = [Hot::default(); PAGE_ROWS];
        for (row, hot) in shoppers.iter_mut().enumerate() {
            hot.activity.events = 1;
            hot.attributes.consent_given = if row % 2 == 0 { agreed } else { 0 };
            if row >= 8 {
                hot.taste.touch(&place(CATEGORY.0), 1.0, SECS);
                hot.categories.add(CATEGORY, Level(1_000_000));
            }
        }
        shoppers[14].calls.last = SECS;
        let rows = rows(&shoppers);
        let mut scored = Scored::default();
        for shows in [1, 5, SHOWS] {
            let it = Match::new(&vec![wanted(CATEGORY.0); shows], &model(), &rules(SECS - 1));
            it.everyone(&rows, &mut scored);
            for show in 0..shows {
                let bins = scored.bins(show);
                let eligible: Vec<usize> = (0..PAGE_ROWS).filter(|row| bins[*row] != NOT_ELIGIBLE).collect();
                assert_eq!(eligible, [0, 2, 4, 6, 8, 10, 12]);
                assert_eq!(scored.spread(show).eligible(), 7);
                let (lowest, count) = scored.spread(show).threshold(3);
                assert_eq!(count, 3);
                let best: Vec<usize> = eligible.into_iter().filter(|row| bins[*row] >= lowest).collect();
                assert_eq!(best, [8, 10, 12]);
                let turn = |turn| {
                    let mut places = Vec::new();
                    scored.turn(show, turn, 3).each_eligible(|place| places.push(place));
                    (places, scored.turn(show, turn, 3).others().collect::<Vec<_>>())
                };
                assert_eq!(turn(0), (vec![8, 10, 12], vec![3, 9, 15]), "best first");
                assert_eq!(turn(1), (vec![0, 2, 4, 6], vec![1, 7, 13]));
                assert_eq!(turn(2), (vec![], vec![5, 11, 14]));
            }
            let later = Match::new(&vec![wanted(CATEGORY.0); shows], &model(), &rules(SECS));
            later.everyone(&rows, &mut scored);
            assert_eq!(scored.spread(0).eligible(), 8);
        }
    }

    #[test]
    fn a_score_is_the_models_own_for_the_bins_that_a_decision_would_see() {
        let mut model = model();
        for lesson in 0..4_000u64 {
            let bins: [u8; SHAPE.features.len()] = std::array::from_fn(|feature| {
                (mix(&[lesson, feature as u64]) % SHAPE.features[feature].bins as u64) as u8
            });
            model.learn(&bins, true, bins[0] > 5 && bins[9] < 3 || bins[1] == 4);
        }
        let agreed = 1 << consent_bit(Channel::Webhook, Class::Marketing);
        let shoppers: Vec<Hot> = (0..640u64)
            .map(|number| {
                let draw = |what: u64, below: u64| mix(&[number, what]) % below;
                let mut hot = Hot::default();
                hot.activity.events = 1;
                hot.attributes.consent_given = agreed;
                hot.attributes.city_tier = draw(1, 7) as u8;
                hot.attributes.spending_power = draw(2, 6) as u8;
                hot.attributes.sex = draw(3, 4) as u8;
                for touch in 0..draw(4, 12) {
                    let term = 70 + draw(100 + touch, 20) as u32;
                    hot.taste.touch(&place(term), 1.0, SECS + touch as u32 * 9_000);
                    hot.categories.add(Term(term), Level(1_000_000 + touch as u32 * 1_000));
                }
                hot
            })
            .collect();
        let wanted = wanted(CATEGORY.0);
        let it = Match::new(&[wanted], &model, &rules(SECS));
        let mut scored = Scored::default();
        it.everyone(&rows(&shoppers), &mut scored);
        let of = |bins: &[(usize, usize)]| {
            let mut all = [0; SHAPE.features.len()];
            bins.iter().for_each(|(feature, bin)| all[*feature] = *bin as u8);
            model.predict(&all, true).logit
        };
        let mut apart = 0;
        for (hot, bin) in shoppers.iter().zip(scored.bins(0)) {
            let cosine = hot.taste.cosine(&wanted.direction);
            let place = hot.categories.terms().take(CATEGORIES).position(|it| it == CATEGORY);
            let rank = place.map_or(0, rank);
            let expected = of(&[
                (0, 1 + COSINES.iter().filter(|it| cosine >= **it).count()),
                (1, rank),
                (8, hot.attributes.spending_power.into()),
                (9, hot.attributes.city_tier.into()),
                (11, hot.attributes.sex.into()),
            ]) - of(&[])
                + f64::from(cosine)
                + 0.25 * rank as f64;
            let seen = f64::from(i16::from(*bin) - MIDDLE) / 16.0 + 1.0 / 32.0;
            // A coarse taste may lie on the other side of a border.
            apart += usize::from((seen - expected).abs() > 0.07);
        }
        assert!(apart < shoppers.len() / 12, "{apart} of {}", shoppers.len());
    }
}
