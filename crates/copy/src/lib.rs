//! What a push says: Liquid templates whose every number is a fact.
//!
//! A [`Template`] is parsed once and rendered with [`Facts`]: typed values (money, counts, spans, texts)
//! that are written as the language does it. What a template asks for and the facts do not have is an error,
//! never an empty hole. [`lint`] refuses what must not go out (numbers that no fact stands behind, absolute
//! claims that advertising law forbids, a value that the lock screen cuts off). [`defaults`] are
//! templates to begin with.
//!
//! The language is Liquid with `{{ fact }}`, `{% if %}`, `{% elsif %}`, `{% else %}`, `{% unless %}`. There are no loops,
//! assignments or filters: a rendering is never longer than its template and its facts, and a fact is never
//! read as a template.

mod defaults;
mod error;
mod facts;
mod language;
mod lint;
mod mark;
mod money;
mod reference;
mod scan;
mod template;
mod text;
mod value;
mod words;

pub use defaults::{TemplateSpec, defaults};
pub use error::{Error, Part, Position};
pub use facts::{Cart, Fact, Facts, Offer, Phase, Product, Shopper, Show};
pub use language::Language;
pub use lint::{Code, Finding, Limits, Severity, lint};
pub use money::{Currency, Money};
pub use reference::reference;
pub use template::{Rendered, Template};
pub use text::{clean, columns};
pub use words::Words;

/// Longest title of a template, in bytes of its source.
pub const TITLE_SOURCE_BYTES_MAX: usize = 1024;
/// Longest body of a template, in bytes of its source.
pub const BODY_SOURCE_BYTES_MAX: usize = 4096;
/// Longest rendered title or body, in bytes.
pub const RENDERED_BYTES_MAX: usize = 8192;
/// Widest text fact, in display columns; a wider one is cut and ends in `…`.
pub const FACT_COLUMNS_MAX: usize = 40;
/// Widest short title of a product, in display columns.
pub const SHORT_TITLE_COLUMNS: usize = 16;
/// How deep `if` may be nested.
pub const NESTING_MAX: usize = 8;
