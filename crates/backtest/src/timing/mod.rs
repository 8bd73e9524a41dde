//! One push a shopper-day: which policy finds the shopper active most often?
//!
//! A push between 09 and 23 o'clock hits when the shopper is active within the following half hour.
//! Models are fitted on the earlier days, thresholds and prices are chosen on the later of these (by models
//! that had seen only the days before), and the last third of the days is looked at once.

mod day;
mod policy;

use crate::bootstrap;
use crate::days::Days;
use crate::report::{Cell, Report, Row};
use crate::{Error, Log};
use day::Day;
use policy::Pushes;

/// How the test is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// The shoppers' clock, in minutes east of UTC.
    pub offset_min: i16,
    /// Days to test on, the last ones; a third of the log when not given.
    pub test_days: Option<usize>,
    /// First hour of the day in which a push may be sent.
    pub from_hour: u32,
    /// Hour before which it must be sent.
    pub until_hour: u32,
    /// A push hits when the shopper is active within so many seconds.
    pub hit_s: u32,
    /// Share of shopper-days on which the priced policies may push.
    pub share: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options { offset_min: 480, test_days: None, from_hour: 9, until_hour: 23, hit_s: 1800, share: 0.24 }
    }
}

/// Seconds between two looks at a shopper: what polling systems do, and what one that follows events does.
const GRIDS_S: [u32; 2] = [600, 60];

/// Shopper-slots of a day that are held in memory, at most.
const LOOKS_MAX: usize = 1 << 28;

/// Runs the test.
pub fn timing(log: &Log, options: &Options) -> Result<Report, Error> {
    let days = Days::of(log, options.offset_min)?.tested_on(options.test_days)?;
    let slots = ((options.until_hour - options.from_hour) * 3600 / GRIDS_S[1]) as usize;
    if log.trails.len() * slots * days.test().len() > LOOKS_MAX {
        return Err(Error::TooMuch { what: "shopper-slots", max: LOOKS_MAX });
    }
    let mut rows = Vec::new();
    for grid_s in GRIDS_S {
        let (choice, test) = day::walk(log, days, options, grid_s);
        if grid_s == GRIDS_S[0] {
            rows.extend(plain_rows(log, days, options, &choice, &test));
        }
        rows.extend(live_rows(options, grid_s, &choice, &test));
        if grid_s == GRIDS_S[1] {
            rows.push(row("clairvoyant", &policy::clairvoyant(&test), None, None));
        }
    }
    let test = days.test();
    Ok(Report {
        title: "Timing: one push a shopper-day".to_owned(),
        protocol: vec![
            format!(
                "{} shoppers; fitted on {} days, tested on the last {}; parameters chosen on days {} to {}, by models that had seen only the days before.",
                log.trails.len(),
                test.start,
                test.len(),
                days.choice().start + 1,
                days.choice().end,
            ),
            format!(
                "One push between {:02} and {:02} h; a hit is activity in the {} minutes after it.",
                options.from_hour,
                options.until_hour,
                options.hit_s / 60
            ),
            "Reaching an active shopper is a proxy: no push was sent, so nothing here says what a push would have changed.".to_owned(),
            format!("Intervals: 95 %, {} bootstrap rounds over shoppers; differences are paired, against the fixed threshold looked at as often.", bootstrap::ROUNDS),
        ],
        columns: vec!["policy", "hits a shopper-day", "hits a push", "pushes a shopper-day", "against threshold"],
        rows,
    })
}

/// Policies that know nothing of the present.
fn plain_rows(log: &Log, days: Days, options: &Options, choice: &[Day], test: &[Day]) -> Vec<Row> {
    let trail = |all_day: bool| policy::random(log, days, options, all_day);
    let best = policy::best_slot(choice);
    vec![
        row("random, 24 h", &trail(false), None, None),
        row(
            &format!("random, {:02}–{:02} h", options.from_hour, options.until_hour),
            &trail(true),
            None,
            None,
        ),
        row("best global time", &policy::at_slot(test, |_, _| best), None, None),
        row("personal best hour", &policy::personal(test), None, None),
    ]
}

