//! The table of facts that `docs/templates.md` ends with; a test holds the two together.

use crate::facts::{Fact, Facts};
use crate::language::Language;
use std::fmt::Write;

/// All facts with samples, as a Markdown table.
pub fn reference() -> String {
    let mut out = String::from("| fact | value | zh | en | what it says |\n|---|---|---|---|---|\n");
    for fact in Fact::ALL {
        let sample = |language| {
            let mut facts = Facts::sample(language);
            // The sample's show is still to come.
            facts.show.live = *fact == Fact::ShowLive;
            facts.get(*fact).map(|it| it.written(language))
        };
        let (zh, en) = (sample(Language::Zh).unwrap_or_default(), sample(Language::En).unwrap_or_default());
        let value = if fact.is_value() { "yes" } else { "" };
        let _ = writeln!(out, "| `{}` | {value} | {zh} | {en} | {} |", fact.name(), fact.about());
    }
    out
}
