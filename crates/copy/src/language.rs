//! The languages that facts are written in.

/// A language of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// All.
    pub const ALL: &[Language] = &[Language::Zh, Language::En];

    /// From a BCP 47 tag, by its primary language: `zh-CN` is Chinese. `None` for those that facts cannot
    /// be written in yet.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or("");
        Language::ALL.iter().copied().find(|it| primary.eq_ignore_ascii_case(it.tag()))
    }

    /// Its primary tag.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Zh => "zh",
            Language::En => "en",
        }
    }
}
