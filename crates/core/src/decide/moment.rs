//! Now, later or never: the stopping rule.
//!
//! A push spends one of few chances, so pushing now must beat the best of what waiting offers. With the
//! chance `h` of activity in the coming slot and the state `s` (how long ago the last activity was, and how
//! much there was),
//!
//! ```text
//! C_t(s) = h · E V_{t+1}(s after activity) + (1 − h) · E V_{t+1}(s after silence)
//! V_t(s) = max(value · m_t(s) · R_t(s) − cost, 0, C_t(s)),      V = 0 at the horizon
//! ```
//!
//! where `R_t(s)` is the chance that a push sent now meets an active shopper within the next slots (the
//! same `h`, followed along silence), and `m` is what the moment is worth beside the best one of the show:
//! the rundown, the category's hours, the lag since the screen went on. `cost` is the price λ and the
//! shopper's fatigue. **Send if and only if the gain is positive and at least `C`.**
//!
//! Dividing by `value` leaves one unknown, `cost / value`: the table is built once over a grid of that
//! ratio and answers for every value, every price and every fatigue. When λ moves, nothing is rebuilt;
//! only the rundown and the hazards move the table.

use super::passage::Ways;

/// Steps of the grid over `cost / value`, which runs from 0 to 1.
pub const COSTS: usize = 17;

/// Cells that a table may have: slots × classes × states × costs. The longest span fits.
pub const CELLS_MAX: usize = 1 << 25;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Push now.
    Send,
    /// A better moment is likely enough.
    Wait,
    /// Neither now nor later is worth what it costs.
    Never,
}

/// The rule: `g` is what a push now is worth, `cost` what it costs (price and fatigue), `continuation`
/// what waiting is worth. All in the same unit.
pub fn decide(g: f64, cost: f64, continuation: f64) -> Verdict {
    let gain = g - cost;
    if gain > 0.0 && gain >= continuation {
        Verdict::Send
    } else if continuation > 0.0 {
        Verdict::Wait
    } else {
        Verdict::Never
    }
}

/// What a table is built from. Functions are asked by (slot, class, state) and (slot, state).
pub struct Inputs<'a> {
    /// Slots until the horizon: the end of the offer, of the show, or the start of quiet hours.
    pub slots: usize,
    /// Classes of shoppers by how active they are.
    pub classes: usize,
    /// For each state: where a slot with activity leads from it, and where one without.
    pub ways: &'a [[Ways; 2]],
    /// Slots within which a push is still seen in time: its window of reach.
    pub reach_slots: usize,
    /// Chance of activity within a slot, by (slot, class, state).
    pub hazard: &'a dyn Fn(usize, usize, usize) -> f64,
    /// What the moment is worth by (slot, state), 0 to 1, the best one being 1.
    pub multiplier: &'a dyn Fn(usize, usize) -> f64,
}

/// A table that would be larger than [`CELLS_MAX`]: take longer slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// Cells it would have.
    pub cells: usize,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a moment table of {} cells is beyond {CELLS_MAX}: make its slots longer", self.cells)
    }
}

impl std::error::Error for TooLarge {}

/// Continuation values and chances of reach for one show.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    slots: usize,
    classes: usize,
    states: usize,
    /// `C / value` by (slot, class, state, cost).
    continuation: Vec<f32>,
    /// `R` by (slot, class, state).
    reach: Vec<f32>,
    /// `m` by (slot, state).
    multiplier: Vec<f32>,
}

