//! A request's body as a whole: is it JSON, and within the limits?
//!
//! All of it is checked before the first event is handed on, so that a refused request leaves no trace.

use super::call::{Call, Route};
use super::context::Context;
use super::event::Reader;
use super::json::{Fill, Object, Pick, Value, fields, skip};
use super::kept::kept;
use super::{Collected, Edge, Receipt, Sink};
use crate::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BULK_SOURCE_BYTES_MAX, EVENT_BYTES_MAX};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Why a request is refused as a whole, always with status 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not JSON.
    #[error("{}not valid JSON at byte {position}: {detail}", of_item(*item))]
    BadJson {
        /// The call of the batch in which it ends to be JSON, if it is in one.
        item: Option<usize>,
        /// What the parser says.
        detail: String,
        /// Bytes from the start of the body.
        position: usize,
    },
    /// It is JSON, and no batch.
    #[error("{detail}")]
    BadEnvelope {
        /// What is missing.
        detail: &'static str,
    },
    /// A call is too long.
    #[error("{}{bytes} bytes are more than the {EVENT_BYTES_MAX} that a call may have", of_item(*item))]
    EventTooLarge {
        /// The first such call of the batch, if it is one.
        item: Option<usize>,
        /// Its length.
        bytes: usize,
    },
    /// The batch is too long.
    #[error("{bytes} bytes are more than the {BATCH_BYTES_MAX} that a batch may have")]
    BatchTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The batch holds too many calls.
    #[error("a batch may hold at most {BATCH_EVENTS_MAX} calls")]
    TooManyEvents,
}

fn of_item(item: Option<usize>) -> String {
    item.map(|item| format!("batch[{item}]: ")).unwrap_or_default()
}

/// Where a bulk source stands: replaces the dedup key of each of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// The source's own name.
    pub source: Box<str>,
    /// The number of the batch's first call.
    pub sequence: u64,
}

/// A request's body, checked.
pub struct Body<'a> {
    route: Route,
    calls: Calls<'a>,
}

enum Calls<'a> {
    One(Box<Call<'a>>, &'a str),
    /// One with half a surrogate pair in a text that we read; mended.
    Mended(Box<str>),
    Batch(Box<Batch<'a>>),
}

impl<'a> Body<'a> {
    /// Checks a body that came over `route`.
    pub fn read(body: &'a [u8], route: Route) -> Result<Self, Refusal> {
        match route {
            Route::Batch if body.len() > BATCH_BYTES_MAX => {
                return Err(Refusal::BatchTooLarge { bytes: body.len() });
            }
            Route::Call(_) | Route::Unnamed if body.len() > EVENT_BYTES_MAX => {
                return Err(Refusal::EventTooLarge { item: None, bytes: body.len() });
            }
            _ => {}
        }
        let text = std::str::from_utf8(body).map_err(|error| Refusal::BadJson {
            item: None,
            detail: "not UTF-8".into(),
            position: error.valid_up_to(),
        })?;
        let calls = match route {
            Route::Batch => Calls::Batch(Box::new(Batch::read(text)?)),
            Route::Call(_) | Route::Unnamed => single(text)?,
        };
        Ok(Body { route, calls })
    }

