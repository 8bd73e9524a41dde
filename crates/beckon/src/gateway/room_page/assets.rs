//! The room page's own files, made into what is sent: one document that needs nothing else to paint and to play.
//!
//! The sources are those of the web SDK. Style and scripts stand in the page, so that nothing is fetched before the
//! picture; a Content-Security-Policy names each by its digest. Modules become one script by taking their imports and
//! exports away, which a test holds to: no name is used in two of them.

use crate::gateway::packed::{Fixed, Page};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::sync::OnceLock;

const PAGE: &str = include_str!("../../../../../sdk/web/src/room/page.html");
const STYLE: &str = include_str!("../../../../../sdk/web/src/room/page.css");
const WORDS: &str = include_str!("../../../../../sdk/web/src/room/words.json");
/// What begins to join while the page is read, and plays; in the order in which they need each other.
const HEAD: [&str; 4] = [
    include_str!("../../../../../sdk/web/src/whep.js"),
    include_str!("../../../../../sdk/web/src/pictures.js"),
    include_str!("../../../../../sdk/web/src/player.js"),
    include_str!("../../../../../sdk/web/src/room/head.js"),
];
/// In the order in which they need each other.
const MODULES: [&str; 5] = [
    include_str!("../../../../../sdk/web/src/room/model.js"),
    include_str!("../../../../../sdk/web/src/room/report.js"),
    include_str!("../../../../../sdk/web/src/room/stay.js"),
    include_str!("../../../../../sdk/web/src/room/view.js"),
    include_str!("../../../../../sdk/web/src/room/main.js"),
];

/// A language that the page speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// Its tag, and its name in the table of words.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh",
            Language::English => "en",
        }
    }

    /// The one that a BCP 47 tag asks for, if the page speaks it.
    pub fn of(tag: &str) -> Option<Self> {
        let first = tag.trim().split(['-', '_']).next().unwrap_or_default();
        [Language::Chinese, Language::English].into_iter().find(|it| it.tag().eq_ignore_ascii_case(first))
    }

    /// The one that a browser likes best of those the page speaks (RFC 9110, section 12.5.4).
    pub fn accepted(header: &str) -> Option<Self> {
        let ranges = header.split(',').take(RANGES_MAX).filter_map(|it| {
            let (tag, weight) = it.split_once(';').unwrap_or((it, ""));
            let weight = weight.trim().strip_prefix("q=").map_or(Some(1.0), |it| it.parse::<f32>().ok())?;
            Some((Language::of(tag)?, weight)).filter(|it| it.1 > 0.0)
        });
        // Of equals the first.
        ranges.reduce(|best, it| if it.1 > best.1 { it } else { best }).map(|it| it.0)
    }
}

/// Languages of a browser that are looked at.
const RANGES_MAX: usize = 16;

/// The parts of every page.
pub struct Assets {
    /// What stands between the page's marks: text, the mark's name, text, …, text.
    pieces: Vec<&'static str>,
    style: Fixed,
    head: Fixed,
    body: Fixed,
    words: Value,
    /// Sources of scripts and styles for the Content-Security-Policy.
    pub script_sources: String,
    /// See `script_sources`.
    pub style_sources: String,
}

/// The parts, made once.
pub fn assets() -> &'static Assets {
    static ASSETS: OnceLock<Assets> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let style = bare(STYLE);
        let head: String = HEAD.iter().map(|it| bare(it)).collect();
        let body: String = MODULES.iter().map(|it| bare(it)).collect();
        let script_sources = format!("{} {}", source(&head), source(&body));
        let style_sources = source(&style);
        let pieces = PAGE.split("{{").flat_map(|it| it.split("}}")).collect();
        // The file is compiled in, and a test reads it.
        let words = serde_json::from_str(WORDS).unwrap_or_default();
        let [style, head, body] = [style, head, body].map(Fixed::new);
        Assets { pieces, style, head, body, words, script_sources, style_sources }
    })
}

