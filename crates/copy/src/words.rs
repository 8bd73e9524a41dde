//! Words that a message must not claim, and numbers that stand in it without a fact behind them.
//!
//! Article 9 (3) of China's Advertising Law forbids claims such as "national-level", "highest", "best"; the
//! list here is what platforms and regulators commonly hold against it. It is a beginning: a customer's
//! own list belongs into the configuration.

use crate::lint::Severity;
use std::ops::Range;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Claims that are forbidden. Latin ones match whole words, whatever their case.
    pub absolutes: Vec<String>,
    /// Phrases in which a claim or a number means something else, e.g. 最近 or 双11.
    pub allowed: Vec<String>,
    /// How grave a forbidden claim is.
    pub severity: Severity,
}

const ABSOLUTES: &[&str] = &[
    "最",
    "第一",
    "唯一",
    "独一无二",
    "国家级",
    "世界级",
    "宇宙级",
    "全球级",
    "顶级",
    "顶尖",
    "尖端",
    "极品",
    "极佳",
    "绝佳",
    "绝对",
    "终极",
    "至尊",
    "巅峰",
    "首选",
    "首个",
    "独家",
    "全国首发",
    "全网首发",
    "全球首发",
    "史上",
    "史无前例",
    "前无古人",
    "空前",
    "绝无仅有",
    "绝版",
    "无敌",
    "冠军",
    "王牌",
    "销冠",
    "永久",
    "万能",
    "秒杀全网",
    "全网低价",
    "国家免检",
    "特供",
    "驰名商标",
    "best",
    "lowest price",
    "cheapest",
    "number one",
    "no.1",
    "no. 1",
    "#1",
    "top 1",
    "world-class",
    "unbeatable",
    "unrivalled",
    "unrivaled",
    "ultimate",
    "guaranteed",
];

const ALLOWED: &[&str] = &[
    "最近",
    "最后",
    "最终",
    "最初",
    "最爱",
    "第一次",
    "第一时间",
    "第一步",
    "第一眼",
    "best wishes",
    "best before",
    "618",
    "双11",
    "双12",
    "双十一",
    "双十二",
    "三八节",
    "五一",
    "十一",
    "七夕",
    "三分钟热度",
    "一千零一夜",
    "万一",
    "千万别",
    "百搭",
    "one by one",
];

impl Default for Words {
    fn default() -> Self {
        let owned = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect();
        Words { absolutes: owned(ABSOLUTES), allowed: owned(ALLOWED), severity: Severity::Error }
    }
}

/// Chinese numerals.
const NUMERALS: &str = "零〇一二两三四五六七八九十百千万亿半";

/// What a Chinese numeral counts when it is a number: prices, discounts, amounts, spans.
const UNITS: &[&str] = &[
    "折", "元", "块", "角", "毛", "件", "个", "份", "款", "套", "双", "瓶", "箱", "盒", "袋", "支", "片",
    "斤", "克", "升", "米", "名", "位", "人", "单", "倍", "成", "%", "价", "秒", "分", "刻", "小时", "点",
    "天", "日", "周", "个月", "月", "年", "号", "次", "场", "轮", "送", "赠", "斤",
];

/// What 一 is an article before, not a number.
const ARTICLE_UNITS: &[&str] = &[
    "个", "款", "件", "份", "位", "场", "次", "点", "天", "双", "套", "支", "片", "年", "日", "周", "人",
    "号", "轮", "瓶",
];

/// English words for numbers. `one` is more often none.
const NUMBER_WORDS: &[&str] = &[
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fifteen",
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand",
    "million", "dozen", "half", "double", "triple",
];

impl Words {
    /// Forbidden claims in a text, by their places in bytes: for templates, and for titles of products.
    pub fn claims(&self, text: &str) -> Vec<Range<usize>> {
        let lower = text.to_ascii_lowercase();
        let mut found: Vec<_> = self.absolutes.iter().flat_map(|word| places(&lower, word)).collect();
        self.settle(&lower, &mut found);
        found
    }

