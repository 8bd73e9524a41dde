//! Every error the HTTP interface can answer: RFC 9457 problem details with a stable code.
//!
//! Status, title, whether to try again and what to do are answered here once; the documents, the metrics'
//! labels and the OpenAPI description are made from the same table.

use crate::collect::Refusal;
use crate::shape::template::Finding;
use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

// Words are `tt`, not `literal`, which the schema's derive cannot read.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident = $word:tt, $status:literal, $title:literal, $remedy:literal;)+) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Code { $($(#[doc = $doc])+ #[serde(rename = $word)] $code,)+ }

        impl Code {
            /// All, in the order of the documents.
            pub const ALL: &[Code] = &[$(Code::$code),+];

            /// The stable, kebab-case code.
            pub fn word(self) -> &'static str {
                match self { $(Code::$code => $word),+ }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Code::$code => $status),+ }
            }

            /// What it is, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title),+ }
            }

            /// What to do about it, in a sentence.
            pub fn remedy(self) -> &'static str {
                match self { $(Code::$code => $remedy),+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    BadJson = "bad-json", 400, "The body is not valid JSON", "Send UTF-8 JSON; `detail` names the byte, and the item of a batch.";
    /// The body is JSON of another shape.
    BadBody = "bad-body", 400, "The body has another shape than this call takes", "Compare it with the call's schema in `/openapi.json`.";
    /// An event is too long.
    EventTooLarge = "event-too-large", 400, "An event is longer than 32 KiB", "Send less with it; `detail` names the item of a batch.";
    /// A batch is too long.
    BatchTooLarge = "batch-too-large", 400, "The batch is longer than 500 KiB", "Send smaller batches.";
    /// A batch holds too many events.
    TooManyEvents = "too-many-events", 400, "The batch holds more than 2,500 events", "Send smaller batches.";
    /// A parameter cannot be read.
    BadParameter = "bad-parameter", 400, "A parameter of the request is missing or cannot be read", "`field` names it.";
    /// A page's cursor is not one of ours.
    BadCursor = "bad-cursor", 400, "The cursor is not one that this list gave out", "Start again without a cursor.";
    /// An offer of the live room cannot be read.
    OfferUnreadable = "offer-unreadable", 400, "The offer cannot be read", "Send the SDP of a WebRTC offer as it came from the browser or the encoder.";
    /// No key came with the request.
    KeyMissing = "key-missing", 401, "The request carries no key", "Send the write key (collect) or server key (control).";
    /// The key is not known.
    KeyUnknown = "key-unknown", 401, "The key is not known, or was revoked", "Use a source's write key for collect, a server key for `/api/v1`; `beckon keys list` names those there are.";
    /// A shopper token is missing, forged or expired.
    ShopperTokenInvalid = "shopper-token-invalid", 401, "The shopper token is missing, not valid for this shopper, or expired", "Have the customer's server sign a new one.";
    /// The key may not do that.
    KeyNotAllowed = "key-not-allowed", 403, "The key may not do that", "Use a key of the kind that this call needs.";
    /// The browser's page may not call here.
    OriginNotAllowed = "origin-not-allowed", 403, "The page's origin may not call here", "Name the origin in the configuration.";
    /// No such path.
    PathUnknown = "path-unknown", 404, "There is nothing at this path", "See `/openapi.json` for the paths there are.";
    /// No such thing.
    NotFound = "not-found", 404, "What the path names does not exist", "Check the id; lists say what there is.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method-not-allowed", 405, "The path does not take this method", "`Allow` names those it takes.";
    /// What is there does not admit it.
    Conflict = "conflict", 409, "The present state does not admit this", "Read what is there, then decide.";
    /// Events of a bulk source are missing before these.
    BulkGap = "bulk-gap", 409, "Events of this bulk source are missing before these", "Continue at `expected`.";
    /// Somebody publishes in the live room already.
    RoomOccupied = "room-occupied", 409, "Somebody publishes in this room already", "Stop that stream first, or set `room.second_publisher = \"take-over\"`.";
    /// The show is over.
    ShowEnded = "show-ended", 409, "The show has ended", "Put a new show; an ended one keeps its report and no longer changes.";
    /// A link whose time is over.
    LinkExpired = "link-expired", 410, "The link is no longer valid", "Open the shop; what the link led to is over.";
    /// Virtual time was asked for where time is real.
    ClockNotVirtual = "clock-not-virtual", 409, "The clock is the real one and cannot be moved", "Start with `--clock virtual`.";
    /// Virtual time moves forward only.
    ClockBackwards = "clock-backwards", 409, "The clock moves forward only", "Name a time at or after the present one.";
    /// The session was made anew since.
    SessionChanged = "session-changed", 412, "The session is not the one that `If-Match` names", "Send the `ETag` of the answer that made the session.";
    /// What came is longer than this call takes.
    BodyTooLarge = "body-too-large", 413, "The body is longer than this call takes", "Send less at a time.";
    /// The content type is not taken here.
    MediaTypeUnknown = "media-type-unknown", 415, "The content type is not taken here", "Send `application/json`.";
    /// A field's value is not possible.
    FieldInvalid = "field-invalid", 422, "A field has a value that is not possible", "`field` names it, `detail` says what is.";
    /// A field is not known.
    FieldUnknown = "field-unknown", 422, "A field is not known here", "`field` names it; unknown fields are refused so that misspelt ones are noticed.";
    /// A field names something that does not exist.
    ReferenceUnknown = "reference-unknown", 422, "A field names something that does not exist", "Put what it names first.";
    /// An audience rule cannot be compiled.
    AudienceInvalid = "audience-invalid", 422, "The audience rule cannot be compiled", "`position` says where it stops making sense.";
    /// A template cannot be used.
    TemplateInvalid = "template-invalid", 422, "The template cannot be used", "`position` says where; numbers must come from facts.";
    /// An offer of the live room has nothing that the room can use.
    OfferUnusable = "offer-unusable", 422, "The offer has nothing that the live room can use", "Offer Opus, and H.264, VP8, VP9 or AV1; `detail` says what was missing.";
    /// ICE cannot be restarted.
    RestartUnsupported = "restart-unsupported", 422, "ICE is not restarted within a session", "End the session and post a new offer.";
    /// A bound is reached.
    LimitReached = "limit-reached", 422, "There are as many of these as there may be", "Delete what is no longer used.";
    /// Too many requests with this key.
    RateLimited = "rate-limited", 429, "More requests than this key may send", "Wait as long as `Retry-After` says.";
    /// The machine has more to do than it can.
    Overloaded = "overloaded", 429, "More comes in than can be taken now", "Wait as long as `Retry-After` says; nothing of this request was taken.";
    /// A bug.
    Internal = "internal", 500, "Something broke on our side", "Report it with the `instance`.";
    /// Not ready to serve.
    NotReady = "not-ready", 503, "Still starting, or being shut down", "Wait as long as `Retry-After` says.";
    /// As many watch as can be served well.
    RoomFull = "room-full", 503, "As many watch as can be served well", "Wait as long as `Retry-After` says; operators: see `[room]` in the configuration.";
    /// The journal cannot be written.
    JournalUnavailable = "journal-unavailable", 503, "The journal cannot be written, so nothing is accepted", "Wait as long as `Retry-After` says; operators: see the disk.";
}

