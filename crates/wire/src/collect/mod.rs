//! Tracking calls in, [`Event`]s out.
//!
//! [`Body::read`] checks a request as a whole and refuses it with a [`Refusal`]; nothing has reached the
//! journal then. [`Body::events`] turns each call into an event and hands it over at once, borrowed from
//! the body and the catalogue; a call that says nothing usable is left out and named in [`Collected`].
//!
//! The specification is Segment's HTTP tracking API with its common fields, e-commerce, mobile and
//! consent events, as its own SDKs and RudderStack's and Jitsu's really send it.

mod act;
mod answer;
mod body;
mod call;
mod consent;
mod context;
mod event;
mod instant;
mod json;
mod kept;
mod list;
mod names;
mod properties;
mod text;
mod traits;
mod words;

pub use answer::{Collected, Reason, Rejected};
pub(crate) use body::is_object;
pub use body::{Body, Bulk, Refusal};
pub use call::{CallKind, Route};
pub use words::network;

use beckon_core::director::catalogue::{Host, Product, Room};
use beckon_core::event::Event;
use beckon_core::id::{SourceId, Term};
use beckon_core::names::Kind;
use beckon_core::time::Timestamp;
use std::sync::Arc;

/// A point in time as RFC 3339 writes it; a missing offset is UTC, a missing time of day midnight.
pub(crate) fn parse_instant(text: &str) -> Option<Timestamp> {
    instant::parse(text.as_bytes())
}

/// What the edge knows and an event may lack.
pub trait Edge {
    /// The term of a name; a new name gets one.
    fn term(&self, kind: Kind, text: &str) -> Term;

    /// The product, if the catalogue has it.
    fn product(&self, id: Term) -> Option<Arc<Product>>;

    /// The room, if the catalogue has it.
    fn room(&self, id: Term) -> Option<Arc<Room>>;

    /// The host, if the catalogue has it.
    fn host(&self, id: Term) -> Option<Arc<Host>>;

    /// The rules of the zone `name` around `at`; `None` when there is no such zone. `name` is what the
    /// SDK sent: mostly IANA's (`Asia/Shanghai`), from RudderStack an offset (`GMT+0530`).
    fn zone(&self, name: &str, at: Timestamp) -> Option<Offsets>;

    /// An event named a product that [`Edge::product`] did not find: this is what it says of it. Called
    /// for each such event, so the edge must bear repetition until the catalogue has it.
    fn saw_product(&self, product: Product);
}

/// A time zone's rules around an instant; see [`beckon_core::time::Zone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offsets {
    /// Minutes east of UTC at the instant.
    pub offset_min: i16,
    /// Seconds since the epoch at which that ends; `u32::MAX` when it never does.
    pub until: u32,
    /// Minutes east of UTC after that.
    pub next_offset_min: i16,
}

/// How far a source is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A web page: anyone can read its write key.
    Web,
    /// An app: anyone can extract its write key.
    App,
    /// The customer's server: trusted.
    Server,
}

/// What is known of a request beside its body.
#[derive(Clone, Copy)]
pub struct Receipt<'r> {
    /// Whose write key it came with.
    pub source: SourceId,
    /// How far that source is trusted.
    pub kind: SourceKind,
    /// Whether an untrusted source must prove for whom it speaks.
    pub verify_identity: bool,
    /// When the request was received.
    pub now: Timestamp,
    /// Start of the keys of events without a `messageId`: nothing can show that such an event is a
    /// repeat, so each gets a key of its own, `fresh` plus its place in the batch. The caller draws
    /// `fresh` once and moves it on by [`crate::limits::BATCH_EVENTS_MAX`] with each request.
    pub fresh: u128,
    /// The shopper token that came with the request itself, if any.
    pub shopper_token: Option<&'r str>,
    /// The user id for whom a shopper token is valid. Asked at most once in a row for one token.
    pub verified_user: &'r dyn Fn(&str) -> Option<String>,
}

/// Where accepted events go: the event's place in the batch (0 for a single call), and the event.
pub type Sink<'s> = dyn FnMut(usize, Event<'_>) + 's;

/// Reads a whole request: [`Body::read`], then [`Body::events`].
pub fn collect(
    body: &[u8],
    route: Route,
    receipt: &Receipt<'_>,
    edge: &dyn Edge,
    sink: &mut Sink<'_>,
) -> Result<Collected, Refusal> {
    Ok(Body::read(body, route)?.events(receipt, edge, sink))
}
