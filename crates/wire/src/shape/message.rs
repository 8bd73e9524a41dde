//! A push or a ghost with its life, what came of it, and the numbers behind it.

use super::value::{share, units};
use super::{At, Channel, Class, Money, Phase, Trigger};
use beckon_core::id::Term;
use beckon_core::push::way::{Miss, Tried};
use beckon_core::push::{self as core, End, Life, PushId};
use serde::Serialize;

/// A push, or a ghost of one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Into which show it calls.
    pub show_id: String,
    /// Whom; empty once he was erased.
    pub shopper_id: String,
    /// It was never to be sent: it measures what would have happened anyway.
    pub is_ghost: bool,
    /// Why now.
    pub trigger: Trigger,
    /// In which phase.
    pub phase: Phase,
    /// About which product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// With which offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_id: Option<String>,
    /// The offer's version when it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_version: Option<u32>,
    /// In which words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    /// How probable that choice of words was.
    pub propensity: f64,
    /// What it says. `GET /api/v1/messages/{id}` tells it; absent elsewhere, and where it cannot be put together again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Over which channel.
    pub channel: Channel,
    /// To which device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The ways it took before this one, each of which did not carry it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways_before: Vec<WayBefore>,
    /// Its class.
    pub class: Class,
    /// It went at a random time of the window, to learn from.
    pub is_random_time: bool,
    /// When it was decided.
    pub decided_at: At,
    /// When it would be too late.
    pub deadline: At,
    /// When its last attempt left; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_at: Option<At>,
    /// Attempts so far, over all ways.
    pub attempts: u8,
    /// Its life.
    pub life: MessageLife,
    /// What came of it.
    pub outcome: Outcome,
    /// The numbers behind it.
    pub terms: Vec<Figure>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Said {
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Where a tap leads.
    pub link: String,
    /// These are the words as they left. Else they are put together from what is true now: the message has not left or
    /// is a ghost, or the server was started again or has sent some ten thousand others since.
    pub is_as_sent: bool,
}

/// A way that a message took and that did not carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WayBefore {
    /// Over which channel.
    pub channel: Channel,
    /// To which device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// Attempts over it.
    pub attempts: u8,
    /// Why it was left: `unreached`, `gone`, `refused`, `capped`, `busy`, `ambiguous` (of a service message alone), or
    /// the code of the rule that closed it.
    pub why: String,
    /// In plain words.
    pub meaning: String,
    /// When.
    pub at: At,
}

impl WayBefore {
    fn of(it: &Tried) -> Self {
        WayBefore {
            channel: it.channel.into(),
            device_id: (!it.device.is_empty()).then(|| it.device.to_string()),
            attempts: it.attempts,
            why: it.why.word().into(),
            meaning: missed(it.why).into(),
            at: At(it.at),
        }
    }
}

/// Why a way was left, in plain words.
pub(super) fn missed(why: Miss) -> &'static str {
    match why {
        Miss::Unreached => "nobody was at the other end, and nothing was written",
        Miss::Gone => "the device or endpoint is gone",
        Miss::Refused => "the channel refused it for good",
        Miss::Capped => "the cap for the device is reached",
        Miss::Busy => "the channel takes nothing before the deadline",
        Miss::Closed(reason) => reason.words().1,
        Miss::Lost => "the answer was lost; the shopper asked for it, so it went on",
    }
}

/// The life of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageLife {
    /// Where it is.
    pub state: MessageState,
    /// Nothing more is done about it.
    pub is_over: bool,
    /// Why it was withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waits for its channel's turn.
    Decided,
    /// May be on the wire.
    Dispatched,
    /// The channel took it.
    Accepted,
    /// The last look, or the queue, kept it back.
    Withheld,
    /// What it was to say was no longer true.
    Stale,
    /// Its deadline passed before its turn came.
    Expired,
    /// The vendor's cap was reached.
    Capped,
    /// The channel refused it for good.
    Refused,
    /// The device or the endpoint is gone.
    Gone,
    /// The answer was lost: it may have arrived or not.
    Ambiguous,
    /// Nobody was there, nothing was written, and there was no other way.
    Unreached,
    /// Never to be sent: withheld to measure.
    Ghost,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// Its code.
    pub code: String,
    /// In plain words.
    pub meaning: String,
}

/// What came of a message or a ghost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Outcome {
    /// Shown on the device.
    pub delivered: bool,
    /// Tapped.
    pub tapped: bool,
    /// Put away.
    pub dismissed: bool,
    /// Came into the room within half an hour.
    pub entered: bool,
    /// Orders within a day.
    pub purchases: u16,
    /// Seconds in the room.
    pub dwell_s: u32,
    /// What was paid.
    pub spent: Money,
    /// Milliseconds from the tap to the first picture of the room; absent while none was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame_ms: Option<u32>,
    /// Times that the picture stood still.
    pub stalls: u16,
    /// For how long in all, in milliseconds.
    pub stalled_ms: u32,
}

