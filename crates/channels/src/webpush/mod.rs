//! Web Push: one encrypted message to one browser, through the push service of the browser's vendor (RFC 8030),
//! which can neither read it (RFC 8291) nor take it from anyone but us (RFC 8292).
//!
//! ```text
//! POST <the subscription's endpoint>
//! TTL: seconds until the deadline      Urgency: high | normal      Topic: of app, show and class
//! Content-Encoding: aes128gcm          Authorization: vapid t=<token>, k=<public key>
//! ```
//!
//! A message's token is the browser's subscription as JSON, `{"endpoint":…,"keys":{"p256dh":…,"auth":…}}`. So
//! unlike other channels this one speaks to many vendors, and to whatever address somebody's page has sent:
//! `origins.rs` keeps them apart, `crate::guard` keeps them out of our own network.
//!
//! | answer | means |
//! |---|---|
//! | 2xx | accepted |
//! | 404, 410 | the subscription is no more |
//! | 408, 425, 429; 503 with `Retry-After` | definitely not accepted: later |
//! | 401, 403 | refused: the service does not take our key for this subscription |
//! | 413 | refused: too large |
//! | 3xx, other 4xx | refused; redirects are not followed |
//! | other 5xx, no answer | ambiguous |
//!
//! RFC 8030 does not say that a 5xx accepted nothing, so a bare one leaves it open, as with the webhook. And 401
//! or 403 never stop the channel: a single page with a made-up endpoint could do that to everyone else, and a
//! subscription made under a former key is answered so by an honest service. The reason names the service, and
//! is seen in the log.
//!
//! Keys and salts are drawn here, from the system, against the habit of this crate that all it needs is handed in.
//! They are no part of any decision, nothing is remembered of them, and no replay comes this way: a message is
//! encrypted only when it leaves. What could be drawn again, or known beforehand, would break the encryption.

pub mod encryption;
mod origins;
mod payload;
pub mod subscription;
pub mod vapid;

pub use subscription::Subscription;

use crate::answer::Answer;
use crate::channel::{Caps, Channel, Composed, Limits, Outcome, Request, TransportError, USER_AGENT, unsent};
use crate::guard::{Policy, Refusal};
use crate::message::{Class, Message};
use crate::retry_after::retry_after_ms;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encryption::{BODY_BYTES_MAX, TEXT_BYTES_MAX, encrypt, padded};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode, header};
use origins::{Heard, Origins};
use ring::digest::{Context, SHA256};
use ring::rand::SystemRandom;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vapid::{Key, Tokens};

/// Messages a second, unless configured.
pub const RATE_PER_S: u32 = 5_000;

/// Four weeks, the longest that FCM keeps a message, in seconds; others keep it for less and say so.
const TTL_S_MAX: u32 = 2_419_200;

/// The longest title and text in characters: longer than any notification shows.
const TITLE_CHARS_MAX: usize = 256;
const BODY_CHARS_MAX: usize = 2_048;

/// Bytes of the digest that is the topic: 32 characters in base64url, the most that a topic has (RFC 8030,
/// section 5.4).
const TOPIC_BYTES: usize = 24;

const TTL: HeaderName = HeaderName::from_static("ttl");
const URGENCY: HeaderName = HeaderName::from_static("urgency");
const TOPIC: HeaderName = HeaderName::from_static("topic");

/// Triggers whose word is worth nothing in a few minutes.
const URGENT: [&str; 2] = ["offer_ending", "campaign_ending"];

/// What an operator sets.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who sends: browsers subscribed with its public half.
    pub key: Key,
    /// Whom a push service may write to about our messages: a `mailto:` or `https:` URL. Apple's asks for one.
    pub contact: Option<String>,
    /// Which endpoints may be called.
    pub policy: Policy,
    /// Messages a second.
    pub rate_per_s: u32,
}

impl Options {
    /// The defaults, with this key.
    pub fn new(key: Key) -> Self {
        Options { key, contact: None, policy: Policy::default(), rate_per_s: RATE_PER_S }
    }
}

/// The channel.
#[derive(Debug)]
pub struct WebPush {
    options: Options,
    limits: Limits,
    random: SystemRandom,
    tokens: Tokens,
    origins: Mutex<Origins>,
}

impl WebPush {
    /// Sets it up.
    pub fn new(options: Options) -> Self {
        let limits = Limits {
            payload_bytes_max: BODY_BYTES_MAX,
            batch_max: 1,
            ttl_s: 0..=TTL_S_MAX,
            title_chars_max: TITLE_CHARS_MAX,
            body_chars_max: BODY_CHARS_MAX,
            rate_per_s: options.rate_per_s,
            caps: Caps::default(),
        };
        let (tokens, origins) = (Tokens::default(), Mutex::default());
        WebPush { options, limits, random: SystemRandom::new(), tokens, origins }
    }