    /// The write key that some SDKs send in the body.
    pub fn write_key(&self) -> Option<Cow<'_, str>> {
        let key = match &self.calls {
            Calls::One(call, _) => call.write_key.clone(),
            Calls::Mended(text) => {
                let mut call = Call::default();
                read_call(text, &mut call).ok()?;
                call.write_key
            }
            Calls::Batch(batch) => batch.write_key.clone(),
        };
        match key {
            // Jitsu sends asterisks in its place, and the key in a header.
            Value::Text(key) if !key.bytes().all(|it| it == b'*') => Some(key),
            _ => None,
        }
    }

    /// Where the bulk source stands, if this is a batch of one.
    pub fn bulk(&self) -> Option<&Bulk> {
        match &self.calls {
            Calls::Batch(batch) => batch.bulk.as_ref(),
            Calls::One(..) | Calls::Mended(_) => None,
        }
    }

    /// How many calls it holds.
    pub fn calls(&self) -> usize {
        match &self.calls {
            Calls::Batch(batch) => batch.items.len(),
            Calls::One(..) | Calls::Mended(_) => 1,
        }
    }

    /// Hands each call to `sink` as an event, in their order.
    pub fn events(&self, receipt: &Receipt<'_>, edge: &dyn Edge, sink: &mut Sink<'_>) -> Collected {
        match &self.calls {
            Calls::One(call, text) => {
                let mut reader = Reader::new(self.route, receipt, edge, None);
                reader.call(0, call, text, sink);
                reader.finish()
            }
            Calls::Mended(text) => {
                let mut reader = Reader::new(self.route, receipt, edge, None);
                reader.item(0, text, sink);
                reader.finish()
            }
            Calls::Batch(batch) => {
                let mut reader = Reader::new(self.route, receipt, edge, Some(batch));
                for (item, json) in batch.items.iter().enumerate() {
                    reader.item(item, json.get(), sink);
                }
                reader.finish()
            }
        }
    }
}

fn single(text: &str) -> Result<Calls<'_>, Refusal> {
    let mut call = Box::<Call<'_>>::default();
    let error = match read_call(text, &mut call) {
        Ok(()) if is_object(text) => return Ok(Calls::One(call, text)),
        Ok(_) => return Err(Refusal::BadEnvelope { detail: "the body must be a JSON object" }),
        Err(error) => error,
    };
    // Within JSON's grammar, yet a text that is not Unicode.
    match kept(text) {
        Cow::Owned(mended) if read_call(&mended, &mut Call::default()).is_ok() => {
            Ok(Calls::Mended(mended.into()))
        }
        _ => Err(bad_json(text, None, &error)),
    }
}

/// Reads one call; fails only where the text is not JSON, or spells a text that is not Unicode.
pub(super) fn read_call<'a>(text: &'a str, call: &mut Call<'a>) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    Fill(call).deserialize(&mut json)?;
    json.end()
}

/// Whether JSON text is an object.
pub(crate) fn is_object(json: &str) -> bool {
    json.trim_start().starts_with('{')
}

fn bad_json(text: &str, item: Option<usize>, error: &serde_json::Error) -> Refusal {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let position = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
    let detail = error.to_string();
    let detail = detail.split(" at line ").next().unwrap_or_default().to_owned();
    Refusal::BadJson { item, detail, position: position.min(text.len()) }
}

/// `{"batch": […], "sentAt": …, "context": …, "writeKey": …, "bulk": …}`
#[derive(Default)]
pub(super) struct Batch<'a> {
    items: Vec<&'a RawValue>,
    pub sent_at: Value<'a>,
    pub context: Context<'a>,
    write_key: Value<'a>,
    pub bulk: Option<Bulk>,
}

/// How far the reading of a batch has come.
#[derive(Default)]
struct Progress {
    seen: bool,
    bad_bulk: bool,
    too_many: bool,
    inside: Option<usize>,
    too_large: Option<(usize, usize)>,
}

impl<'a> Batch<'a> {
    fn read(text: &'a str) -> Result<Self, Refusal> {
        let (mut batch, mut progress) = (Batch::default(), Progress::default());
        let mut json = serde_json::Deserializer::from_str(text);
        let read = json.deserialize_map(Envelope { batch: &mut batch, progress: &mut progress });
        match read.and_then(|()| json.end()) {
            Err(_) if progress.too_many => Err(Refusal::TooManyEvents),
            Err(error) if error.is_data() => Err(Refusal::BadEnvelope { detail: NO_BATCH }),
            Err(error) => Err(bad_json(text, progress.inside, &error)),
            Ok(()) if !progress.seen => Err(Refusal::BadEnvelope { detail: NO_BATCH }),
            Ok(()) if progress.bad_bulk => Err(Refusal::BadEnvelope { detail: BAD_BULK }),
            Ok(()) => match progress.too_large {
                Some((item, bytes)) => Err(Refusal::EventTooLarge { item: Some(item), bytes }),
                None => Ok(batch),
            },
        }
    }
}

