//! The names a rule can use, and which of them was meant by one that does not exist.

use beckon_core::event::{Channel, Class};
use beckon_core::names::Kind;
use beckon_core::show::audience::{Flag, List, Measure, Name, Taste, Word};

/// How alike (Jaro–Winkler, 0 to 1) a known name must be to be offered.
const ALIKE_MIN: f64 = 0.8;

/// A field of a shopper.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field {
    Measure(Measure),
    Flag(Flag),
    Word(Word),
    Name(Name),
}

impl Field {
    pub(crate) fn of(path: &str) -> Option<Field> {
        all_fields().find(|it| it.word() == path)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Field::Measure(it) => it.word(),
            Field::Flag(it) => it.word(),
            Field::Word(it) => it.word(),
            Field::Name(it) => it.word(),
        }
    }

    /// What it can be compared with, as an error says it.
    pub(crate) fn wants(self) -> &'static str {
        match self {
            Field::Measure(_) => "is a number: compare it with a number",
            Field::Flag(_) => "is true or false: write it alone, or with `!` before it",
            Field::Word(_) => "is a word: compare it by `==`, `!=` or `in [..]` with words in quotes",
            Field::Name(_) => "is a name: compare it by `==`, `!=` or `in [..]` with names in quotes",
        }
    }

    /// A comparison that would be right.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Field::Measure(_) => "profile.age >= 18",
            Field::Flag(_) => "live.online",
            Field::Word(_) => "profile.sex == \"female\"",
            Field::Name(_) => "profile.language in [\"zh-CN\", \"zh\"]",
        }
    }
}

pub(crate) fn all_fields() -> impl Iterator<Item = Field> + Clone {
    let measures = Measure::ALL.iter().copied().map(Field::Measure);
    let flags = Flag::ALL.iter().copied().map(Field::Flag);
    let words = Word::ALL.iter().copied().map(Field::Word);
    let names = Name::ALL.iter().copied().map(Field::Name);
    measures.chain(flags).chain(words).chain(names)
}

/// A function that gives a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    Interest,
    Strength,
    WeekTouches,
}

/// Functions that give a number: name, how it is written, what it says.
pub(crate) const FIGURES: [(Figure, &str, &str, &str); 3] = [
    (
        Figure::Interest,
        "interest",
        "`interest(\"beauty\")` or, for other kinds than categories, `interest(\"brand:acme\")`",
        "How much the shopper cares for it: its share, 0 to 1, of all categories (brands, hosts, styles, tags) cared for. 0 if it is none of them.",
    ),
    (
        Figure::Strength,
        "strength",
        "`strength(\"beauty\")` or, for other kinds than categories, `strength(\"brand:acme\")`",
        "The same as a sum that halves in 14 days: a look at a product just now is 1, into the cart 3, an order 5.",
    ),
    (
        Figure::WeekTouches,
        "touches_7d",
        "`touches_7d(\"beauty\")`",
        "How often the category was touched on the shopper's last seven days.",
    ),
];

/// How `consent` is written and what it says.
pub(crate) const CONSENT: (&str, &str, &str) = (
    "consent",
    "`consent(\"marketing\")` or, for one channel, `consent(\"marketing\", \"web_push\")`",
    "Consent was given for messages of this class (`service`, `marketing`), over this channel or over any. Unknown if nothing was said.",
);

/// What a list is a list of.
pub(crate) fn kind_of_list(list: List) -> Kind {
    match list {
        List::Follows => Kind::Host,
        List::InCart | List::Viewed | List::Bought | List::Wished => Kind::Product,
        List::Reminded => Kind::Show,
    }
}

/// How a list is asked.
pub(crate) fn form_of_list(list: List) -> &'static str {
    match list {
        List::Follows => "`follows(\"host id\")`",
        List::InCart => "`in_cart(\"product id\")`",
        List::Viewed => "`viewed(\"product id\")`",
        List::Bought => "`bought(\"product id\")`",
        List::Wished => "`wished(\"product id\")`",
        List::Reminded => "`reminded(\"show id\")`",
    }
}

pub(crate) fn kind_of_taste(taste: Taste) -> Kind {
    match taste {
        Taste::Category => Kind::Category,
        Taste::Brand => Kind::Brand,
        Taste::Host => Kind::Host,
        Taste::Style => Kind::Style,
        Taste::Tag => Kind::Tag,
    }
}

/// A channel by the name it has on the wire and in the configuration.
pub(crate) const CHANNELS: [(&str, Channel); 14] = [
    ("in_app", Channel::InApp),
    ("web_push", Channel::WebPush),
    ("webhook", Channel::Webhook),
    ("fcm", Channel::Fcm),
    ("apns", Channel::Apns),
    ("huawei", Channel::Huawei),
    ("honor", Channel::Honor),
    ("xiaomi", Channel::Xiaomi),
    ("oppo", Channel::Oppo),
    ("vivo", Channel::Vivo),
    ("meizu", Channel::Meizu),
    ("jpush", Channel::Jpush),
    ("getui", Channel::Getui),
    ("wechat", Channel::Wechat),
];

pub(crate) const CLASSES: [(&str, Class); 2] = [("service", Class::Service), ("marketing", Class::Marketing)];

/// The field that was probably meant.
pub(crate) fn nearest_field(path: &str) -> Option<&'static str> {
    // Those who leave out `profile.` or put it where `live.` belongs mean the same last word.
    let last = path.rsplit('.').next().unwrap_or(path);
    let words = all_fields().map(Field::word);
    let same = words.clone().find(|it| it.split('.').nth(1) == Some(last));
    same.or_else(|| nearest(path, words))
}

/// The function that was probably meant.
pub(crate) fn nearest_function(name: &str) -> Option<&'static str> {
    let lists = List::ALL.iter().map(|it| it.word());
    nearest(name, FIGURES.iter().map(|it| it.1).chain([CONSENT.0]).chain(lists))
}

/// Of `known` the one most like `text`, if any is alike; of equals the first.
pub(crate) fn nearest(text: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let mut best = None;
    for word in known {
        let alike = strsim::jaro_winkler(text, word);
        if alike >= ALIKE_MIN && best.is_none_or(|(most, _)| alike > most) {
            best = Some((alike, word));
        }
    }
    best.map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_a_name() {
        assert!(CHANNELS.iter().map(|it| it.1).eq(Channel::ALL.iter().copied()));
        for (word, channel) in CHANNELS {
            assert_eq!(word.replace('_', ""), channel.word().to_lowercase());
        }
    }
}
