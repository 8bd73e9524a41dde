//! Fields as they are put: names get their numbers, and what does not fit is refused with the field's name.

use crate::problem::{Code, Problem};
use beckon_core::director::catalogue::Name;
use beckon_core::event::Text;
use beckon_core::id::Term;
use beckon_core::limits::NAME_BYTES_MAX;
use beckon_core::names::Kind;

/// Gives names their numbers, and refuses what does not fit.
pub(super) struct Names<'t>(pub &'t dyn Fn(Kind, &str) -> Term);

impl Names<'_> {
    /// A name that may be empty.
    pub fn named(&self, field: &str, kind: Kind, text: &str) -> Result<Name, Problem> {
        fits(field, text, NAME_BYTES_MAX)?;
        Ok(if text.is_empty() { Name::default() } else { Text { term: (self.0)(kind, text), text }.into() })
    }

    /// The id under which something is put.
    pub fn id(&self, kind: Kind, id: &str) -> Result<Name, Problem> {
        if id.is_empty() {
            return Err(invalid("/id", "must not be empty"));
        }
        self.named("/id", kind, id)
    }
}

/// Refuses a text of more than `bytes_max`.
pub(super) fn fits(field: &str, text: &str, bytes_max: usize) -> Result<(), Problem> {
    if text.len() <= bytes_max { Ok(()) } else { Err(invalid(field, format!("at most {bytes_max} bytes"))) }
}

/// Refuses a text that is empty or of more than `bytes_max`.
pub(super) fn is_said(field: &str, text: &str, bytes_max: usize) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(invalid(field, "must not be empty"));
    }
    fits(field, text, bytes_max)
}

/// A field with a value that is not possible.
pub(super) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Problem {
    Problem::new(Code::FieldInvalid).with_field(field).with_detail(detail)
}

/// A field that names something that does not exist.
pub(super) fn unknown(field: impl Into<String>, detail: impl Into<String>) -> Problem {
    Problem::new(Code::ReferenceUnknown).with_field(field).with_detail(detail)
}

/// A name as it is shown.
pub(super) fn spelled(name: &Name) -> String {
    name.text.to_string()
}
