//! A show made ready for deciding: where it lies in the vector space, and when a moment is worth how much.
//!
//! A plan follows from the stage alone, so it is never journalled: it is built again when the rundown moves
//! or something was learnt.

use super::{Learned, OnShow};
use crate::decide::class::{CLASSES, Chain, SLOTS_MAX, Span};
use crate::decide::moment::{CELLS_MAX, COSTS, Inputs, Table};
use crate::decide::rhythm::Intensity;
use crate::decide::state::{STATES, State};
use crate::id::Term;
use crate::select::vector::Direction;
use crate::show::Phase;
use crate::time::Timestamp;

/// Seconds between two looks at everyone for an open show.
pub const LOOK_EVERY_S: u32 = 60;

/// Seconds of a slot of the moment table: what the hazard speaks of.
pub const SLOT_S: u32 = 600;

/// A push is still seen in time within so many slots of the table.
const REACH_SLOTS: usize = 3;

const _: () = assert!(SLOTS_MAX * CLASSES * STATES * COSTS <= CELLS_MAX, "a show of any length has a table");

/// A product in the rundown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The product.
    pub product: Term,
    /// Its category.
    pub category: Term,
    /// Its usual price in hundredths; 0 when unknown.
    pub price_cents: u64,
    /// Where it lies.
    pub direction: Direction,
}

/// A show made ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Where the show lies.
    pub direction: Direction,
    /// The products of its rundown, by term.
    pub shown: Vec<Shown>,
    /// The average rhythm, as the table has it.
    pub average: Intensity,
    span: Span,
    table: Table,
}

impl Plan {
    /// Makes a show ready. `offset_min` is the clock of most of its shoppers.
    pub fn of(on: &OnShow, learned: &Learned, offset_min: i16) -> Self {
        let show = &*on.show;
        let mut shown: Vec<Shown> = show
            .slots
            .iter()
            .map(|slot| Shown {
                product: slot.item.product.term,
                category: slot.item.category.term,
                price_cents: slot.item.price_cents,
                direction: Direction::of_item(&slot.item),
            })
            .collect();
        shown.sort_by_key(|it| it.product);
        shown.dedup_by_key(|it| it.product);
        let span = Span::between(show.opens().secs(), on.closes().secs(), SLOT_S, offset_min);
        let average = learned.average();
        let chain = Chain::new(learned.hazard(), &average, span);
        let worth = |slot: usize| moment_worth(on, Timestamp::from_secs(span.at(slot)));
        let passages = learned.passages();
        let ways: Vec<_> =
            State::all().map(|it| [passages.ways(it, true), passages.ways(it, false)]).collect();
        let inputs = Inputs {
            slots: span.slots,
            classes: CLASSES,
            ways: &ways,
            reach_slots: REACH_SLOTS,
            hazard: &|slot, class, state| chain.hazard(slot, class, state),
            multiplier: &|slot, state| worth(slot) * learned.lag.multiplier(lag_s(state)),
        };
        // Slots are bounded by Span, and what they make together is asserted above.
        let table = Table::build(&inputs).expect("a span's slots fit a table");
        Plan { direction: Direction::of_show(show), shown, average, span, table }
    }

    /// A product of the rundown.
    pub fn shown(&self, product: Term) -> Option<&Shown> {
        let at = self.shown.binary_search_by_key(&product, |it| it.product).ok()?;
        self.shown.get(at)
    }

    /// The rhythm class of a shopper for what remains from `now` (Unix seconds) on.
    pub fn class(&self, now: u32, own: &Intensity) -> usize {
        self.span.class(now, own, &self.average)
    }

    /// The table, and its slot at `now` for one whose horizon is `horizon_s` seconds before the show is over
    /// (all Unix seconds): whoever has less time than the show takes the slot that has as much time left.
    pub fn moment(&self, now: u32, cut_s: u32) -> (&Table, usize) {
        let at = now.max(self.span.start).saturating_add(cut_s);
        (&self.table, self.span.slot(at).unwrap_or(self.span.slots))
    }
}

/// How long the screen has been on for one in this state: those just active are in the midst of it.
pub fn lag_s(state: usize) -> u32 {
    let since = State::all().nth(state).unwrap_or(State::AWAY).since_s();
    if since == 0 { 60 } else { since }
}

/// What a moment before the show is on is worth beside the best: a prior. Who taps then finds no picture and has
/// to think of coming back.
const BEFORE_START_WORTH: f64 = 0.25;

/// What a moment at `at` is worth beside the best: a prior, people enter most for the main offers.
pub fn moment_worth(on: &OnShow, at: Timestamp) -> f64 {
    if at.0 < on.started.unwrap_or(on.show.starts).0 {
        return BEFORE_START_WORTH;
    }
    match on.phase_at(at) {
        Phase::WarmUp => 0.85,
        Phase::Climax => 1.0,
        Phase::Closing => 0.9,
    }
}
