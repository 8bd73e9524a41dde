//! Which layer a viewer sees: the largest that its network is thought to carry. It falls at once, and climbs
//! only when there is room to spare and some time has passed, so that it does not go up and down.

use crate::limits::{CLIMB_AFTER, CLIMB_PERCENT};
use std::time::Instant;

/// Remembers when it fell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice {
    fell: Option<Instant>,
}

/// What sound and overhead take beside the picture, in bits a second.
const BESIDE: u64 = 100_000;

impl Choice {
    /// The layer to show, of `ladder`: (layer, bits a second), the smallest first. `None` if there is none.
    pub fn choose(
        &mut self,
        now: Instant,
        estimate: u64,
        ladder: &[(usize, u64)],
        current: usize,
    ) -> Option<usize> {
        let carried = estimate.saturating_sub(BESIDE);
        let step = ladder.iter().position(|(at, _)| *at == current);
        let Some(step) = step else {
            // What was shown comes no more.
            self.fell = Some(now);
            let fits = ladder.iter().rev().find(|(_, rate)| *rate <= carried);
            return fits.or(ladder.first()).map(|(at, _)| *at);
        };
        if step > 0 && ladder[step].1 > carried {
            self.fell = Some(now);
            let fits = ladder[..step].iter().rev().find(|(_, rate)| *rate <= carried);
            return fits.or(ladder.first()).map(|(at, _)| *at);
        }
        let rested = self.fell.is_none_or(|fell| now.saturating_duration_since(fell) >= CLIMB_AFTER);
        match ladder.get(step + 1) {
            Some((next, rate)) if rested && carried >= rate * CLIMB_PERCENT / 100 => Some(*next),
            _ => Some(current),
        }
    }
}

/// What is needed for the next layer up, and what the largest would take: so much is probed for.
pub fn desire(ladder: &[(usize, u64)], current: usize) -> (u64, u64) {
    // Rates move with every picture; a quarter of a megabit is fine enough.
    let rounded = |rate: u64| (rate * CLIMB_PERCENT / 100 + BESIDE).next_multiple_of(250_000);
    let step = ladder.iter().position(|(at, _)| *at == current).unwrap_or(0);
    let next = ladder.get(step + 1).or(ladder.last()).map_or(0, |(_, rate)| rounded(*rate));
    let best = ladder.last().map_or(0, |(_, rate)| rounded(*rate)) * 5 / 4;
    (next, best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn it_falls_at_once_and_climbs_one_step_when_there_is_room_and_time_has_passed() {
        let (now, mut choice) = (Instant::now(), Choice::default());
        let ladder = [(2, 150_000), (0, 500_000), (1, 1_500_000)];
        assert_eq!(choice.choose(now, 3_000_000, &ladder, 2), Some(0));
        assert_eq!(choice.choose(now, 3_000_000, &ladder, 0), Some(1));
        assert_eq!(choice.choose(now, 1_200_000, &ladder, 1), Some(0));
        assert_eq!(choice.choose(now, 3_000_000, &ladder, 0), Some(0));
        assert_eq!(choice.choose(now + CLIMB_AFTER, 1_700_000, &ladder, 0), Some(0));
        assert_eq!(choice.choose(now + CLIMB_AFTER, 1_900_000, &ladder, 0), Some(1));
        assert_eq!(choice.choose(now, 10_000, &ladder, 1), Some(2));
        let without_top = &ladder[..2];
        assert_eq!(choice.choose(now + Duration::from_secs(9), 3_000_000, without_top, 1), Some(0));
        assert_eq!(choice.choose(now, 3_000_000, &[], 1), None);
    }
}
