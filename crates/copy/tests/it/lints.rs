//! What must not go out is found, where it stands.

use super::template;
use beckon_copy::{Code, Limits, Part, Severity, Words, lint};

/// What is found, as code, part and character.
#[track_caller]
fn check(language: &str, title: &str, body: &str, expected: &[(Code, Part, usize)]) {
    let found = lint(&template(language, title, body), &Limits::default(), &Words::default());
    let found: Vec<_> = found.iter().map(|it| (it.code, it.position.part, it.position.column)).collect();
    assert_eq!(found, expected, "{title} / {body}");
}

#[test]
fn a_number_without_a_fact_is_refused() {
    let title = "{{ offer.price }} 开播";
    check("zh", title, "{{ offer.discount }}", &[]);
    check("zh", title, "全场五折", &[(Code::UnboundNumber, Part::Body, 3)]);
    check(
        "zh",
        title,
        "只要99元,八折起",
        &[(Code::UnboundNumber, Part::Body, 3), (Code::UnboundNumber, Part::Body, 7)],
    );
    check("en", "{{ offer.price }} now", "Half price", &[(Code::UnboundNumber, Part::Body, 1)]);
    // A number in a condition is compared, not said.
    check("zh", title, "{% if offer.stock < 20 %}快没了{% else %}慢慢看{% endif %}", &[]);
}

#[test]
fn an_absolute_claim_is_refused_even_if_a_condition_cuts_it_in_two() {
    let title = "{{ offer.price }} 开播";
    check("zh", title, "全网最低价", &[(Code::AbsoluteClaim, Part::Body, 3)]);
    check("zh", title, "最近很火,最后机会", &[]);
    check("zh", title, "国家{% if offer.price %}级{% endif %}品质", &[(Code::AbsoluteClaim, Part::Body, 1)]);
    let words = Words { severity: Severity::Warning, ..Words::default() };
    let found = lint(&template("zh", title, "唯一"), &Limits::default(), &words);
    assert_eq!(found.iter().map(|it| it.severity).collect::<Vec<_>>(), [Severity::Warning]);
}

#[test]
fn the_value_must_stand_where_a_lock_screen_shows_it() {
    check("zh", "{{ show.host }} 开播", "{{ offer.price }}", &[(Code::ValueNotVisible, Part::Title, 1)]);
    check("zh", "{{ show.title }} {{ offer.price }}", "x", &[(Code::ValueNotVisible, Part::Title, 21)]);
    check("zh", "{{ show.host }} 开播", "快来", &[(Code::NoValue, Part::Title, 1)]);
    // Only where the fact is there does it have to be seen; without it nothing is worth a tap.
    check(
        "zh",
        "{% if offer.price %}{{ offer.price }}{% endif %} 开播",
        "x",
        &[(Code::NoValue, Part::Title, 1)],
    );
}

#[test]
fn what_can_become_too_long_for_the_channel_is_refused() {
    let long = "{{ offer.price }} {{ show.title }}{{ product.title }}{{ show.room }}";
    check("zh", long, "x", &[(Code::TitleTooLong, Part::Title, 1)]);
    let body = "{{ show.title }}".repeat(4);
    check("en", "{{ offer.price }} x", &body, &[(Code::BodyTooLong, Part::Body, 1)]);
}

#[test]
fn a_template_that_can_become_empty_is_refused() {
    let title = "{% if offer.price %}{{ offer.price }}{% endif %}";
    check("zh", title, "x", &[(Code::CannotRender, Part::Title, 1)]);
}
