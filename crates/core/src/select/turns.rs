//! Whose turn it is: everyone's scores of a pass, how they are spread, and the best of them by a histogram's threshold,
//! without sorting anybody.

use super::row::STRETCH;
use crate::limits::PAGE_ROWS;
use multiversion::multiversion;

/// Bins of scores.
pub const BINS: usize = 255;

/// The bin of somebody who may not be called.
pub const NOT_ELIGIBLE: u8 = BINS as u8;

/// How scores are spread, and who is eligible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// By bin; the last counts who may not be called.
    bins: Box<[u32; BINS + 1]>,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { bins: Box::new([0; BINS + 1]) }
    }
}

impl Spread {
    /// Shoppers who may be called.
    pub fn eligible(&self) -> u64 {
        self.bins[..BINS].iter().map(|it| u64::from(*it)).sum()
    }

    /// The lowest bin that is still among the `k` best, and how many lie in it or above.
    pub fn threshold(&self, k: u64) -> (u8, u64) {
        let mut above = 0;
        for (at, count) in self.bins[..BINS].iter().enumerate().rev() {
            above += u64::from(*count);
            if above >= k {
                return (at as u8, above);
            }
        }
        (0, above)
    }

    /// Counts bins, at most a stretch of them: eight tables, so that equal neighbours do not wait for each other.
    #[expect(clippy::needless_range_loop, reason = "loops, not closures: see the scan")]
    #[inline(always)]
    pub(super) fn count(&mut self, bins: &[u8]) {
        let mut tables = [[0u16; BINS + 1]; 8];
        let (eights, rest) = bins[..bins.len().min(STRETCH)].as_chunks::<8>();
        for eight in eights {
            for at in 0..8 {
                tables[at][usize::from(eight[at])] += 1;
            }
        }
        rest.iter().for_each(|bin| tables[0][usize::from(*bin)] += 1);
        for at in 0..BINS + 1 {
            let mut sum = 0;
            for table in 0..8 {
                sum += tables[table][at];
            }
            self.bins[at] += u32::from(sum);
        }
    }
}

/// Everyone's scores for some shows. Its memory is kept from pass to pass.
#[derive(Debug, Clone, Default)]
pub struct Scored {
    /// By show and place.
    bins: Vec<u8>,
    rows: usize,
    spreads: Vec<Spread>,
}

impl Scored {
    /// Makes room for the scores of so many rows for so many shows.
    pub(super) fn begin(&mut self, shows: usize, rows: usize) {
        self.rows = rows;
        self.bins.resize(shows * rows, 0);
        self.spreads.resize(shows, Spread::default());
        self.spreads.iter_mut().for_each(|it| it.bins.fill(0));
    }

    /// Where the scores of one show from place `first` on go, and their spread.
    #[inline(always)]
    pub(super) fn part(&mut self, show: usize, first: usize, len: usize) -> (&mut [u8], &mut Spread) {
        let from = show * self.rows + first;
        (&mut self.bins[from..from + len], &mut self.spreads[show])
    }

    /// Where the scores of one show go for the page whose first row has the place `first`.
    #[inline(always)]
    pub(super) fn page(&mut self, show: usize, first: usize) -> &mut [u8; PAGE_ROWS] {
        &mut self.bins[show * self.rows..].as_chunks_mut().0[first / PAGE_ROWS]
    }

    /// Everyone's bins for a show, by place.
    pub fn bins(&self, show: usize) -> &[u8] {
        &self.bins[show * self.rows..(show + 1) * self.rows]
    }

    /// How the scores for a show are spread.
    pub fn spread(&self, show: usize) -> &Spread {
        &self.spreads[show]
    }

    /// Turn `turn` of `turns` turns of one size to which everyone is dealt out, those who match the show best first.
    /// Equals lie in one bin and are dealt out by place. Who may not be called has the turn that `place % turns` says.
    pub fn turn(&self, show: usize, turn: u32, turns: u32) -> Turn<'_> {
        let (turn, turns) = (u64::from(turn), u64::from(turns.max(1)));
        let (spread, rows) = (&self.spreads[show].bins, self.rows as u64);
        let eligible: u64 = self.spreads[show].eligible();
        // Ranks within these two are its own.
        let ranks = [turn, turn + 1].map(|it| (it * eligible).div_ceil(turns));
        let mut places = [[0; 2]; BINS];
        let mut best = 0;
        for bin in (0..BINS).rev() {
            let count = u64::from(spread[bin]);
            if count > 0 {
                // Of a bin's shoppers the one at `place` has the rank `best + count · place / rows`.
                let first = |rank: u64| (rank.saturating_sub(best).min(count) * rows).div_ceil(count);
                places[bin] = ranks.map(|rank| first(rank) as u32);
            }
            best += count;
        }
        let has = |it: &[u32; 2]| it[0] < it[1];
        let lowest = places.iter().position(has).unwrap_or(0) as u8;
        let highest = places.iter().rposition(has).unwrap_or(0) as u8;
        Turn { bins: self.bins(show), turn: turn as u32, turns: turns as u32, places, lowest, highest }
    }
}

