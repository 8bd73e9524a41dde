//! Asking a rule about one shopper.

use super::{Compare, Flag, List, Measure, Name, Number, Predicate, Taste, Truth, Word};
use crate::decay::INTEREST_HALF_LIFE_S;
use crate::id::Term;
use crate::profile::lists::Ranked;
use crate::profile::live::{Dated, STALE_AFTER};
use crate::profile::purchase::hesitation;
use crate::profile::{HistoryRef, HotRef, day_of};

const DAY_S: u32 = 86_400;

/// One shopper at one moment.
#[derive(Clone, Copy)]
struct Subject<'a> {
    hot: &'a HotRef<'a>,
    history: &'a HistoryRef<'a>,
    now: u32,
    /// Minutes east of UTC on a clock that is not known.
    default_offset_min: i16,
}

impl Predicate {
    /// Whether a shopper is in the audience at `now` (Unix seconds). `default_offset_min` is the clock of
    /// a shopper whose zone is unknown, in minutes east of UTC. Unknown is "no".
    pub fn eval(
        &self,
        hot: &HotRef<'_>,
        history: &HistoryRef<'_>,
        now: u32,
        default_offset_min: i16,
    ) -> bool {
        self.truth(hot, history, now, default_offset_min) == Truth::Yes
    }

    /// The same, with "unknown" told apart: for answers to "why not".
    pub fn truth(
        &self,
        hot: &HotRef<'_>,
        history: &HistoryRef<'_>,
        now: u32,
        default_offset_min: i16,
    ) -> Truth {
        self.of(Subject { hot, history, now, default_offset_min })
    }

    fn of(&self, subject: Subject<'_>) -> Truth {
        match self {
            Predicate::Always(holds) => Truth::from(*holds),
            Predicate::All(parts) => fold(parts, subject, Truth::No, Truth::Yes),
            Predicate::Any(parts) => fold(parts, subject, Truth::Yes, Truth::No),
            Predicate::Not(part) => match part.of(subject) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                Truth::Unknown => Truth::Unknown,
            },
            Predicate::Number { of, is, than } => known(subject.number(*of).map(|it| is.holds(it, *than))),
            Predicate::Known(measure) => Truth::from(subject.measure(*measure).is_some()),
            Predicate::Flag(flag) => known(subject.flag(*flag)),
            Predicate::OneOf { of, bits: 0 } => Truth::from(subject.word(*of).is_some()),
            Predicate::OneOf { of, bits } => known(subject.word(*of).map(|it| bits & (1 << (it & 15)) != 0)),
            Predicate::Named { of, terms } => {
                let name = subject.name(*of);
                match terms.is_empty() {
                    true => Truth::from(name.is_some()),
                    false => known(name.map(|it| terms.contains(&it))),
                }
            }
            Predicate::Has(list, term) => Truth::from(subject.has(*list, *term)),
            Predicate::Consent { bits } => {
                let said = subject.hot.attributes;
                match (said.consent_given & bits != 0, said.consent_refused & bits == *bits) {
                    (true, _) => Truth::Yes,
                    (false, true) => Truth::No,
                    (false, false) => Truth::Unknown,
                }
            }
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::Yes } else { Truth::No }
    }
}

fn known(holds: Option<bool>) -> Truth {
    holds.map_or(Truth::Unknown, Truth::from)
}

/// `settled` settles it at once; without one, an unknown part leaves the whole unknown.
fn fold(parts: &[Predicate], subject: Subject<'_>, settled: Truth, mut so_far: Truth) -> Truth {
    for part in parts {
        let truth = part.of(subject);
        if truth == settled {
            return settled;
        }
        if truth == Truth::Unknown {
            so_far = Truth::Unknown;
        }
    }
    so_far
}

impl Compare {
    fn holds(self, value: f64, than: f64) -> bool {
        match self {
            Compare::Less => value < than,
            Compare::AtMost => value <= than,
            Compare::Equal => value == than,
            Compare::NotEqual => value != than,
            Compare::AtLeast => value >= than,
            Compare::More => value > than,
        }
    }
}

/// A stated number, of which 0 is "unknown".
fn stated(value: impl Into<f64>) -> Option<f64> {
    let value = value.into();
    (value != 0.0).then_some(value)
}

