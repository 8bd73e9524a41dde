//! Collect: the tracking calls of Segment's API and its relatives, answered once they are durable.

use super::answer::{Failure, json};
use super::edge::RequestEdge;
use super::packed::{self, Broken};
use super::{App, auth};
use crate::keys;
use axum::body::Body as HttpBody;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beckon_core::director::Admission;
use beckon_core::director::catalogue::Change;
use beckon_core::id::SourceId;
use beckon_engine::record::EventsWriter;
use beckon_wire::collect::{Body, Bulk, Collected, Receipt, Refusal, Route, SourceKind};
use beckon_wire::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX};
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::Answer;
use http_body_util::{BodyExt, Limited};
use std::sync::atomic::Ordering;

/// The write key as a query parameter, for beacons that cannot set headers.
#[derive(serde::Deserialize)]
pub struct KeyParameter {
    #[serde(rename = "writeKey", alias = "write_key")]
    write_key: Option<String>,
}

/// `POST /v1/{call}` and the foreign paths that mean the same.
pub async fn collect(
    State(app): State<App>,
    Path(call): Path<String>,
    Query(parameter): Query<KeyParameter>,
    headers: HeaderMap,
    body: HttpBody,
) -> Response {
    let answered = take(&app, &call, parameter.write_key, &headers, body).await;
    app.tallies.request(answered.as_ref().map_err(|it| it.0.code).err());
    match answered {
        Ok(answer) => json(&answer),
        Err(failure) => failure.into_response(),
    }
}

async fn take(
    app: &App,
    call: &str,
    parameter: Option<String>,
    headers: &HeaderMap,
    body: HttpBody,
) -> Result<Answer, Failure> {
    let route = Route::of(call).ok_or(Code::PathUnknown)?;
    // A request that would be refused anyway is refused before its body is read.
    app.node.admits()?;
    let bytes = read_body(headers, body).await?;
    let body = Body::read(&bytes, route).map_err(|it| Problem::from(&it))?;
    // The header wins: Jitsu masks the key in the body.
    let key = auth::header_key(headers).or(parameter);
    let key = key.or_else(|| body.write_key().map(|it| it.into_owned())).ok_or(Code::KeyMissing)?;
    let known = app.keys.current();
    let not_ours = if known.is_server_key(&key) { Code::KeyNotAllowed } else { Code::KeyUnknown };
    let source = known.source(&key).ok_or(not_ours)?;
    let verified = |token: &str| keys::verify_shopper_token(source, token, app.node.clock().now());
    let token = headers.get("x-shopper-token").and_then(|it| it.to_str().ok());
    let sender = Sender {
        source: source.id,
        kind: source.kind,
        verify_identity: source.verify_identity,
        shopper_token: token,
        verified_user: &verified,
    };
    accept(app, &sender, &body).await
}

/// Who sends a request.
pub(super) struct Sender<'s> {
    pub source: SourceId,
    pub kind: SourceKind,
    pub verify_identity: bool,
    pub shopper_token: Option<&'s str>,
    pub verified_user: &'s (dyn Fn(&str) -> Option<String> + Sync),
}

/// Journals what a request holds; answers once it is durable.
pub(super) async fn accept(app: &App, sender: &Sender<'_>, body: &Body<'_>) -> Result<Answer, Failure> {
    if let Some(bulk) = body.bulk() {
        return accept_bulk(app, sender, body, bulk).await;
    }
    let (collected, record) = normalise(app, sender, body, 0);
    if let Some(record) = record {
        app.node.append(record.finish(None), None).await?;
    }
    app.tallies.collected(&collected);
    Ok(Answer::from(&collected))
}

