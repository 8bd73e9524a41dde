//! How a shopper stands to his own activity: how long ago he was last active, and how much lately.
//!
//! Some forty states, a few dozen of them for the last half-hour, where minutes matter. They are what the
//! hazard looks at first and what a moment table is made of.

use crate::profile::pulse::Pulse;

/// Upper borders of the time since the last activity, in seconds: a minute to two days, each step some
/// half longer.
pub const BORDERS_S: [u32; 16] =
    [60, 120, 180, 240, 360, 600, 900, 1200, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 172_800];

/// Bins of the time since the last activity; the last is "longer ago, or never".
pub const RECENCIES: usize = BORDERS_S.len() + 1;

/// The window in which activity is counted, in minutes: what lies further apart is another visit.
pub const VISIT_MINUTES: u32 = 30;

/// Recency bins within that window.
const WITHIN_VISIT: usize = 9;

/// Least active minutes of each depth of a visit.
const DEPTHS: [u32; 4] = [1, 2, 4, 8];

/// How many states there are.
pub const STATES: usize = WITHIN_VISIT * DEPTHS.len() + (RECENCIES - WITHIN_VISIT);

const _: () = assert!(BORDERS_S[WITHIN_VISIT - 1] == VISIT_MINUTES * 60, "the window ends at a border");
const _: () = assert!(STATES < u8::MAX as usize, "a state is a bin of a feature");

/// One of the [`STATES`]. The lower, the more recent; within a recency, the lower, the less was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(u8);

impl State {
    /// Never active, or longer ago than the last border.
    pub const AWAY: State = State(STATES as u8 - 1);

    /// `since_s` seconds after the last activity, with `minutes` active minutes in the last
    /// [`VISIT_MINUTES`].
    pub fn new(since_s: Option<u32>, minutes: u32) -> Self {
        let Some(since_s) = since_s else { return State::AWAY };
        let recency = BORDERS_S.partition_point(|border| since_s >= *border);
        if recency >= WITHIN_VISIT {
            return State((WITHIN_VISIT * DEPTHS.len() + recency - WITHIN_VISIT) as u8);
        }
        let depth = DEPTHS.partition_point(|least| minutes >= *least).max(1) - 1;
        State((recency * DEPTHS.len() + depth) as u8)
    }

    /// At `now` (Unix seconds), by the time of the last activity (0 for never) and its minutes.
    pub fn at(now: u32, last_active: u32, pulse: &Pulse) -> Self {
        let since = (last_active > 0).then(|| now.saturating_sub(last_active));
        State::new(since, pulse.minutes(now, VISIT_MINUTES))
    }

    /// As a number below [`STATES`].
    pub fn index(self) -> usize {
        self.0.into()
    }

    /// All states.
    pub fn all() -> impl Iterator<Item = State> {
        (0..STATES as u8).map(State)
    }

    /// Bin of the time since the last activity.
    pub fn recency(self) -> usize {
        let within = WITHIN_VISIT * DEPTHS.len();
        if self.index() < within { self.index() / DEPTHS.len() } else { self.index() - within + WITHIN_VISIT }
    }

    /// The depth of the visit, 0 to 3; `None` when the visit is over.
    pub fn depth(self) -> Option<usize> {
        (self.recency() < WITHIN_VISIT).then_some(self.index() % DEPTHS.len())
    }

    /// The shortest time since the last activity in this state, in seconds.
    pub fn since_s(self) -> u32 {
        if self.recency() == 0 { 0 } else { BORDERS_S[self.recency() - 1] }
    }

    /// Where activity within the next seconds leads at once: just active, one minute deeper.
    pub(super) fn touched(self) -> Self {
        let minutes = self.depth().map_or(0, |it| DEPTHS[it]);
        State::new(Some(0), minutes + 1)
    }

    /// Where `slot_s` seconds of silence lead, with the share of those who get there; the others stay.
    pub(super) fn older(self, slot_s: u32) -> (Self, f64) {
        let minutes = self.depth().map_or(0, |it| DEPTHS[it]);
        let Some(end) = BORDERS_S.get(self.recency()) else { return (self, 0.0) };
        let width = end - self.since_s();
        if slot_s >= width {
            (State::new(Some(self.since_s() + slot_s), minutes), 1.0)
        } else {
            (State::new(Some(*end), minutes), f64::from(slot_s) / f64::from(width))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_one_recency_and_depth() {
        let mut seen = std::collections::BTreeSet::new();
        for state in State::all() {
            seen.insert((state.recency(), state.depth()));
            let minutes = state.depth().map_or(0, |it| DEPTHS[it]);
            if state != State::AWAY {
                assert_eq!(State::new(Some(state.since_s()), minutes), state);
            }
        }
        assert_eq!(seen.len(), STATES);
        assert_eq!(State::new(None, 0), State::AWAY);
        assert_eq!(State::AWAY.index(), STATES - 1);
    }

    #[test]
    fn a_visit_deepens_with_active_minutes_and_is_over_after_half_an_hour() {
        let mut pulse = Pulse::default();
        let start = 1_511_658_000;
        pulse.active(start);
        assert_eq!(State::at(start + 10, start, &pulse).depth(), Some(0));
        (0..10).for_each(|minute| pulse.active(start + minute * 60));
        let last = start + 9 * 60;
        assert_eq!(State::at(last + 10, last, &pulse).depth(), Some(3));
        assert_eq!(State::at(last + 1800, last, &pulse).depth(), None);
        assert_eq!(State::at(start, 0, &Pulse::default()), State::AWAY);
    }

    #[test]
    fn silence_makes_older_and_a_touch_makes_young_and_deeper() {
        let fresh = State::new(Some(0), 1);
        assert_eq!(fresh.older(60), (State::new(Some(60), 1), 1.0));
        assert_eq!(fresh.older(600).0, State::new(Some(600), 1));
        let (next, share) = State::new(Some(7200), 0).older(720);
        assert_eq!((next, share), (State::new(Some(14_400), 0), 0.1));
        assert_eq!(State::AWAY.older(60).1, 0.0);
        assert_eq!(fresh.touched().depth(), Some(1));
        assert_eq!(State::AWAY.touched(), fresh);
    }
}
