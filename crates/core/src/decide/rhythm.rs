//! In which hours a shopper is active: his own counts, smoothed, and shrunk to what all shoppers do.
//!
//! Active hours of a bin are Poisson counts over the days he was known; the belief about their rate is a
//! Gamma whose mean comes from the level above: the hours of all shoppers, scaled to how active he is in
//! general, then his own hours on any day, then his hours on this kind of day. Each level's prior weighs
//! some days of observation. A kernel over neighbouring hours makes one evening at nine speak for eight and
//! ten, too. Counts and days halve every 21 days alike ([`crate::profile::rhythm`]).

use crate::bytes::{Get, Malformed};
use crate::profile::rhythm::{BINS, HALF_LIFE_WEEKS, Rhythm, weight_after};
use crate::time::LocalHour;

const HOURS: usize = 24;
const DAY_S: i64 = 86_400;
const WEEK_DAYS: i64 = 7;

/// Weights of the hours two before to two after, adding up to 1.
const KERNEL: [f64; 5] = [0.1, 0.2, 0.4, 0.2, 0.1];

/// Days of observation that the general level weighs against a shopper's own.
const LEVEL_PRIOR_DAYS: f64 = 2.0;

/// Days that all shoppers' hours weigh against a shopper's own hours.
const HOUR_PRIOR_DAYS: f64 = 3.0;

/// Days that his hours on any day weigh against those on this kind of day.
const KIND_PRIOR_DAYS: f64 = 30.0;

/// Shopper-days that the first guess below weighs against what was seen of all.
const FIRST_GUESS_DAYS: f64 = 30.0;

/// Shopper-days that the smoothed hours weigh against the hours as they are: of many shoppers every hour is
/// known for itself.
const SMOOTH_PRIOR_DAYS: f64 = 300.0;

/// Share of shoppers active in each hour of the day before any was seen: an assumption (little at night, more in
/// the evening), soon outweighed.
const FIRST_GUESS: [f64; HOURS] = [
    0.05, 0.03, 0.02, 0.01, 0.01, 0.02, 0.03, 0.05, 0.07, 0.09, 0.10, 0.10, 0.11, 0.11, 0.10, 0.10, 0.10,
    0.10, 0.10, 0.12, 0.14, 0.15, 0.14, 0.10,
];

/// Weeks beyond which nothing of an hour's weight is left that would matter.
const WEEKS_MAX: u32 = (HALF_LIFE_WEEKS as u32) * 12;

/// Weekdays and weekend days that a shopper was known, decayed like his hours.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Known {
    /// Weekdays, then weekend days.
    pub days: [f64; 2],
    /// The week, since the epoch on his clock, up to which they are decayed.
    pub week: u32,
}

impl Known {
    /// From `since` to `now` (Unix seconds) on a clock `offset_min` minutes east of UTC.
    pub fn between(since: u32, now: u32, offset_min: i16) -> Self {
        let local = |secs: u32| (i64::from(secs) + i64::from(offset_min) * 60).max(0);
        let (from, to) = (local(since), local(now));
        let week_s = WEEK_DAYS * DAY_S;
        let week = (to / week_s) as u32;
        let mut known = Known { days: [0.0; 2], week };
        let oldest = week.saturating_sub(WEEKS_MAX);
        for at in (from / week_s).max(oldest.into()) as u32..=week {
            let start = i64::from(at) * week_s;
            let weight = weight_after(week - at);
            if from <= start && start + week_s <= to {
                known.days[0] += 5.0 * weight;
                known.days[1] += 2.0 * weight;
                continue;
            }
            for day in 0..WEEK_DAYS {
                let midnight = start + day * DAY_S;
                let share = (to.min(midnight + DAY_S) - from.max(midnight)).max(0) as f64 / DAY_S as f64;
                known.days[kind_of_day(midnight)] += share * weight;
            }
        }
        known
    }

    fn all(&self) -> f64 {
        self.days[0] + self.days[1]
    }
}

/// 0 on a weekday, 1 on a weekend day, for local seconds since the epoch.
fn kind_of_day(local: i64) -> usize {
    usize::from(LocalHour::at(local.clamp(0, u32::MAX.into()) as u32, 0).weekend)
}

/// Decayed active hours of one shopper as of the week of `known`: his bins are only decayed up to his
/// latest activity.
fn hours(rhythm: &Rhythm, known: &Known) -> [f64; BINS] {
    let weight = weight_after(known.week.saturating_sub(rhythm.week()));
    std::array::from_fn(|bin| rhythm.hours(bin) * weight)
}

/// The hours of a day, each smoothed over its neighbours; midnight has neighbours too.
fn smooth(hours: [f64; HOURS]) -> [f64; HOURS] {
    std::array::from_fn(|at| {
        let around = KERNEL.iter().enumerate();
        around.map(|(k, weight)| weight * hours[(at + HOURS + k - KERNEL.len() / 2) % HOURS]).sum()
    })
}

