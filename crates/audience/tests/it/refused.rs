//! What cannot be compiled is refused where it stands, with the reason and the name that was meant.

use super::rule;
use beckon_audience::{RULE_BYTES_MAX, compile};
use beckon_core::id::Term;

/// The refusal, as an operator reads it.
#[track_caller]
fn refused(source: &str, line: usize, column: usize, says: &str) {
    let error = rule(source).expect_err(source);
    let text = error.to_string();
    assert_eq!((error.at.line, error.at.column), (line, column), "{source}: {text}");
    assert!(text.contains(says), "{source}: {text:?} does not say {says:?}");
}

#[test]
fn a_misspelt_name_is_refused_with_the_one_that_was_meant() {
    refused(
        "profile.city_teir <= 2",
        1,
        1,
        "there is no `profile.city_teir`; did you mean `profile.city_tier`?",
    );
    refused("live.online && age > 3", 1, 16, "did you mean `profile.age`?");
    refused("live.online &&\n  intrest(\"美妆\") > 0.5", 2, 3, "did you mean `interest`?");
    refused("follow('lin')", 1, 1, "did you mean `follows`?");
    refused(
        "profile.sex == 'femail'",
        1,
        16,
        "did you mean `female`?: it is one of `female`, `male`, `other`",
    );
    refused("consent('marketing', 'webpush')", 1, 22, "did you mean `web_push`?");
    refused("shoesize > 40", 1, 1, "there is no `shoesize`");
}

#[test]
fn positions_count_characters_and_offsets_bytes() {
    let error = rule("interest('美妆') > 0.5 && profile.agee > 1").unwrap_err();
    assert_eq!((error.at.line, error.at.column, error.at.offset), (1, 25, 28));
}

#[test]
fn what_is_not_cel_is_refused_where_the_parser_stumbled() {
    refused("profile.age >", 1, 14, "this is not CEL");
    refused("profile.age > 3 @", 1, 17, "this is not CEL");
    refused("profile.age > 3\n  && (", 2, 7, "this is not CEL");
}

#[test]
fn cel_that_columns_cannot_answer_is_refused_with_what_to_do() {
    refused("profile.age + 1 > 3", 1, 13, "arithmetic cannot be asked of every shopper at once");
    refused("profile.age > profile.city_tier", 1, 13, "a comparison of two fields");
    refused("1 < profile.age && profile.age < 3 < 4", 1, 32, "a comparison of a comparison");
    refused("[1, 2].exists(x, x == profile.age)", 1, 14, "a macro over a list");
    refused("live.online ? true : false", 1, 13, "`? :`");
    refused("profile.region.startsWith('Z')", 1, 16, "a function of a field");
    refused("'beauty' in profile.tags", 1, 13, "a list of constants");
    refused("1 == 1", 1, 3, "two constants");
}

#[test]
fn a_comparison_of_the_wrong_kind_says_what_the_field_is() {
    refused("profile.age", 1, 1, "is not a condition by itself: compare it, e.g. `profile.age >= 18`");
    refused("profile.age == 'old'", 1, 1, "is a number: compare it with a number");
    refused("profile.sex > 'female'", 1, 1, "is a word");
    refused("live.online > 3", 1, 1, "is true or false");
    refused("interest('beauty')", 1, 1, "is not a condition by itself");
    refused("interest('a', 'b') > 1", 1, 1, "write it as `interest(\"beauty\")`");
    refused("follows(3)", 1, 9, "anything but a text in quotes");
    refused("profile.city_tier in [1, 'two']", 1, 26, "a number in a list of numbers");
}

#[test]
fn rules_beyond_the_bounds_are_refused() {
    refused(&format!("{}true{}", "(".repeat(500), ")".repeat(500)), 1, 34, "levels");
    refused(&"x".repeat(RULE_BYTES_MAX + 1), 1, 1, "longer than");
    let wide = vec!["live.online"; 270].join("||");
    refused(&wide, 1, 1, "parts");
    let names = vec!["'a'"; 65].join(",");
    refused(&format!("profile.region in [{names}]"), 1, 1, "names in one list");
}

#[test]
fn a_name_that_gets_no_term_is_refused() {
    let error = compile("follows('lin')", &|_, _| Term::NONE).unwrap_err();
    assert!(error.to_string().contains("`lin` cannot be a name here"), "{error}");
    refused("follows('')", 1, 9, "cannot be a name here");
}

#[test]
fn no_text_makes_the_compiler_panic() {
    let seeds = [
        r#"profile.city_tier <= 2 && interest("beauty") > 0.5"#,
        "!(has(profile.age) || profile.region in ['浙江', \"b\"])",
        "consent('marketing') ? 1 : [2, {3: 4}][0].x(y)",
    ];
    let pieces = [
        "(", ")", "\"", "'", "&&", "!", ".", "[", "]", "{", "\\", "9e999", "0x", "美", "\u{0}", " in ", "`",
        "?",
    ];
    let mut state = 11u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for _ in 0..1500 {
        let mut text: Vec<char> = seeds[below(seeds.len())].chars().collect();
        for _ in 0..=below(4) {
            let at = below(text.len());
            match below(3) {
                0 => drop(text.remove(at)),
                1 => drop(text.splice(at..at, pieces[below(pieces.len())].chars())),
                _ => text.truncate(at + 1),
            }
            if text.is_empty() {
                text.push('!');
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = rule(&text) {
            assert!(error.at.offset <= text.len() && !error.to_string().is_empty());
        }
    }
}
