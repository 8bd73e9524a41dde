//! Which days of a log are for fitting, for choosing and for testing.

use crate::{Error, Log};
use beckon_core::profile::day_of;

/// Seconds of a day.
pub const DAY_S: u32 = 86_400;

/// Fewest days: two to fit on, one to choose on, one to test on.
const DAYS_MIN: usize = 4;

/// A day with less than this share of an average day's acts is the log's frayed edge.
const EDGE_SHARE: f64 = 0.05;

/// Whole days of a log on one clock. The last third is for testing; of the days before, the second half is
/// where parameters are chosen, by models that have seen only what came before each day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// Midnight at the beginning of the first day (Unix seconds).
    pub start: u32,
    /// Days in all.
    pub count: usize,
    /// Minutes east of UTC.
    pub offset_min: i16,
    /// Days for testing, the last ones.
    tested: usize,
}

impl Days {
    /// The days of a log.
    pub fn of(log: &Log, offset_min: i16) -> Result<Self, Error> {
        let mut acts: std::collections::BTreeMap<u32, usize> = std::collections::BTreeMap::new();
        for act in log.trails.iter().flatten() {
            *acts.entry(day_of(act.at, offset_min)).or_default() += 1;
        }
        let average = log.acts() as f64 / acts.len().max(1) as f64;
        let mut whole = acts.iter().filter(|it| *it.1 as f64 > EDGE_SHARE * average).map(|it| *it.0);
        let first = whole.next().unwrap_or(0);
        let last = whole.next_back().unwrap_or(first);
        let count = (last - first + 1) as usize;
        if count < DAYS_MIN {
            return Err(Error::TooShort { days: count, needed: DAYS_MIN });
        }
        let start = (i64::from(first) * i64::from(DAY_S) - i64::from(offset_min) * 60).max(0) as u32;
        Ok(Days { start, count, offset_min, tested: (count / 3).max(1) })
    }

    /// Midnight at the beginning of a day.
    pub fn midnight(&self, day: usize) -> u32 {
        self.start + day as u32 * DAY_S
    }

    /// The days that are looked at once.
    pub fn test(&self) -> std::ops::Range<usize> {
        self.count - self.tested..self.count
    }

    /// The same, with so many days for testing, if that is said.
    pub fn tested_on(self, days: Option<usize>) -> Result<Self, Error> {
        let tested = days.unwrap_or(self.tested).max(1);
        let needed = tested + DAYS_MIN - 1;
        if needed > self.count {
            return Err(Error::TooShort { days: self.count, needed });
        }
        Ok(Days { tested, ..self })
    }

    /// The days on which parameters are chosen.
    pub fn choice(&self) -> std::ops::Range<usize> {
        let fit = self.test().start;
        fit - (fit / 2).max(1)..fit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Act, Deed};
    use beckon_core::event::ProductAct;
    use beckon_core::id::Term;

    #[test]
    fn the_frayed_edge_is_left_out_and_the_last_third_is_for_testing() {
        let midnight = 1_511_539_200; // 2017-11-25 in Shanghai
        let act =
            |at| Act { at, item: Term::NONE, category: Term::NONE, deed: Deed::Product(ProductAct::Viewed) };
        let mut trail = vec![act(midnight - 60)];
        for day in 0..9 {
            trail.extend((0..100).map(|i| act(midnight + day * DAY_S + i * 600)));
        }
        let days = Days::of(&Log { trails: vec![trail] }, 480).unwrap();
        assert_eq!((days.start, days.count), (midnight, 9));
        assert_eq!((days.choice(), days.test()), (3..6, 6..9));
        assert!(Days::of(&Log::default(), 480).is_err());
    }
}
