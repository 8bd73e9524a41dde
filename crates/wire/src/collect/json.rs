//! Reading JSON leniently: a property of an unexpected type is absent, never an error.
//!
//! Shops send `"price": "19.90"`, `"userId": 42` and `"products": null`. Refusing those would lose the
//! event, so the readers here take every type everywhere, and say what they could make of it.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A scalar as it was sent; arrays, objects and nulls are [`Value::Absent`].
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Value<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Whole(u64),
    Negative(i64),
    Real(f64),
    Bool(bool),
}

impl<'a> Value<'a> {
    /// The text, unless it is empty.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A number, or a text that spells one; never NaN or infinite.
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Value::Whole(number) => *number as f64,
            Value::Negative(number) => *number as f64,
            Value::Real(number) => *number,
            Value::Text(text) => text.trim().parse().ok()?,
            Value::Absent | Value::Bool(_) => return None,
        };
        number.is_finite().then_some(number)
    }

    /// A number rounded to a whole one within `0..=max`; negative is absent.
    pub fn count(&self, max: u32) -> Option<u32> {
        let number = self.number()?;
        (number >= 0.0).then(|| number.round().min(f64::from(max)) as u32)
    }

    /// An amount of money in hundredths, rounded; 0 when absent, unreadable or negative.
    pub fn cents(&self) -> u64 {
        match self.number() {
            Some(amount) if amount > 0.0 => (amount * 100.0).round().min(CENTS_MAX) as u64,
            _ => 0,
        }
    }

    /// Yes or no, also as `0`/`1` and as words.
    pub fn flag(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            Value::Whole(number @ (0 | 1)) => Some(*number == 1),
            Value::Text(text) if is_any(text, &["true", "yes", "granted", "1"]) => Some(true),
            Value::Text(text) if is_any(text, &["false", "no", "denied", "0"]) => Some(false),
            _ => None,
        }
    }

    /// An id: a text, or a number spelled out (`123` → `"123"`). Nulls and empty texts are absent.
    pub fn id(self) -> Option<Cow<'a, str>> {
        match self {
            Value::Text(text) if !text.is_empty() => Some(text),
            Value::Whole(number) => Some(Cow::Owned(number.to_string())),
            Value::Negative(number) => Some(Cow::Owned(number.to_string())),
            Value::Real(number) => Some(Cow::Owned(number.to_string())),
            Value::Text(_) | Value::Absent | Value::Bool(_) => None,
        }
    }

    /// The same value with numbers spelled out, so that it can be lent as a name.
    pub fn named(self) -> Self {
        match self {
            Value::Text(_) => self,
            other => other.id().map_or(Value::Absent, Value::Text),
        }
    }

    /// This, or `other` when this is absent or empty.
    pub fn or<'v>(&'v self, other: &'v Value<'a>) -> &'v Value<'a> {
        match self {
            Value::Absent => other,
            Value::Text(text) if text.is_empty() => other,
            present => present,
        }
    }
}

/// More money than this is a mistake, and a float above 2⁵³ is no longer exact.
const CENTS_MAX: f64 = 9e15;

/// Whether `text` is one of `words`, in any case of letters.
pub(crate) fn is_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(number))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(u64::try_from(number).map_or(Value::Negative(number), Value::Whole))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Real(number))
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(flag))
    }
    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Absent)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Value<'de>, A::Error> {
        drain(seq)?;
        Ok(Value::Absent)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Absent)
    }
}

/// Passes over the rest of an array.
pub(crate) fn drain<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Passes over a field's value.
pub(crate) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// Something that picks what it knows out of an object's fields. Of repeated fields the last counts.
pub(crate) trait Pick<'de>: Default {
    /// A field's name.
    type Key: Word;

    /// Takes the value of `key` from `map`, which holds it ready; must read it in any case.
    fn take<A: MapAccess<'de>>(&mut self, key: Self::Key, map: &mut A) -> Result<(), A::Error>;
}

/// An object from which `T` picks; anything that is not an object is `T::default()`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object<T>(pub T);

impl<'de, T: Pick<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut picked = T::default();
        Fill(&mut picked).deserialize(deserializer)?;
        Ok(Object(picked))
    }
}

/// As [`Object`], but fills what is there already: these structs are large, and moving them costs more
/// than reading them.
pub(crate) struct Fill<'t, T>(pub &'t mut T);

impl<'de, T: Pick<'de>> DeserializeSeed<'de> for Fill<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Pick<'de>> Visitor<'de> for Fill<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key::<Key<T::Key>>()? {
            self.0.take(key, &mut map)?;
        }
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        drain(seq)
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A field's name, matched without copying it.
pub(crate) trait Word {
    /// The field that goes by `text`.
    fn of(text: &str) -> Self;
}

pub(crate) struct Key<K>(pub K);

impl<'de, K: Word> Deserialize<'de> for Key<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(KeyVisitor(PhantomData))
    }
}

struct KeyVisitor<K>(PhantomData<K>);

impl<K: Word> Visitor<'_> for KeyVisitor<K> {
    type Value = Key<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }
    fn visit_str<E>(self, text: &str) -> Result<Key<K>, E> {
        Ok(Key(K::of(text)))
    }
}

/// Declares the fields that something picks, with their spellings.
macro_rules! fields {
    ($name:ident { $($field:ident = $($text:literal)|+),+ $(,)? }) => {
        #[derive(Clone, Copy)]
        pub(crate) enum $name { $($field,)+ Unknown }

        impl $crate::collect::json::Word for $name {
            fn of(text: &str) -> Self {
                // As bytes this becomes a decision tree; as texts it would be one comparison after the other.
                match text.as_bytes() { $($($text)|+ => $name::$field,)+ _ => $name::Unknown }
            }
        }
    };
}
pub(crate) use fields;
