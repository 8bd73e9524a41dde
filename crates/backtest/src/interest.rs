//! How well the next category is foreseen: by what everyone looks at, and by what the shopper cares for.
//!
//! The score is the core's: the decayed weights of the categories in the shopper's columns, with the popular
//! ones behind them. Each act of the last days is a question, asked before it is folded.

use crate::days::Days;
use crate::log::Log;
use crate::report::{Cell, Report, Row};
use crate::shopper::Shopper;
use crate::{Error, bootstrap};
use beckon_core::decay::INTEREST_HALF_LIFE_S;
use beckon_core::id::Term;
use std::collections::BTreeMap;

/// How many categories may be named.
const NAMED: [usize; 3] = [1, 3, 8];

/// Log length for which the days are split by days; a shorter one is split by acts.
const SPLIT_S: u32 = 4 * crate::days::DAY_S;

/// What an act asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    /// The category of the next act.
    Next,
    /// The category of the next act, where it is another one than the last.
    Change,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Score {
    Popularity,
    Interest,
}

/// Hits and questions by shopper, for each (question, score, categories named).
type Sums = BTreeMap<(Question, Score, usize), Vec<(f64, f64)>>;

/// Runs the test.
pub fn interest(log: &Log, offset_min: i16) -> Result<Report, Error> {
    let first = log.trails.iter().flatten().map(|it| it.at).min().unwrap_or(0);
    let last = log.trails.iter().flatten().map(|it| it.at).max().unwrap_or(0);
    let (from, split) = match last - first >= SPLIT_S {
        true => {
            let days = Days::of(log, offset_min)?;
            (days.midnight(days.test().start), "days")
        }
        false => (first + (last - first) / 3 * 2, "hours"),
    };
    let mut order: Vec<(u32, usize, usize)> = Vec::with_capacity(log.acts());
    for (shopper, trail) in log.trails.iter().enumerate() {
        order.extend(trail.iter().enumerate().map(|(at, act)| (act.at, shopper, at)));
    }
    order.sort_unstable();
    let mut shoppers = vec![Shopper::default(); log.trails.len()];
    let mut popular = Popular::default();
    let mut sums = Sums::new();
    for (now, shopper, at) in order {
        let act = &log.trails[shopper][at];
        if now >= from && act.category != Term::NONE {
            let before = at.checked_sub(1).map(|at| log.trails[shopper][at].category);
            let cared: Vec<Term> = cared_for(&shoppers[shopper], now);
            for named in NAMED {
                let own = filled(&cared, &popular, named);
                let general = filled(&[], &popular, named);
                for (score, list) in [(Score::Popularity, general), (Score::Interest, own)] {
                    let hit = list.contains(&act.category);
                    ask(&mut sums, log, (Question::Next, score, named), shopper, hit);
                    if before.is_some_and(|it| it != act.category) {
                        ask(&mut sums, log, (Question::Change, score, named), shopper, hit);
                    }
                }
            }
        }
        popular.add(act.category);
        shoppers[shopper].fold(act, offset_min);
    }
    Ok(Report {
        title: "Interest: is the next category among those named?".to_owned(),
        protocol: vec![
            format!("{} shoppers, {} acts; asked on the last third of the {split}, each act before it is folded.", log.trails.len(), log.acts()),
            "Popularity counts everyone's acts up to then; interest is the shopper's own list of eight, popular ones behind it.".to_owned(),
            "What a shopper looks at next is not what a push would make him want; 95 % bootstrap intervals over shoppers.".to_owned(),
        ],
        columns: vec!["question, categories named", "popularity", "interest", "difference", "questions"],
        rows: rows(&sums),
    })
}

fn rows(sums: &Sums) -> Vec<Row> {
    let mut rows = Vec::new();
    for (question, name) in [(Question::Next, "next category"), (Question::Change, "next other category")] {
        for named in NAMED {
            let of = |score| sums.get(&(question, score, named)).cloned().unwrap_or_default();
            let (general, own) = (of(Score::Popularity), of(Score::Interest));
            let rate = |parts: &[(f64, f64)]| {
                let (value, interval) = bootstrap::ratio(parts);
                Cell::Rate(value, Some(interval))
            };
            let (by, interval) = bootstrap::difference(&own, &general);
            rows.push(Row {
                name: format!("{name}, {named}"),
                cells: vec![
                    rate(&general),
                    rate(&own),
                    Cell::Difference(by, interval),
                    Cell::Count(own.iter().map(|it| it.1).sum::<f64>() as usize),
                ],
            });
        }
    }
    rows
}

fn ask(sums: &mut Sums, log: &Log, key: (Question, Score, usize), shopper: usize, hit: bool) {
    let parts = sums.entry(key).or_insert_with(|| vec![(0.0, 0.0); log.trails.len()]);
    parts[shopper].0 += f64::from(u8::from(hit));
    parts[shopper].1 += 1.0;
}

/// The shopper's categories by decayed weight, most cared-for first.
fn cared_for(shopper: &Shopper, now: u32) -> Vec<Term> {
    let mut all: Vec<(Term, f64)> = shopper
        .hot
        .categories
        .iter()
        .map(|(term, level)| (term, level.value(now, INTEREST_HALF_LIFE_S)))
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.into_iter().map(|it| it.0).collect()
}

/// The first `named` of `own`, filled up with popular ones.
fn filled(own: &[Term], popular: &Popular, named: usize) -> Vec<Term> {
    let mut list: Vec<Term> = own.iter().copied().take(named).collect();
    for term in &popular.top {
        if list.len() >= named {
            break;
        }
        if !list.contains(term) {
            list.push(*term);
        }
    }
    list
}

/// The categories that everyone touches most.
#[derive(Default)]
struct Popular {
    counts: BTreeMap<Term, u32>,
    /// The most touched first; as many as may have to be named.
    top: Vec<Term>,
}

impl Popular {
    fn add(&mut self, term: Term) {
        if term == Term::NONE {
            return;
        }
        *self.counts.entry(term).or_default() += 1;
        if !self.top.contains(&term) {
            self.top.push(term);
        }
        let counts = &self.counts;
        self.top.sort_by_key(|it| std::cmp::Reverse(counts[it]));
        self.top.truncate(2 * NAMED[NAMED.len() - 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Act, Deed};
    use beckon_core::event::ProductAct;

    #[test]
    fn a_shopper_who_keeps_to_his_category_is_foreseen_by_interest_alone() {
        let act = |at, category| Act {
            at,
            item: Term(1),
            category: Term(category),
            deed: Deed::Product(ProductAct::Viewed),
        };
        let start = 1_511_539_200;
        let trail = |own: u32| (0..900).map(|i| act(start + i * 864, own)).collect();
        let log = Log { trails: (1..=20).map(trail).collect() };
        let report = interest(&log, 480).unwrap();
        assert_eq!(report.value("next category, 1", "interest"), Some(1.0));
        assert!(report.value("next category, 1", "popularity").unwrap() < 0.1);
    }
}