fn kind_of(all: &[f64; BINS], kind: usize) -> [f64; HOURS] {
    std::array::from_fn(|hour| all[kind * HOURS + hour])
}

/// What all shoppers do. Sums, so that shards can be added up; made anew by one pass over the profiles
/// every now and then, always from the past alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    hours: [f64; BINS],
    days: [f64; 2],
    shoppers: f64,
}

impl Default for Population {
    fn default() -> Self {
        Population { hours: [0.0; BINS], days: [0.0; 2], shoppers: 0.0 }
    }
}

impl Population {
    /// Adds one shopper.
    pub fn add(&mut self, rhythm: &Rhythm, known: &Known) {
        let hours = hours(rhythm, known);
        self.hours.iter_mut().zip(hours).for_each(|(sum, it)| *sum += it);
        self.days.iter_mut().zip(known.days).for_each(|(sum, it)| *sum += it);
        self.shoppers += 1.0;
    }

    /// Adds another's shoppers.
    pub fn merge(&mut self, other: &Population) {
        self.hours.iter_mut().zip(other.hours).for_each(|(sum, it)| *sum += it);
        self.days.iter_mut().zip(other.days).for_each(|(sum, it)| *sum += it);
        self.shoppers += other.shoppers;
    }

    /// The average shopper. That a weekend differs from a weekday must be seen on several days, however
    /// many shoppers there are: one holiday is one day.
    pub fn average(&self) -> Intensity {
        let days = self.days[0] + self.days[1];
        let pooled: [f64; HOURS] = std::array::from_fn(|hour| self.hours[hour] + self.hours[HOURS + hour]);
        let smoothed = smooth(pooled);
        let any_day: [f64; HOURS] = std::array::from_fn(|hour| {
            let guess = (smoothed[hour] + FIRST_GUESS_DAYS * FIRST_GUESS[hour]) / (days + FIRST_GUESS_DAYS);
            (pooled[hour] + SMOOTH_PRIOR_DAYS * guess) / (days + SMOOTH_PRIOR_DAYS)
        });
        let kind_prior = FIRST_GUESS_DAYS + KIND_PRIOR_DAYS * self.shoppers;
        Intensity(std::array::from_fn(|bin| {
            let (kind, hour) = (bin / HOURS, bin % HOURS);
            ((self.hours[bin] + kind_prior * any_day[hour]) / (self.days[kind] + kind_prior)) as f32
        }))
    }

    /// Appends the sums.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.hours
            .iter()
            .chain(&self.days)
            .chain([&self.shoppers])
            .for_each(|it| out.extend_from_slice(&it.to_le_bytes()));
    }

    /// Takes back what [`Population::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut it = Population::default();
        for sum in it.hours.iter_mut().chain(&mut it.days).chain([&mut it.shoppers]) {
            *sum = f64::from_le_bytes(get.array("population")?);
            if !sum.is_finite() || *sum < 0.0 {
                return Err(get.malformed("population"));
            }
        }
        Ok(it)
    }
}

/// How likely a shopper is active within an hour, for each hour of a weekday and of a weekend day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intensity([f32; BINS]);

impl Intensity {
    /// Of one shopper, known since `known`; `average` is [`Population::average`].
    pub fn of(rhythm: &Rhythm, known: &Known, average: &Intensity) -> Self {
        let own = hours(rhythm, known);
        let days = known.all();
        // The average shopper on this shopper's mix of days.
        let weekend = if days > 0.0 { known.days[1] / days } else { 2.0 / 7.0 };
        let usual: [f64; HOURS] = std::array::from_fn(|hour| {
            average.at(hour) * (1.0 - weekend) + average.at(HOURS + hour) * weekend
        });
        let usual_day: f64 = usual.iter().sum();
        let level = (own.iter().sum::<f64>() + LEVEL_PRIOR_DAYS * usual_day) / (days + LEVEL_PRIOR_DAYS);
        let scale = level / usual_day;
        let pooled = smooth(std::array::from_fn(|hour| own[hour] + own[HOURS + hour]));
        let any_day: [f64; HOURS] = std::array::from_fn(|hour| {
            (pooled[hour] + HOUR_PRIOR_DAYS * usual[hour] * scale) / (days + HOUR_PRIOR_DAYS)
        });
        let kinds = [smooth(kind_of(&own, 0)), smooth(kind_of(&own, 1))];
        Intensity(std::array::from_fn(|bin| {
            let (kind, hour) = (bin / HOURS, bin % HOURS);
            // What the kind of day does to everyone it does to him.
            let expected = any_day[hour] * average.at(bin) / usual[hour];
            let own = kinds[kind][hour] + KIND_PRIOR_DAYS * expected;
            (own / (known.days[kind] + KIND_PRIOR_DAYS)) as f32
        }))
    }

