//! How well activity is foreseen: in the next ten minutes, and in which hours of a day.
//!
//! The first is the core's hazard, walked over the log and tested on its last third. What it was given
//! and what it said can be written out as CSV, for comparison with another model on the same inputs
//! (`docs/compare_activity.py`). The second asks how often a shopper's three best hours hold any activity
//! of an active day, by everyone's hours and by his own.

use crate::days::Days;
use crate::reach::Walk;
use crate::report::{Cell, Report, Row};
use crate::{Error, Log, bootstrap};
use beckon_core::decide::hazard;
use beckon_core::decide::logistic::log_loss;
use beckon_core::decide::model::FEATURES_MAX;
use beckon_core::time::LocalHour;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Length of a slot, in seconds.
const SLOT_S: u32 = 600;

/// Hours of a day that are named.
const TOP_HOURS: usize = 3;

/// Shopper-slots that are walked through, at most.
const SLOTS_MAX: usize = 1 << 27;

/// How the test is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The shoppers' clock, in minutes east of UTC.
    pub offset_min: i16,
    /// Days to test on, the last ones; a third of the log when not given.
    pub test_days: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options { offset_min: 480, test_days: None }
    }
}

/// Runs the test; writes every example to `export`, if given.
pub fn activity(log: &Log, options: &Options, export: Option<&Path>) -> Result<Report, Error> {
    let days = Days::of(log, options.offset_min)?.tested_on(options.test_days)?;
    let slots = log.trails.len() * days.count * (crate::days::DAY_S / SLOT_S) as usize;
    if slots > SLOTS_MAX {
        return Err(Error::TooMuch { what: "shopper-slots", max: SLOTS_MAX });
    }
    let mut export = Export::to(export)?;
    let mut walk = Walk::new(log, days, SLOT_S);
    let mut examples: Vec<(f64, bool)> = Vec::new();
    let mut examples_today: Vec<(f64, bool)> = Vec::new();
    let mut hours = ["", ", days before"].map(|when| Hours::new(log, days, when));
    for day in 0..days.count {
        let testing = days.test().contains(&day);
        if !testing || day == days.test().start {
            walk.learn_rhythms(day);
        }
        if testing || days.choice().contains(&day) {
            hours[usize::from(!testing)].day(&walk, log, day);
        }
        let mut written = Ok(());
        walk.day(day, !testing, |look| {
            let p = look.hazard.predict(&look.situation).p;
            if testing {
                examples.push((p, look.active));
            } else if days.choice().contains(&day) {
                examples_today.push((p, look.active));
            }
            if written.is_ok() && day > 0 {
                written = export.line(testing, &look.situation.bins(), look.active, p);
            }
        });
        written?;
    }
    export.finish()?;
    let mut rows = vec![
        hazard_row("next 10 min, test days", &mut examples),
        hazard_row("next 10 min, days before, as it learned", &mut examples_today),
    ];
    rows.extend(hours.iter().flat_map(Hours::rows));
    let test = days.test();
    Ok(Report {
        title: "Activity: how well it is foreseen".to_owned(),
        protocol: vec![
            format!(
                "{} shoppers; fitted on {} days, tested on the last {}, all hours of the day.",
                log.trails.len(),
                test.start,
                test.len()
            ),
            format!("Best hours: share of active shopper-days with activity in at least one of {TOP_HOURS} hours named before; 95 % bootstrap intervals over shoppers."),
            "Activity in the log is what the log shows; a shopper who only looked at his screen is not in it.".to_owned(),
        ],
        columns: vec!["what", "share", "AUC", "log loss", "log loss of the mean", "said : was", "examples"],
        rows,
    })
}

fn hazard_row(name: &str, examples: &mut [(f64, bool)]) -> Row {
    let count = examples.len() as f64;
    let mean = examples.iter().filter(|it| it.1).count() as f64 / count;
    let loss =
        |of: &dyn Fn(f64) -> f64| examples.iter().map(|it| log_loss(of(it.0), it.1)).sum::<f64>() / count;
    let said = examples.iter().map(|it| it.0).sum::<f64>() / count;
    let (own, plain) = (loss(&|p| p), loss(&|_| mean));
    Row {
        name: name.to_owned(),
        cells: vec![
            Cell::Rate(mean, None),
            Cell::Measure(auc(examples)),
            Cell::Measure(own),
            Cell::Measure(plain),
            Cell::Measure(said / mean),
            Cell::Count(examples.len()),
        ],
    }
}

