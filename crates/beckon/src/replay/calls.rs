//! The calls that one line of a log stands for, as JSON text, each with the time of its event.
//!
//! A line may stand for several calls (a video that was shown, started and liked). They are written
//! by hand into one buffer that is used again for the next line: a log is read far faster than sent.

use beckon_core::time::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

/// The calls of one line.
#[derive(Debug, Default)]
pub struct Calls {
    json: Vec<u8>,
    /// Where each call ends, and when it happened; `None` when it does not say so.
    ends: Vec<(usize, Option<Timestamp>)>,
    /// The text of the time written last: neighbours in a log often share it.
    time: (Timestamp, String),
}

impl Calls {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The call at `index`: its JSON text and its time.
    pub fn get(&self, index: usize) -> Option<(&[u8], Option<Timestamp>)> {
        let (end, at) = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].0);
        Some((&self.json[start..end], at))
    }

    /// Forgets them, before the next line.
    pub fn clear(&mut self) {
        self.json.clear();
        self.ends.clear();
    }

    /// Adds a call that is JSON text already.
    pub(super) fn as_it_is(&mut self, call: &[u8], at: Option<Timestamp>) {
        self.json.extend_from_slice(call);
        self.ends.push((self.json.len(), at));
    }

    /// Adds a `track` call. `properties` writes what stands between their braces. `user` and whatever
    /// `properties` writes must be JSON text without more ado.
    pub(super) fn track(
        &mut self,
        event: &str,
        user: &str,
        at: Timestamp,
        properties: impl FnOnce(&mut Vec<u8>),
    ) {
        if self.time.0 != at || self.time.1.is_empty() {
            self.time.1.clear();
            self.time.0 = at;
            // A time beyond jiff's range cannot come from a log's digits: the formats bound it.
            if let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) {
                let _ = DateTimePrinter::new().print_timestamp(&instant, &mut self.time.1);
            }
        }
        let json = &mut self.json;
        for part in [r#"{"type":"track","event":""#, event, r#"","userId":""#, user, r#"","timestamp":""#] {
            json.extend_from_slice(part.as_bytes());
        }
        json.extend_from_slice(self.time.1.as_bytes());
        json.extend_from_slice(br#"","properties":{"#);
        properties(json);
        json.extend_from_slice(b"}}");
        self.ends.push((json.len(), Some(at)));
    }
}

/// Appends `"name":"text"` with a comma before it unless it is the first.
pub(super) fn put(json: &mut Vec<u8>, name: &str, text: &str) {
    put_name(json, name);
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

/// Appends `"name":` with a comma before it unless it is the first.
pub(super) fn put_name(json: &mut Vec<u8>, name: &str) {
    if json.last() != Some(&b'{') {
        json.push(b',');
    }
    json.push(b'"');
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":");
}