/// Policies that look at live state every `grid_s` seconds.
fn live_rows(options: &Options, grid_s: u32, choice: &[Day], test: &[Day]) -> Vec<Row> {
    let every = match grid_s / 60 {
        1 => "every minute".to_owned(),
        minutes => format!("every {minutes} min"),
    };
    let theta = policy::best_threshold(choice);
    let threshold = policy::threshold(test, theta, true);
    let stopping = policy::stopping(test, 0.0);
    let theta_scarce = policy::scarce_threshold(choice, options.share);
    let threshold_scarce = policy::threshold(test, theta_scarce, false);
    let lambda = policy::price(choice, options.share);
    let priced = policy::stopping(test, lambda);
    let paced = policy::paced(choice, test, options.share);
    let day = |it: &Pushes| it.by_shopper(|all| (all.hits, all.days));
    let push = |it: &Pushes| it.by_shopper(|all| (all.hits, all.pushes));
    let by_day = bootstrap::difference(&day(&stopping), &day(&threshold));
    let by_push = |it: &Pushes| Some(bootstrap::difference(&push(it), &push(&threshold_scarce)));
    let share = (options.share * 100.0).round();
    vec![
        row(&format!("fixed threshold {theta:.2}, {every}"), &threshold, None, None),
        row(&format!("stopping rule, {every}"), &stopping, Some(by_day), None),
        row(&format!("threshold {theta_scarce:.2} for {share} %, {every}"), &threshold_scarce, None, None),
        row(&format!("price {lambda:.2} for {share} %, {every}"), &priced, None, by_push(&priced)),
        row(&format!("price that follows, ≤ {share} %, {every}"), &paced, None, by_push(&paced)),
    ]
}

type Difference = (f64, (f64, f64));

fn row(name: &str, pushes: &Pushes, by_day: Option<Difference>, by_push: Option<Difference>) -> Row {
    let rate = |top: fn(&policy::Sums) -> f64, bottom: fn(&policy::Sums) -> f64| {
        let (value, interval) = bootstrap::ratio(&pushes.by_shopper(|all| (top(all), bottom(all))));
        Cell::Rate(value, Some(interval))
    };
    let sums = pushes.total();
    let difference = match (by_day, by_push) {
        (Some((by, interval)), _) | (None, Some((by, interval))) => Cell::Difference(by, interval),
        (None, None) => Cell::None,
    };
    Row {
        name: name.to_owned(),
        cells: vec![
            rate(|it| it.hits, |it| it.days),
            rate(|it| it.hits, |it| it.pushes),
            Cell::Rate(sums.pushes / sums.days, None),
            difference,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Act, Deed};
    use beckon_core::decide::chance::mix;
    use beckon_core::event::ProductAct;
    use beckon_core::id::Term;

    /// Each comes by once an evening at a time that a hash decides, and stays for a quarter of an hour.
    fn visitors(shoppers: u64) -> Log {
        let trail = |shopper: u64| -> Vec<Act> {
            let visit = |day: u64| {
                let start = 1_511_539_200 + day * 86_400 + 18 * 3600 + mix(&[shopper, day]) % (3 * 3600);
                (0..15).map(move |minute| Act {
                    at: (start + minute * 60) as u32,
                    item: Term::NONE,
                    category: Term(1),
                    deed: Deed::Product(ProductAct::Viewed),
                })
            };
            (0..8).flat_map(visit).collect()
        };
        Log { trails: (0..shoppers).map(trail).collect() }
    }

    #[test]
    fn whoever_waits_for_the_visit_reaches_more_than_whoever_guesses_and_less_than_whoever_knows() {
        let options = Options { from_hour: 18, until_hour: 22, ..Options::default() };
        let report = timing(&visitors(24), &options).unwrap();
        let hits = |row: &str| report.value(row, "hits a shopper-day").unwrap();
        assert_eq!(hits("clairvoyant"), 1.0);
        assert!(hits("stopping rule, every minute") > 0.85, "{report}");
        assert!(hits("stopping rule, every minute") > hits("random, 18–22 h") + 0.4, "{report}");
        let pushed =
            report.value("price that follows, ≤ 24 %, every minute", "pushes a shopper-day").unwrap();
        assert!(pushed <= 0.24, "{report}");
    }

    #[test]
    fn the_same_log_gives_the_same_report() {
        let options = Options { from_hour: 20, until_hour: 22, ..Options::default() };
        let log = visitors(6);
        assert_eq!(timing(&log, &options).unwrap(), timing(&log, &options).unwrap());
    }
}