const NO_BATCH: &str = "the body must be a JSON object whose `batch` is an array of calls";
const BAD_BULK: &str = "`bulk` must be an object with a `source` (a name) and a `sequence` (a whole number)";

fields! { Field {
    Batch = b"batch",
    SentAt = b"sentAt",
    Context = b"context",
    WriteKey = b"writeKey",
    Bulk = b"bulk",
} }

struct Envelope<'p, 'a> {
    batch: &'p mut Batch<'a>,
    progress: &'p mut Progress,
}

impl<'de> Visitor<'de> for Envelope<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a batch")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Envelope { batch, progress } = self;
        while let Some(key) = map.next_key::<super::json::Key<Field>>()? {
            match key.0 {
                Field::Batch => map.next_value_seed(Items { items: &mut batch.items, progress })?,
                Field::SentAt => batch.sent_at = map.next_value()?,
                Field::Context => map.next_value_seed(Fill(&mut batch.context))?,
                Field::WriteKey => batch.write_key = map.next_value()?,
                Field::Bulk => {
                    batch.bulk = map.next_value::<Object<BulkFields<'de>>>()?.0.finish();
                    progress.bad_bulk = batch.bulk.is_none();
                }
                Field::Unknown => skip(&mut map)?,
            }
        }
        Ok(())
    }
}

/// The calls of a batch, not read yet: their spans give each one's length.
struct Items<'p, 'a> {
    items: &'p mut Vec<&'a RawValue>,
    progress: &'p mut Progress,
}

impl<'de> DeserializeSeed<'de> for Items<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of calls")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Items { items, progress } = self;
        items.clear();
        *progress =
            Progress { seen: true, inside: Some(0), bad_bulk: progress.bad_bulk, ..Progress::default() };
        while let Some(item) = seq.next_element::<&RawValue>()? {
            let (at, bytes) = (items.len(), item.get().len());
            if at == BATCH_EVENTS_MAX {
                progress.too_many = true;
                return Err(A::Error::custom("too many"));
            }
            if bytes > EVENT_BYTES_MAX && progress.too_large.is_none() {
                progress.too_large = Some((at, bytes));
            }
            items.push(item);
            progress.inside = Some(items.len());
        }
        progress.inside = None;
        Ok(())
    }
}

fields! { BulkKey { Source = b"source", Sequence = b"sequence" } }

#[derive(Debug, Clone, Default)]
struct BulkFields<'a> {
    source: Value<'a>,
    sequence: Value<'a>,
}

impl<'de> Pick<'de> for BulkFields<'de> {
    type Key = BulkKey;

    fn take<A: MapAccess<'de>>(&mut self, key: BulkKey, map: &mut A) -> Result<(), A::Error> {
        match key {
            BulkKey::Source => self.source = map.next_value()?,
            BulkKey::Sequence => self.sequence = map.next_value()?,
            BulkKey::Unknown => skip(map)?,
        }
        Ok(())
    }
}

/// Up to here a real number is a whole one exactly: 2⁵³.
const EXACT_MAX: f64 = (1u64 << 53) as f64;

impl BulkFields<'_> {
    fn finish(self) -> Option<Bulk> {
        let source = self.source.text().filter(|it| it.len() <= BULK_SOURCE_BYTES_MAX)?;
        let sequence = match self.sequence {
            Value::Whole(sequence) => sequence,
            // Some writers know no whole numbers.
            Value::Real(it) if it.fract() == 0.0 && (0.0..=EXACT_MAX).contains(&it) => it as u64,
            _ => return None,
        };
        Some(Bulk { source: source.into(), sequence })
    }
}
