//! The arithmetic of the match: sixteen rows turned into columns, and their tastes held against shows.
//!
//! In whole numbers throughout, so that any order of adding gives the same, and any processor. There is one way for
//! processors with AVX2 (x86-64 since 2013), which multiplies and adds 32 coordinates at once, and one for all others
//! that the first is held against; which one runs is seen when it runs.

use super::row::{CATEGORIES, HOSTS, Row};
use super::turns::BINS;
use super::vector::{DIMENSIONS, Direction};
use crate::limits::PAGE_ROWS;

/// Numbers of sixteen bits in half a row: the first half is the taste.
pub(super) const HALF: usize = 16;

/// Sixteen rows of half a row each, or as many columns.
pub(super) type Square = [[u16; PAGE_ROWS]; HALF];

/// One number of sixteen rows.
pub(super) type Lanes = [i16; PAGE_ROWS];

/// The weights of a show by pairs of coordinates, each pair as often as there are rows.
type Pairs = [[i8; 2 * PAGE_ROWS]; DIMENSIONS / 2];

/// A direction as the pass multiplies with it.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Towards {
    /// By the bytes of a taste: the lower halves of bytes 2k and 2k + 1, then the upper halves.
    pairs: Pairs,
    /// What is too much because bits count from 0. Bits `u` stand for 2u − 15; so half of what the weights make of a
    /// taste is their sum over `u` less 7.5 times their own sum.
    surplus: i16,
    /// The length of the weights.
    pub length: f32,
}

/// What a show adds to a shopper's score.
#[derive(Debug, Clone)]
pub(super) struct Reasons {
    /// Makes twentieths of the cosine of what [`Towards`] makes, in 65,536ths.
    pub twentieths: i16,
    /// By twentieths of the cosine, the first for all below 0: lower bytes and upper bytes, each twice.
    pub by_cosine: [[u8; 32]; 2],
    /// In even measure with the cosine, in 65,536ths.
    pub slope: i16,
    /// The category that is sought, and what it is worth by [`CATEGORY_RANKS`].
    pub category: (u16, [i16; CATEGORY_RANKS.len()]),
    /// The host that is sought, and what it is worth by [`HOST_RANKS`].
    pub host: (u16, [i16; HOST_RANKS.len()]),
}

/// Places of categories in a row's second half, the same worth together.
pub(super) const CATEGORY_RANKS: [[usize; 2]; 4] = [[0, 0], [1, 1], [2, 3], [4, 5]];

/// Places of hosts.
pub(super) const HOST_RANKS: [[usize; 2]; 3] = [[6, 6], [7, 7], [8, 9]];

const _: () = assert!(CATEGORIES == 6 && HOSTS == 4, "the places above are those of a row");

/// A table as [`Reasons::by_cosine`] has it.
pub(super) fn twice(table: &[i16; 16]) -> [[u8; 32]; 2] {
    [0, 1].map(|byte| std::array::from_fn(|at| table[at % 16].to_le_bytes()[byte]))
}

/// What is the same of sixteen rows for all shows.
pub(super) struct Page {
    /// The second halves, by column.
    pub rest: Square,
    /// All bits of those who may be called.
    pub eligible: [u16; PAGE_ROWS],
    /// Where their tastes' lengths stand.
    pub inverse_lengths: [u16; PAGE_ROWS],
    /// What they score for any show.
    pub same: Lanes,
}

/// A bin is so many steps of a score wide, in powers of two.
const BIN_BITS: i32 = 4;

/// The bin of the score 0.
pub(super) const MIDDLE: i16 = (BINS as i16 + 1) / 2;

/// Sums of weights, without their signs, for which no sum of products leaves sixteen bits.
const WEIGHTS_MAX: i32 = i16::MAX as i32 / 15;

/// Shows held against a page at once.
pub(super) const TOGETHER: usize = 4;

impl Towards {
    /// The direction, in steps as fine as fit.
    pub fn of(direction: &Direction) -> Self {
        let sum: i32 = direction.q.iter().map(|it| i32::from(*it).abs()).sum();
        // Rounding may add half a step to each.
        let scale = ((WEIGHTS_MAX - DIMENSIONS as i32 / 2) as f32 / sum.max(1) as f32).min(1.0);
        let weights = direction.q.map(|it| super::vector::round(f32::from(it) * scale));
        let of_pair = |pair: usize| {
            let (upper, byte) = (pair / HALF, 2 * (pair % HALF));
            let at = upper * DIMENSIONS / 2 + byte;
            std::array::from_fn(|lane| weights[at + lane % 2])
        };
        let sum: i32 = weights.iter().map(|it| i32::from(*it)).sum();
        let square: i32 = weights.iter().map(|it| i32::from(*it).pow(2)).sum();
        Towards {
            pairs: std::array::from_fn(of_pair),
            surplus: (15 * sum / 2) as i16,
            length: (square as f32).sqrt(),
        }
    }
}