impl Subject<'_> {
    fn number(self, number: Number) -> Option<f64> {
        match number {
            Number::Of(measure) => self.measure(measure),
            Number::Share(taste, term) => Some(self.cares(taste, term).0),
            Number::Strength(taste, term) => Some(self.cares(taste, term).1),
            Number::WeekTouches(term) => {
                let today = day_of(self.now, self.offset_min());
                Some(self.history.days.get(term).map_or(0, |week| week.in_week_of(today)).into())
            }
        }
    }

    fn measure(self, measure: Measure) -> Option<f64> {
        let said = self.hot.attributes;
        let tallies = self.history.tallies;
        let days_since = |at: u32| (at != 0).then(|| f64::from(self.now.saturating_sub(at) / DAY_S));
        let count = |count: u16| Some(f64::from(count));
        match measure {
            Measure::Age => (said.birth_year != 0).then(|| {
                f64::from(year_of(day_of(self.now, self.offset_min())).saturating_sub(said.birth_year.into()))
            }),
            Measure::BirthYear => stated(said.birth_year),
            Measure::CityTier => stated(said.city_tier),
            Measure::SpendingPower => stated(said.spending_power),
            Measure::PriceSensitivity => tallies.price_sensitivity(),
            Measure::Purchases => count(tallies.purchases),
            Measure::ReducedPurchases => count(tallies.reduced_purchases),
            Measure::Refunds => count(tallies.refunds),
            Measure::Checkouts => count(tallies.checkouts),
            Measure::Views => Some(tallies.views.into()),
            Measure::Carts => count(tallies.carts),
            Measure::Removals => count(tallies.removals),
            Measure::Wishes => count(tallies.wishes),
            Measure::Spent => Some(tallies.spent_cents as f64 / 100.0),
            Measure::AverageOrder => (tallies.purchases != 0)
                .then(|| tallies.spent_cents as f64 / 100.0 / f64::from(tallies.purchases)),
            Measure::Rooms => count(tallies.rooms),
            Measure::DwellMinutes => Some(f64::from(tallies.dwell_s) / 60.0),
            Measure::Likes => count(tallies.likes),
            Measure::Comments => count(tallies.comments),
            Measure::Shares => count(tallies.shares),
            Measure::PushesReceived => count(tallies.pushes_received),
            Measure::PushesTapped => count(tallies.pushes_tapped),
            Measure::PushesDismissed => count(tallies.pushes_dismissed),
            Measure::CartItems => Some(self.history.cart.lines().count() as f64),
            Measure::DaysSinceFirst => days_since(self.hot.activity.first),
            Measure::DaysSinceActive => days_since(self.hot.activity.last),
            Measure::DaysSinceView => days_since(tallies.last_view),
            Measure::DaysSinceCart => days_since(tallies.last_cart),
            Measure::DaysSincePurchase => days_since(tallies.last_purchase),
            Measure::DaysSinceRoom => days_since(tallies.last_room),
            Measure::Battery => {
                self.fresh(self.hot.live.battery_pct(), STALE_AFTER.surroundings_s).map(f64::from)
            }
            Measure::Downlink => {
                self.fresh(self.hot.live.downlink_kbps(), STALE_AFTER.network_s).map(f64::from)
            }
        }
    }

    fn flag(self, flag: Flag) -> Option<bool> {
        let live = self.hot.live;
        match flag {
            Flag::Online => self.fresh(live.online(), STALE_AFTER.presence_s),
            Flag::Foreground => self.fresh(live.foreground(), STALE_AFTER.presence_s),
            Flag::Charging => self.fresh(live.charging(), STALE_AFTER.surroundings_s),
            Flag::InRoom => self.fresh(live.room(), STALE_AFTER.presence_s).map(|it| it.is_some()),
            Flag::Hesitating => {
                let it = self.history;
                Some(hesitation(it.cart, it.tallies, it.days, self.now, self.offset_min()).is_some())
            }
        }
    }

    fn word(self, word: Word) -> Option<u8> {
        let live = self.hot.live;
        match word {
            Word::Sex => (self.hot.attributes.sex != 0).then_some(self.hot.attributes.sex),
            Word::Network => self.fresh(live.network(), STALE_AFTER.network_s).map(|it| it as u8),
            Word::Place => self.fresh(live.place(), STALE_AFTER.surroundings_s).map(|it| it as u8),
        }
    }

    fn name(self, name: Name) -> Option<Term> {
        let term = match name {
            Name::Region => self.hot.attributes.region,
            Name::Language => self.hot.attributes.language,
        };
        (term != 0).then_some(Term(term))
    }

    fn has(self, list: List, term: Term) -> bool {
        let history = self.history;
        match list {
            List::Follows => history.followed.on().any(|it| it.0 == term),
            List::InCart => history.cart.lines().any(|it| it.product == term.0),
            List::Viewed => history.viewed.when(term).is_some(),
            List::Bought => history.bought.when(term).is_some(),
            List::Wished => history.wished.on().any(|it| it.0 == term),
            List::Reminded => history.reminders.on().any(|it| it.0 == term),
        }
    }

    /// How much he cares for a name: its share of the list, and its strength.
    fn cares(self, taste: Taste, term: Term) -> (f64, f64) {
        let hot = self.hot;
        match taste {
            Taste::Category => cares(hot.categories, term, self.now),
            Taste::Brand => cares(hot.brands, term, self.now),
            Taste::Host => cares(hot.hosts, term, self.now),
            Taste::Style => cares(hot.styles, term, self.now),
            Taste::Tag => cares(self.history.tags, term, self.now),
        }
    }

    fn offset_min(self) -> i16 {
        self.history.clock.offset_min(self.now, self.default_offset_min)
    }

    fn fresh<T>(self, said: Option<Dated<T>>, stale_after_s: u32) -> Option<T> {
        said.filter(|it| self.now.saturating_sub(it.at) <= stale_after_s).map(|it| it.value)
    }
}

fn cares<const N: usize>(list: &Ranked<N>, term: Term, now: u32) -> (f64, f64) {
    let Some((_, own)) = list.iter().find(|it| it.0 == term) else { return (0.0, 0.0) };
    let own = own.value(now, INTEREST_HALF_LIFE_S);
    let all: f64 = list.iter().map(|(_, level)| level.value(now, INTEREST_HALF_LIFE_S)).sum();
    (if all > 0.0 { own / all } else { 0.0 }, own)
}

/// The calendar year of a day since the epoch (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn year_of(day: u32) -> u32 {
    let from_march = day + 719_468;
    let (era, of_era) = (from_march / 146_097, from_march % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    era * 400 + year + u32::from(month_from_march >= 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_changes_on_the_first_of_january_in_leap_years_and_others() {
        for (day, year) in
            [(0, 1970), (364, 1970), (365, 1971), (10_956, 1999), (10_957, 2000), (11_322, 2000)]
        {
            assert_eq!(year_of(day), year, "day {day}");
        }
        assert_eq!((year_of(11_323), year_of(20_453), year_of(20_454)), (2001, 2025, 2026));
    }
}