impl Code {
    /// After how many seconds trying again makes sense; `None` when it never does unchanged.
    pub fn retry_after_s(self) -> Option<u32> {
        match self {
            Code::RateLimited | Code::Overloaded => Some(1),
            Code::NotReady | Code::JournalUnavailable | Code::RoomFull => Some(5),
            _ => None,
        }
    }
}

/// An error on its way to its answer. Serialises as its [`Document`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Document")]
pub struct Problem {
    /// The code, which answers all that does not change.
    pub code: Code,
    /// The code's HTTP status.
    pub status: u16,
    /// What it was this time.
    pub detail: Option<String>,
    /// The field or parameter it is about, as a JSON pointer or a parameter's name.
    pub field: Option<String>,
    /// The item of a batch it is about.
    pub item: Option<u32>,
    /// Where in the text it is, in bytes from its start.
    pub position: Option<u32>,
    /// More of a text that somebody wrote.
    pub text: Option<Box<InText>>,
    /// The sequence to continue at.
    pub expected: Option<u64>,
    /// The request's own id, by which the log knows it.
    pub instance: Option<String>,
}

/// What is wrong with a text that somebody wrote: a rule, a template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InText {
    /// The line it is in, from 1.
    pub line: Option<u32>,
    /// The character of that line, from 1.
    pub column: Option<u32>,
    /// All that is wrong with a template.
    pub findings: Vec<Finding>,
}