/// The halves of sixteen rows: tastes, and the rest.
#[inline(always)]
pub(super) fn halves(rows: &[Row; PAGE_ROWS]) -> [Square; 2] {
    let mut halves = [[[0; PAGE_ROWS]; HALF]; 2];
    for row in 0..PAGE_ROWS {
        let numbers: &[[u16; HALF]; 2] = bytemuck::cast_ref(&rows[row]);
        (halves[0][row], halves[1][row]) = (numbers[0], numbers[1]);
    }
    halves
}

/// What any processor can do.
pub(super) mod any {
    use super::*;

    /// Rows to columns, or back.
    #[inline(always)]
    pub fn turned(square: &Square) -> Square {
        let mut turned = [[0; PAGE_ROWS]; HALF];
        for row in 0..PAGE_ROWS {
            for column in 0..HALF {
                turned[column][row] = square[row][column];
            }
        }
        turned
    }

    /// The sums of products of columns of tastes with some shows.
    #[inline(always)]
    pub fn sums<const N: usize>(tastes: &Square, towards: &[Towards; N]) -> [Lanes; N] {
        let mut sums = [[0; PAGE_ROWS]; N];
        for show in 0..N {
            for pair in 0..DIMENSIONS / 2 {
                let shift = 4 * (pair / HALF);
                let [first, second, ..] = towards[show].pairs[pair].map(i16::from);
                for row in 0..PAGE_ROWS {
                    let bits = tastes[pair % HALF][row] >> shift;
                    sums[show][row] += (bits & 15) as i16 * first + (bits >> 8 & 15) as i16 * second;
                }
            }
        }
        sums
    }

    /// The bins of a page's rows.
    #[inline(always)]
    pub fn bins(towards: &Towards, reasons: &Reasons, page: &Page, sums: &Lanes) -> [u8; PAGE_ROWS] {
        let product = |one: i16, other: i16| ((i32::from(one) * i32::from(other)) >> 16) as i16;
        std::array::from_fn(|row| {
            let cosine = product(sums[row] - towards.surplus, page.inverse_lengths[row] as i16);
            let twentieth = (product(cosine, reasons.twentieths) + 1).clamp(0, 15) as usize;
            let by_cosine = i16::from_le_bytes(reasons.by_cosine.map(|it| it[twentieth]));
            let mut score = page.same[row] + by_cosine + product(cosine, reasons.slope);
            let mut add = |name: u16, places: [usize; 2], more: i16| {
                score += if places.iter().any(|it| page.rest[*it][row] == name) { more } else { 0 };
            };
            let (category, host) = (reasons.category, reasons.host);
            CATEGORY_RANKS
                .into_iter()
                .zip(category.1)
                .for_each(|(places, more)| add(category.0, places, more));
            HOST_RANKS.into_iter().zip(host.1).for_each(|(places, more)| add(host.0, places, more));
            let bin = (score >> BIN_BITS) + MIDDLE;
            bin.clamp(0, BINS as i16 - 1) as u8 | !page.eligible[row] as u8
        })
    }
}