    /// The request for a message, or the answer that is known without one.
    fn request(&self, now_ms: i64, message: &Message) -> Result<Request, Answer> {
        let to = Subscription::parse(&message.token).map_err(|error| Answer::gone(error.to_string()))?;
        self.options.policy.target(&to.endpoint).map_err(|refusal| match refusal {
            Refusal::NotHttps => Answer::refused(format!("the subscription's endpoint: {refusal}")),
            refusal => Answer::gone(format!("the subscription's endpoint: {refusal}")),
        })?;
        let left_ms = message.expires_at_ms.saturating_sub(now_ms);
        if left_ms <= 0 {
            return Err(Answer::refused("its time was over before it could be sent"));
        }
        let ttl_s = u32::try_from(left_ms / 1000).unwrap_or(u32::MAX).min(TTL_S_MAX);
        let text = payload::payload(message).map_err(|bytes| {
            Answer::refused(format!(
                "{bytes} bytes without picture and text are more than the {TEXT_BYTES_MAX} that a push carries: \
                 shorten title or link"
            ))
        })?;
        let origin = subscription::origin(&to.endpoint);
        let admitted = self.origins().admit(&origin, now_ms);
        admitted.map_err(|after_ms| Answer::Later { after_ms: Some(after_ms) })?;
        let sealed = self.authorization(now_ms, &origin).and_then(|authorization| {
            let body = encrypt(&self.random, &to.keys, &text, padded(text.len())).map_err(unencrypted)?;
            Ok((authorization, body))
        });
        let (authorization, body) = sealed.inspect_err(|_| self.origins().unsent(&origin))?;

        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(TTL, HeaderValue::from(ttl_s));
        headers.insert(URGENCY, HeaderValue::from_static(urgency(message)));
        headers.insert(TOPIC, HeaderValue::try_from(topic(message)).expect("base64url is header text"));
        Ok(Request { method: Method::POST, url: to.endpoint, headers, body, ids: vec![message.id.clone()] })
    }

    fn authorization(&self, now_ms: i64, origin: &str) -> Result<HeaderValue, Answer> {
        let Options { key, contact, .. } = &self.options;
        let made = self.tokens.get(origin, now_ms.div_euclid(1000), |expires_s| {
            key.authorization(&self.random, origin, expires_s, contact.as_deref())
        });
        made.map_err(|error| Answer::refused(error.to_string()))
    }

    fn origins(&self) -> MutexGuard<'_, Origins> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Channel for WebPush {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn spares_vendors_itself(&self) -> bool {
        true
    }

    fn requests(&self, now_ms: i64, messages: &[Message]) -> Composed {
        let mut composed = Composed::default();
        for message in messages {
            match self.request(now_ms, message) {
                Ok(request) => composed.requests.push(request),
                Err(answer) => composed.answered.push((message.id.clone(), answer)),
            }
        }
        composed
    }

    fn read(
        &self,
        now_ms: i64,
        request: &Request,
        outcome: Result<Outcome, TransportError>,
    ) -> Vec<(String, Answer)> {
        let (heard, answers) = match outcome {
            Ok(outcome) => {
                let host = request.url.host().unwrap_or_default();
                let (heard, answer) = said(&outcome, host, now_ms);
                (heard, request.ids.iter().map(|id| (id.clone(), answer.clone())).collect())
            }
            Err(error) => {
                let is_ours = matches!(error, TransportError::Forbidden(_));
                let heard = if is_ours { Heard::Works } else { Heard::Fails };
                (heard, unsent(request, &error))
            }
        };
        self.origins().heard(&subscription::origin(&request.url), now_ms, heard);
        answers
    }
}

fn unencrypted(error: encryption::Error) -> Answer {
    match error {
        encryption::Error::NotOnCurve => Answer::gone(error.to_string()),
        _ => Answer::refused(error.to_string()),
    }
}

/// What a status says of its push service and of the message.
fn said(outcome: &Outcome, host: &str, now_ms: i64) -> (Heard, Answer) {
    let status = outcome.status;
    let after_ms = retry_after_ms(&outcome.headers, now_ms);
    let later = (Heard::Busy(after_ms), Answer::Later { after_ms });
    let refused = |why: String| (Heard::Works, Answer::refused(why));
    match status {
        _ if status.is_success() => (Heard::Works, Answer::Accepted { vendor_id: None }),
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            (Heard::Works, Answer::gone(format!("{host} answered {status}: the subscription is no more")))
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => later,
        StatusCode::SERVICE_UNAVAILABLE if outcome.headers.contains_key(RETRY_AFTER) => later,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => refused(format!(
            "{host} answered {status}: it does not take this channel's key (VAPID) for the subscription, which was \
             perhaps made under another"
        )),
        StatusCode::PAYLOAD_TOO_LARGE => {
            refused(format!("{host} answered {status}: the message is too large for it"))
        }
        _ if status.is_redirection() => {
            refused(format!("{host} answered {status}: redirects are not followed"))
        }
        _ if status.is_client_error() => refused(format!("{host} answered {status}")),
        _ => {
            let why = format!("{host} answered {status}, which leaves open whether it took the message");
            (Heard::Fails, Answer::ambiguous(why))
        }
    }
}

/// What was asked for, or cannot wait, may wake a device that saves its battery (RFC 8030, section 5.3).
fn urgency(message: &Message) -> &'static str {
    let is_urgent = message.class == Class::Service || URGENT.contains(&message.trigger.as_str());
    if is_urgent { "high" } else { "normal" }
}

/// Of two messages under one topic that have not been delivered yet the newer is kept: one call into a show is
/// enough, but promotion does not take the place of what was asked for. Nothing can be guessed back from it.
fn topic(message: &Message) -> String {
    let about = if message.show_id.is_empty() { &message.id } else { &message.show_id };
    let mut digest = Context::new(&SHA256);
    for part in [&message.app, message.class.word(), about] {
        digest.update(&(part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(&digest.finish().as_ref()[..TOPIC_BYTES])
}
