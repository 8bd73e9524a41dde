//! What must not go out: found before a template is accepted.
//!
//! A template is read as it is written and said with three sets of facts: ordinary ones, the widest there
//! can be, and only those that it cannot do without.

use crate::error::{Error, Part, Position};
use crate::facts::{Fact, Facts};
use crate::mark::Text;
use crate::scan::Piece;
use crate::template::{Half, Template};
use crate::text::columns;
use crate::value::Value;
use crate::words::Words;
use beckon_core::event::Channel;
use std::ops::Range;

/// Something that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How grave.
    pub severity: Severity,
    /// What.
    pub code: Code,
    /// Where.
    pub position: Position,
    /// What, and what to do, in words.
    pub message: String,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may go out; someone should look at it.
    Warning,
    /// It must not go out.
    Error,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A number that no fact stands behind.
    UnboundNumber,
    /// A claim that advertising law forbids.
    AbsoluteClaim,
    /// The value lies outside of what a lock screen shows.
    ValueNotVisible,
    /// There is no value.
    NoValue,
    /// The title can become longer than the channel takes.
    TitleTooLong,
    /// The body can become longer than the channel takes.
    BodyTooLong,
    /// It cannot be said with the facts that it says it needs.
    CannotRender,
}

impl Code {
    /// The word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Code::UnboundNumber => "unbound_number",
            Code::AbsoluteClaim => "absolute_claim",
            Code::ValueNotVisible => "value_not_visible",
            Code::NoValue => "no_value",
            Code::TitleTooLong => "title_too_long",
            Code::BodyTooLong => "body_too_long",
            Code::CannotRender => "cannot_render",
        }
    }
}

/// How much a channel shows and takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Display columns of a title that a lock screen shows; a Chinese character takes two.
    pub visible_columns: usize,
    /// Longest title, in characters.
    pub title_chars: usize,
    /// Longest body, in characters.
    pub body_chars: usize,
}

impl Default for Limits {
    /// What all but the narrowest channels take.
    fn default() -> Self {
        Limits { visible_columns: 30, title_chars: 49, body_chars: 127 }
    }
}

impl Limits {
    /// The limits of a channel (vendors' documents, see `Limits::default` for those that name none).
    pub fn of(channel: Channel) -> Self {
        let limits = |title_chars, body_chars| Limits { title_chars, body_chars, ..Limits::default() };
        match channel {
            Channel::Xiaomi => limits(49, 127),
            Channel::Vivo => limits(40, 100),
            Channel::Meizu => limits(32, 100),
            _ => Limits::default(),
        }
    }
}

/// All that is wrong with a template, the gravest first. Without an error it may go out.
pub fn lint(template: &Template, limits: &Limits, words: &Words) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    for half in template.halves() {
        written(half, words, &mut findings);
    }
    let (sample, widest) = (Facts::sample(template.language), Facts::widest(template.language));
    let requires = |fact: Fact| template.requires().contains(&fact);
    // A show of which no start is told is on air: nobody is called into one that is late.
    let is_live = !requires(Fact::ShowStartsIn) && !requires(Fact::ShowStartsAt);
    let needed = |fact: Fact| match fact {
        Fact::ShowLive => is_live.then_some(Value::Live),
        _ if requires(fact) => sample.get(fact),
        _ => None,
    };
    let sets: [&dyn Fn(Fact) -> Option<Value>; 3] = [&|it| sample.get(it), &|it| widest.get(it), &needed];
    for facts in sets {
        match template.texts(facts) {
            Ok(texts) => said(template, &texts, limits, words, &mut findings),
            Err(error) => findings.cannot_render(template, &error),
        }
    }
    findings
        .0
        .sort_by_key(|it| (std::cmp::Reverse(it.severity), it.position.part, it.position.offset, it.code));
    findings.0
}

/// What can be seen in the source.
fn written(half: &Half, words: &Words, findings: &mut Findings) {
    for piece in &half.pieces {
        let Piece::Text(range) = piece else { continue };
        let text = &half.source[range.clone()];
        for it in words.numbers(text) {
            findings.number(half, range.start + it.start, &text[it]);
        }
        for it in words.claims(text) {
            findings.claim(half, range.start + it.start, &text[it], words.severity);
        }
    }
}

