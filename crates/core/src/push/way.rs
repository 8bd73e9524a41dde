//! Ways: over which channel, to which device a push goes; and what became of those that it tried in vain.
//!
//! A push goes one way at a time. It takes another only after the one before has definitely not carried it: then it
//! is the same push still, with the same name. A marketing push never goes on from a way that may have carried it;
//! what a shopper asked for himself may, for he suppresses what he has seen.

use super::{Answer, End, Reason};
use crate::bytes::{Get, Malformed, Put};
use crate::event::{Channel, Class};
use crate::time::Timestamp;

/// Why a way did not carry a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Miss {
    /// Nobody was at the other end, and nothing was written.
    Unreached,
    /// The push service says that the address is gone.
    Gone,
    /// The channel refused it for good, or once too often.
    Refused,
    /// The vendor's cap is reached.
    Capped,
    /// The channel takes nothing before the deadline.
    Busy,
    /// It was not handed to the channel at all: that way was not open to him any more.
    Closed(Reason),
    /// It may have arrived: of a service push alone.
    Lost,
}

impl Miss {
    /// How the push ends if there is no other way.
    pub fn end(self) -> End {
        match self {
            Miss::Unreached => End::Unreached,
            Miss::Gone => End::Gone,
            Miss::Refused => End::Refused,
            Miss::Capped => End::Capped,
            Miss::Busy => End::Expired,
            Miss::Closed(reason) => End::Withheld(reason),
            Miss::Lost => End::Ambiguous,
        }
    }

    /// The word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Miss::Unreached => "unreached",
            Miss::Gone => "gone",
            Miss::Refused => "refused",
            Miss::Capped => "capped",
            Miss::Busy => "busy",
            Miss::Closed(reason) => reason.words().0,
            Miss::Lost => "ambiguous",
        }
    }

    /// Whether another device may be reached over the same channel: it was this device alone that was missed.
    fn is_of_device(self) -> bool {
        matches!(self, Miss::Unreached | Miss::Gone | Miss::Closed(Reason::NoChannel))
    }

    /// Appends this to `out`.
    pub fn encode(self, out: &mut Vec<u8>) {
        self.end().encode(out);
    }

    /// Reads what [`Miss::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(match End::read(get)? {
            End::Unreached => Miss::Unreached,
            End::Gone => Miss::Gone,
            End::Refused => Miss::Refused,
            End::Capped => Miss::Capped,
            End::Expired => Miss::Busy,
            End::Withheld(reason) => Miss::Closed(reason),
            End::Ambiguous => Miss::Lost,
            End::Accepted | End::Stale => return Err(get.malformed("why a way was left")),
        })
    }
}

/// A way that a push took in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Over which channel.
    pub channel: Channel,
    /// To which device, by its id; empty for a channel that needs none.
    pub device: Box<str>,
    /// How often.
    pub attempts: u8,
    /// Why it was left.
    pub why: Miss,
    /// When (journal time).
    pub at: Timestamp,
}

impl Tried {
    /// Whether it says that this way is not to be tried again.
    pub fn bars(&self, channel: Channel, device: &str) -> bool {
        self.channel == channel && (!self.why.is_of_device() || *self.device == *device)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.channel as u8, self.attempts]);
        out.put_str(&self.device);
        self.why.encode(out);
        out.put_int(self.at.0);
    }

    pub(super) fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let [channel, attempts] = get.array("way of a push")?;
        Ok(Tried {
            channel: Channel::from_number(channel).ok_or(get.malformed("channel"))?,
            device: get.str("device of a way")?.into(),
            attempts,
            why: Miss::read(get)?,
            at: Timestamp(get.int("time of a way")?),
        })
    }
}

/// What a channel's answer means for a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It is over.
    Over(End),
    /// It may go the same way again from then on.
    Again(Timestamp),
    /// This way did not carry it.
    Missed(Miss),
    /// Nothing left: it may go the same way in other words, if there are some.
    OtherWords,
}

impl Answer {
    /// What this answer means for a push of a class that must be there before `deadline`; `last` when it may not go
    /// this way once more.
    pub fn meaning(self, class: Class, deadline: Timestamp, last: bool) -> Meaning {
        match self {
            Answer::Accepted | Answer::Delivered => Meaning::Over(End::Accepted),
            // The words are the same over any channel; but there may be others.
            Answer::NotComposed if last => Meaning::Over(End::Refused),
            Answer::NotComposed => Meaning::OtherWords,
            Answer::Gone => Meaning::Missed(Miss::Gone),
            Answer::Capped => Meaning::Missed(Miss::Capped),
            Answer::Refused => Meaning::Missed(Miss::Refused),
            Answer::Unreached => Meaning::Missed(Miss::Unreached),
            // Nobody knows whether it arrived. What he asked for himself may come twice; nothing else.
            Answer::Ambiguous => match class {
                Class::Marketing => Meaning::Over(End::Ambiguous),
                Class::Service => Meaning::Missed(Miss::Lost),
            },
            Answer::Later(_) if last => Meaning::Missed(Miss::Refused),
            Answer::Later(at) if at >= deadline => Meaning::Missed(Miss::Busy),
            Answer::Later(at) => Meaning::Again(at),
        }
    }
}
