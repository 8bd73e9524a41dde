//! Pushes: what became of every decision to call a shopper in, until the last purchase it may claim.
//!
//! A push is decided, waits for its channel, is dispatched, and ends exactly once ([`End`]). What the
//! shopper then does is its outcome, which matures with time. A ghost is the same without a message: it
//! shows what would have happened anyway.

mod codec;
pub mod ledger;
pub mod playing;
pub mod report;
pub mod said;
pub mod way;

use crate::event::{Channel, Class};
use crate::id::{ShardId, Term};
use crate::profile::device::ClaimKey;
use crate::show::{Phase, Trigger};
use crate::time::Timestamp;
use said::Said;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use way::Tried;

/// A push's name: its shard, and its number there from 1. On the wire: `p-07-2k` (shard in hex, number in
/// hex).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PushId {
    /// The shard whose shopper it calls.
    pub shard: ShardId,
    /// Its number there.
    pub number: u64,
}

impl fmt::Display for PushId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p-{:02x}-{:x}", self.shard.0, self.number)
    }
}

/// Text that is not the name of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAPush;

impl FromStr for PushId {
    type Err = NotAPush;

    fn from_str(text: &str) -> Result<Self, NotAPush> {
        let (shard, number) = text.strip_prefix("p-").and_then(|it| it.split_once('-')).ok_or(NotAPush)?;
        let shard = u8::from_str_radix(shard, 16).map_err(|_| NotAPush)?;
        let number = u64::from_str_radix(number, 16).map_err(|_| NotAPush)?;
        let id = PushId { shard: ShardId(shard), number };
        // One spelling only, so that a name can be compared as text.
        if usize::from(shard) < crate::limits::SHARDS && id.to_string() == text {
            Ok(id)
        } else {
            Err(NotAPush)
        }
    }
}

/// Why a shopper is not pushed, or why a push that was decided is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// The show's window is not open.
    NotOpen,
    /// The show should have begun and has not.
    ShowLate,
    /// He is not in the show's audience.
    NotInAudience,
    /// He is in the room already.
    InRoom,
    /// He was called in for this show as often as policy allows.
    ShowCap,
    /// No channel that he agreed to be called over.
    NoConsent,
    /// No channel is set up, or none reaches him.
    NoChannel,
    /// It is quiet hours where he is.
    QuietHours,
    /// The last push is too recent.
    Gap,
    /// His day's pushes are spent.
    DayCap,
    /// The channel's or vendor's day cap for his device is reached.
    ChannelCap,
    /// The vendor does not take marketing at this hour.
    VendorHours,
    /// No template fits.
    NoTemplate,
    /// The room is full, by what is on its way.
    RoomFull,
    /// The offer's stock is spoken for, by what is on its way.
    StockSpoken,
    /// The show's pushes are spent.
    BudgetSpent,
    /// A push would not be worth its price.
    NotWorth,
    /// A better moment is likely to come.
    Waiting,
    /// He is never pushed, to measure what pushes do: the global holdout.
    HeldOut,
    /// He is withheld for this show, to measure what its pushes add.
    Ghost,
    /// The price of the show is not known yet: it is being set.
    NoPrice,
    /// The offer ended or sold out.
    OfferGone,
    /// The show ended meanwhile.
    ShowOver,
    /// He was erased or joined another shopper meanwhile.
    Gone,
    /// He was told the same for this show already.
    SaidAlready,
    /// The offer of the product has not opened yet.
    OfferNotOpen,
}

impl Reason {
    /// All, in order.
    pub const ALL: [Reason; 26] = [
        Reason::NotOpen,
        Reason::ShowLate,
        Reason::NotInAudience,
        Reason::InRoom,
        Reason::ShowCap,
        Reason::NoConsent,
        Reason::NoChannel,
        Reason::QuietHours,
        Reason::Gap,
        Reason::DayCap,
        Reason::ChannelCap,
        Reason::VendorHours,
        Reason::NoTemplate,
        Reason::RoomFull,
        Reason::StockSpoken,
        Reason::BudgetSpent,
        Reason::NotWorth,
        Reason::Waiting,
        Reason::HeldOut,
        Reason::Ghost,
        Reason::NoPrice,
        Reason::OfferGone,
        Reason::ShowOver,
        Reason::Gone,
        Reason::SaidAlready,
        Reason::OfferNotOpen,
    ];

