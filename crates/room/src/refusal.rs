//! Why somebody was not let in, and what to do about it. HTTP turns each into a status and a stable code.

/// Why a publisher or a viewer was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The offer cannot be read.
    #[error(
        "the offer cannot be read: {0}; send the SDP of a WebRTC offer as it came from the browser or encoder"
    )]
    Unreadable(String),
    /// The offer has nothing that the room can use.
    #[error("the offer has no {wanted}; {advice}")]
    Nothing {
        /// What was looked for.
        wanted: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The offer is longer than is read.
    #[error("the offer is longer than {OFFER_BYTES_MAX} bytes or has more than {OFFER_LINES_MAX} media lines; send one audio and one video line", OFFER_BYTES_MAX = crate::OFFER_BYTES_MAX, OFFER_LINES_MAX = crate::OFFER_LINES_MAX)]
    TooLong,
    /// There is a publisher already.
    #[error(
        "somebody publishes in this room already; stop that stream first, or set room.second_publisher = \"take-over\""
    )]
    Occupied,
    /// As many as can be served well are inside.
    #[error("{what} is full; try again in {retry_after_s} s")]
    Full {
        /// The room or the server.
        what: &'static str,
        /// When it may be worth trying again.
        retry_after_s: u32,
    },
    /// The session does not exist, or not any more.
    #[error("there is no such session; it may have ended: make a new one by POST")]
    Unknown,
}
