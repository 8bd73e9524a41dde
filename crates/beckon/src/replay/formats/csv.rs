//! Rows of comma-separated values, with quotes around a value that holds commas. No more of CSV than
//! published logs use: a quote within quotes or a line break within a value makes a bad line.

use super::{Bad, bad};
use crate::replay::limits::{COLUMNS_MAX, FIELD_BYTES_MAX};
use beckon_core::time::Timestamp;

/// The fields of one row.
#[derive(Debug)]
pub(super) struct Row<'l> {
    fields: [&'l str; COLUMNS_MAX],
    len: usize,
}

impl<'l> Row<'l> {
    pub fn split(line: &'l [u8]) -> Result<Self, Bad> {
        let Ok(mut rest) = std::str::from_utf8(line) else { return bad("is not UTF-8") };
        let mut row = Row { fields: [""; COLUMNS_MAX], len: 0 };
        loop {
            if row.len == COLUMNS_MAX {
                return bad(format!("has more than {COLUMNS_MAX} columns"));
            }
            let quoted = rest.strip_prefix('"').and_then(|inner| inner.split_once('"'));
            let (field, after) = quoted.unwrap_or_else(|| split_at_comma(rest));
            row.fields[row.len] = field;
            row.len += 1;
            rest = match after.strip_prefix(',') {
                Some(next) => next,
                None if after.is_empty() => return Ok(row),
                None => return bad(format!("goes on after the quote that ends column {}", row.len)),
            };
        }
    }

    pub fn fields(&self) -> &[&'l str] {
        &self.fields[..self.len]
    }

    /// The row's fields, if there are just so many.
    pub fn of_len(&self, len: usize) -> Result<&[&'l str], Bad> {
        if self.len != len {
            return bad(format!("has {} columns where {len} are expected", self.len));
        }
        Ok(self.fields())
    }
}

fn split_at_comma(rest: &str) -> (&str, &str) {
    rest.split_at(rest.bytes().position(|byte| byte == b',').unwrap_or(rest.len()))
}

/// A value that can stand in JSON text as it is: an id, a number, a word.
pub(super) fn plain<'l>(column: &str, field: &'l str) -> Result<&'l str, Bad> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    match field.len() {
        0 => bad(format!("has no {column}")),
        1..=FIELD_BYTES_MAX if field.bytes().all(is_plain) => Ok(field),
        1..=FIELD_BYTES_MAX => bad(format!("has a {column} with characters that no id has")),
        _ => bad(format!("has a {column} longer than {FIELD_BYTES_MAX} bytes")),
    }
}

/// A whole number.
pub(super) fn whole(column: &str, field: &str) -> Result<u64, Bad> {
    field.parse().or_else(|_| bad(format!("has a {column} that is not a whole number")))
}

/// A time as so many units of `unit_ms` milliseconds since 1970, before the year 5138.
pub(super) fn instant(column: &str, field: &str, unit_ms: u64) -> Result<Timestamp, Bad> {
    match whole(column, field)?.checked_mul(unit_ms) {
        Some(ms) if ms < TIME_MS_MAX => Ok(Timestamp(ms as i64)),
        _ => bad(format!("has a {column} beyond all calendars")),
    }
}

const TIME_MS_MAX: u64 = 100_000_000_000_000;
