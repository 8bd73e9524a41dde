//! From which state shoppers pass into which, over one slot: counted, not assumed.
//!
//! Given that he was active in the slot, or was not, where is he at its end? Silence nearly settles it;
//! activity leaves open when in the slot it was, and whether the visit got deeper. What was counted is added
//! to a first guess from the states' own borders.

use super::state::{STATES, State};
use crate::bytes::{Get, Malformed, Put};

/// What the first guess weighs, in slots.
const PRIOR_SLOTS: f64 = 2.0;

/// Passages rarer than this share are left out of a table; the others are scaled up to 1.
const SHARE_MIN: f64 = 0.005;

/// Where a state leads, and with which chance; they add up to 1.
pub type Ways = Vec<(usize, f64)>;

/// Counted passages over slots of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Passages {
    slot_s: u32,
    /// By (active or not, state before, state after).
    counts: Vec<u32>,
}

impl Passages {
    /// Nothing counted yet.
    pub fn new(slot_s: u32) -> Self {
        Passages { slot_s, counts: vec![0; 2 * STATES * STATES] }
    }

    fn place(active: bool, before: State, after: usize) -> usize {
        (usize::from(active) * STATES + before.index()) * STATES + after
    }

    /// A slot is over.
    pub fn learn(&mut self, before: State, active: bool, after: State) {
        let count = &mut self.counts[Passages::place(active, before, after.index())];
        *count = count.saturating_add(1);
    }

    /// Where a state leads over a slot in which the shopper was active, or was not.
    pub fn ways(&self, before: State, active: bool) -> Ways {
        let mut weights = [0.0; STATES];
        let row = Passages::place(active, before, 0);
        let all = &self.counts[row..row + STATES];
        weights.iter_mut().zip(all).for_each(|(weight, count)| *weight = f64::from(*count));
        if active {
            weights[before.touched().index()] += PRIOR_SLOTS;
        } else {
            let (next, share) = before.older(self.slot_s);
            weights[next.index()] += PRIOR_SLOTS * share;
            weights[before.index()] += PRIOR_SLOTS * (1.0 - share);
        }
        let total: f64 = weights.iter().sum();
        let kept = |weight: &f64| *weight >= SHARE_MIN * total;
        let kept_total: f64 = weights.iter().filter(|it| kept(it)).sum();
        let ways = weights.iter().enumerate().filter(|it| kept(it.1));
        ways.map(|(state, weight)| (state, weight / kept_total)).collect()
    }

    /// Adds what another counted over slots of the same length.
    pub fn merge(&mut self, other: &Passages) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// Appends the counts.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.slot_s.into());
        self.counts.iter().for_each(|it| out.put_uint((*it).into()));
    }

    /// Takes back what [`Passages::encode`] wrote.
    pub fn decode(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let slot_s = get.u32("slot")?;
        if slot_s == 0 {
            return Err(get.malformed("slot of no length"));
        }
        let counts = (0..2 * STATES * STATES).map(|_| get.u32("passages")).collect::<Result<_, _>>()?;
        Ok(Passages { slot_s, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_anything_is_counted_the_states_borders_say_where_they_lead() {
        let passages = Passages::new(60);
        let fresh = State::new(Some(0), 1);
        assert_eq!(passages.ways(fresh, false), [(State::new(Some(60), 1).index(), 1.0)]);
        let wide = State::new(Some(600), 1);
        let ways = passages.ways(wide, false);
        assert_eq!(ways.len(), 2);
        assert!((ways.iter().map(|it| it.1).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(passages.ways(State::AWAY, true), [(fresh.index(), 1.0)]);
    }

    #[test]
    fn what_was_counted_outweighs_the_first_guess_and_rare_passages_are_left_out() {
        let mut passages = Passages::new(600);
        let before = State::new(Some(1200), 1);
        let [often, seldom] = [State::new(Some(240), 2), State::new(Some(0), 8)];
        (0..1000).for_each(|_| passages.learn(before, true, often));
        passages.learn(before, true, seldom);
        let ways = passages.ways(before, true);
        assert_eq!(ways, [(often.index(), 1.0)]);
        let mut out = Vec::new();
        passages.encode(&mut out);
        assert_eq!(Passages::decode(&mut Get::new(&out)), Ok(passages));
    }
}