    /// From its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Reason::ALL.get(usize::from(number)).copied()
    }

    /// The word for it on the wire, and what it means to an operator.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Reason::NotOpen => ("not_open", "the show's window is not open: no push may go yet, or any more"),
            Reason::ShowLate => {
                ("show_late", "the show should have begun; post the cue `start` when it does")
            }
            Reason::NotInAudience => ("not_in_audience", "the show's audience rule leaves the shopper out"),
            Reason::InRoom => ("in_room", "the shopper is in the room already"),
            Reason::ShowCap => ("show_cap", "called in for this show as often as policy allows"),
            Reason::NoConsent => ("no_consent", "no channel that the shopper agreed to be called over"),
            Reason::NoChannel => ("no_channel", "no channel is set up that reaches the shopper"),
            Reason::QuietHours => ("quiet_hours", "it is quiet hours on the shopper's clock"),
            Reason::Gap => ("gap", "the shopper's last push is too recent"),
            Reason::DayCap => ("day_cap", "the shopper's pushes of the day are spent"),
            Reason::ChannelCap => ("channel_cap", "the channel's day cap for the device is reached"),
            Reason::VendorHours => ("vendor_hours", "the vendor takes no marketing at this hour"),
            Reason::NoTemplate => ("no_template", "no template fits the trigger, product and language"),
            Reason::RoomFull => ("room_full", "the room's capacity is spoken for"),
            Reason::StockSpoken => ("stock_spoken", "the offer's stock is spoken for"),
            Reason::BudgetSpent => ("budget_spent", "the show's pushes are spent"),
            Reason::NotWorth => ("not_worth", "the push would add less than it costs"),
            Reason::Waiting => ("waiting", "a better moment is likely to come"),
            Reason::HeldOut => ("held_out", "never pushed, to measure what pushes do"),
            Reason::Ghost => ("ghost", "withheld on purpose, to measure what the show's pushes add"),
            Reason::NoPrice => (
                "no_price",
                "the show's price is being set: it takes a second from when its window opens or the host begins",
            ),
            Reason::OfferGone => ("offer_gone", "the offer of the product is over or sold out"),
            Reason::ShowOver => ("show_over", "the show ended before the push left"),
            Reason::Gone => ("gone", "the shopper was erased or became another shopper"),
            Reason::SaidAlready => {
                ("said_already", "the shopper was told this for the show, and nothing about it is new since")
            }
            Reason::OfferNotOpen => (
                "offer_not_open",
                "the offer of the product has not opened: it does with its show, at its time, or by `offer_opened`",
            ),
        }
    }
}

/// How a push ended: it was handed over, or it was not and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The channel took it.
    Accepted,
    /// The last look, or the queue, kept it back.
    Withheld(Reason),
    /// What it was to say is no longer true.
    Stale,
    /// Its deadline passed before its turn came.
    Expired,
    /// The vendor's cap is reached.
    Capped,
    /// The channel refused it for good.
    Refused,
    /// The device or the endpoint is gone.
    Gone,
    /// The answer was lost: it may have arrived or not.
    Ambiguous,
    /// Nobody was there, nothing was written, and there was no other way.
    Unreached,
}

impl End {
    /// The word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            End::Accepted => "accepted",
            End::Withheld(_) => "withheld",
            End::Stale => "stale",
            End::Expired => "expired",
            End::Capped => "capped",
            End::Refused => "refused",
            End::Gone => "gone",
            End::Ambiguous => "ambiguous",
            End::Unreached => "unreached",
        }
    }

    /// Whether the shopper may have seen it.
    pub fn may_have_arrived(self) -> bool {
        matches!(self, End::Accepted | End::Ambiguous)
    }
}

/// The life of a push up to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Decided; waits for its channel's turn.
    Decided,
    /// Its attempt is journalled and may be on the wire.
    Dispatched,
    /// Over.
    Ended(End),
    /// It was never to be sent: a ghost or a shopper of the global holdout.
    Shadow(Reason),
}

impl Life {
    /// Whether it counts against caps: it is on its way, or the shopper may have seen it.
    pub fn counts(self) -> bool {
        match self {
            Life::Decided | Life::Dispatched => true,
            Life::Ended(end) => end.may_have_arrived(),
            Life::Shadow(_) => false,
        }
    }

    /// Whether nothing more is done about it.
    pub fn is_terminal(self) -> bool {
        matches!(self, Life::Ended(_) | Life::Shadow(_))
    }
}

/// What a channel answered to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Taken.
    Accepted,
    /// Taken, and shown on the device.
    Delivered,
    /// The device or endpoint is gone.
    Gone,
    /// Definitely not taken: may be tried again from then on.
    Later(Timestamp),
    /// The vendor's cap is reached.
    Capped,
    /// Definitely not taken, for good.
    Refused,
    /// Nobody knows.
    Ambiguous,
    /// It never left: the words could not be put together.
    NotComposed,
    /// Definitely not carried: nobody was at the other end, and nothing was written.
    Unreached,
}

