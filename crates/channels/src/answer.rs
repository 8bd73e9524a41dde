//! What a vendor's answer means for one message, in the words that all channels share.

/// Characters that are kept of a vendor's reason.
pub const WHY_CHARS_MAX: usize = 200;

/// What became of one message at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The vendor took it and will try to deliver it.
    Accepted {
        /// The vendor's id of it, by which its receipts name it.
        vendor_id: Option<String>,
    },
    /// It has reached the device.
    Delivered,
    /// The device cannot be reached by this token ever again.
    Gone {
        /// The vendor's or our reason; at most [`WHY_CHARS_MAX`] characters.
        why: String,
    },
    /// Definitely not carried: nobody was at the other end, and nothing was written.
    Unreached,
    /// Definitely not accepted, and may be tried again.
    Later {
        /// How long the vendor wants to be left alone, in milliseconds, if it says so.
        after_ms: Option<i64>,
    },
    /// Definitely not accepted, and the channel takes nothing more until then: a daily cap.
    StopToday {
        /// Milliseconds since the epoch.
        until_ms: i64,
    },
    /// Definitely not accepted, and will not be.
    Refused {
        /// The vendor's or our reason; at most [`WHY_CHARS_MAX`] characters.
        why: String,
    },
    /// Definitely not accepted, and the whole channel is gone: it should be switched off until somebody has
    /// looked at it.
    ChannelGone {
        /// The vendor's or our reason; at most [`WHY_CHARS_MAX`] characters.
        why: String,
    },
    /// Perhaps accepted: the request left and no answer settles it. A marketing message ends here.
    Ambiguous {
        /// What happened; at most [`WHY_CHARS_MAX`] characters.
        why: String,
    },
}

impl Answer {
    /// The token is no more, or never was one.
    pub fn gone(why: impl AsRef<str>) -> Self {
        Answer::Gone { why: shortened(why.as_ref()) }
    }

    /// Refused for a reason.
    pub fn refused(why: impl AsRef<str>) -> Self {
        Answer::Refused { why: shortened(why.as_ref()) }
    }

    /// Perhaps accepted.
    pub fn ambiguous(why: impl AsRef<str>) -> Self {
        Answer::Ambiguous { why: shortened(why.as_ref()) }
    }

    /// The channel is gone for a reason.
    pub fn channel_gone(why: impl AsRef<str>) -> Self {
        Answer::ChannelGone { why: shortened(why.as_ref()) }
    }

    /// Whether the vendor certainly has not taken the message. Only then may another attempt, device or
    /// channel carry it.
    pub fn is_definite_refusal_to_accept(&self) -> bool {
        match self {
            Answer::Gone { .. }
            | Answer::Unreached
            | Answer::Later { .. }
            | Answer::StopToday { .. }
            | Answer::Refused { .. }
            | Answer::ChannelGone { .. } => true,
            Answer::Accepted { .. } | Answer::Delivered | Answer::Ambiguous { .. } => false,
        }
    }

    /// Whether the same message may go over the same channel again.
    pub fn may_try_again(&self) -> bool {
        matches!(self, Answer::Later { .. } | Answer::StopToday { .. })
    }

    /// Why, where it says so: a refusal, or what cannot be settled.
    pub fn why(&self) -> Option<&str> {
        match self {
            Answer::Gone { why }
            | Answer::Refused { why }
            | Answer::ChannelGone { why }
            | Answer::Ambiguous { why } => Some(why),
            Answer::Accepted { .. }
            | Answer::Delivered
            | Answer::Unreached
            | Answer::Later { .. }
            | Answer::StopToday { .. } => None,
        }
    }

    /// The word for it in metrics and in a message's life.
    pub fn word(&self) -> &'static str {
        match self {
            Answer::Accepted { .. } => "accepted",
            Answer::Delivered => "delivered",
            Answer::Gone { .. } => "gone",
            Answer::Unreached => "unreached",
            Answer::Later { .. } => "later",
            Answer::StopToday { .. } => "stop_today",
            Answer::Refused { .. } => "refused",
            Answer::ChannelGone { .. } => "channel_gone",
            Answer::Ambiguous { .. } => "ambiguous",
        }
    }
}

/// A reason as it is kept: without control characters, and not longer than it helps.
fn shortened(why: &str) -> String {
    why.chars().map(|it| if it.is_control() { ' ' } else { it }).take(WHY_CHARS_MAX).collect()
}
