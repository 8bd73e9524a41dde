//! Time zones by name, from the rules built into the program. They are resolved here, at the edge, and
//! enter the journal as data: a later release of the rules cannot change what a replay computes.
//!
//! Every collected event asks, so an answer is a look-up in a table that never changes and a search in
//! one zone's transitions, computed when the zone is first asked for. There is no lock, and no bound to
//! choose: the names are those that exist.

use beckon_core::time::Timestamp;
use beckon_wire::collect::Offsets;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::OnceLock;

/// Longest name looked up, in bytes. The longest that exists has 32.
const NAME_BYTES_MAX: usize = 64;

/// Most that a clock is ahead of or behind UTC, in minutes: 14 hours, as on Kiritimati.
const OFFSET_MIN_MAX: i16 = 14 * 60;

/// The zones that exist, and `UTC+8` and its like.
#[derive(Debug)]
pub struct Zones {
    rules: TimeZoneDatabase,
    named: HashMap<Box<str>, OnceLock<Box<[Span]>>, BuildHasherDefault<DefaultHasher>>,
}

/// One span of a zone's history; it ends where the next one starts.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    offset_min: i16,
}

impl Default for Zones {
    fn default() -> Self {
        Self::new()
    }
}

impl Zones {
    /// The zones of the rules built into the program.
    pub fn new() -> Self {
        let rules = TimeZoneDatabase::bundled();
        let lower = |name: &str| name.to_ascii_lowercase().into_boxed_str();
        let named = rules.available().map(|name| (lower(name.as_str()), OnceLock::new())).collect();
        Zones { rules, named }
    }

    /// The clock of the zone `name` around `at`; `None` when there is no such zone.
    ///
    /// Names are IANA's in any case, or an offset: `UTC+8`, `GMT+08:00`, `+0800`.
    pub fn resolve(&self, name: &str, at: Timestamp) -> Option<Offsets> {
        let mut buffer = [0; NAME_BYTES_MAX];
        let lower = buffer.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        let lower = str::from_utf8(lower).ok()?;
        match self.named.get(lower) {
            Some(spans) => Some(around(spans.get_or_init(|| self.spans(lower)), at)),
            None => fixed_offset_min(lower).map(forever),
        }
    }

    fn spans(&self, name: &str) -> Box<[Span]> {
        // A name that was listed is there: without its rules it would be a clock without offset.
        self.rules.get(name).map_or_else(|_| Box::default(), |zone| spans(&zone))
    }
}

/// What a zone's clock showed from 1970 to 2106, the time that a column can hold.
fn spans(zone: &TimeZone) -> Box<[Span]> {
    let epoch = jiff::Timestamp::UNIX_EPOCH;
    let mut spans = vec![Span { start: 0, offset_min: whole_minutes(zone.to_offset(epoch)) }];
    for transition in zone.following(epoch) {
        let Ok(start) = u32::try_from(transition.timestamp().as_second()) else { break };
        let offset_min = whole_minutes(transition.offset());
        // Some transitions only rename the clock.
        if start < u32::MAX && spans.last().is_some_and(|it| it.offset_min != offset_min) {
            spans.push(Span { start, offset_min });
        }
    }
    spans.into_boxed_slice()
}

/// Rounded: Monrovia's, until 1972, was the last clock that was not whole minutes from UTC.
fn whole_minutes(offset: jiff::tz::Offset) -> i16 {
    let minutes = (offset.seconds() + 30).div_euclid(60);
    i16::try_from(minutes).unwrap_or_default()
}

fn around(spans: &[Span], at: Timestamp) -> Offsets {
    let secs = u32::try_from(at.0.div_euclid(1000).max(0)).unwrap_or(u32::MAX);
    let after = spans.partition_point(|it| it.start <= secs);
    let now = after.checked_sub(1).and_then(|it| spans.get(it)).map_or(0, |it| it.offset_min);
    match spans.get(after) {
        Some(next) => Offsets { offset_min: now, until: next.start, next_offset_min: next.offset_min },
        None => forever(now),
    }
}

fn forever(offset_min: i16) -> Offsets {
    Offsets { offset_min, until: u32::MAX, next_offset_min: offset_min }
}

/// Minutes east of UTC that an offset in lower case says: `utc+8`, `gmt-03:30`, `+0530`, `z`.
fn fixed_offset_min(text: &str) -> Option<i16> {
    let offset = text.strip_prefix("utc").or_else(|| text.strip_prefix("gmt")).unwrap_or(text);
    if offset == "z" {
        return Some(0);
    }
    let (sign, digits) = match offset.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some((hours, minutes)), 4 | 5) if minutes.len() == 2 => (hours, minutes),
        (None, 1 | 2) => (digits, "0"),
        (None, 4) => digits.split_at_checked(2)?,
        _ => return None,
    };
    let number = |it: &str| it.bytes().all(|it| it.is_ascii_digit()).then(|| it.parse::<i16>().ok())?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= OFFSET_MIN_MAX).then_some(sign * total)
}