/// The numbers behind a decision, in hundredths of the currency where they are money.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Terms {
    /// Probability that a push reaches him, given his live state and the channel.
    pub reach: f64,
    /// Probability that he enters if pushed.
    pub enter: f64,
    /// Probability that he enters anyway.
    pub enter_anyway: f64,
    /// Probability that he buys once inside.
    pub buy: f64,
    /// What an entry is worth, purchases included.
    pub value: f64,
    /// What the push costs in patience.
    pub fatigue: f64,
    /// What the push is expected to add: `g` of DESIGN.md §4.
    pub gain: f64,
    /// What one more push costs now: λ.
    pub price: f64,
    /// What waiting is worth: C.
    pub wait: f64,
    /// How likely he is active within the next minutes: the hazard.
    pub hazard: f64,
    /// The version of the model.
    pub model: u32,
}

/// A decided push, or its ghost.
#[derive(Debug, Clone, PartialEq)]
pub struct Push {
    /// Whom it calls: the id he is kept under.
    pub shopper: Arc<str>,
    /// Whether that is a user id.
    pub known: bool,
    /// Into which show.
    pub show: Term,
    /// Why now.
    pub trigger: Trigger,
    /// In which phase.
    pub phase: Phase,
    /// About which product; [`Term::NONE`] for the show as such.
    pub product: Term,
    /// With which offer; [`Term::NONE`] for none.
    pub offer: Term,
    /// The offer's version when it was decided.
    pub offer_version: u32,
    /// The offer's edition as it was said, or would be: see [`crate::stage::OnOffer::edition`].
    pub edition: u32,
    /// In which words.
    pub template: Term,
    /// How probable that choice of words was.
    pub propensity: f32,
    /// Words that could not be put together before these, at most [`crate::limits::WORDINGS_MAX`] with them.
    pub unsaid: Vec<Term>,
    /// Over which channel.
    pub channel: Channel,
    /// To which device, by its id; empty for a channel that needs none.
    pub device: Box<str>,
    /// The push address that its last attempt went to; 0 when it needed none.
    pub address: ClaimKey,
    /// The ways it took before this one, at most [`crate::limits::WAYS_MAX`] with it.
    pub tried: Vec<Tried>,
    /// Its class.
    pub class: Class,
    /// It goes at a random time of the window, to learn from.
    pub random_time: bool,
    /// When it was decided.
    pub decided: Timestamp,
    /// When it is too late.
    pub deadline: Timestamp,
    /// Attempts so far, over all ways.
    pub attempts: u8,
    /// The day of his own clock in which it counts against caps, in days since the epoch.
    pub day: u32,
    /// Its life.
    pub life: Life,
    /// When its attempt left, or the ghost was made.
    pub left: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
    /// Seconds since the screen went on, as far as known, when it was decided.
    pub lag_s: u16,
    /// The numbers behind it.
    pub terms: Terms,
    /// The model's bins, see [`crate::decide::features`].
    pub bins: crate::decide::features::Bins,
}

impl Push {
    /// What it tells.
    pub fn said(&self) -> Said {
        Said::new(self.trigger, self.phase, self.product, self.offer, self.edition)
    }

    /// Attempts over the way it goes now.
    pub fn attempts_here(&self) -> u8 {
        self.attempts - self.tried.iter().map(|it| it.attempts).sum::<u8>().min(self.attempts)
    }
}

/// What came of a push or a ghost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Shown on the device.
    pub delivered: bool,
    /// Tapped.
    pub tapped: bool,
    /// Put away.
    pub dismissed: bool,
    /// Came into the room within [`ENTRY_WINDOW_MS`].
    pub entered: bool,
    /// Bought something of the show within [`PURCHASE_WINDOW_MS`].
    pub purchases: u16,
    /// Seconds in the room.
    pub dwell_s: u32,
    /// What he paid, in hundredths.
    pub spent_cents: u64,
    /// Milliseconds from the tap to the first picture; 0 while none was seen.
    pub picture_ms: u32,
    /// Times that the picture stood still.
    pub stalls: u16,
    /// For how long in all, in milliseconds.
    pub stalled_ms: u32,
    /// The entry has been learnt from.
    pub matured: bool,
}

/// An entry within half an hour is credited to the push.
pub const ENTRY_WINDOW_MS: i64 = 30 * 60 * 1000;

/// A purchase within a day is credited to the push.
pub const PURCHASE_WINDOW_MS: i64 = 24 * 3600 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_push_has_one_spelling() {
        let id = PushId { shard: ShardId(7), number: 92 };
        assert_eq!(id.to_string(), "p-07-5c");
        assert_eq!("p-07-5c".parse(), Ok(id));
        for wrong in ["p-7-5c", "p-07-05c", "p-07-5C", "p-07", "p-40-1", "p-+7-1", "", "q-07-5c"] {
            assert_eq!(wrong.parse::<PushId>(), Err(NotAPush), "{wrong}");
        }
    }

    #[test]
    fn every_reason_is_found_by_its_number() {
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number);
            assert_eq!(Reason::from_number(number as u8), Some(reason));
        }
    }
}