/// Those whose turn it is.
#[derive(Debug, Clone)]
pub struct Turn<'s> {
    bins: &'s [u8],
    turn: u32,
    turns: u32,
    /// By bin: from which place on it is the turn of those in it, and up to where.
    places: [[u32; 2]; BINS],
    lowest: u8,
    highest: u8,
}

impl Turn<'_> {
    /// Hands over the places of those who may be called and whose turn it is, in their order.
    pub fn each_eligible(&self, mut take: impl FnMut(u32)) {
        let span = self.highest - self.lowest;
        for (number, stretch) in self.bins.chunks(STRETCH).enumerate() {
            let mut hits = Hits([0; STRETCH / 64]);
            find(stretch, self.lowest, span, &mut hits);
            hits.each(|at| {
                let place = (number * STRETCH + at) as u32;
                let its = self.places.get(usize::from(stretch[at]));
                if its.is_some_and(|[from, to]| (*from..*to).contains(&place)) {
                    take(place);
                }
            });
        }
    }

    /// The places of those who may not be called, as far as is known, and whose turn it is.
    pub fn others(&self) -> impl Iterator<Item = u32> {
        let all = self.bins.iter().enumerate().skip(self.turn as usize).step_by(self.turns as usize);
        all.filter(|it| *it.1 == NOT_ELIGIBLE).map(|it| it.0 as u32)
    }
}

/// Places of a stretch, a bit each.
struct Hits([u64; STRETCH / 64]);

impl Hits {
    fn each(&self, mut take: impl FnMut(usize)) {
        for (at, word) in self.0.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                take(at * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}

/// Finds the bins from `lowest` to `lowest + span`: few, as a rule, and seen 32 at a time where the processor can.
#[multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+lzcnt+popcnt"))]
fn find(bins: &[u8], lowest: u8, span: u8, hits: &mut Hits) {
    let (chunks, rest) = bins.as_chunks::<64>();
    for (chunk, word) in chunks.iter().zip(&mut hits.0) {
        let mut bits = 0;
        for (at, bin) in chunk.iter().enumerate() {
            bits |= u64::from(bin.wrapping_sub(lowest) <= span) << at;
        }
        *word = bits;
    }
    for (at, bin) in rest.iter().enumerate() {
        hits.0[chunks.len()] |= u64::from(bin.wrapping_sub(lowest) <= span) << at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::chance::mix;

    #[test]
    fn every_place_has_one_turn_the_best_come_first_and_turns_are_of_one_size() {
        const ROWS: usize = 4 * STRETCH;
        for (seed, turns) in [(1u64, 10u32), (2, 3), (3, 1), (4, 7)] {
            let mut scored = Scored::default();
            scored.begin(2, ROWS);
            for show in 0..2 {
                for first in (0..ROWS).step_by(STRETCH) {
                    let (bins, spread) = scored.part(show, first, STRETCH);
                    for (at, bin) in bins.iter_mut().enumerate() {
                        let drawn = mix(&[seed, show as u64, (first + at) as u64]);
                        *bin =
                            if drawn.is_multiple_of(5) { NOT_ELIGIBLE } else { 100 + (drawn % 7) as u8 * 3 };
                    }
                    spread.count(bins);
                }
                let eligible = scored.bins(show).iter().filter(|it| **it != NOT_ELIGIBLE).count();
                assert_eq!(scored.spread(show).eligible(), eligible as u64);
                let mut turn_of = vec![None; ROWS];
                let mut worst_before = NOT_ELIGIBLE;
                for turn in 0..turns {
                    let it = scored.turn(show, turn, turns);
                    let (mut count, mut best, mut worst) = (0, 0, NOT_ELIGIBLE);
                    let mut last = None;
                    it.each_eligible(|place| {
                        assert!(last < Some(place));
                        last = Some(place);
                        let bin = scored.bins(show)[place as usize];
                        assert!(bin != NOT_ELIGIBLE && turn_of[place as usize].replace(turn).is_none());
                        (count, best, worst) = (count + 1, best.max(bin), worst.min(bin));
                    });
                    // Of a bin's shoppers as many lie within a part of the places as chance has it.
                    let share = eligible / turns as usize;
                    assert!(share.abs_diff(count) < share / 8 + 1, "{count} of {share}");
                    assert!(best <= worst_before);
                    worst_before = worst;
                    for place in it.others() {
                        assert!(place % turns == turn && turn_of[place as usize].replace(turn).is_none());
                    }
                }
                assert!(turn_of.iter().all(Option::is_some));
            }
        }
    }

    #[test]
    fn nobody_at_all_has_no_turn() {
        let mut scored = Scored::default();
        scored.begin(1, 0);
        let it = scored.turn(0, 0, 10);
        it.each_eligible(|_| panic!("nobody"));
        assert_eq!(it.others().count(), 0);
    }
}
