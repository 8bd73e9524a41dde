//! One Segment call a line, sent on as it is. Only what would make the server refuse the whole batch
//! makes a bad line: text that is not JSON, and calls that are too long. Calls that it leaves out one by
//! one (nobody named, no type) have their number and are counted as rejected.

use super::{Bad, bad};
use crate::replay::calls::Calls;
use crate::replay::counts::Counts;
use beckon_core::time::Timestamp;
use beckon_wire::limits::EVENT_BYTES_MAX;
use serde::Deserialize;
use std::borrow::Cow;

/// The parts of a call that a replay looks at.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Call<'l> {
    #[serde(borrow, rename = "type")]
    kind: Scalar<'l>,
    #[serde(borrow)]
    event: Scalar<'l>,
    #[serde(borrow)]
    timestamp: Scalar<'l>,
    #[serde(borrow)]
    original_timestamp: Scalar<'l>,
}

/// A text or a number; anything else is as good as nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Scalar<'l> {
    Text(#[serde(borrow)] Cow<'l, str>),
    Number(f64),
    Other(serde::de::IgnoredAny),
    #[default]
    Absent,
}

fn read(line: &[u8]) -> Result<Call<'_>, Bad> {
    if line.len() > EVENT_BYTES_MAX {
        return bad(format!("is longer than the {EVENT_BYTES_MAX} bytes that an event may have"));
    }
    let Ok(line) = std::str::from_utf8(line) else { return bad("is not UTF-8") };
    if !line.starts_with('{') {
        return bad("is not a JSON object");
    }
    serde_json::from_str(line).or_else(|error| bad(format!("is not one call as JSON: {error}")))
}

pub(super) fn line(line: &[u8], calls: &mut Calls) -> Result<(), Bad> {
    let line = line.trim_ascii();
    let call = read(line)?;
    calls.as_it_is(line, instant(&call.original_timestamp).or_else(|| instant(&call.timestamp)));
    Ok(())
}

/// The server counts a track call under its event's name, another under its kind.
pub(super) fn count(line: &[u8], counts: &mut Counts) -> Result<(), Bad> {
    let call = read(line.trim_ascii())?;
    match (&call.kind, &call.event) {
        (Scalar::Text(kind), Scalar::Text(event)) if kind.eq_ignore_ascii_case("track") => {
            counts.add(event, 1)
        }
        (Scalar::Text(kind), _) => counts.add(&kind.to_ascii_lowercase(), 1),
        _ => {}
    }
    Ok(())
}

/// When a call happened, as far as a clock has to be moved for it: RFC 3339, or a Unix time in seconds
/// or, from 10¹¹ on, in milliseconds.
fn instant(value: &Scalar<'_>) -> Option<Timestamp> {
    let number = match value {
        Scalar::Text(text) => match text.parse::<jiff::Timestamp>() {
            Ok(instant) => return Some(Timestamp(instant.as_millisecond())),
            Err(_) => text.parse().ok()?,
        },
        Scalar::Number(number) => *number,
        Scalar::Other(_) | Scalar::Absent => return None,
    };
    match number {
        1e8..1e11 => Some(Timestamp((number * 1000.0).round() as i64)),
        1e11..1e14 => Some(Timestamp(number.round() as i64)),
        _ => None,
    }
}