/// What can be seen in what is said.
fn said(
    template: &Template,
    (title, body): &(Text, Text),
    limits: &Limits,
    words: &Words,
    findings: &mut Findings,
) {
    let [title_half, body_half] = template.halves();
    for (half, text) in [(title_half, title), (body_half, body)] {
        // Words that only arise where a condition joins two texts.
        let own = without_facts(text);
        for it in words.claims(&own) {
            findings.once(half, Code::AbsoluteClaim, |new| new.claim(half, 0, &own[it], words.severity));
        }
        for it in words.numbers(&own) {
            findings.once(half, Code::UnboundNumber, |new| new.number(half, 0, &own[it]));
        }
    }
    value(template, title, body, limits, findings);
    let too_long = [
        (title_half, title, limits.title_chars, Code::TitleTooLong),
        (body_half, body, limits.body_chars, Code::BodyTooLong),
    ];
    for (half, text, chars_max, code) in too_long {
        let chars = text.text.chars().count();
        if chars > chars_max {
            findings.once(half, code, |new| {
                let message = format!(
                    "the {} can become {chars} characters long, and the channel takes {chars_max}: shorten it",
                    half.part
                );
                new.push(Severity::Error, code, Position::new(half.part, &half.source, 0), message);
            });
        }
    }
}

/// The value must stand where a lock screen shows it.
fn value(template: &Template, title: &Text, body: &Text, limits: &Limits, findings: &mut Findings) {
    let [half, _] = template.halves();
    let first = |text: &Text| text.facts.iter().find(|it| it.0.is_value()).cloned();
    let visible = |range: &Range<usize>| columns(&title.text[..range.end]) <= limits.visible_columns;
    match (first(title), first(body)) {
        (Some((_, range)), _) if visible(&range) => {}
        (None, None) => findings.once(half, Code::NoValue, |new| {
            let message =
                "nothing in it is worth a tap: say a price, a stock, a discount or a time".to_owned();
            new.push(Severity::Warning, Code::NoValue, Position::new(half.part, &half.source, 0), message);
        }),
        (in_title, in_body) => findings.once(half, Code::ValueNotVisible, |new| {
            let fact = in_title.as_ref().or(in_body.as_ref()).map_or(Fact::OfferPrice, |it| it.0);
            let says = |piece: &Piece| match piece {
                Piece::Fact { at, fact: said, .. } if *said == fact => Some(*at),
                _ => None,
            };
            let at = half.pieces.iter().find_map(says).unwrap_or(0);
            let message = format!(
                "`{}` must end within the first {} columns of the title, where a lock screen shows it \
                 (a Chinese character takes two): put it first",
                fact.name(),
                limits.visible_columns
            );
            let at = Position::new(half.part, &half.source, at);
            new.push(Severity::Error, Code::ValueNotVisible, at, message);
        }),
    }
}

/// What is said, with a mark in the place of each fact.
fn without_facts(text: &Text) -> String {
    let mut out = String::new();
    let mut from = 0;
    for (_, range) in &text.facts {
        out.push_str(&text.text[from..range.start]);
        out.push('\u{FFFC}');
        from = range.end;
    }
    out.push_str(&text.text[from..]);
    out
}

struct Findings(Vec<Finding>);

impl Findings {
    fn push(&mut self, severity: Severity, code: Code, position: Position, message: String) {
        self.0.push(Finding { severity, code, position, message });
    }

    /// Unless the same was found in this part before.
    fn once(&mut self, half: &Half, code: Code, push: impl FnOnce(&mut Self)) {
        if !self.0.iter().any(|it| it.code == code && it.position.part == half.part) {
            push(self);
        }
    }

    fn number(&mut self, half: &Half, offset: usize, number: &str) {
        let message = format!("`{number}` has no fact behind it: write a fact, e.g. {{{{ offer.price }}}}");
        let at = Position::new(half.part, &half.source, offset);
        self.push(Severity::Error, Code::UnboundNumber, at, message);
    }

    fn claim(&mut self, half: &Half, offset: usize, claim: &str, severity: Severity) {
        let message =
            format!("advertising law forbids the claim `{claim}`: say what is true of the offer instead");
        let at = Position::new(half.part, &half.source, offset);
        self.push(severity, Code::AbsoluteClaim, at, message);
    }

    fn cannot_render(&mut self, template: &Template, error: &Error) {
        let part = match error {
            Error::Empty(part) | Error::Render { part, .. } => *part,
            _ => Part::Title,
        };
        let half = template.halves()[usize::from(part == Part::Body)];
        self.once(half, Code::CannotRender, |new| {
            let at = Position::new(part, &half.source, 0);
            new.push(Severity::Error, Code::CannotRender, at, error.to_string());
        });
    }
}
