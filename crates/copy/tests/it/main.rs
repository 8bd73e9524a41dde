//! What templates say, what they refuse to say, and that no bytes make them panic.

mod defaults;
mod lints;
mod noise;
mod rendering;

use beckon_copy::Template;

/// A template that must parse.
#[track_caller]
fn template(language: &str, title: &str, body: &str) -> Template {
    Template::parse("t", language, title, body).unwrap_or_else(|error| panic!("{title} / {body}: {error}"))
}
