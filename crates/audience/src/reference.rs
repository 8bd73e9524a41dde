//! The list of all that a rule can ask, as `docs/audiences.md` ends with it; a test holds the two together.

use crate::names::{self, Field};
use beckon_core::show::audience::{List, Word};
use std::fmt::Write;

/// All fields and functions, as Markdown tables.
pub fn reference() -> String {
    let mut out = String::from("| field | kind | what it says |\n|---|---|---|\n");
    for field in names::all_fields() {
        let (kind, about) = match field {
            Field::Measure(it) => ("number", it.about()),
            Field::Flag(it) => ("yes or no", it.about()),
            Field::Word(it) => ("word", it.about()),
            Field::Name(it) => ("name", it.about()),
        };
        row(&mut out, &[&format!("`{}`", field.word()), kind, about]);
    }
    out.push_str("\n| function | gives | what it says |\n|---|---|---|\n");
    for (_, _, form, about) in names::FIGURES {
        row(&mut out, &[form, "number", about]);
    }
    for list in List::ALL {
        row(&mut out, &[names::form_of_list(*list), "yes or no", list.about()]);
    }
    row(&mut out, &[names::CONSENT.1, "yes or no", names::CONSENT.2]);
    let channels: Vec<_> = names::CHANNELS.iter().map(|it| format!("`{}`", it.0)).collect();
    let _ = writeln!(out, "\nChannels: {}.", channels.join(", "));
    for word in Word::ALL {
        let values: Vec<_> = word.values().iter().map(|it| format!("`\"{}\"`", it.0)).collect();
        let _ = writeln!(out, "\n`{}`: {}.", word.word(), values.join(", "));
    }
    out
}

fn row(out: &mut String, cells: &[&str]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}
