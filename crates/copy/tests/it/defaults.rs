//! The templates to begin with are clean, complete, and say what they should.

use beckon_copy::{Language, Limits, Template, Words, defaults, lint};
use beckon_core::event::Channel;
use beckon_core::show::Trigger;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_default_is_lint_clean_and_the_chinese_ones_fit_the_narrowest_channels() {
    for spec in defaults() {
        let template = Template::parse(spec.id, spec.language, spec.title, spec.body).unwrap();
        let mut channels = vec![Limits::default()];
        if template.language == Language::Zh {
            channels.extend([Channel::Vivo, Channel::Meizu, Channel::Xiaomi].map(Limits::of));
        }
        for limits in channels {
            assert_eq!(lint(&template, &limits, &Words::default()), [], "{}", spec.id);
        }
        let said = template.preview().unwrap();
        assert!(!said.facts_used.is_empty());
    }
}

#[test]
fn every_trigger_has_two_arms_in_each_language_and_every_id_is_its_own() {
    let mut arms: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for spec in defaults() {
        assert!(ids.insert(spec.id), "{} twice", spec.id);
        arms.entry((spec.trigger_word, spec.language)).or_default().insert(spec.arm);
    }
    assert_eq!(arms.len(), Trigger::ALL.len() * Language::ALL.len());
    assert!(arms.values().all(|it| it.len() >= 2));
}

#[test]
fn the_documented_facts_are_those_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/templates.md");
    let document = std::fs::read_to_string(path).unwrap();
    let table = beckon_copy::reference();
    assert!(document.ends_with(&table), "docs/templates.md must end with:\n{table}");
}
