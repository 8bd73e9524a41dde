//! The policies: each says for every shopper-day in which slot it pushes, if at all.

use super::Options;
use super::day::Day;
use crate::days::Days;
use crate::log::Log;
use beckon_core::decide::histogram::Histogram;
use beckon_core::decide::moment::Verdict;
use beckon_core::decide::price::Price;

/// What came of one shopper's days.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Hits; shares of one where the policy draws its time.
    pub hits: f64,
    /// Pushes.
    pub pushes: f64,
    /// Days.
    pub days: f64,
}

/// What a policy did, by shopper.
pub struct Pushes(Vec<Sums>);

impl Pushes {
    fn none(shoppers: usize) -> Self {
        Pushes(vec![Sums::default(); shoppers])
    }

    fn add(&mut self, shopper: usize, hit: Option<f64>) {
        let sums = &mut self.0[shopper];
        sums.days += 1.0;
        sums.pushes += f64::from(u8::from(hit.is_some()));
        sums.hits += hit.unwrap_or(0.0);
    }

    /// Two numbers of each shopper.
    pub fn by_shopper(&self, of: impl Fn(&Sums) -> (f64, f64)) -> Vec<(f64, f64)> {
        self.0.iter().map(of).collect()
    }

    /// All shoppers together.
    pub fn total(&self) -> Sums {
        self.0.iter().fold(Sums::default(), |a, b| Sums {
            hits: a.hits + b.hits,
            pushes: a.pushes + b.pushes,
            days: a.days + b.days,
        })
    }
}

/// A time drawn evenly from the day (or the hours in which pushing is allowed): the expected hits.
pub fn random(log: &Log, days: Days, options: &Options, within_hours: bool) -> Pushes {
    let hours = if within_hours { options.from_hour..options.until_hour } else { 0..24 };
    let minutes = hours.start * 60..hours.end * 60;
    let mut pushes = Pushes::none(log.trails.len());
    for day in days.test() {
        for shopper in 0..log.trails.len() {
            let at = |minute| days.midnight(day) + minute * 60;
            let hit = |minute: &u32| super::day::hits(log, shopper, at(*minute), options.hit_s);
            let hits = minutes.clone().filter(hit).count();
            pushes.add(shopper, Some(hits as f64 / minutes.len() as f64));
        }
    }
    pushes
}

/// Pushes in the slot that `slot` names for a shopper's day.
pub fn at_slot(days: &[Day], slot: impl Fn(&Day, usize) -> usize) -> Pushes {
    each(days, |day, shopper| Some(slot(day, shopper)))
}

/// Each shopper's most active hour.
pub fn personal(days: &[Day]) -> Pushes {
    at_slot(days, |day, shopper| day.personal[shopper])
}

/// The slot in which most shoppers would have been hit.
pub fn best_slot(days: &[Day]) -> usize {
    let slots = days.first().map_or(0, |it| it.slots);
    let hits = |slot: &usize| {
        let of_day = |day: &Day| (0..day.shoppers).filter(|it| day.cell(*slot, *it).hit).count();
        days.iter().map(of_day).sum::<usize>()
    };
    (0..slots).max_by_key(|slot| (hits(slot), std::cmp::Reverse(*slot))).unwrap_or(0)
}

/// The first slot in which the chance of reach is at least `theta`; if there is none, the last one or none.
pub fn threshold(days: &[Day], theta: f64, at_last: bool) -> Pushes {
    each(days, |day, shopper| {
        let found = (0..day.slots).find(|slot| f64::from(day.cell(*slot, shopper).reach) >= theta);
        found.or(at_last.then_some(day.slots - 1))
    })
}

/// The stopping rule at a price: the core's own verdict. Reach and waiting both come from the table, for what
/// is compared must be wrong in the same way.
pub fn stopping(days: &[Day], lambda: f64) -> Pushes {
    each(days, |day, shopper| {
        (0..day.slots).find(|slot| verdict(day, *slot, shopper, lambda) == Verdict::Send)
    })
}

fn verdict(day: &Day, slot: usize, shopper: usize, lambda: f64) -> Verdict {
    let cell = day.cell(slot, shopper);
    day.table.decide(slot, cell.class.into(), cell.state.index(), 1.0, lambda)
}