    /// Of a bin ([`LocalHour::bin`]).
    pub fn at(&self, bin: usize) -> f64 {
        f64::from(self.0[bin])
    }

    /// Active hours expected of a day of the same kind as the bin's.
    pub fn day_of(&self, bin: usize) -> f64 {
        let start = bin / HOURS * HOURS;
        (start..start + HOURS).map(|bin| self.at(bin)).sum()
    }

    /// The hours of a weekday or weekend day, most active first.
    pub fn best_hours(&self, weekend: bool) -> [u8; HOURS] {
        let start = if weekend { HOURS } else { 0 };
        let mut hours: [u8; HOURS] = std::array::from_fn(|hour| hour as u8);
        hours.sort_by(|a, b| {
            let rate = |hour: &u8| self.at(start + usize::from(*hour));
            rate(b).total_cmp(&rate(a)).then(a.cmp(b))
        });
        hours
    }

    /// Every hour `factor` times as active: the average shopper, made lively or quiet.
    pub fn scaled(&self, factor: f64) -> Self {
        Intensity(self.0.map(|it| (f64::from(it) * factor) as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 86_400;
    /// A Thursday, 00:00 UTC: weeks since the epoch begin on Thursdays.
    const START: u32 = 2500 * 7 * DAY;

    fn evenings(days: u32, hour: u32) -> Rhythm {
        let mut rhythm = Rhythm::default();
        (0..days).for_each(|day| rhythm.active(START + day * DAY + hour * 3600, 0));
        rhythm
    }

    #[test]
    fn days_known_are_counted_by_kind_and_halve_in_three_weeks() {
        let known = Known::between(START, START + 7 * DAY - 1, 0);
        assert!((known.days[0] - 5.0).abs() < 1e-3 && (known.days[1] - 2.0).abs() < 1e-3, "{known:?}");
        // Thursday noon to Saturday noon.
        let known = Known::between(START + DAY / 2, START + 2 * DAY + DAY / 2, 0);
        assert!((known.days[0] - 1.5).abs() < 1e-9 && (known.days[1] - 0.5).abs() < 1e-9);
        let long = Known::between(START, START + 70 * 7 * DAY, 0);
        let weeks = 1.0 / (1.0 - 0.5f64.powf(1.0 / 3.0)) - 1.0;
        assert!((long.all() / (7.0 * weeks) - 1.0).abs() < 0.01, "{} {weeks}", long.all());
    }

    #[test]
    fn a_shopper_unknown_is_the_average_and_one_well_known_is_himself() {
        let mut population = Population::default();
        for hour in 0..24 {
            population.add(&evenings(10, hour), &Known::between(START, START + 10 * DAY, 0));
        }
        let average = population.average();
        let stranger = Intensity::of(&Rhythm::default(), &Known::default(), &average);
        for bin in 0..BINS {
            assert!((stranger.at(bin) / average.at(bin) - 1.0).abs() < 0.05, "{bin}");
        }
        let known = Known::between(START, START + 60 * DAY, 0);
        let regular = Intensity::of(&evenings(60, 21), &known, &average);
        assert_eq!(regular.best_hours(false)[0], 21);
        assert!(regular.at(21) > 8.0 * regular.at(9), "{} {}", regular.at(21), regular.at(9));
    }

    #[test]
    fn one_evening_speaks_for_the_hours_beside_it() {
        let average = Population::default().average();
        let known = Known::between(START, START + 2 * DAY, 0);
        let one = Intensity::of(&evenings(1, 3), &known, &average);
        let flat = |bin: usize| one.at(bin) / average.at(bin);
        assert!(flat(3) > flat(4) && flat(4) > flat(5) && flat(5) > flat(9));
    }

    #[test]
    fn silence_lowers_what_is_expected() {
        let average = Population::default().average();
        let rhythm = evenings(10, 20);
        let fresh = Intensity::of(&rhythm, &Known::between(START, START + 10 * DAY, 0), &average);
        let stale = Intensity::of(&rhythm, &Known::between(START, START + 50 * DAY, 0), &average);
        assert!(stale.day_of(0) < fresh.day_of(0) / 2.0);
    }

    #[test]
    fn populations_of_two_shards_add_up_and_come_back_from_bytes() {
        let known = Known::between(START, START + 10 * DAY, 0);
        let (mut a, mut b, mut all) = (Population::default(), Population::default(), Population::default());
        a.add(&evenings(10, 8), &known);
        b.add(&evenings(10, 20), &known);
        all.add(&evenings(10, 8), &known);
        all.add(&evenings(10, 20), &known);
        a.merge(&b);
        assert_eq!(a, all);
        let mut out = Vec::new();
        all.encode(&mut out);
        assert_eq!(Population::decode(&mut Get::new(&out)), Ok(all));
    }
}