/// The chance that an active example was given a higher probability than an inactive one.
fn auc(examples: &mut [(f64, bool)]) -> f64 {
    examples.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0.0, 0.0);
    let mut at = 0;
    while at < examples.len() {
        let tied = examples[at..].iter().take_while(|it| it.0 == examples[at].0).count();
        let active = examples[at..at + tied].iter().filter(|it| it.1).count() as f64;
        let inactive = tied as f64 - active;
        won += active * (below + inactive / 2.0);
        below += inactive;
        at += tied;
    }
    won / (below * (examples.len() as f64 - below))
}

/// Hits of the best hours, by shopper.
struct Hours {
    days: Days,
    when: &'static str,
    /// Hours with activity, by (shopper, day).
    active: BTreeMap<(usize, u32), u32>,
    global: Vec<(f64, f64)>,
    personal: Vec<(f64, f64)>,
}

impl Hours {
    fn new(log: &Log, days: Days, when: &'static str) -> Self {
        let mut active: BTreeMap<(usize, u32), u32> = BTreeMap::new();
        for (shopper, trail) in log.trails.iter().enumerate() {
            for act in trail.iter().filter(|it| it.at >= days.start) {
                let day = (act.at - days.start) / crate::days::DAY_S;
                *active.entry((shopper, day)).or_default() |=
                    1 << LocalHour::at(act.at, days.offset_min).hour;
            }
        }
        let none = vec![(0.0, 0.0); log.trails.len()];
        Hours { days, when, active, global: none.clone(), personal: none }
    }

    fn day(&mut self, walk: &Walk<'_>, log: &Log, day: usize) {
        let weekend = LocalHour::at(self.days.midnight(day), self.days.offset_min).weekend;
        let top = |hours: [u8; 24]| hours[..TOP_HOURS].iter().fold(0u32, |bits, hour| bits | 1 << hour);
        let everyone = top(walk.average.best_hours(weekend));
        for shopper in 0..log.trails.len() {
            let Some(active) = self.active.get(&(shopper, day as u32)) else { continue };
            let own = top(walk.intensities[shopper].best_hours(weekend));
            for (of, named) in [(&mut self.global, everyone), (&mut self.personal, own)] {
                of[shopper].0 += f64::from(u8::from(active & named != 0));
                of[shopper].1 += 1.0;
            }
        }
    }

    fn rows(&self) -> Vec<Row> {
        let named = [("everyone's best 3 hours", &self.global), ("personal best 3 hours", &self.personal)];
        let rows = named.map(|(name, parts)| {
            let (share, interval) = bootstrap::ratio(parts);
            let days = parts.iter().map(|it| it.1).sum::<f64>() as usize;
            (name, Cell::Rate(share, Some(interval)), days)
        });
        let (by, interval) = bootstrap::difference(&self.personal, &self.global);
        let line = |name: &str, cell: Cell, days: usize| Row {
            name: format!("{name}{}", self.when),
            cells: vec![cell, Cell::None, Cell::None, Cell::None, Cell::None, Cell::Count(days)],
        };
        let days = rows[0].2;
        let mut lines: Vec<Row> = rows.into_iter().map(|(name, cell, days)| line(name, cell, days)).collect();
        lines.push(line("personal less everyone's", Cell::Difference(by, interval), days));
        lines
    }
}

/// Examples as CSV: set, one bin a feature, label, what the model said.
struct Export(Option<(std::io::BufWriter<std::fs::File>, std::path::PathBuf)>);

impl Export {
    fn to(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Ok(Export(None)) };
        let failed = |source| Error::Write { path: path.to_owned(), source };
        let mut file = std::io::BufWriter::new(std::fs::File::create(path).map_err(failed)?);
        let names: Vec<&str> = hazard::SHAPE.features.iter().map(|it| it.name).collect();
        writeln!(file, "set,{},active,said", names.join(",")).map_err(failed)?;
        Ok(Export(Some((file, path.to_owned()))))
    }

    fn line(&mut self, testing: bool, bins: &[u8], active: bool, p: f64) -> Result<(), Error> {
        let Some((file, path)) = &mut self.0 else { return Ok(()) };
        let mut line = String::with_capacity(FEATURES_MAX);
        line.push_str(if testing { "test" } else { "fit" });
        bins.iter().for_each(|bin| line.push_str(&format!(",{bin}")));
        writeln!(file, "{line},{},{p:.7}", u8::from(active))
            .map_err(|source| Error::Write { path: path.clone(), source })
    }

    fn finish(self) -> Result<(), Error> {
        let Some((mut file, path)) = self.0 else { return Ok(()) };
        file.flush().map_err(|source| Error::Write { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_counts_ties_as_half() {
        assert_eq!(auc(&mut [(0.1, false), (0.9, true)]), 1.0);
        assert_eq!(auc(&mut [(0.9, false), (0.1, true)]), 0.0);
        assert_eq!(auc(&mut [(0.5, false), (0.5, true), (0.5, false)]), 0.5);
    }
}
