//! `docs/audiences.md` is true: its examples compile, and its tables are those of the code.

use super::rule;
use beckon_audience::reference;

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audiences.md")).unwrap()
}

#[test]
fn every_documented_rule_compiles() {
    let document = document();
    let mut examples = 0;
    for block in document.split("```cel\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            if let Err(error) = rule(line) {
                panic!("{line}: {error}");
            }
            examples += 1;
        }
    }
    assert!(examples >= 8);
}

#[test]
fn the_documented_tables_are_those_of_the_code() {
    assert!(document().ends_with(&reference()), "docs/audiences.md must end with:\n{}", reference());
}
