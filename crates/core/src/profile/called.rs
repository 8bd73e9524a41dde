//! What a shopper was sent under a former id: it counts against his caps when ids turn out to be one shopper.
//!
//! The pushes themselves stay in the ledger of the shard that made them, without a name. What follows the
//! shopper is only what caps, and the rule that nobody is told the same twice, have to know.

use crate::bytes::{Get, Malformed, Put};
use crate::event::Channel;
use crate::id::Term;
use crate::push::said::Said;

/// Marketing pushes under former ids that are remembered; the latest days are kept.
pub const CALLED_MAX: usize = 256;

/// A marketing push that may have reached a shopper under a former id of his.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Called {
    /// The day of his own clock, in days since the epoch.
    pub day: u32,
    /// For which show.
    pub show: Term,
    /// Over which channel.
    pub channel: Channel,
    /// To which device; empty for a channel that needs none.
    pub device: Box<str>,
    /// What it told.
    pub said: Said,
}

impl Called {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.day.into());
        out.put_uint(self.show.0.into());
        out.push(self.channel as u8);
        out.put_str(&self.device);
        self.said.encode(out);
    }

    pub(super) fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (day, show) = (get.u32("day of a call")?, Term(get.u32("show of a call")?));
        let channel = Channel::from_number(get.u8("channel")?).ok_or(get.malformed("channel"))?;
        let device = get.str("device of a call")?.into();
        Ok(Called { day, show, channel, device, said: Said::read(get)? })
    }
}
