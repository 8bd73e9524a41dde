//! Texts on their way to names: cut to their bound, with the term that the edge gives them.

use super::Edge;
use crate::limits::LANGUAGE_BYTES_MAX;
use beckon_core::event::Text;
use beckon_core::limits::NAME_BYTES_MAX;
use beckon_core::names::Kind;

/// `text` as a name of `kind`; the empty text is none.
pub(crate) fn named<'t>(edge: &dyn Edge, kind: Kind, text: &'t str) -> Text<'t> {
    let text = cut(text);
    if text.is_empty() { Text::default() } else { Text { term: edge.term(kind, text), text } }
}

/// `text` up to the longest name, at a character's border.
pub(crate) fn cut(text: &str) -> &str {
    if text.len() <= NAME_BYTES_MAX { text } else { &text[..text.floor_char_boundary(NAME_BYTES_MAX)] }
}

/// A language tag, if it can be one.
pub(crate) fn language(tag: Option<&str>) -> Option<&str> {
    tag.filter(|it| {
        it.len() <= LANGUAGE_BYTES_MAX
            && it.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}