    /// Numbers in a text that is not a fact's.
    pub fn numbers(&self, text: &str) -> Vec<Range<usize>> {
        let lower = text.to_ascii_lowercase();
        let mut found = digits(&lower);
        found.extend(numerals(&lower));
        found.extend(NUMBER_WORDS.iter().flat_map(|word| places(&lower, word)));
        found.extend(places(&lower, "百分之"));
        self.settle(&lower, &mut found);
        found
    }

    /// Sorts, takes out what an allowed phrase covers, and what lies within another find.
    fn settle(&self, lower: &str, found: &mut Vec<Range<usize>>) {
        let allowed: Vec<_> = self.allowed.iter().flat_map(|word| places(lower, word)).collect();
        found.retain(|it| !allowed.iter().any(|ok| ok.start <= it.start && it.end <= ok.end));
        found.sort_by_key(|it| (it.start, std::cmp::Reverse(it.end)));
        let mut end = 0;
        found.retain(|it| {
            let new = it.end > end;
            end = end.max(it.end);
            new
        });
    }
}

/// Where a word stands. A word of Latin letters must stand alone.
fn places(lower: &str, word: &str) -> Vec<Range<usize>> {
    let word = word.to_ascii_lowercase();
    if word.is_empty() {
        return Vec::new();
    }
    let latin = |it: Option<char>| it.is_some_and(|it| it.is_ascii_alphanumeric());
    let whole = |at: usize, end: usize| {
        let begins = !latin(word.chars().next()) || !latin(lower[..at].chars().next_back());
        let ends = !latin(word.chars().next_back()) || !latin(lower[end..].chars().next());
        begins && ends
    };
    let all = lower.match_indices(&word).map(|(at, _)| at..at + word.len());
    all.filter(|it| whole(it.start, it.end)).collect()
}

/// Runs of digits of any script, and numbers in circles and fractions.
fn digits(text: &str) -> Vec<Range<usize>> {
    runs(text, |it| it.is_numeric() && !NUMERALS.contains(it))
}

/// Chinese numerals that count something.
fn numerals(text: &str) -> Vec<Range<usize>> {
    let mut found = runs(text, |it| NUMERALS.contains(it));
    found.retain(|it| {
        let after = &text[it.end..];
        let counts = UNITS.iter().any(|unit| after.starts_with(unit));
        let article = &text[it.clone()] == "一" && ARTICLE_UNITS.iter().any(|unit| after.starts_with(unit));
        counts && !article
    });
    found
}

fn runs(text: &str, belongs: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, it) in text.char_indices().filter(|(_, it)| belongs(*it)) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end += it.len_utf8(),
            _ => found.push(at..at + it.len_utf8()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(find: fn(&Words, &str) -> Vec<Range<usize>>, text: &str, expected: &[&str]) {
        let found: Vec<_> = find(&Words::default(), text).into_iter().map(|it| &text[it]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn digits_and_numerals_that_count_are_numbers() {
        check(Words::numbers, "全场五折,99元起", &["五", "99"]);
        check(Words::numbers, "第二件半价,买一送一", &["二", "半", "一"]);
        check(Words::numbers, "只要九块九,还有三小时", &["九", "三"]);
        check(Words::numbers, "９９元 ½ ② 百分之八十", &["９９", "½", "②", "百分之"]);
        check(Words::numbers, "Half price for two, 3 left", &["Half", "two", "3"]);
    }

    #[test]
    fn words_that_only_look_like_numbers_are_not() {
        check(Words::numbers, "一起来,一键直达,这一款,早一点,万一错过", &[]);
        check(Words::numbers, "双11 和 618 大促", &[]);
        check(Words::numbers, "Someone often halves it", &[]);
    }

    #[test]
    fn absolute_claims_are_found_unless_the_phrase_is_allowed() {
        check(Words::claims, "全网最低价,第一品牌,国家级品质", &["最", "第一", "国家级"]);
        check(Words::claims, "最近你看过,最后机会,第一次开播", &[]);
        check(Words::claims, "最近最好", &["最"]);
        check(Words::claims, "The Best deal, our lowest price. Bestow", &["Best", "lowest price"]);
    }
}