impl Assets {
    /// The words of a language, for the page's script.
    pub fn words(&self, language: Language) -> &Value {
        &self.words[language.tag()]
    }

    /// One word; the page's own name for it if there is none.
    pub fn word<'a>(&'a self, language: Language, name: &'a str) -> &'a str {
        self.words(language)[name].as_str().unwrap_or(name)
    }

    /// The page, with its marks filled: `config` is JSON, `fill` gives text for the others.
    pub fn page(&self, language: Language, config: &str, fill: impl Fn(&str) -> String) -> Page<'_> {
        let mut page = Page::default();
        for (at, piece) in self.pieces.iter().enumerate() {
            match *piece {
                text if at % 2 == 0 => page.text().push_str(text),
                "style" => page.fixed(&self.style),
                "head" => page.fixed(&self.head),
                "body" => page.fixed(&self.body),
                // Data, not markup: what would end the element is written otherwise (JSON allows it).
                "config" => page.text().push_str(&config.replace('<', "\\u003c")),
                name => match name.strip_prefix("w.") {
                    Some(word) => escape(self.word(language, word), page.text()),
                    None => escape(&fill(name), page.text()),
                },
            }
        }
        page
    }
}

/// A text as it stands in markup.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// A source as it is sent: without comments, indents, imports and exports. Comments stand on lines of their own.
fn bare(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut in_comment = false;
    for line in source.lines().map(str::trim) {
        if in_comment || line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
            continue;
        }
        if line.is_empty() || line.starts_with("//") || line.starts_with("import ") {
            continue;
        }
        out.push_str(line.strip_prefix("export ").unwrap_or(line));
        out.push('\n');
    }
    out
}

/// How a Content-Security-Policy names what stands in a page (CSP 3, section 2.3.1).
fn source(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_spoken_to_in_the_language_that_it_likes_best() {
        let of = Language::accepted;
        assert_eq!(of("zh-CN,zh;q=0.9,en;q=0.8"), Some(Language::Chinese));
        assert_eq!(of("de, en-GB;q=0.7, zh;q=0.3"), Some(Language::English));
        assert_eq!(of("fr;q=0.9, zh;q=0.5, en;q=0.5"), Some(Language::Chinese), "of equals the first");
        assert_eq!((of(""), of("de"), of("zh;q=0"), of("en;q=x")), (None, None, None, None));
    }

    #[test]
    fn what_is_sent_has_no_comments_and_nothing_that_only_a_module_may_have() {
        let it = assets();
        for script in [it.head.text(), it.body.text()] {
            for line in script.lines() {
                let module =
                    ["import ", "export ", "/*", "//", "* "].iter().any(|word| line.starts_with(word));
                assert!(!module, "{line}");
            }
            // It would end the element.
            assert!(!script.contains("</script"));
        }
        assert!(!it.style.text().contains("</style") && !it.style.text().contains("/*"));
    }

    #[test]
    fn no_two_modules_of_the_page_use_one_name() {
        let mut names: Vec<&str> = Vec::new();
        let it = assets();
        for line in it.head.text().lines().chain(it.body.text().lines()) {
            let rest =
                ["function ", "async function ", "class "].iter().find_map(|word| line.strip_prefix(word));
            if let Some(name) =
                rest.and_then(|it| it.split(|it: char| !it.is_alphanumeric() && it != '_').next())
            {
                assert!(!names.contains(&name), "{name} stands twice in the page's scripts");
                names.push(name);
            }
        }
        assert!(names.len() > 20);
    }

    #[test]
    fn both_languages_have_every_word_that_the_page_names() {
        let it = assets();
        let names = |language| it.words(language).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(Language::Chinese), names(Language::English));
        for word in it.pieces.iter().skip(1).step_by(2).filter_map(|it| it.strip_prefix("w.")) {
            assert!(names(Language::English).contains(&word.to_owned()), "{word}");
        }
    }
}