/// Takes a part of a bulk source, leaving out what was taken before.
async fn accept_bulk(
    app: &App,
    sender: &Sender<'_>,
    body: &Body<'_>,
    bulk: &Bulk,
) -> Result<Answer, Failure> {
    let count = body.calls() as u64;
    loop {
        let skip = match app.node.admit_bulk(&bulk.source, bulk.sequence, count) {
            Admission::Skip(skip) => skip,
            Admission::Gap { expected } => {
                let detail = format!("the source continues at sequence {expected}, this batch begins later");
                return Err(Problem::new(Code::BulkGap).with_detail(detail).with_expected(expected).into());
            }
            Admission::TooManySources => return Err(Code::LimitReached.into()),
        };
        let first = bulk.sequence + skip;
        let next = bulk.sequence + count;
        let (collected, record) = normalise(app, sender, body, skip as usize);
        let mut answer = Answer { repeated: skip as u32, ..Answer::from(&collected) };
        answer.accepted = answer.accepted.saturating_sub(skip as u32);
        let Some(record) = record.filter(|_| skip < count) else {
            // All of it was taken before, but perhaps by a request whose record is still on its way.
            app.node.durable().await?;
            return Ok(answer);
        };
        let taken = app
            .node
            .append(record.finish(Some((&bulk.source, next))), Some((&bulk.source, first, next)))
            .await;
        match taken {
            // Another request of the same source came between: look again.
            Err(crate::runtime::NotTaken::Moved(_)) => continue,
            taken => taken?,
        }
        app.tallies.collected(&collected);
        return Ok(answer);
    }
}

/// Turns the calls into a record; `None` when there is nothing to journal.
fn normalise(
    app: &App,
    sender: &Sender<'_>,
    body: &Body<'_>,
    skip: usize,
) -> (Collected, Option<EventsWriter>) {
    let now = app.node.clock().now();
    let default_offset_min = app.zones.resolve(&app.default_timezone, now).map_or(0, |it| it.offset_min);
    let mut writer = EventsWriter::new(sender.source, default_offset_min);
    let edge = RequestEdge::new(app);
    let fresh = app.fresh.next.fetch_add(BATCH_EVENTS_MAX as u64, Ordering::Relaxed);
    let receipt = Receipt {
        source: sender.source,
        kind: sender.kind,
        verify_identity: sender.verify_identity,
        now,
        fresh: u128::from(app.fresh.high) << 64 | u128::from(fresh),
        shopper_token: sender.shopper_token,
        verified_user: sender.verified_user,
    };
    let collected = body.events(&receipt, &edge, &mut |item, event| {
        if item >= skip {
            writer.event(&event);
        }
    });
    for product in edge.into_seen() {
        writer.change(&Change::SeenProduct(product));
    }
    let journals = !writer.is_empty() || body.bulk().is_some();
    (collected, journals.then_some(writer))
}

/// The body's bytes, unpacked, within the largest batch.
pub(super) async fn read_body(headers: &HeaderMap, body: HttpBody) -> Result<bytes::Bytes, Failure> {
    let too_large = |bytes| Failure(Problem::from(&Refusal::BatchTooLarge { bytes }));
    let raw = match Limited::new(body, BATCH_BYTES_MAX).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let told = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
            return Err(too_large(told.unwrap_or(BATCH_BYTES_MAX + 1)));
        }
        Err(error) => return Err(Problem::new(Code::BadBody).with_detail(error.to_string()).into()),
    };
    packed::unpacked(packed::encoding(headers), raw, BATCH_BYTES_MAX).map_err(|broken| match broken {
        Broken::TooLarge(bytes) => too_large(bytes),
        broken => broken.into(),
    })
}

/// `POST /v1/m`: what analytics.js counts of itself. Nothing of it is ours to keep.
pub async fn sdk_counters() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], "{\"success\":true}").into_response()
}

/// `GET /v1/projects/{writeKey}/settings`: what analytics.js asks its CDN for before it sends anything.
pub async fn settings(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if app.keys.current().source(&key).is_none() {
        return Err(Code::NotFound.into());
    }
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or("localhost");
    let forwarded = headers.get("x-forwarded-proto").and_then(|it| it.to_str().ok());
    let protocol = forwarded.unwrap_or(if app.tls { "https" } else { "http" });
    let settings = serde_json::json!({
        "integrations": {
            "Segment.io": { "apiKey": key, "apiHost": format!("{host}/v1"), "protocol": protocol }
        },
        "metrics": { "sampleRate": 0 }
    });
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], json(&settings)).into_response())
}
