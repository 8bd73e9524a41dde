//! Facts are written as the language does it; what is not known is never a hole.

use super::template;
use beckon_copy::{Currency, Error, Fact, Facts, Language, Money, Part, Template};
use beckon_core::time::Timestamp;

fn zh() -> Facts {
    Facts::sample(Language::Zh)
}

#[track_caller]
fn check(language: &str, source: &str, facts: &Facts, expected: &str) {
    assert_eq!(template(language, source, "x").render(facts).map(|it| it.title), Ok(expected.to_owned()));
}

#[test]
fn facts_are_written_as_the_language_does_it() {
    let source =
        "{{ offer.price }} {{ offer.ends_in }} {{ offer.stock }} {{ offer.discount }} {{ show.starts_at }}";
    check("zh-CN", source, &zh(), "¥199 12 分钟 86 6.7折 20:12");
    check("en", source, &Facts::sample(Language::En), "$199 12 min 86 33% off 12:12");
}

#[test]
fn what_is_not_known_or_no_longer_true_is_an_error_and_never_a_hole() {
    let ends = template("zh", "{{ offer.price }} 还剩 {{ offer.ends_in }}", "x");
    let mut over = zh();
    over.offer.ends_at = Some(over.now);
    assert_eq!(ends.render(&over), Err(Error::Missing(Fact::OfferEndsIn)));
    let mut sold_out = zh();
    sold_out.offer.stock = Some(0);
    assert_eq!(
        template("zh", "x", "{{ offer.stock }}").render(&sold_out),
        Err(Error::Missing(Fact::OfferStock))
    );
    let mut dearer = zh();
    dearer.offer.original_price = dearer.offer.price;
    for fact in [Fact::OfferSaves, Fact::OfferDiscount, Fact::OfferOriginalPrice] {
        assert!(!dearer.has(fact), "{}", fact.name());
    }
    let mut mixed = zh();
    mixed.offer.original_price = Some(Money { cents: 99_900, currency: Currency::USD });
    assert!(!mixed.has(Fact::OfferSaves), "amounts of two currencies have no difference");
}

#[test]
fn a_discount_never_says_more_than_is_true() {
    let mut facts = zh();
    let yuan = |cents| Some(Money { cents, currency: Currency::CNY });
    (facts.offer.price, facts.offer.original_price) = (yuan(8_501), yuan(10_000));
    check("zh", "{{ offer.discount }} {{ offer.discount_pct }}", &facts, "8.6折 14%");
    (facts.offer.price, facts.offer.original_price) = (yuan(9_999), yuan(10_000));
    assert!(!facts.has(Fact::OfferDiscount));
}

#[test]
fn conditions_compare_numbers_and_ask_whether_something_is_known() {
    let source = "{% if offer.stock < 100 and offer.ends_in <= 12 %}快{% elsif shopper.name %}嗨{% else %}慢{% endif %}\
                  {% unless show.phase == \"climax\" %}!{% endunless %}";
    check("zh", source, &zh(), "快");
    let mut many = zh();
    many.offer.stock = Some(100);
    many.show.phase = None;
    check("zh", source, &many, "嗨!");
    many.shopper.name = None;
    many.offer.stock = None;
    check("zh", source, &many, "慢!");
}

#[test]
fn what_is_required_is_what_stands_outside_of_conditions() {
    let it = template(
        "zh",
        "{{ offer.price }}{% if offer.stock %} 剩 {{ offer.stock }}{% endif %}",
        "{{ show.host }}",
    );
    assert_eq!(it.requires(), [Fact::OfferPrice, Fact::ShowHost]);
    assert_eq!(it.uses(), [Fact::OfferPrice, Fact::OfferStock, Fact::ShowHost]);
    let mut facts = zh();
    assert_eq!(it.render(&facts).unwrap().facts_used, [Fact::OfferPrice, Fact::OfferStock, Fact::ShowHost]);
    facts.offer.stock = None;
    assert_eq!(it.render(&facts).unwrap().facts_used, [Fact::OfferPrice, Fact::ShowHost]);
}

#[test]
fn facts_are_never_read_as_templates_and_hide_nothing() {
    let mut facts = zh();
    facts.show.host = Some("{{ offer.price }}{% if x %}\u{202E}\u{E00B}\u{F8FF}\n\u{0}!".to_owned());
    check("zh", "{{ show.host }}", &facts, "{{ offer.price…");
    facts.show.host = Some("\u{200B}\u{E000}".to_owned());
    assert_eq!(template("zh", "{{ show.host }}", "x").render(&facts), Err(Error::Missing(Fact::ShowHost)));
}

#[test]
fn a_time_of_day_is_told_on_the_shoppers_clock_and_only_of_today() {
    let mut facts = zh();
    facts.shopper.offset_min = Some(-300);
    check("en", "{{ show.starts_at }}", &facts, "07:12");
    facts.show.starts_at = Some(Timestamp(facts.now.0 + 20 * 3_600_000));
    assert!(!facts.has(Fact::ShowStartsAt) && facts.has(Fact::ShowStartsIn));
    facts.shopper.offset_min = None;
    assert!(!facts.has(Fact::OfferEndsAt));
}

#[test]
fn white_space_is_single_and_nothing_is_not_a_message() {
    check("zh", " {{ show.host }}\n   {{- offer.price -}}  开播 ", &zh(), "林夕 ¥199 开播");
    let empty = template("zh", "{% if shopper.name == 'x' %}x{% endif %}", "x");
    assert_eq!(empty.render(&zh()), Err(Error::Empty(Part::Title)));
}

#[track_caller]
fn refused(title: &str, says: &str) {
    let error = Template::parse("t", "zh", title, "x").expect_err(title).to_string();
    assert!(error.contains(says), "{title}: {error:?} does not say {says:?}");
}

#[test]
fn what_templates_do_not_use_is_refused_with_its_place() {
    refused(
        "现价 {{ offer.prize }}",
        "title, character 7: there is no fact `offer.prize`; did you mean `offer.price`?",
    );
    refused("{% if ofer.stock %}x{% endif %}", "did you mean `offer.stock`?");
    refused("{{ offer.price | round }}", "there are no filters");
    refused("{{ 99 }}", "only a fact can stand here");
    refused("{{ '99' }}", "only a fact can stand here");
    refused("{% for i in (1..9) %}{% endfor %}", "there is no tag `for`");
    refused("{% assign x = 1 %}", "there is no tag `assign`");
    refused("{{ offer.price", "never closed");
    refused("offer.price }}", "closes what was never opened");
    refused("{% if offer.stock %}x", "title, character 1:");
    refused("{% endif %}", "title, character 1:");
    refused("a\u{202E}b", "invisible");
    refused(&"x".repeat(2000), "too long");
    refused(&format!("{}x{}", "{% if offer.stock %}".repeat(9), "{% endif %}".repeat(9)), "deeply nested");
    let error = Template::parse("t", "xx", "a", "b").unwrap_err();
    assert_eq!(error, Error::Language("xx".to_owned()));
}
