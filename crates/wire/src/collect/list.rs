//! Arrays that SDKs also send as the one thing they would hold.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Hands each element of an array to `one`, or the value that stands in its place. `null` is no element.
pub(crate) fn each<'de, T, D>(deserializer: D, one: &mut impl FnMut(T)) -> Result<(), D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Each { one, of: PhantomData })
}

struct Each<'f, T, F> {
    one: &'f mut F,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Each<'_, T, F> {
    fn single<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        (self.one)(T::deserialize(deserializer)?);
        Ok(())
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(element) = seq.next_element()? {
            (self.one)(element);
        }
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.single(MapAccessDeserializer::new(map))
    }
    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<(), E> {
        self.single(BorrowedStrDeserializer::new(text))
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.single(text.into_deserializer())
    }
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.single(number.into_deserializer())
    }
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.single(number.into_deserializer())
    }
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        self.single(number.into_deserializer())
    }
    fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<(), E> {
        self.single(flag.into_deserializer())
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}
