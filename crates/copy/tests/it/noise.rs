//! No source and no fact makes a template panic, and what is rendered holds what it promises.

use beckon_copy::{Facts, Language, Limits, RENDERED_BYTES_MAX, Template, Words, clean, columns, lint};

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{{ offer.price }}",
    "{% if offer.stock %}",
    "{% elsif show.phase == \"climax\" %}",
    "{% else %}",
    "{% endif %}",
    "{% unless cart.items > 2 %}",
    "{% endunless %}",
    " ",
    "-",
    "|",
    "offer.price",
    "最",
    "五折",
    "9",
    "\"",
    "'",
    "\u{E000}",
    "\u{F8FF}",
    "\u{0}",
    "\n",
    "🎁",
    "if",
    "and",
    "contains",
    "(1..9)",
    ".",
    "[",
    "]",
    "==",
    "<",
    "nil",
    "e\u{301}",
];

#[test]
fn no_source_makes_a_template_panic() {
    let mut dice = Dice(3);
    let (sample, words) = (Facts::sample(Language::Zh), Words::default());
    let mut parsed = 0;
    for _ in 0..6000 {
        let source: String = (0..dice.below(9)).map(|_| PIECES[dice.below(PIECES.len())]).collect();
        let Ok(template) = Template::parse("t", "zh", &source, "x") else { continue };
        parsed += 1;
        lint(&template, &Limits::default(), &words);
        for facts in [&sample, &Facts::default()] {
            if let Ok(said) = template.render(facts) {
                assert!(!said.title.is_empty() && said.title.len() <= RENDERED_BYTES_MAX);
                assert!(!said.title.contains(['\u{E000}', '\u{F8FF}', '\n']), "{source}");
            }
        }
    }
    assert!(parsed > 500, "only {parsed} were templates at all");
}

#[test]
fn arbitrary_bytes_as_source_or_fact_never_panic() {
    let mut dice = Dice(5);
    let template = Template::parse("t", "en", "{{ show.host }}!", "x").unwrap();
    for _ in 0..3000 {
        let bytes: Vec<u8> = (0..dice.below(60)).map(|_| dice.below(256) as u8).collect();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let wide: String =
            (0..dice.below(30)).filter_map(|_| char::from_u32(dice.below(0x11_0000) as u32)).collect();
        for text in [text, wide] {
            let _ = Template::parse("t", "en", &text, &text);
            let columns_max = 1 + dice.below(20);
            if let Some(cleaned) = clean(&text, columns_max) {
                assert!(
                    columns(&cleaned) <= columns_max && clean(&cleaned, columns_max) == Some(cleaned.clone())
                );
            }
            let mut facts = Facts::default();
            facts.show.host = Some(text);
            let _ = template.render(&facts);
        }
    }
}
