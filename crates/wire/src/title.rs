//! The words of a title, by which the product is placed among others.
//!
//! Chinese is written without spaces: every two neighbouring characters make a word (bigrams), which needs no
//! dictionary and finds what two titles have in common. Everything else is split where letters and digits
//! end, and lower-cased. Numbers alone say nothing and are left out.

use beckon_core::limits::{NAME_BYTES_MAX, WORDS_MAX};

/// The words of a title, each once, in the order in which they stand, at most [`WORDS_MAX`].
pub fn words(title: &str) -> Vec<String> {
    let mut found = Words::default();
    for it in title.chars() {
        match it {
            _ if is_han(it) => found.han(it),
            _ if it.is_alphanumeric() => found.letter(it),
            // An apostrophe or hyphen within a word does not end it.
            '\'' | '’' | '-' if !found.word.is_empty() => found.joined = true,
            _ => found.end(),
        }
    }
    found.end();
    found.all
}

#[derive(Default)]
struct Words {
    all: Vec<String>,
    word: String,
    /// A hyphen or apostrophe stands before the next letter.
    joined: bool,
    /// The Chinese character before.
    before: Option<char>,
    /// The Chinese character before has no neighbour so far.
    alone: bool,
}

impl Words {
    fn han(&mut self, it: char) {
        self.end_word();
        if let Some(before) = self.before {
            self.push([before, it].iter().collect());
        }
        self.alone = self.before.is_none();
        self.before = Some(it);
    }

    fn letter(&mut self, it: char) {
        self.end_han();
        if std::mem::take(&mut self.joined) {
            self.word.push('-');
        }
        self.word.extend(it.to_lowercase());
    }

    fn end(&mut self) {
        self.end_word();
        self.end_han();
    }

    fn end_word(&mut self) {
        self.joined = false;
        let word = std::mem::take(&mut self.word);
        let mut letters = word.chars().filter(|it| it.is_alphabetic());
        // One letter is a size or a model's, which says nothing of what it is.
        if letters.next().is_some() && word.chars().count() > 1 && word.len() <= NAME_BYTES_MAX {
            self.push(word);
        }
    }

    fn end_han(&mut self) {
        if let Some(it) = self.before.take().filter(|_| self.alone) {
            self.push(it.to_string());
        }
        self.alone = false;
    }

    fn push(&mut self, word: String) {
        if self.all.len() < WORDS_MAX && !self.all.contains(&word) {
            self.all.push(word);
        }
    }
}

/// Characters that are written without spaces between words: Chinese, and the Japanese kana.
fn is_han(it: char) -> bool {
    matches!(it, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_cut_into_pairs_and_the_rest_into_words() {
        assert_eq!(words("修护精华 小棕瓶"), ["修护", "护精", "精华", "小棕", "棕瓶"]);
        assert_eq!(words("Men's T-shirt, 100% COTTON 3 XL"), ["men-s", "t-shirt", "cotton", "xl"]);
        assert_eq!(words("新款iPhone15手机壳"), ["新款", "iphone15", "手机", "机壳"]);
        assert_eq!(words("茶 茶 茶叶茶叶"), ["茶", "茶叶", "叶茶"]);
    }

    #[test]
    fn a_title_without_words_has_none_and_a_long_one_no_more_than_there_may_be() {
        assert_eq!(words(" 12 — ¥ 9.9 "), [""; 0]);
        let long: String = (0..10_000u32).filter_map(|it| char::from_u32(0x4E00 + it)).collect();
        assert_eq!(words(&long).len(), WORDS_MAX);
        assert!(words(&"x".repeat(5_000)).is_empty());
    }
}