impl Table {
    /// Builds the table, from the horizon backward. Takes some ten operations a cell.
    pub fn build(inputs: &Inputs<'_>) -> Result<Self, TooLarge> {
        let states = inputs.ways.len();
        let (slots, classes) = (inputs.slots, inputs.classes);
        let rows = slots.saturating_mul(classes).saturating_mul(states);
        let cells = rows.saturating_mul(COSTS);
        if cells > CELLS_MAX {
            return Err(TooLarge { cells });
        }
        let mut table = Table {
            slots,
            classes,
            states,
            continuation: vec![0.0; cells],
            reach: vec![0.0; rows],
            multiplier: Vec::with_capacity(slots * states),
        };
        for slot in 0..slots {
            let all = (0..states).map(|state| (inputs.multiplier)(slot, state).clamp(0.0, 1.0) as f32);
            table.multiplier.extend(all);
        }
        for class in 0..classes {
            table.build_class(class, inputs);
        }
        Ok(table)
    }

    fn build_class(&mut self, class: usize, inputs: &Inputs<'_>) {
        let states = self.states;
        // Silence kept for 0, 1, … slots from the slot after the present one, by state.
        let mut silence = vec![vec![1.0; states]; inputs.reach_slots];
        let mut after = vec![[0.0f64; COSTS]; states];
        let mut hazard = vec![0.0; states];
        for slot in (0..self.slots).rev() {
            for (state, h) in hazard.iter_mut().enumerate() {
                *h = (inputs.hazard)(slot, class, state).clamp(0.0, 1.0);
            }
            self.follow_silence(slot, class, inputs, &hazard, &mut silence);
            let mut value = vec![[0.0; COSTS]; states];
            for (state, values) in value.iter_mut().enumerate() {
                let [active, silent] = &inputs.ways[state];
                let mut waiting = [0.0; COSTS];
                for (chance, ways) in [(hazard[state], active), (1.0 - hazard[state], silent)] {
                    for (next, share) in ways {
                        let weight = chance * share;
                        waiting.iter_mut().zip(&after[*next]).for_each(|(sum, it)| *sum += weight * it);
                    }
                }
                let row = self.row(slot, class, state);
                let reached = f64::from(self.reach[row]) * self.multiplier(slot, state);
                for (cost, value) in values.iter_mut().enumerate() {
                    let continuation = waiting[cost];
                    self.continuation[row * COSTS + cost] = continuation as f32;
                    *value = continuation.max(reached - ratio(cost)).max(0.0);
                }
            }
            after = value;
        }
    }

    /// One slot earlier: the chances of silence over up to `reach_slots` slots, and with them the reach.
    /// Beyond the horizon the hazards of the last slot go on: a push sent just before it still has its time.
    fn follow_silence(
        &mut self,
        slot: usize,
        class: usize,
        inputs: &Inputs<'_>,
        hazard: &[f64],
        silence: &mut [Vec<f64>],
    ) {
        let aged = |of: &[f64], state: usize| -> f64 {
            inputs.ways[state][1].iter().map(|(next, share)| share * of[*next]).sum()
        };
        let step = |of: &[f64]| -> Vec<f64> {
            (0..self.states).map(|state| (1.0 - hazard[state]) * aged(of, state)).collect()
        };
        if slot + 1 == self.slots {
            for length in 1..silence.len() {
                silence[length] = step(&silence[length - 1]);
            }
        }
        let reach: Vec<f64> = match silence.last() {
            Some(longest) => step(longest),
            None => vec![1.0; self.states],
        };
        for length in (1..silence.len()).rev() {
            silence[length] = step(&silence[length - 1]);
        }
        for (state, kept) in reach.iter().enumerate() {
            let row = self.row(slot, class, state);
            self.reach[row] = (1.0 - kept) as f32;
        }
    }

    fn row(&self, slot: usize, class: usize, state: usize) -> usize {
        (slot * self.classes + class) * self.states + state
    }