/// What processors with AVX2 can do: the same, bit for bit.
#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use super::*;
    use bytemuck::cast;
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_packus_epi16, _mm256_add_epi16, _mm256_and_si256, _mm256_andnot_si256,
        _mm256_cmpeq_epi16, _mm256_maddubs_epi16, _mm256_max_epi16, _mm256_min_epi16, _mm256_mulhi_epi16,
        _mm256_or_si256, _mm256_permute2x128_si256, _mm256_set1_epi8, _mm256_set1_epi16,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_srai_epi16, _mm256_srli_epi16,
        _mm256_sub_epi16, _mm256_unpackhi_epi16, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64,
        _mm256_unpacklo_epi16, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    };

    /// Rows to columns, or back: pairs of rows are interleaved by one number, by two, by four, by eight.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn turned(square: &Square) -> Square {
        // Loops, not closures: see the scan.
        let mut halves = [[_mm256_setzero_si256(); 8]; 2];
        for row in 0..PAGE_ROWS {
            halves[row / 8][row % 8] = cast(square[row]);
        }
        let (first, last) = (eight(halves[0]), eight(halves[1]));
        let mut turned = [[0; PAGE_ROWS]; HALF];
        for at in 0..8 {
            turned[at] = cast(_mm256_permute2x128_si256::<0x20>(first[at], last[at]));
            turned[8 + at] = cast(_mm256_permute2x128_si256::<0x31>(first[at], last[at]));
        }
        turned
    }

    /// Column `k` of eight rows in the lower half of the result's `k`, column 8 + `k` in its upper half.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn eight(a: [__m256i; 8]) -> [__m256i; 8] {
        let mut b = a;
        for at in 0..4 {
            b[2 * at] = _mm256_unpacklo_epi16(a[2 * at], a[2 * at + 1]);
            b[2 * at + 1] = _mm256_unpackhi_epi16(a[2 * at], a[2 * at + 1]);
        }
        let mut c = b;
        for half in [0, 4] {
            c[half] = _mm256_unpacklo_epi32(b[half], b[half + 2]);
            c[half + 1] = _mm256_unpackhi_epi32(b[half], b[half + 2]);
            c[half + 2] = _mm256_unpacklo_epi32(b[half + 1], b[half + 3]);
            c[half + 3] = _mm256_unpackhi_epi32(b[half + 1], b[half + 3]);
        }
        let mut d = c;
        for at in 0..4 {
            d[2 * at] = _mm256_unpacklo_epi64(c[at], c[at + 4]);
            d[2 * at + 1] = _mm256_unpackhi_epi64(c[at], c[at + 4]);
        }
        d
    }

    /// The sums of products of columns of tastes with some shows.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn sums<const N: usize>(tastes: &Square, towards: &[Towards; N]) -> [Lanes; N] {
        let mut sums = [_mm256_setzero_si256(); N];
        let bits = _mm256_set1_epi8(15);
        for at in 0..HALF {
            let bytes: __m256i = cast(tastes[at]);
            let lower = _mm256_and_si256(bytes, bits);
            let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), bits);
            for show in 0..N {
                let pairs = &towards[show].pairs;
                let first = _mm256_maddubs_epi16(lower, cast(pairs[at]));
                let second = _mm256_maddubs_epi16(upper, cast(pairs[HALF + at]));
                sums[show] = _mm256_add_epi16(sums[show], _mm256_add_epi16(first, second));
            }
        }
        let mut lanes = [[0; PAGE_ROWS]; N];
        for show in 0..N {
            lanes[show] = cast(sums[show]);
        }
        lanes
    }

    /// All bits of the rows that have a name in one of two places.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn here(page: &Page, [one, other]: [usize; 2], name: __m256i) -> __m256i {
        let here = _mm256_cmpeq_epi16(cast(page.rest[one]), name);
        if one == other {
            here
        } else {
            _mm256_or_si256(here, _mm256_cmpeq_epi16(cast(page.rest[other]), name))
        }
    }

    /// The bins of a page's rows.
    #[expect(clippy::needless_range_loop, reason = "loops, not closures: see the scan")]
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn bins(towards: &Towards, reasons: &Reasons, page: &Page, sums: &Lanes) -> [u8; PAGE_ROWS] {
        let all = |it: i16| _mm256_set1_epi16(it);
        let half = _mm256_sub_epi16(cast(*sums), all(towards.surplus));
        let cosines = _mm256_mulhi_epi16(half, cast(page.inverse_lengths));
        let twentieths = _mm256_add_epi16(_mm256_mulhi_epi16(cosines, all(reasons.twentieths)), all(1));
        let twentieths = _mm256_min_epi16(_mm256_max_epi16(twentieths, all(0)), all(15));
        // A byte with its highest bit set finds nothing.
        let lower = _mm256_or_si256(twentieths, all(i16::MIN));
        let upper = _mm256_or_si256(_mm256_slli_epi16::<8>(twentieths), all(0x80));
        let lower = _mm256_shuffle_epi8(cast(reasons.by_cosine[0]), lower);
        let upper = _mm256_shuffle_epi8(cast(reasons.by_cosine[1]), upper);
        let even = _mm256_mulhi_epi16(cosines, all(reasons.slope));
        let mut scores = _mm256_add_epi16(cast(page.same), even);
        scores = _mm256_add_epi16(scores, _mm256_or_si256(lower, upper));
        let name = all(reasons.category.0 as i16);
        for at in 0..CATEGORY_RANKS.len() {
            let here = here(page, CATEGORY_RANKS[at], name);
            scores = _mm256_add_epi16(scores, _mm256_and_si256(here, all(reasons.category.1[at])));
        }
        let name = all(reasons.host.0 as i16);
        for at in 0..HOST_RANKS.len() {
            let here = here(page, HOST_RANKS[at], name);
            scores = _mm256_add_epi16(scores, _mm256_and_si256(here, all(reasons.host.1[at])));
        }
        let bins = _mm256_add_epi16(_mm256_srai_epi16::<BIN_BITS>(scores), all(MIDDLE));
        let bins = _mm256_min_epi16(_mm256_max_epi16(bins, all(0)), all(BINS as i16 - 1));
        // Who may not be called has all bits: he is given the bin behind the last.
        let may = _mm256_and_si256(bins, cast(page.eligible));
        let may_not = _mm256_andnot_si256(cast(page.eligible), all(BINS as i16));
        let [first, last]: [__m128i; 2] = cast(_mm256_or_si256(may, may_not));
        cast(_mm_packus_epi16(first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::chance::mix;

    fn square(seed: u64) -> Square {
        std::array::from_fn(|row| {
            std::array::from_fn(|column| mix(&[seed, row as u64, column as u64]) as u16)
        })
    }

    fn direction(seed: u64, greatest: i8) -> Direction {
        let of =
            |at: usize| (mix(&[seed, at as u64]) % (2 * greatest as u64 + 1)) as f32 - f32::from(greatest);
        Direction::of(&std::array::from_fn(of))
    }

    #[test]
    fn sums_fit_sixteen_bits_for_the_flattest_and_the_steepest_direction() {
        let steep = Direction::of(&std::array::from_fn(|at| if at == 5 { -1.0 } else { 0.0 }));
        let flat = Direction::of(&[1.0; DIMENSIONS]);
        let tastes = [[0xFFFF; PAGE_ROWS]; HALF];
        for (direction, sum) in [(steep, 15 * -127), (flat, 15 * 34 * 64), (direction(3, 90), 0)] {
            let towards = Towards::of(&direction);
            let [sums] = any::sums(&tastes, &[towards]);
            assert!(sum == 0 || sums == [sum as i16; PAGE_ROWS], "{sums:?} {sum}");
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_processor_turns_and_adds_to_the_same() {
        #[multiversion::multiversion(targets("x86_64+avx+avx2"))]
        fn here(
            tastes: &Square,
            towards: &[Towards; TOGETHER],
            reasons: &Reasons,
            page: &Page,
        ) -> (Square, [Lanes; TOGETHER], [u8; PAGE_ROWS]) {
            let turned = multiversion::target::match_target! {
                "x86_64+avx+avx2" => avx2::turned(tastes),
                _ => any::turned(tastes),
            };
            let sums = multiversion::target::match_target! {
                "x86_64+avx+avx2" => avx2::sums(tastes, towards),
                _ => any::sums(tastes, towards),
            };
            let bins = multiversion::target::match_target! {
                "x86_64+avx+avx2" => avx2::bins(&towards[1], reasons, page, &sums[1]),
                _ => any::bins(&towards[1], reasons, page, &sums[1]),
            };
            (turned, sums, bins)
        }
        for seed in 0..200 {
            let tastes = square(seed);
            let towards =
                std::array::from_fn(|it| Towards::of(&direction(seed ^ it as u64, 1 + (seed % 127) as i8)));
            let draw = |at: usize| mix(&[seed, 7, at as u64]);
            let small = |at: usize| (draw(at) % 600) as i16 - 300;
            let reasons = Reasons {
                twentieths: (draw(1) % 1_200) as i16,
                by_cosine: twice(&std::array::from_fn(|at| small(20 + at))),
                slope: (draw(2) % 15_000) as i16,
                category: (1, std::array::from_fn(|at| small(40 + at))),
                host: (2, std::array::from_fn(|at| small(60 + at))),
            };
            let page = Page {
                rest: square(seed + 1_000).map(|column| column.map(|it| it % (3 + seed as u16))),
                eligible: std::array::from_fn(
                    |row| if draw(80 + row).is_multiple_of(4) { 0 } else { u16::MAX },
                ),
                inverse_lengths: std::array::from_fn(|row| (draw(100 + row) % 30_000) as u16),
                same: std::array::from_fn(|row| 10 * small(120 + row)),
            };
            let sums = any::sums(&tastes, &towards);
            let bins = any::bins(&towards[1], &reasons, &page, &sums[1]);
            assert_eq!(here(&tastes, &towards, &reasons, &page), (any::turned(&tastes), sums, bins));
            assert_eq!(any::turned(&any::turned(&tastes)), tastes);
        }
    }
}
