//! When shoppers are awake and where they are: habits as bumps over the hours, days as a chain of places with
//! Weibull stays.

use crate::chance::Key;
use crate::instant::{day_of, is_weekend, minute_of};

/// What kind of day a shopper has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// On the way to work and back.
    Commuter,
    /// At noon.
    Lunch,
    /// After dinner.
    Evening,
    /// After midnight.
    Owl,
    /// Whenever: at home all day.
    AllDay,
}

impl Habit {
    /// All, with their shares among shoppers.
    pub const ALL: [(Habit, f64); 5] = [
        (Habit::Commuter, 0.27),
        (Habit::Lunch, 0.18),
        (Habit::Evening, 0.31),
        (Habit::Owl, 0.12),
        (Habit::AllDay, 0.12),
    ];

    /// Heights of the bumps on a weekday and on a weekend.
    fn heights(self) -> [[f64; 5]; 2] {
        match self {
            Habit::Commuter => [[2.2, 0.7, 1.9, 1.5, 0.2], [0.5, 0.8, 0.8, 1.8, 0.5]],
            Habit::Lunch => [[0.4, 2.5, 0.6, 1.4, 0.3], [0.5, 1.2, 0.7, 1.7, 0.5]],
            Habit::Evening => [[0.3, 0.5, 0.7, 2.7, 0.6], [0.4, 0.8, 0.8, 2.6, 0.8]],
            Habit::Owl => [[0.1, 0.4, 0.5, 1.5, 2.7], [0.1, 0.6, 0.5, 1.4, 2.8]],
            Habit::AllDay => [[0.9, 1.1, 0.9, 1.5, 0.3], [0.8, 1.1, 0.9, 1.5, 0.3]],
        }
    }

    fn asleep(self) -> (f64, f64) {
        match self {
            Habit::Commuter => (23.4, 6.4),
            Habit::Lunch | Habit::AllDay => (23.9, 7.2),
            Habit::Evening => (0.5, 7.6),
            Habit::Owl => (2.5, 9.5),
        }
    }

    fn works(self) -> f64 {
        match self {
            Habit::Commuter => 0.97,
            Habit::Lunch => 0.85,
            Habit::Evening => 0.7,
            Habit::Owl => 0.5,
            Habit::AllDay => 0.05,
        }
    }
}

/// Middle and half width of the bumps, in minutes of the day.
const BUMPS: [(f64, f64); 5] =
    [(470.0, 85.0), (740.0, 75.0), (1_100.0, 85.0), (1_255.0, 140.0), (1_425.0, 115.0)];
/// How little happens between the bumps, and at night.
const BETWEEN: f64 = 0.28;
const ASLEEP: f64 = 0.015;

/// How much a shopper of a habit does now, around 1 on average by day. `shift_min` moves his whole day.
pub fn intensity(habit: Habit, shift_min: f64, at_ms: u64) -> f64 {
    let minute = (minute_of(at_ms) - shift_min + 1_440.0) % 1_440.0;
    let (from, to) = habit.asleep();
    let hour = minute / 60.0;
    let asleep = if from > to { hour >= from || hour < to } else { hour >= from && hour < to };
    if asleep {
        return ASLEEP;
    }
    let heights = habit.heights()[usize::from(is_weekend(day_of(at_ms)))];
    let bumps = BUMPS.iter().zip(heights).map(|((middle, half), height)| {
        let away = (minute - middle).abs();
        let off = away.min(1_440.0 - away) / half;
        if off < 1.0 { height * (1.0 - off * off) } else { 0.0 }
    });
    BETWEEN + bumps.sum::<f64>()
}

/// Where a shopper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At home.
    Home,
    /// On the way.
    Commute,
    /// At work.
    Work,
    /// Out.
    Elsewhere,
}

impl Place {
    /// Its name in events.
    pub fn name(self) -> &'static str {
        match self {
            Place::Home => "home",
            Place::Commute => "commute",
            Place::Work => "work",
            Place::Elsewhere => "elsewhere",
        }
    }
}

/// Where a shopper is now. A working day goes home, way, work, way, perhaps out, home; another day perhaps goes
/// out once. `key` is the shopper's own.
pub fn place(key: Key, habit: Habit, shift_min: f64, at_ms: u64) -> Place {
    let day = day_of(at_ms);
    let minute = minute_of(at_ms);
    let key = key.and(day);
    let works = !is_weekend(day) && key.and(1).happens(habit.works());
    if !works {
        let out = key.and(2).between(620.0, 1_130.0);
        let back = out + key.and(3).weibull(1.6, 150.0);
        let is_out = key.and(4).happens(0.6) && minute >= out && minute < back;
        return if is_out { Place::Elsewhere } else { Place::Home };
    }
    let leave = 465.0 + shift_min + key.and(2).normal() * 12.0;
    let arrive = leave + key.and(3).weibull(2.2, 48.0);
    let depart = arrive + 540.0 + key.and(4).weibull(1.2, 45.0);
    let back = depart + key.and(5).weibull(2.2, 52.0);
    let home = if key.and(6).happens(0.22) { back + key.and(7).weibull(1.5, 110.0) } else { back };
    match minute {
        it if it < leave => Place::Home,
        it if it < arrive => Place::Commute,
        it if it < depart => Place::Work,
        it if it < back => Place::Commute,
        it if it < home => Place::Elsewhere,
        _ => Place::Home,
    }
}