/// Times a day at which the price follows what was sent.
const PERIODS: usize = 14;

/// The stopping rule at a price that starts at the histogram's quantile and follows what is sent, within a
/// budget that is never exceeded: as a show's pace is kept.
pub fn paced(choice: &[Day], test: &[Day], share: f64) -> Pushes {
    let mut values = Histogram::default();
    for day in choice {
        for shopper in 0..day.shoppers {
            let reach = |slot: usize| f64::from(day.cell(slot, shopper).reach);
            values.add((0..day.slots).map(reach).fold(0.0, f64::max));
        }
    }
    let planned = (share * values.len() as f64) as u64;
    let plan = plan(choice, Price::start(&values, planned).lambda());
    let mut pushes = Pushes::none(test.first().map_or(0, |it| it.shoppers));
    for day in test {
        let budget = (share * day.shoppers as f64) as usize;
        let mut price = Price::start(&values, planned);
        let mut sent: Vec<Option<usize>> = vec![None; day.shoppers];
        let (mut spent, mut in_period) = (0, 0);
        for slot in 0..day.slots {
            for (shopper, sent) in sent.iter_mut().enumerate() {
                if spent < budget
                    && sent.is_none()
                    && verdict(day, slot, shopper, price.lambda()) == Verdict::Send
                {
                    *sent = Some(slot);
                    spent += 1;
                    in_period += 1;
                }
            }
            if (slot + 1) * PERIODS / day.slots > slot * PERIODS / day.slots {
                price.follow(budget as f64 * plan[slot * PERIODS / day.slots], f64::from(in_period));
                in_period = 0;
            }
        }
        for (shopper, sent) in sent.into_iter().enumerate() {
            pushes.add(shopper, sent.map(|slot| f64::from(u8::from(day.cell(slot, shopper).hit))));
        }
    }
    pushes
}

/// Which share of a day's pushes falls into each period, at a fixed price; some into every one.
fn plan(days: &[Day], lambda: f64) -> [f64; PERIODS] {
    let mut counts = [1.0; PERIODS];
    for day in days {
        for shopper in 0..day.shoppers {
            let sent = (0..day.slots).find(|slot| verdict(day, *slot, shopper, lambda) == Verdict::Send);
            if let Some(slot) = sent {
                counts[slot * PERIODS / day.slots] += 1.0;
            }
        }
    }
    let all: f64 = counts.iter().sum();
    counts.map(|it| it / all)
}

/// Whether there was any slot that hits.
pub fn clairvoyant(days: &[Day]) -> Pushes {
    each(days, |day, shopper| Some((0..day.slots).find(|it| day.cell(*it, shopper).hit).unwrap_or(0)))
}

fn each(days: &[Day], slot: impl Fn(&Day, usize) -> Option<usize>) -> Pushes {
    let mut pushes = Pushes::none(days.first().map_or(0, |it| it.shoppers));
    for day in days {
        for shopper in 0..day.shoppers {
            let hit = |slot| f64::from(u8::from(day.cell(slot, shopper).hit));
            pushes.add(shopper, slot(day, shopper).map(hit));
        }
    }
    pushes
}

/// Thresholds and prices that are tried.
fn grid() -> impl Iterator<Item = f64> {
    (1..100).map(|it| f64::from(it) / 100.0)
}

/// The threshold with the most hits.
pub fn best_threshold(days: &[Day]) -> f64 {
    let hits = |theta: f64| threshold(days, theta, true).total().hits;
    grid().map(|it| (hits(it), it)).fold((-1.0, 0.0), |a, b| if b.0 > a.0 { b } else { a }).1
}

/// The lowest threshold that pushes on no more than `share` of the shopper-days.
pub fn scarce_threshold(days: &[Day], share: f64) -> f64 {
    lowest(share, |theta| threshold(days, theta, false))
}

/// The lowest price at which the stopping rule pushes on no more than `share` of the shopper-days.
pub fn price(days: &[Day], share: f64) -> f64 {
    lowest(share, |lambda| stopping(days, lambda))
}

fn lowest(share: f64, pushes: impl Fn(f64) -> Pushes) -> f64 {
    let fits = |it: &f64| {
        let sums = pushes(*it).total();
        sums.pushes <= share * sums.days
    };
    grid().find(fits).unwrap_or(1.0)
}
