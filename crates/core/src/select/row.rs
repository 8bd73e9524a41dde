//! What the match reads of a shopper, in one line of cache: his taste in four bits a coordinate, his names folded to
//! sixteen, who he is, and whether he may be called.
//!
//! A row follows from the hot columns alone. It is written again whenever they change, is built again at a start, and
//! is in no snapshot. Rows lie behind one another, so a pass over everyone reads memory as one stream and little of
//! it. What a row says less exactly than the columns decides in which order shoppers get their turn, and nothing else:
//! whoever is to be called is weighed by the columns.

use super::vector::DIMENSIONS;
use crate::event::Class;
use crate::id::Term;
use crate::limits::PAGE_ROWS;
use crate::profile::HotRef;
use bytemuck::{Pod, Zeroable};

/// Categories and hosts that the match knows of a shopper: those he cares for most.
pub const CATEGORIES: usize = 6;
/// See [`CATEGORIES`].
pub const HOSTS: usize = 4;

/// Rows that lie in one piece: 64 KiB.
pub const STRETCH: usize = 1024;

/// What the match reads of a shopper. All numbers are sixteen bits wide, so that a pass can turn sixteen rows into
/// columns in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Row {
    /// Coordinate `k` in the lower half of byte `k`, coordinate 32 + `k` in its upper half: see [`Coarse`].
    pub taste: [u8; DIMENSIONS / 2],
    /// Categories, most cared-for first, each [`folded`].
    pub categories: [u16; CATEGORIES],
    /// Hosts, in the same way.
    pub hosts: [u16; HOSTS],
    /// [`Coarse::inverse_length`].
    pub inverse_length: i16,
    /// Bit of a channel: marketing over it was agreed to.
    pub given: u16,
    /// Bit of a channel: marketing over it was refused.
    pub refused: u16,
    /// City tier, spending power and sex in three, three and two bits; above them [`THERE`].
    pub who: u16,
    /// When he was last pushed (Unix seconds), lower half first; 0 never.
    pub pushed: [u16; 2],
}

/// Somebody is there, and something happened to him.
pub const THERE: u16 = 0x100;

/// A taste in four bits a coordinate. A coordinate stands for `2 · bits − 15`: the greatest of them for ±15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coarse {
    /// The coordinates.
    pub bits: [u8; DIMENSIONS],
    /// [`INVERSE`] by the length of what they stand for; 0 for no taste at all.
    pub inverse_length: i16,
}

/// The length 1 in [`Coarse::inverse_length`]. One coordinate of 15 and 63 of ±1 are the shortest taste: 16.97.
pub const INVERSE: f32 = 524_288.0;

impl Row {
    /// What the hot columns say.
    pub fn of(hot: HotRef<'_>) -> Self {
        let coarse = hot.taste.coarse();
        let attributes = hot.attributes;
        let who = u16::from(attributes.city_tier.min(7))
            | u16::from(attributes.spending_power.min(7)) << 3
            | u16::from(attributes.sex & 3) << 6
            | if hot.activity.events == 0 { 0 } else { THERE };
        let mut row = Row {
            taste: std::array::from_fn(|at| coarse.bits[at] | coarse.bits[DIMENSIONS / 2 + at] << 4),
            categories: [0; CATEGORIES],
            hosts: [0; HOSTS],
            inverse_length: coarse.inverse_length,
            given: marketing(attributes.consent_given),
            refused: marketing(attributes.consent_refused),
            who,
            pushed: halves(hot.calls.last),
        };
        row.categories.iter_mut().zip(hot.categories.terms()).for_each(|(place, term)| *place = folded(term));
        row.hosts.iter_mut().zip(hot.hosts.terms()).for_each(|(place, term)| *place = folded(term));
        row
    }
}

/// A number of 32 bits as a row has it.
pub fn halves(number: u32) -> [u16; 2] {
    [number as u16, (number >> 16) as u16]
}

/// A name in sixteen bits; 0 for none. Two names in 65,535 look the same.
pub fn folded(term: Term) -> u16 {
    if term == Term::NONE {
        return 0;
    }
    // Terms are numbers in the order in which names came: most fit as they are.
    ((term.0 - 1) % u32::from(u16::MAX)) as u16 + 1
}

/// Every channel's bit for marketing, side by side.
pub fn marketing(consent: u32) -> u16 {
    let mut bits = consent >> Class::Marketing as u8 & 0x5555_5555;
    for (shift, mask) in [(1, 0x3333_3333), (2, 0x0F0F_0F0F), (4, 0x00FF_00FF), (8, 0x0000_FFFF)] {
        bits = (bits | bits >> shift) & mask;
    }
    bits as u16
}

/// The rows of a shard, in the order of slots.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    stretches: Vec<Box<[Row]>>,
    len: usize,
}

impl Rows {
    /// Rows, free ones and what lies behind the last page of a stretch left out.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Room for one more page.
    pub fn push_page(&mut self) {
        if self.len == self.stretches.len() * STRETCH {
            self.stretches.push(vec![Row::zeroed(); STRETCH].into_boxed_slice());
        }
        self.len += PAGE_ROWS;
    }

    /// Writes a row.
    pub fn set(&mut self, at: usize, row: Row) {
        if at < self.len {
            self.stretches[at / STRETCH][at % STRETCH] = row;
        }
    }

    /// A row.
    pub fn get(&self, at: usize) -> Option<&Row> {
        self.stretches.get(at / STRETCH).filter(|_| at < self.len).map(|it| &it[at % STRETCH])
    }

    /// The rows, stretch by stretch; a whole number of pages each.
    pub fn stretches(&self) -> impl Iterator<Item = &[Row]> {
        self.stretches
            .iter()
            .enumerate()
            .map(|(number, it)| &it[..(self.len - number * STRETCH).min(STRETCH)])
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.stretches.len() * STRETCH * size_of::<Row>()
    }
}

const _: () = assert!(size_of::<Row>() == 64, "a row is one line of cache");
const _: () = assert!(STRETCH.is_multiple_of(PAGE_ROWS), "a page lies in one stretch");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Channel;
    use crate::profile::Hot;
    use crate::profile::cold::consent_bit;

    #[test]
    fn a_row_keeps_the_marketing_bits_of_every_channel_and_tells_names_apart() {
        for channel in [Channel::InApp, Channel::Webhook, Channel::Wechat] {
            assert_eq!(marketing(1 << consent_bit(channel, Class::Marketing)), 1 << channel as u8);
            assert_eq!(marketing(1 << consent_bit(channel, Class::Service)), 0);
        }
        assert_eq!(marketing(u32::MAX), u16::MAX);
        assert_eq!(folded(Term::NONE), 0);
        assert!((1..10_000).all(|it| folded(Term(it)) != folded(Term(it + 1)) && folded(Term(it)) != 0));
        assert_ne!(folded(Term(u32::MAX)), 0);
    }

    #[test]
    fn nobody_is_an_empty_row_and_rows_come_in_whole_pages() {
        assert_eq!(Row::of(Hot::default().seen()), Row::zeroed());
        let mut rows = Rows::default();
        (0..STRETCH / PAGE_ROWS + 1).for_each(|_| rows.push_page());
        let mut hot = Hot::default();
        hot.activity.events = 1;
        rows.set(STRETCH + 3, Row::of(hot.seen()));
        assert_eq!(rows.stretches().map(<[Row]>::len).collect::<Vec<_>>(), [STRETCH, PAGE_ROWS]);
        assert_eq!(rows.get(STRETCH + 3).map(|it| it.who & THERE), Some(THERE));
        assert_eq!(rows.get(STRETCH + PAGE_ROWS), None);
    }
}