    /// Slots until the horizon.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// What waiting is worth to a shopper for whom a push that reaches him in the best moment is worth
    /// `value`, and that costs `cost`: `C` in the unit of both. 0 from the horizon on.
    pub fn continuation(&self, slot: usize, class: usize, state: usize, value: f64, cost: f64) -> f64 {
        if slot >= self.slots || value <= 0.0 || cost >= value {
            return 0.0;
        }
        let row = self.row(slot, class.min(self.classes - 1), state.min(self.states - 1)) * COSTS;
        let at = (cost / value).max(0.0) * (COSTS - 1) as f64;
        let low = (at as usize).min(COSTS - 2);
        let part = at - low as f64;
        let cell = |at: usize| f64::from(self.continuation[row + at]);
        value * (cell(low) * (1.0 - part) + cell(low + 1) * part)
    }

    /// The chance that a push now meets an active shopper within its window of reach.
    pub fn reach(&self, slot: usize, class: usize, state: usize) -> f64 {
        if slot >= self.slots {
            return 0.0;
        }
        f64::from(self.reach[self.row(slot, class.min(self.classes - 1), state.min(self.states - 1))])
    }

    /// What the moment is worth beside the best one.
    pub fn multiplier(&self, slot: usize, state: usize) -> f64 {
        self.multiplier.get(slot * self.states + state).map_or(0.0, |it| f64::from(*it))
    }

    /// The whole decision by the table's own reach.
    pub fn decide(&self, slot: usize, class: usize, state: usize, value: f64, cost: f64) -> Verdict {
        let g = value * self.multiplier(slot, state) * self.reach(slot, class, state);
        decide(g, cost, self.continuation(slot, class, state, value, cost))
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        (self.continuation.len() + self.reach.len() + self.multiplier.len()) * size_of::<f32>()
    }
}