/// The body of an error's answer (RFC 9457), with content type [`CONTENT_TYPE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Problem))]
pub struct Document {
    /// URI reference of the code's document.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code; extends RFC 9457, as do the fields after `detail`.
    pub code: Code,
    /// What it is, in a few words; the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What it was this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The field or parameter it is about, as a JSON pointer or a parameter's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The item of a batch it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Where in the text it is, in bytes from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// The line of the text it is in, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The character of that line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// All that is wrong with a template.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The sequence to continue at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// The request's own id, by which the log knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

impl From<Problem> for Document {
    fn from(problem: Problem) -> Self {
        let Problem { code, status, detail, field, item, position, text, expected, instance } = problem;
        let InText { line, column, findings } = text.map(|it| *it).unwrap_or_default();
        Document {
            kind: format!("/docs/errors#{}", code.word()),
            code,
            title: code.title().into(),
            status,
            detail,
            field,
            item,
            position,
            line,
            column,
            findings,
            expected,
            instance,
        }
    }
}

impl Problem {
    /// The problem of this code, without particulars.
    pub fn new(code: Code) -> Self {
        Problem {
            code,
            status: code.status(),
            detail: None,
            field: None,
            item: None,
            position: None,
            text: None,
            expected: None,
            instance: None,
        }
    }

    /// With what it was this time.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With the field it is about.
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Of an item of the list at the JSON pointer `list`: `field` is that of the item alone so far.
    pub fn in_item(mut self, item: usize, list: &str) -> Self {
        self.item = u32::try_from(item).ok();
        self.field = Some(format!("{list}/{item}{}", self.field.unwrap_or_default()));
        self
    }

    /// With what is wrong with a text.
    pub fn with_text(mut self, text: InText) -> Self {
        self.text = Some(Box::new(text));
        self
    }

    /// With the sequence to continue at.
    pub fn with_expected(mut self, expected: u64) -> Self {
        self.expected = Some(expected);
        self
    }

    /// With the place in the text.
    pub fn with_position(mut self, position: usize) -> Self {
        self.position = u32::try_from(position).ok();
        self
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Problem::new(code)
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let (code, item, position) = match *refusal {
            Refusal::BadJson { item, position, .. } => (Code::BadJson, item, Some(position)),
            Refusal::BadEnvelope { .. } => (Code::BadBody, None, None),
            Refusal::EventTooLarge { item, .. } => (Code::EventTooLarge, item, None),
            Refusal::BatchTooLarge { .. } => (Code::BatchTooLarge, None, None),
            Refusal::TooManyEvents => (Code::TooManyEvents, None, None),
        };
        let short = |it: usize| u32::try_from(it).ok();
        let (item, position) = (item.and_then(short), position.and_then(short));
        Problem { item, position, ..Problem::new(code).with_detail(refusal.to_string()) }
    }
}

/// The table of all codes, as Markdown: the body of `docs/errors.md`.
pub fn table() -> String {
    let mut table =
        String::from("| code | status | what | try again | what to do |\n|---|---|---|---|---|\n");
    for code in Code::ALL {
        let again = code.retry_after_s().map_or("no".into(), |secs| format!("after {secs} s"));
        let (word, status, title, remedy) = (code.word(), code.status(), code.title(), code.remedy());
        table += &format!("| <a id=\"{word}\"></a>`{word}` | {status} | {title} | {again} | {remedy} |\n");
    }
    table
}
