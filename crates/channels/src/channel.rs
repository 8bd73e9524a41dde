//! What every channel answers to.

use crate::answer::Answer;
use crate::message::Message;
use http::{HeaderMap, Method, StatusCode, Uri};
use std::ops::RangeInclusive;

/// How requests name who makes them.
pub(crate) const USER_AGENT: &str = concat!("Beckon/", env!("CARGO_PKG_VERSION"));

/// What a vendor allows. Defaults: configuration may set a contract's own figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body.
    pub payload_bytes_max: usize,
    /// Messages in a request.
    pub batch_max: usize,
    /// Time to live that the vendor takes, in seconds; a shorter wish gets the smallest.
    pub ttl_s: RangeInclusive<u32>,
    /// Characters of a title.
    pub title_chars_max: usize,
    /// Characters of a text.
    pub body_chars_max: usize,
    /// Messages a second.
    pub rate_per_s: u32,
    /// How many messages a device may get.
    pub caps: Caps,
}

/// How many marketing messages an app may send to a device a day; `None` is "the vendor sets no bound".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    /// Promotion.
    pub marketing_per_day: Option<u32>,
    /// What the vendor has accepted as news.
    pub news_per_day: Option<u32>,
}

/// What is to be asked of a vendor.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST` for all we know of.
    pub method: Method,
    /// Where.
    pub url: Uri,
    /// Those that carry secrets are marked sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// The ids of the messages in it, in the order of the body.
    pub ids: Vec<String>,
}

impl std::fmt::Debug for Request {
    /// Without the body, which is about shoppers, and the URL's path, which may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let authority = self.url.host().unwrap_or_default();
        f.debug_struct("Request").field("host", &authority).field("ids", &self.ids).finish_non_exhaustive()
    }
}

/// Requests for some messages, and those that need none because the answer is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Composed {
    /// What to ask.
    pub requests: Vec<Request>,
    /// Messages that no request carries, with what to say of them.
    pub answered: Vec<(String, Answer)>,
}

/// What a vendor answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Not a byte of the request went to the vendor: no name, no connection, no TLS.
    #[error("never sent: {0}")]
    NeverSent(String),
    /// The configuration does not let this address be called.
    #[error("not allowed: {0}")]
    Forbidden(String),
    /// Some or all of the request may have reached the vendor, and the answer did not come.
    #[error("answer lost: {0}")]
    Lost(String),
}

/// A push channel.
pub trait Channel: Send + Sync {
    /// What the vendor allows.
    fn limits(&self) -> &Limits;

    /// Whether messages of this channel go to many vendors, of which it leaves each alone by itself when that fails.
    /// Then no failure is one of the channel as a whole.
    fn spares_vendors_itself(&self) -> bool {
        false
    }

    /// Requests for `messages` at `now_ms` (milliseconds since the epoch). Every message is in exactly one
    /// request or in [`Composed::answered`].
    fn requests(&self, now_ms: i64, messages: &[Message]) -> Composed;

    /// What came of `request`, as known at `now_ms`: one answer for every message in it, in its order.
    fn read(
        &self,
        now_ms: i64,
        request: &Request,
        outcome: Result<Outcome, TransportError>,
    ) -> Vec<(String, Answer)>;
}

/// The answer for every message of a request that got none: what never left may be tried again, what may have
/// arrived is ambiguous.
pub fn unsent(request: &Request, error: &TransportError) -> Vec<(String, Answer)> {
    let answer = match error {
        TransportError::NeverSent(_) => Answer::Later { after_ms: None },
        TransportError::Forbidden(_) => Answer::refused(error.to_string()),
        TransportError::Lost(_) => Answer::ambiguous(error.to_string()),
    };
    request.ids.iter().map(|id| (id.clone(), answer.clone())).collect()
}
