//! What the words of a push do to a shopper: recognising a thing, feeling a price, being hurried.

use crate::catalogue::Product;
use crate::limits::TITLE_SHOWN_CHARS;
use crate::shopper::Shopper;

const HURRY: [&str; 10] =
    ["最后", "仅剩", "只剩", "倒计时", "即将结束", "马上", "last ", "only ", " left", "ends in"];
const MONEY: [&str; 5] = ["¥", "￥", "元", "CNY", "折"];

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|it| text.contains(it))
}

/// How much the words add to the wish to tap, in standard deviations of that wish. `liking` is how much the
/// shopper likes the pushed product.
pub(crate) fn fit(shopper: &Shopper, liking: f64, product: Option<&Product>, title: &str, body: &str) -> f64 {
    let shown: String = title.chars().take(TITLE_SHOWN_CHARS).collect();
    let mut fit = 0.0;
    if let Some(product) = product {
        let known = |text: &str| product.words.iter().any(|it| text.contains(it.as_str()));
        // What is not shown is not read by most; naming a thing puts off whom it does not suit.
        let read = if known(&shown) {
            1.0
        } else if known(title) || known(body) {
            0.4
        } else {
            0.0
        };
        fit += read * (0.1 + 0.45 * liking);
    }
    if has(&shown, &MONEY) {
        fit += 0.5 * shopper.thrift - 0.1;
    }
    if has(title, &HURRY) || has(body, &HURRY) {
        fit += if shopper.impulse > 0.3 { 0.25 } else { -0.12 };
    }
    let long = title.chars().count().saturating_sub(TITLE_SHOWN_CHARS + 4);
    fit -= (0.015 * long as f64).min(0.2);
    if title.matches(['!', '！']).count() > 1 {
        fit -= 0.15;
    }
    let english = shopper.device.locale == "en-US";
    let chinese_words = title.chars().any(|it| ('\u{4e00}'..='\u{9fff}').contains(&it));
    let latin_words = title.chars().filter(char::is_ascii_alphabetic).count() > 6;
    let understood = if english { latin_words } else { chinese_words };
    if !title.is_empty() && !understood {
        fit -= 0.4;
    }
    fit
}
