//! Whom a floor may still let in. A viewer too many would hurt all who are inside, so it says no before that. How many a
//! room may have over all floors is the dealer's matter (`dealing.rs`).

use crate::refusal::Refusal;

/// What a floor can carry.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Most viewers of all rooms of the floor.
    pub viewers: usize,
    /// Most bits a second that go out.
    pub bits_per_second: u64,
    /// Above this share of its time a floor is too busy for more, in thousandths.
    pub busy_permille: u32,
}

impl Default for Capacity {
    /// A gigabit, and four fifths of a core.
    fn default() -> Self {
        Capacity { viewers: 10_000, bits_per_second: 1_000_000_000, busy_permille: 800 }
    }
}

/// How things stand when somebody knocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Admission {
    /// Viewers of the floor.
    pub viewers: usize,
    /// What all viewers get, in bits a second.
    pub bits_per_second: u64,
    /// What one more would get.
    pub one_more: u64,
    /// Share of its time that the floor is busy, in thousandths.
    pub busy_permille: u32,
}

/// When a server that is full may have a place again: others are behind the same name, and it recovers fast.
const SERVER_FULL_S: u32 = 5;

impl Admission {
    /// Whether one more viewer may come in.
    pub fn admit(&self, capacity: &Capacity) -> Result<(), Refusal> {
        let full = self.viewers >= capacity.viewers
            || self.bits_per_second.saturating_add(self.one_more) > capacity.bits_per_second
            || self.busy_permille > capacity.busy_permille;
        match full {
            true => Err(Refusal::Full { what: "the server", retry_after_s: SERVER_FULL_S }),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_turns_the_next_viewer_away_and_none_before() {
        let capacity = Capacity { viewers: 3, bits_per_second: 10, busy_permille: 800 };
        let fits = Admission { viewers: 2, bits_per_second: 7, one_more: 3, busy_permille: 800 };
        assert_eq!(fits.admit(&capacity), Ok(()));
        for over in [
            Admission { viewers: 3, ..fits },
            Admission { bits_per_second: 8, ..fits },
            Admission { busy_permille: 801, ..fits },
        ] {
            assert!(matches!(over.admit(&capacity), Err(Refusal::Full { .. })), "{over:?}");
        }
    }
}
