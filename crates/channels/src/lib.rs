//! Push channels: what a vendor is asked, what its answer means, what it allows. One file a channel.
//!
//! Nothing here opens a connection, reads a clock or knows the engine: a [`Channel`] turns messages into
//! [`Request`]s and what came of a request into an [`Answer`] for every message in it. That is where vendors
//! differ; how a request travels, when it is tried again and what becomes of a message is the same for all
//! and lies elsewhere.
//!
//! # How to add a channel
//!
//! 1. Add `src/<name>.rs`: an `Options` with what an operator sets (base URL, keys as types whose `Debug`
//!    hides them) and a `struct` that implements [`Channel`]. `webhook.rs` is the example to follow; `webpush`
//!    where messages go to many vendors, see [`Channel::spares_vendors_itself`].
//! 2. [`Channel::limits`]: the vendor's figures, with their source. Policy takes its caps from them, dispatch
//!    its rate and batch.
//! 3. [`Channel::requests`]: one request for as many messages as the vendor takes together. Every message is in
//!    exactly one request, or is answered at once (too long, no token) in [`Composed::answered`]. Messages that
//!    differ in what the vendor asks for once a request (class, text, time to live) go into different ones. Time
//!    to live is `expires_at_ms − now`; where the vendor's smallest is longer, the payload carries the expiry and
//!    the client looks at it.
//! 4. [`Channel::read`]: an answer for *every* message of the request. The one question that matters is
//!    whether the vendor has definitely not taken it. 429, and a 5xx or code that says "not accepted":
//!    [`Answer::Later`]. A connection that never carried the request: `Later` as well, which [`unsent`] answers
//!    for every channel. A token that is no more: [`Answer::Gone`]. A daily cap: [`Answer::StopToday`]. Whatever
//!    leaves it open: [`Answer::Ambiguous`], for a marketing message is not repeated on a guess.
//! 5. Never put a token or key into a `why`: it is journalled and shown.
//! 6. Tests: a recorded answer of the vendor for each row of its table of codes, and the two tests that every
//!    channel has: nothing is lost between `requests` and `read`, and nothing exceeds the limits.
//! 7. Name it where the program builds its channels from the configuration, and in the operators' documents.

mod answer;
mod channel;
mod content;
pub mod guard;
mod message;
mod retry_after;
mod rfc3339;
pub mod signature;
pub mod webhook;
pub mod webpush;

pub use answer::{Answer, WHY_CHARS_MAX};
pub use channel::{Caps, Channel, Composed, Limits, Outcome, Request, TransportError, unsent};
pub use content::Content;
pub use message::{Class, Message};
pub use retry_after::{RETRY_AFTER_MS_MAX, retry_after_ms};
