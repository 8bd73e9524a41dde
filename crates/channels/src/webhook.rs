//! The webhook: messages in batches to a server of the customer's own, signed by Standard Webhooks.
//!
//! ```text
//! POST <url>            webhook-id, webhook-timestamp, webhook-signature: see `signature.rs`
//! {"type":"beckon.messages","timestamp":"2026-11-22T12:00:00Z","data":{"messages":[
//!   {"id":"…","show_id":"…","title":"…","body":"…","link":"…","class":"marketing","trigger":"…","arm":"…",
//!    "language":"…","expires_at":"2026-11-22T12:05:00Z","app":"…","device":"…","user_id":"…", …}]}}
//! ```
//!
//! The answer may say of each message what became of it:
//!
//! ```text
//! {"results":[{"id":"…","status":"accepted"},{"id":"…","status":"later","retry_after_s":30}]}
//! ```
//!
//! `status` is `accepted`, `delivered`, `gone` (the device), `refused` (with a `reason`), `later` or
//! `stop_today` (both with `retry_after_s`). A message that the answer does not name has what the status says:
//!
//! | status | means |
//! |---|---|
//! | 2xx | accepted |
//! | 408, 425, 429; 503 with `Retry-After` | definitely not accepted: later |
//! | 410 | the endpoint is gone: the channel should be switched off |
//! | 3xx, other 4xx | refused; redirects are not followed |
//! | other 5xx | ambiguous |
//!
//! A bare 5xx is ambiguous because of what stands between: a proxy answers 502, 503 and 504 also when its
//! server took the request and then broke the connection, and a server may fail after it has passed messages
//! on. Who refuses for sure can say so: 429, 503 with `Retry-After`, or results.

use crate::answer::Answer;
use crate::channel::{Caps, Channel, Composed, Limits, Outcome, Request, TransportError, USER_AGENT, unsent};
use crate::content::Content;
use crate::message::Message;
use crate::retry_after::{RETRY_AFTER_MS_MAX, retry_after_ms};
use crate::rfc3339::rfc3339;
use crate::signature::{self, ID_HEADER, SECRETS_MAX, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of a request's body, unless configured: a batch of a hundred messages with room to spare.
pub const PAYLOAD_BYTES_MAX: usize = 256 << 10;

/// Messages in a request, unless configured.
pub const BATCH_MAX: usize = 100;

/// Messages a second, unless configured.
pub const RATE_PER_S: u32 = 3_000;

/// The longest title and text in characters: longer than any screen shows.
const TITLE_CHARS_MAX: usize = 256;
const BODY_CHARS_MAX: usize = 2_048;

/// Four weeks, the longest that any vendor behind the webhook keeps a message, in seconds.
const TTL_S_MAX: u32 = 2_419_200;

const DAY_MS: i64 = 86_400_000;
const TYPE: &str = "beckon.messages";

/// What an operator sets.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the messages go.
    pub url: Uri,
    /// Signing secrets: one, or several while one is replaced by another.
    pub secrets: Vec<Secret>,
    /// Messages in a request.
    pub batch_max: usize,
    /// Bytes of a request's body.
    pub payload_bytes_max: usize,
    /// Messages a second.
    pub rate_per_s: u32,
    /// When a day ends for `stop_today` without `retry_after_s`: minutes east of UTC.
    pub day_offset_min: i16,
}

impl Options {
    /// The defaults, for this endpoint and these secrets.
    pub fn new(url: Uri, secrets: Vec<Secret>) -> Self {
        Options {
            url,
            secrets,
            batch_max: BATCH_MAX,
            payload_bytes_max: PAYLOAD_BYTES_MAX,
            rate_per_s: RATE_PER_S,
            day_offset_min: 0,
        }
    }
}

/// Why a webhook cannot be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It would go unsigned.
    #[error("a webhook needs a signing secret: give one, of 32 random bytes, as `whsec_` and base64")]
    NoSecret,
    /// There are too many.
    #[error(
        "{0} secrets are too many: at most {SECRETS_MAX} sign at once; take away those that are replaced"
    )]
    TooManySecrets(usize),
}

/// The channel.
#[derive(Debug, Clone)]
pub struct Webhook {
    options: Options,
    limits: Limits,
}

impl Webhook {
    /// Sets it up. Whether its URL may be called is for [`crate::guard`] to say, each time it is.
    pub fn new(options: Options) -> Result<Self, Error> {
        match options.secrets.len() {
            0 => return Err(Error::NoSecret),
            count if count > SECRETS_MAX => return Err(Error::TooManySecrets(count)),
            _ => {}
        }
        let limits = Limits {
            payload_bytes_max: options.payload_bytes_max,
            batch_max: options.batch_max.max(1),
            ttl_s: 0..=TTL_S_MAX,
            title_chars_max: TITLE_CHARS_MAX,
            body_chars_max: BODY_CHARS_MAX,
            rate_per_s: options.rate_per_s,
            caps: Caps::default(),
        };
        Ok(Webhook { options, limits })
    }

    fn request(&self, now_ms: i64, pieces: &[Vec<u8>], ids: Vec<String>) -> Request {
        let mut body = opening(now_ms).into_bytes();
        body.extend(pieces.join(&b','));
        body.extend_from_slice(CLOSING.as_bytes());
        let id = request_id(&ids);
        let timestamp_s = now_ms.div_euclid(1000);
        let signatures = signature::sign(&self.options.secrets, &id, timestamp_s, &body);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let own =
            [(ID_HEADER, id), (TIMESTAMP_HEADER, timestamp_s.to_string()), (SIGNATURE_HEADER, signatures)];
        for (name, value) in own {
            let value = HeaderValue::try_from(value).expect("hexadecimal, digits and base64 are header text");
            headers.insert(HeaderName::from_static(name), value);
        }
        Request { method: Method::POST, url: self.options.url.clone(), headers, body, ids }
    }

