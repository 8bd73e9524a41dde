//! JSON text that we keep as it came must be readable by every reader later.
//!
//! JavaScript cuts texts in the middle of an emoji and then sends half of a surrogate pair (`"\ud83d"`):
//! within the grammar, but no Unicode text, and strict readers refuse it. Such halves become U+FFFD.

use std::borrow::Cow;

/// `json` with every unpaired surrogate escape replaced; borrowed when there is none.
pub(crate) fn kept(json: &str) -> Cow<'_, str> {
    let mut mended: Option<String> = None;
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(|it| *it == b'\\')) {
        at += step;
        match surrogate(bytes, at) {
            Some(Half::High) if matches!(surrogate(bytes, at + ESCAPE), Some(Half::Low)) => at += 2 * ESCAPE,
            Some(_) => {
                let mended = mended.get_or_insert_with(|| json.to_owned());
                mended.replace_range(at..at + ESCAPE, "\\ufffd");
                at += ESCAPE;
            }
            // Past the escaped character, which may itself be a backslash.
            None => at += 2,
        }
    }
    mended.map_or(Cow::Borrowed(json), Cow::Owned)
}

/// Length of `\uXXXX`.
const ESCAPE: usize = 6;

enum Half {
    High,
    Low,
}

fn surrogate(bytes: &[u8], at: usize) -> Option<Half> {
    match bytes.get(at..at + ESCAPE)? {
        [b'\\', b'u', b'd' | b'D', third, a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
            match third {
                b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => Some(Half::High),
                b'c'..=b'f' | b'C'..=b'F' => Some(Half::Low),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_emoji_becomes_a_replacement_character_and_whole_ones_stay() {
        let check = |json, expected| assert_eq!(kept(json), expected, "{json}");
        check(r#""plain""#, r#""plain""#);
        check(r#""\ud83d\ude00""#, r#""\ud83d\ude00""#);
        check(r#""\ud83d""#, r#""\ufffd""#);
        check(r#""\uDE00 \ud83d\ud83d\ude00""#, r#""\ufffd \ufffd\ud83d\ude00""#);
        check(r#""\\ud83d""#, r#""\\ud83d""#);
        check(r#""\\\ud83d""#, r#""\\\ufffd""#);
        check(r#""\u6a21\n""#, r#""\u6a21\n""#);
        check("\\", "\\");
    }
}
