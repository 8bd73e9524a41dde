//! Text from outside (product titles, names of hosts), made fit to stand in a message.

use unicode_width::UnicodeWidthChar;

/// Display columns of a text: a Chinese character takes two.
pub fn columns(text: &str) -> usize {
    text.chars().map(|it| it.width().unwrap_or(0)).sum()
}

/// The text without control, bidirectional, invisible and private characters, with single spaces, and cut to
/// `columns_max` display columns (the last of them then is `…`). `None` if nothing is left.
pub fn clean(text: &str, columns_max: usize) -> Option<String> {
    let mut out = String::new();
    let mut width = 0;
    let mut gap = false;
    for it in text.chars() {
        if it.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if !is_plain(it) {
            continue;
        }
        let wide = it.width().unwrap_or(0);
        if width + usize::from(gap) + wide > columns_max || out.len() >= 4 * columns_max {
            while width + 1 > columns_max {
                width -= out.pop()?.width().unwrap_or(0);
            }
            out.truncate(out.trim_end().len());
            out.push('…');
            break;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
            width += 1;
        }
        out.push(it);
        width += wide;
    }
    (!out.is_empty()).then_some(out)
}

/// Whether a character may stand in a message. Invisible characters reorder or hide what is read; private
/// ones mark facts inside this crate.
pub(crate) fn is_plain(it: char) -> bool {
    !it.is_control()
        && !matches!(it,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E0FFF}' | '\u{F0000}'..='\u{10FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_reorders_is_taken_out_and_spaces_are_single() {
        assert_eq!(clean(" 精华\u{202E}\u{0} \n 水\u{200B} ", 40).as_deref(), Some("精华 水"));
        assert_eq!(clean("\u{E001}\u{7}", 40), None);
    }

    #[test]
    fn a_long_text_is_cut_by_columns_and_says_so() {
        assert_eq!(clean("敏感肌修护精华液", 9).as_deref(), Some("敏感肌修…"));
        assert_eq!(clean("repair serum", 9).as_deref(), Some("repair s…"));
        assert_eq!(clean("repair   serum", 8).as_deref(), Some("repair…"));
        assert_eq!(clean("精华", 4).as_deref(), Some("精华"));
        assert_eq!((columns("精华 a"), columns("e\u{301}")), (6, 1));
    }
}