/// A number behind a decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Its unit: `probability`, `currency` or `version`.
    pub unit: &'static str,
    /// What it says.
    pub about: &'static str,
}

impl From<core::Reason> for Reason {
    fn from(reason: core::Reason) -> Self {
        let (code, meaning) = reason.words();
        Reason { code: code.into(), meaning: meaning.into() }
    }
}

impl From<End> for MessageState {
    fn from(end: End) -> Self {
        match end {
            End::Accepted => MessageState::Accepted,
            End::Withheld(_) => MessageState::Withheld,
            End::Stale => MessageState::Stale,
            End::Expired => MessageState::Expired,
            End::Capped => MessageState::Capped,
            End::Refused => MessageState::Refused,
            End::Gone => MessageState::Gone,
            End::Ambiguous => MessageState::Ambiguous,
            End::Unreached => MessageState::Unreached,
        }
    }
}

impl From<Life> for MessageLife {
    fn from(life: Life) -> Self {
        let (state, reason) = match life {
            Life::Decided => (MessageState::Decided, None),
            Life::Dispatched => (MessageState::Dispatched, None),
            Life::Ended(End::Withheld(reason)) => (MessageState::Withheld, Some(reason)),
            Life::Ended(end) => (end.into(), None),
            Life::Shadow(reason) => (MessageState::Ghost, Some(reason)),
        };
        MessageLife { state, is_over: life.is_terminal(), reason: reason.map(Reason::from) }
    }
}

/// The numbers, each with its unit.
pub fn figures(terms: &core::Terms) -> Vec<Figure> {
    const P: &str = "probability";
    const MONEY: &str = "currency";
    let figure = |name, value, unit, about| Figure {
        name,
        value: if unit == MONEY { units(value) } else { share(value) },
        unit,
        about,
    };
    vec![
        figure("reach", terms.reach, P, "that a push reaches the shopper now, given the live state"),
        figure("enter", terms.enter, P, "of entering if pushed"),
        figure("enter_anyway", terms.enter_anyway, P, "of entering without a push"),
        figure("buy", terms.buy, P, "of buying once inside"),
        figure("value", terms.value, MONEY, "what an entry is worth, purchases included"),
        figure("fatigue", terms.fatigue, MONEY, "what the push costs in patience"),
        figure("gain", terms.gain, MONEY, "what the push is expected to add (g)"),
        figure("price", terms.price, MONEY, "what one more push costs now (λ)"),
        figure("wait", terms.wait, MONEY, "what waiting for a better moment is worth (C)"),
        figure("hazard", terms.hazard, P, "of being active within the next ten minutes"),
        Figure { name: "model", value: terms.model.into(), unit: "version", about: "of the models used" },
    ]
}

impl Message {
    /// A push or ghost; `names` is the dictionary.
    pub fn of(id: PushId, it: &core::Push, names: &dyn Fn(Term) -> Option<String>) -> Self {
        let named = |term: Term| (term != Term::NONE).then(|| names(term)).flatten();
        let outcome = &it.outcome;
        Message {
            id: id.to_string(),
            show_id: named(it.show).unwrap_or_default(),
            shopper_id: it.shopper.to_string(),
            is_ghost: matches!(it.life, Life::Shadow(_)),
            trigger: it.trigger.into(),
            phase: it.phase.into(),
            product_id: named(it.product),
            offer_id: named(it.offer),
            offer_version: (it.offer != Term::NONE).then_some(it.offer_version),
            template_id: named(it.template),
            propensity: share(it.propensity.into()),
            said: None,
            channel: it.channel.into(),
            device_id: (!it.device.is_empty()).then(|| it.device.to_string()),
            ways_before: it.tried.iter().map(WayBefore::of).collect(),
            class: it.class.into(),
            is_random_time: it.random_time,
            decided_at: At(it.decided),
            deadline: At(it.deadline),
            left_at: (it.attempts > 0).then_some(At(it.left)),
            attempts: it.attempts,
            life: it.life.into(),
            outcome: Outcome {
                delivered: outcome.delivered,
                tapped: outcome.tapped,
                dismissed: outcome.dismissed,
                entered: outcome.entered,
                purchases: outcome.purchases,
                dwell_s: outcome.dwell_s,
                spent: Money(outcome.spent_cents),
                first_frame_ms: (outcome.picture_ms > 0).then_some(outcome.picture_ms),
                stalls: outcome.stalls,
                stalled_ms: outcome.stalled_ms,
            },
            terms: figures(&it.terms),
        }
    }
}