    fn stop_until(&self, now_ms: i64, after_ms: Option<i64>) -> i64 {
        let offset_ms = i64::from(self.options.day_offset_min) * 60_000;
        let end_of_day = || ((now_ms + offset_ms).div_euclid(DAY_MS) + 1) * DAY_MS - offset_ms;
        after_ms.map_or_else(end_of_day, |it| now_ms + it)
    }

    fn said(&self, now_ms: i64, result: &Said) -> Answer {
        let after_ms = result.retry_after_s.map(|it| {
            let ms = it * 1000.0;
            if ms >= 0.0 { (ms as i64).min(RETRY_AFTER_MS_MAX) } else { 0 }
        });
        let why = result.reason.as_deref().unwrap_or("no reason given");
        match result.status.as_str() {
            "accepted" => Answer::Accepted { vendor_id: None },
            "delivered" => Answer::Delivered,
            "gone" => Answer::gone(why),
            "refused" => Answer::refused(why),
            "later" => Answer::Later { after_ms },
            "stop_today" => Answer::StopToday { until_ms: self.stop_until(now_ms, after_ms) },
            other => Answer::ambiguous(format!("the answer's status {other:?} is none that is known")),
        }
    }
}

impl Channel for Webhook {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn requests(&self, now_ms: i64, messages: &[Message]) -> Composed {
        let mut composed = Composed::default();
        let envelope = opening(now_ms).len() + CLOSING.len();
        let (mut pieces, mut ids, mut bytes) = (Vec::new(), Vec::new(), envelope);
        for message in messages {
            let piece = serde_json::to_vec(&Piece::of(message)).expect("texts and numbers are JSON");
            if envelope + piece.len() > self.limits.payload_bytes_max {
                let why = format!("{} bytes are more than the webhook's payload may have", piece.len());
                composed.answered.push((message.id.clone(), Answer::refused(why)));
                continue;
            }
            // Between two there is a comma.
            let is_full = bytes + 1 + piece.len() > self.limits.payload_bytes_max;
            if !ids.is_empty() && (is_full || ids.len() >= self.limits.batch_max) {
                composed.requests.push(self.request(now_ms, &pieces, std::mem::take(&mut ids)));
                pieces.clear();
                bytes = envelope;
            }
            bytes += piece.len() + usize::from(!pieces.is_empty());
            pieces.push(piece);
            ids.push(message.id.clone());
        }
        if !ids.is_empty() {
            composed.requests.push(self.request(now_ms, &pieces, ids));
        }
        composed
    }

    fn read(
        &self,
        now_ms: i64,
        request: &Request,
        outcome: Result<Outcome, TransportError>,
    ) -> Vec<(String, Answer)> {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return unsent(request, &error),
        };
        let otherwise = by_status(&outcome, now_ms);
        let results: Results = serde_json::from_slice(&outcome.body).unwrap_or_default();
        let mut said = BTreeMap::new();
        for result in &results.results {
            // Of two words on one message the first counts.
            said.entry(result.id.as_str()).or_insert(result);
        }
        let answer = |id: &String| match said.get(id.as_str()) {
            Some(result) => self.said(now_ms, result),
            None => otherwise.clone(),
        };
        request.ids.iter().map(|id| (id.clone(), answer(id))).collect()
    }
}

fn by_status(outcome: &Outcome, now_ms: i64) -> Answer {
    let status = outcome.status;
    let later = || Answer::Later { after_ms: retry_after_ms(&outcome.headers, now_ms) };
    match status {
        _ if status.is_success() => Answer::Accepted { vendor_id: None },
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => later(),
        StatusCode::SERVICE_UNAVAILABLE if outcome.headers.contains_key(RETRY_AFTER) => later(),
        StatusCode::GONE => Answer::channel_gone("the endpoint answered 410: it takes no more messages"),
        _ if status.is_redirection() => {
            Answer::refused(format!("{status}: redirects are not followed; configure the URL it leads to"))
        }
        _ if status.is_client_error() => Answer::refused(format!("the endpoint answered {status}")),
        _ => Answer::ambiguous(format!("the endpoint answered {status}, which leaves open what it took")),
    }
}

/// The same for the same messages, so that a receiver can drop a request that it has seen. Nothing of it can
/// be guessed back to the messages' ids.
fn request_id(ids: &[String]) -> String {
    let mut digest = Context::new(&SHA256);
    for id in ids {
        digest.update(&(id.len() as u64).to_le_bytes());
        digest.update(id.as_bytes());
    }
    let hex: String = digest.finish().as_ref()[..16].iter().map(|it| format!("{it:02x}")).collect();
    format!("msg_{hex}")
}

fn opening(now_ms: i64) -> String {
    format!(r#"{{"type":"{TYPE}","timestamp":"{}","data":{{"messages":["#, rfc3339(now_ms))
}

const CLOSING: &str = "]}}";

/// A message as the body holds it: what it says, and to whom.
#[derive(Serialize)]
struct Piece<'a> {
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    app: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    device: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    anonymous_id: &'a str,
}

impl<'a> Piece<'a> {
    fn of(message: &'a Message) -> Self {
        Piece {
            content: Content::of(message),
            app: &message.app,
            device: &message.device,
            user_id: &message.user_id,
            anonymous_id: &message.anonymous_id,
        }
    }
}

#[derive(Deserialize, Default)]
struct Results {
    results: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    id: String,
    status: String,
    retry_after_s: Option<f64>,
    reason: Option<String>,
}