/// The cost, as a share of the value, of a step of the grid.
fn ratio(cost: usize) -> f64 {
    cost as f64 / (COSTS - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::chance::{mix, unit};
    use super::*;

    const STATES: usize = 4;
    const REACH: usize = 2;

    /// State `i`: the last activity was `i` slots ago, or more for the last one.
    fn ways() -> Vec<[Ways; 2]> {
        (0..STATES).map(|it| [vec![(0, 1.0)], vec![((it + 1).min(STATES - 1), 1.0)]]).collect()
    }

    fn hazard(seed: u64, slot: usize, state: usize) -> f64 {
        0.05 + 0.5 * unit(mix(&[seed, slot as u64, state as u64]))
    }

    fn multiplier(seed: u64, slot: usize, state: usize) -> f64 {
        unit(mix(&[seed, 77, slot as u64, state as u64]))
    }

    fn table(seed: u64, slots: usize) -> Table {
        Table::build(&Inputs {
            slots,
            classes: 1,
            ways: &ways(),
            reach_slots: REACH,
            hazard: &|slot, _, state| hazard(seed, slot, state),
            multiplier: &|slot, state| multiplier(seed, slot, state),
        })
        .unwrap()
    }

    /// The state after a history of slots, newest last: slots since the last activity, at most the open bin.
    fn state_after(start: usize, history: &[bool]) -> usize {
        let silent = history.iter().rev().take_while(|active| !**active).count();
        let state = if silent == history.len() { start + silent } else { silent };
        state.min(STATES - 1)
    }

    /// The chance that a push at `slot` meets activity, by summing over everything that may happen.
    fn reach_by_hand(seed: u64, slots: usize, slot: usize, start: usize) -> f64 {
        let mut missed = 1.0;
        let mut state = start;
        for ahead in 0..REACH {
            missed *= 1.0 - hazard(seed, (slot + ahead).min(slots - 1), state);
            state = (state + 1).min(STATES - 1);
        }
        1.0 - missed
    }

    /// The best that can be had from `slot` on, by walking the whole tree of histories.
    fn best_by_hand(
        seed: u64,
        slots: usize,
        slot: usize,
        start: usize,
        history: &mut Vec<bool>,
        cost: f64,
    ) -> f64 {
        if slot == slots {
            return 0.0;
        }
        let state = state_after(start, history);
        let gain = multiplier(seed, slot, state) * reach_by_hand(seed, slots, slot, state) - cost;
        let h = hazard(seed, slot, state);
        let mut wait = 0.0;
        for (active, chance) in [(true, h), (false, 1.0 - h)] {
            history.push(active);
            wait += chance * best_by_hand(seed, slots, slot + 1, start, history, cost);
            history.pop();
        }
        gain.max(wait).max(0.0)
    }

    #[test]
    fn the_table_is_exact_against_the_whole_tree_of_what_may_happen() {
        for seed in 0..20 {
            let slots = 1 + seed as usize % 7;
            let table = table(seed, slots);
            for start in 0..STATES {
                for step in [0usize, 2, 5, 9, 16] {
                    let cost = ratio(step);
                    let gain = multiplier(seed, 0, start) * reach_by_hand(seed, slots, 0, start) - cost;
                    let value = table.continuation(0, 0, start, 1.0, cost).max(gain).max(0.0);
                    let best = best_by_hand(seed, slots, 0, start, &mut Vec::new(), cost);
                    assert!((value - best).abs() < 1e-6, "{seed} {start} {step}: {value} {best}");
                }
                let reach = reach_by_hand(seed, slots, 0, start);
                assert!((table.reach(0, 0, start) - reach).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn value_and_cost_scale_together_and_lie_between_the_steps_of_the_grid() {
        let table = table(3, 6);
        let one = table.continuation(0, 0, 1, 1.0, 0.13);
        assert!((table.continuation(0, 0, 1, 250.0, 32.5) - 250.0 * one).abs() < 1e-9);
        let best = best_by_hand(3, 6, 0, 1, &mut Vec::new(), 0.13);
        // Straight lines over a convex function lie on or above it.
        assert!(one >= best - 1e-6 && one < best + 0.01, "{one} {best}");
        assert_eq!(table.continuation(0, 0, 1, 1.0, 1.0), 0.0);
        assert_eq!(table.continuation(6, 0, 1, 1.0, 0.0), 0.0, "nothing is worth waiting for at the horizon");
    }

    #[test]
    fn at_the_last_slot_whatever_is_worth_its_cost_is_sent() {
        let table = table(5, 3);
        let g = table.multiplier(2, 0) * table.reach(2, 0, 0);
        assert_eq!(table.decide(2, 0, 0, 1.0, g / 2.0), Verdict::Send);
        assert_eq!(table.decide(2, 0, 0, 1.0, g * 1.01), Verdict::Never);
    }

    #[test]
    fn it_waits_for_the_climax_and_for_the_shopper_to_come_online() {
        let build = |climax: usize| {
            Table::build(&Inputs {
                slots: 60,
                classes: 1,
                ways: &ways(),
                reach_slots: 5,
                hazard: &|_, _, state| if state == 0 { 0.6 } else { 0.03 },
                multiplier: &|slot, _| if slot >= climax { 1.0 } else { 0.3 },
            })
            .unwrap()
        };
        let table = build(30);
        assert_eq!(table.decide(10, 0, 0, 1.0, 0.0), Verdict::Wait, "online, but the climax is to come");
        assert_eq!(table.decide(30, 0, 3, 1.0, 0.0), Verdict::Wait, "the climax, but he is away");
        assert_eq!(table.decide(30, 0, 0, 1.0, 0.0), Verdict::Send);
        assert_eq!(table.decide(59, 0, 3, 1.0, 0.0), Verdict::Send, "now or never");
        assert_eq!(table.decide(59, 0, 3, 1.0, 0.5), Verdict::Never, "and never, when it costs more");
    }

    #[test]
    fn a_table_too_large_is_refused() {
        let inputs = Inputs {
            slots: usize::MAX,
            classes: 10,
            ways: &ways(),
            reach_slots: 1,
            hazard: &|_, _, _| 0.0,
            multiplier: &|_, _| 1.0,
        };
        assert!(Table::build(&inputs).is_err());
    }
}
