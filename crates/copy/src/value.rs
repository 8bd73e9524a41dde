//! Values of facts, and how a language writes them. A value is never written as more than is true: what
//! is left is rounded down, a reduced price up.

use crate::facts::Phase;
use crate::language::Language;
use crate::money::{Money, group};

/// What a fact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Money(Money),
    Count(u64),
    /// Seconds.
    Span(u64),
    /// Percent taken off, 1 to 99, rounded down.
    PercentOff(u8),
    /// Tenths of the price that are left, times ten, rounded up, and percent off, rounded down.
    Discount {
        left_pct: u8,
        off_pct: u8,
    },
    /// Minutes since midnight on the shopper's clock.
    TimeOfDay(u16),
    Text(String),
    Phase(Phase),
    /// On air.
    Live,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Value {
    pub(crate) fn written(&self, language: Language) -> String {
        let zh = language == Language::Zh;
        match self {
            Value::Money(it) => it.written(!zh),
            Value::Count(it) if zh => it.to_string(),
            Value::Count(it) => group(*it),
            Value::Span(seconds) => span(*seconds, zh),
            Value::PercentOff(it) => format!("{it}%"),
            Value::Discount { left_pct, .. } if zh => match (left_pct / 10, left_pct % 10) {
                (tenths, 0) => format!("{tenths}折"),
                (tenths, more) => format!("{tenths}.{more}折"),
            },
            Value::Discount { off_pct, .. } => format!("{off_pct}% off"),
            Value::TimeOfDay(minutes) => format!("{:02}:{:02}", minutes / 60, minutes % 60),
            Value::Text(it) => it.clone(),
            Value::Phase(it) => it.written(language).to_owned(),
            Value::Live => (if zh { "正在直播" } else { "live now" }).to_owned(),
        }
    }

    /// What a condition compares: whole units of money, minutes of a span, percent off, a phase by its
    /// word, whatever the language.
    pub(crate) fn compared(&self) -> liquid_core::Value {
        use liquid_core::Value as Compared;
        match self {
            Value::Money(it) => Compared::scalar(it.cents as f64 / 100.0),
            Value::Count(it) => Compared::scalar(*it as f64),
            Value::Span(seconds) => Compared::scalar((seconds / MINUTE) as f64),
            Value::PercentOff(it) | Value::Discount { off_pct: it, .. } => Compared::scalar(f64::from(*it)),
            Value::TimeOfDay(_) => Compared::scalar(self.written(Language::En)),
            Value::Text(it) => Compared::scalar(it.clone()),
            Value::Phase(it) => Compared::scalar(it.word()),
            Value::Live => Compared::scalar(true),
        }
    }
}

fn span(seconds: u64, zh: bool) -> String {
    let (days, hours, minutes) = (seconds / DAY, seconds % DAY / HOUR, seconds % HOUR / MINUTE);
    match (days, hours, minutes, zh) {
        (0, 0, 0, true) => "不到 1 分钟".to_owned(),
        (0, 0, 0, false) => "under 1 min".to_owned(),
        (0, 0, minutes, true) => format!("{minutes} 分钟"),
        (0, 0, minutes, false) => format!("{minutes} min"),
        (0, hours, 0, true) => format!("{hours} 小时"),
        (0, hours, 0, false) => format!("{hours} h"),
        (0, hours, minutes, true) => format!("{hours} 小时 {minutes} 分钟"),
        (0, hours, minutes, false) => format!("{hours} h {minutes} min"),
        (days, .., true) => format!("{days} 天"),
        (1, .., false) => "1 day".to_owned(),
        (days, .., false) => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_down_to_what_is_surely_left() {
        let spans = [(59, "不到 1 分钟", "under 1 min"), (779, "12 分钟", "12 min"), (7200, "2 小时", "2 h")];
        let long =
            [(7859, "2 小时 10 分钟", "2 h 10 min"), (86_400, "1 天", "1 day"), (200_000, "2 天", "2 days")];
        for (seconds, zh, en) in spans.into_iter().chain(long) {
            let value = Value::Span(seconds);
            assert_eq!((&*value.written(Language::Zh), &*value.written(Language::En)), (zh, en));
        }
    }

    #[test]
    fn a_discount_is_tenths_left_in_chinese_and_percent_off_in_english() {
        for (left_pct, zh) in [(80, "8折"), (86, "8.6折"), (5, "0.5折")] {
            let value = Value::Discount { left_pct, off_pct: 100 - left_pct };
            assert_eq!(value.written(Language::Zh), zh);
        }
        assert_eq!(Value::Discount { left_pct: 86, off_pct: 14 }.written(Language::En), "14% off");
    }
}
