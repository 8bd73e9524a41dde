//! A figure: its runs, beside what it must be and beside the limits of the same runs; and its two forms
//! in print, a line as it is measured and a row of the table at the end.

use std::fmt::Display;

/// What a figure must be, and is meant to become.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// What is measured.
    pub name: &'static str,
    /// In which unit.
    pub unit: Unit,
    /// Which direction is good.
    pub better: Better,
    /// The bound.
    pub must: f64,
    /// The aim, if there is one.
    pub aim: Option<f64>,
}

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The more the better.
    Higher,
    /// The less the better.
    Lower,
}

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// So many a second.
    PerSecond,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
}

/// Something that the same run measured beside the figure.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    name: &'static str,
    unit: Unit,
    value: f64,
    /// Whether the figure could at best reach it; else it only explains.
    reachable: bool,
}

/// A figure and its runs.
#[derive(Debug, Clone)]
pub struct Figure {
    goal: Goal,
    seen: Vec<f64>,
    limits: Vec<Vec<Limit>>,
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Unit::PerSecond => format!("{}/s", thousands(value)),
            Unit::Millis => format!("{} ms", digits(value)),
            Unit::Seconds => format!("{} s", digits(value)),
            Unit::Bytes if value < 1024.0 => format!("{value:.0} B"),
            Unit::Bytes if value < 1024.0 * 1024.0 => format!("{:.2} KiB", value / 1024.0),
            Unit::Bytes if value < 1e9 => format!("{:.1} MB", value / 1e6),
            Unit::Bytes => format!("{:.2} GB", value / 1e9),
            Unit::BytesPerSecond if value < 1e9 => format!("{:.0} MB/s", value / 1e6),
            Unit::BytesPerSecond => format!("{:.2} GB/s", value / 1e9),
        }
    }
}

/// Three significant digits.
fn digits(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn thousands(value: f64) -> String {
    match value.abs() {
        0.0..1e3 => digits(value),
        1e3..1e6 => format!("{} k", digits(value / 1e3)),
        _ => format!("{} M", digits(value / 1e6)),
    }
}

/// A count as people read it.
pub fn count(value: u64) -> String {
    thousands(value as f64)
}

/// Bytes as people read them.
pub fn bytes(value: u64) -> String {
    Unit::Bytes.show(value as f64)
}

/// Says what is being done, for whoever waits.
pub fn doing(what: &str) {
    println!("  … {what}");
}

/// One aligned line.
pub fn line(label: &str, value: impl Display) {
    println!("  {label:<58} {value}");
}

impl Limit {
    /// What the figure could reach at best.
    pub fn at_best(name: &'static str, unit: Unit, value: f64) -> Self {
        Limit { name, unit, value, reachable: true }
    }

    /// What explains the figure, and cannot be compared with it.
    pub fn beside(name: &'static str, unit: Unit, value: f64) -> Self {
        Limit { reachable: false, ..Limit::at_best(name, unit, value) }
    }
}

impl Figure {
    /// No run yet.
    pub fn of(goal: Goal) -> Self {
        Figure { goal, seen: Vec::new(), limits: Vec::new() }
    }

    /// A run is done: keeps and prints it.
    pub fn add(&mut self, seen: f64, limits: Vec<Limit>) {
        let goal = self.goal;
        line(&format!("run {}: {}", self.seen.len() + 1, goal.name), goal.unit.show(seen));
        for limit in &limits {
            let share = share(goal.better, seen, limit).map(|it| format!("   {it} of it reached"));
            let shown = limit.unit.show(limit.value);
            line(&format!("  limit: {}", limit.name), format!("{shown:<10}{}", share.unwrap_or_default()));
        }
        self.seen.push(seen);
        self.limits.push(limits);
    }

    fn is_met(&self) -> bool {
        let seen = median(&self.seen);
        if self.goal.better == Better::Higher { seen >= self.goal.must } else { seen <= self.goal.must }
    }

    fn row(&self) -> String {
        let Goal { name, unit, better, must, aim } = self.goal;
        let sign = if better == Better::Higher { "≥" } else { "≤" };
        let aim = aim.map_or("–".to_owned(), |it| unit.show(it));
        let met = if self.is_met() { "" } else { " **missed**" };
        let spread = match self.seen.as_slice() {
            [] | [_] => String::new(),
            all => format!(" ({}–{})", unit.show(least(all)), unit.show(most(all))),
        };
        let seen = unit.show(median(&self.seen));
        let (limits, shares): (Vec<_>, Vec<_>) = (0..self.limits.first().map_or(0, Vec::len))
            .map(|at| {
                let runs: Vec<Limit> = self.limits.iter().filter_map(|it| it.get(at).copied()).collect();
                let values: Vec<f64> = runs.iter().map(|it| it.value).collect();
                let one = Limit { value: median(&values), ..runs[0] };
                let shares: Vec<f64> =
                    runs.iter().zip(&self.seen).filter_map(|(it, seen)| part(better, *seen, it)).collect();
                let share = if shares.is_empty() { "–".to_owned() } else { percent(median(&shares)) };
                (format!("{}: {}", one.name, one.unit.show(one.value)), share)
            })
            .unzip();
        format!(
            "| {name} | {sign} {} | {aim} | {seen}{spread}{met} | {} | {} |",
            unit.show(must),
            limits.join("<br>"),
            shares.join("<br>")
        )
    }
}

/// The part of the limit that was reached, 1 being all of it.
fn part(better: Better, seen: f64, limit: &Limit) -> Option<f64> {
    let part = if better == Better::Higher { seen / limit.value } else { limit.value / seen };
    (limit.reachable && part.is_finite()).then_some(part)
}

fn share(better: Better, seen: f64, limit: &Limit) -> Option<String> {
    part(better, seen, limit).map(percent)
}

fn percent(part: f64) -> String {
    format!("{} %", digits(100.0 * part))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The value below which so many of a hundred lie. Sorts `values`.
pub fn percentile(values: &mut [f64], of_hundred: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * of_hundred / 100.0).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// The table in Markdown.
pub fn print_table(figures: &[Figure]) {
    println!(
        "\n| figure | must | aim | seen: median (min–max) | limits, measured in the same runs | reached |"
    );
    println!("|---|---|---|---|---|---|");
    figures.iter().for_each(|it| println!("{}", it.row()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ingest(runs: &[(f64, f64)]) -> String {
        let mut figure = Figure::of(crate::bench::goals::INGEST);
        for (seen, limit) in runs {
            figure.seen.push(*seen);
            figure.limits.push(vec![
                Limit::at_best("disk", Unit::PerSecond, *limit),
                Limit::beside("memory", Unit::BytesPerSecond, 2e10),
            ]);
        }
        figure.row()
    }

    #[test]
    fn a_row_holds_the_median_its_spread_and_the_share_of_each_limit() {
        assert_eq!(
            ingest(&[(400e3, 800e3), (300e3, 1e6), (350e3, 700e3)]),
            "| durable ingest, batches of 100, parsed and folded | ≥ 300 k/s | 1.00 M/s | \
             350 k/s (300 k/s–400 k/s) | disk: 800 k/s<br>memory: 20.00 GB/s | 50.0 %<br>– |"
        );
    }

    #[test]
    fn a_figure_below_what_it_must_be_says_so() {
        assert!(ingest(&[(299e3, 1e6)]).contains("| 299 k/s **missed** |"));
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 50.0), 50.0);
        assert_eq!(percentile(&mut values, 99.0), 99.0);
        assert_eq!(percentile(&mut values, 100.0), 100.0);
        assert_eq!(percentile(&mut [7.0], 99.0), 7.0);
    }
}
